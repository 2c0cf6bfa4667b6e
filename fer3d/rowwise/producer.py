"""How a slow stage describes itself: what it computes, and all that the results depend on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fer3d.files.digests import sha256_json
from fer3d.files.packed import Spec
from fer3d.rowwise.sources import Batch
from fer3d.rowwise.versions import versions

Arrays = Mapping[str, np.ndarray]

BATCH_ROWS = 32  # rows computed at once; what an interruption may lose, in each worker


@dataclass(frozen=True)
class Producer:
    """A slow computation, row by row: what it is named and what its results depend on.

    Attributes:
        name: the stage.
        version: raised by one whenever results change for equal input.
        compute: batch of n input rows to batch of output rows, each (n, ...); row i of the output
            depends on row i of the input alone. Picklable.
        inputs: names in the batch that enter the key, in this order.
        outputs: what ``compute`` returns.
        parameters: JSON-able values that the result depends on.
        models: SHA-256 of each model file that is used, by name.
        libraries: those that compute the result, by their names in ``versions.PACKAGES``.
        scratch: outputs that only serve to fill manifest columns.
        batch_rows: most rows that ``compute`` is given; changes no result.
    """

    name: str
    version: int
    compute: Callable[[Batch], Arrays]
    inputs: Sequence[str]
    outputs: Mapping[str, Spec]
    parameters: Mapping[str, Any]
    models: Mapping[str, str] = field(default_factory=dict)
    libraries: Sequence[str] = ()
    scratch: Sequence[str] = ()
    batch_rows: int = BATCH_ROWS

    def identity(self) -> str:
        """Digest of everything but the input that a result depends on.

        The processor is not part of it: kernels for another one may differ in the last digits, and
        the first machine to store a result wins.
        """
        return sha256_json(
            {
                "name": self.name,
                "version": self.version,
                "parameters": dict(self.parameters),
                "models": dict(self.models),
                "libraries": versions(self.libraries),
                "outputs": {k: [s.shape, s.dtype] for k, s in self.outputs.items()},
            }
        )
