"""Faces found, eyes levelled, crops of one size (paper A, section 4; paper B, section 5).

Points of a face, always in this order, left and right as seen in the image: left eye, right eye,
nose tip, left mouth corner, right mouth corner.
"""
