"""Data sets with images in containers: CSV tables of pixels, Arrow, Parquet, tar.

``recognises`` tells whether a source has the layout, ``containers`` returns the files that hold the
images, and ``records`` yields an entry and the content of an image file for each record, in the
order of the containers. A broken record is yielded as it is, so that ``ingest`` rejects and counts
it; a broken container is an error that names it. Nothing is unpickled, and no path that a container
names is written to.
"""
