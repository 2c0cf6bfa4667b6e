"""Compiles the loops that a photo needs, so that the first answer does not wait for them.

Numba keeps the code beside the modules. `make setup` calls this once.
"""

from skimage.data import astronaut

from fer3d import Recognizer

if __name__ == "__main__":
    Recognizer.load()(astronaut())
