"""Description of a slow computation, and of everything its results depend on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fer3d.files.digests import sha256_json
from fer3d.files.specs import Arrays, Spec
from fer3d.rowwise.sources import Batch
from fer3d.rowwise.versions import versions

BATCH_ROWS = 32  # rows per batch, which is what each worker can lose in an interruption


@dataclass(frozen=True)
class Producer:
    """A row-wise computation and everything that its results depend on.

    Attributes:
        name: name of the stage.
        version: increased whenever the results change for equal input.
        compute: maps a batch of n input rows to a batch of n output rows, each (n, ...); output
            row i depends only on input row i. Picklable.
        inputs: names in the batch that are part of the key, in this order.
        outputs: shapes and dtypes of what ``compute`` returns.
        parameters: JSON-serializable values that the result depends on.
        models: SHA-256 of each model file, by name.
        libraries: libraries that the result depends on, by their names in ``versions.PACKAGES``.
        scratch: outputs that are used only for manifest columns and not written as arrays.
        batch_rows: largest batch size of ``compute``; does not change results.
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
        """Digest of everything except the input that a result depends on.

        The processor is not included: results of another one may differ in the last digits, and
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
