"""PRN, the position map regression network: 43,867 points of a face in an image.

Source: Y. Feng, F. Wu, X. Shao, Y. Wang and X. Zhou, Joint 3D Face Reconstruction and Dense
Alignment with Position Map Regression Network, ECCV 2018 (paper A, section 3.1).
"""
