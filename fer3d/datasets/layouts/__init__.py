"""Layouts of public data sets as distributed, one module each.

``recognises`` tells whether a folder has the layout, and ``read`` returns one entry per image, with
the label from the data set's documentation. An incomplete data set is an error that names the
missing file. No image is opened.
"""
