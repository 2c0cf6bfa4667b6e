"""The Python interface: ``Recognizer`` and ``face3d``, see docs/python.md."""
