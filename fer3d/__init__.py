"""fer3d: facial expression recognition by 3D re-centralization, as a reproducible pipeline.

docs/python.md describes the Python interface. Its modules are imported at first use, so that
``import fer3d`` stays cheap.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer3d.errors import UserError as UserError
    from fer3d.interface.faces import Face3D as Face3D
    from fer3d.interface.faces import Faces3D as Faces3D
    from fer3d.interface.faces import face3d as face3d
    from fer3d.interface.recognizer import Expressions as Expressions
    from fer3d.interface.recognizer import FaceExpression as FaceExpression
    from fer3d.interface.recognizer import Recognizer as Recognizer
    from fer3d.interface.results import Results as Results
else:
    _MODULES = {
        "Expressions": "fer3d.interface.recognizer",
        "Face3D": "fer3d.interface.faces",
        "FaceExpression": "fer3d.interface.recognizer",
        "Faces3D": "fer3d.interface.faces",
        "Recognizer": "fer3d.interface.recognizer",
        "Results": "fer3d.interface.results",
        "UserError": "fer3d.errors",
        "face3d": "fer3d.interface.faces",
    }
    __all__ = list(_MODULES)

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module 'fer3d' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_MODULES[name]), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODULES})
