"""The layouts in which the field's data sets arrive, one module each.

A module says whether a folder has its layout (``recognises``) and reads it (``read``): one entry an
image, with the label that the data set's own documentation gives. A half-present data set is an
error that names the file that is missing. No image is opened.
"""
