"""`fer3d app`: a page in the browser to try a recognizer on single photos.

``photo``, ``faces``, ``light``, ``pictures`` and ``figures`` are pure functions from a photo to
what the page shows; ``layout``, ``callbacks`` and ``server`` are the page. The server keeps
nothing: what is known of the faces lies in the page, and comes back with each request.
"""
