"""Face detection, alignment by the eyes, and cropping (paper A, section 4; paper B, section 5).

Order of the five points, left and right as seen in the image: left eye, right eye, nose tip, left
mouth corner, right mouth corner.
"""
