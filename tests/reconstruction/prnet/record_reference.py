"""Record what PRN's graph computes in TensorFlow, for tests without TensorFlow.

    pip install -e ".[reference]"
    python tests/reconstruction/prnet/record_reference.py

The authors' weights are not to be had here: weights are drawn from a seed, under the authors' names
and in their shapes. The graph is written down a second time here, in TensorFlow's own operations.
"""

import csv
import json
import os
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
RECORD = DATA / "reference.json"
VARIABLES = DATA / "variables.tsv"  # name, dtype and shape of each, from the authors' checkpoint
CHECKPOINT = "256_256_resfcn256_weight"
SIZE = 256
GAIN = 5.6  # of the weights: positions spread over most of their range without saturation
RECORDED_STEP = 32  # every so many rows and columns of the map are recorded

_ENCODER = [(c, s) for c in (32, 64, 128, 256, 512) for s in (2, 1)]
_DECODER = [
    *((512, 1), (256, 2), (256, 1), (256, 1), (128, 2), (128, 1), (128, 1)),
    *((64, 2), (64, 1), (64, 1), (32, 2), (32, 1), (16, 2), (16, 1), (3, 1), (3, 1), (3, 1)),
]


def shapes() -> dict[str, tuple[int, ...]]:
    """The authors' variables."""
    with VARIABLES.open(encoding="utf-8") as file:
        rows = csv.reader(file, delimiter="\t")
        return {name: tuple(map(int, shape.split("x"))) for name, _, shape in rows}


def weights(seed: int) -> dict[str, np.ndarray]:
    """Random weights, float32, scaled so that signals do not vanish in the network."""
    generator = np.random.default_rng(seed)
    return {name: _draw(generator, name, shape) for name, shape in sorted(shapes().items())}


def crop(seed: int) -> np.ndarray:
    """A smooth random picture (256, 256, 3) uint8."""
    coarse = np.random.default_rng(seed).random((9, 9, 3))
    place = np.linspace(0, 8, SIZE)
    low = np.minimum(place.astype(int), 7)
    share = (place - low)[:, None]
    rows = coarse[low] * (1 - share[..., None]) + coarse[low + 1] * share[..., None]
    return np.uint8(255 * (rows[:, low] * (1 - share) + rows[:, low + 1] * share))


def write_checkpoint(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    """Write arrays as a TensorFlow 1 checkpoint; some optimizer state goes with them.

    Returns:
        The checkpoint's path without ``.index``.
    """
    tf = _tensorflow()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [tf.compat.v1.Variable(a, name=n, dtype=a.dtype) for n, a in arrays.items()]
        optimizer = tf.compat.v1.Variable(np.float32(0.9), name="beta1_power")
        session.run(tf.compat.v1.variables_initializer([*variables, optimizer]))
        saver = tf.compat.v1.train.Saver([*variables, optimizer], write_version=2)
        return Path(saver.save(session, str(folder / CHECKPOINT), write_meta_graph=False))


def run(checkpoint: Path, image: np.ndarray) -> np.ndarray:
    """The authors' graph on one crop (256, 256, 3), 0 to 1: (256, 256, 3) float32, 0 to 1."""
    tf = _tensorflow()
    reader = tf.train.load_checkpoint(str(checkpoint))
    graph = _Graph(tf, reader.get_tensor)
    return graph.position_map(tf.constant(image[None], tf.float32)).numpy()[0]


class _Graph:
    """The graph in TensorFlow's operations, like that of the authors' `slim` layers."""

    def __init__(self, tf, variable):
        self._tf = tf
        self._variable = lambda scope, name: tf.constant(variable(f"resfcn256/{scope}/{name}"))

    def position_map(self, x):
        x = self._convolution(x, "Conv", 1)
        channels = 16
        for i, (outputs, stride) in enumerate(_ENCODER):
            x = self._block(x, _name("resBlock", i), stride, stride != 1 or outputs != channels)
            channels = outputs
        for i, (outputs, stride) in enumerate(_DECODER):
            x = self._transposed(x, _name("Conv2d_transpose", i), outputs, stride)
            x = self._tf.sigmoid(x) if i == len(_DECODER) - 1 else self._tf.nn.relu(x)
        return x

    def _block(self, x, scope, stride, changes):
        shortcut = self._bare(x, f"{scope}/shortcut", stride) if changes else x
        x = self._convolution(x, f"{scope}/Conv", 1)
        x = self._convolution(x, f"{scope}/Conv_1", stride)
        x = self._bare(x, f"{scope}/Conv_2", 1)
        return self._tf.nn.relu(self._normalized(x + shortcut, scope))

    def _convolution(self, x, scope, stride):
        return self._tf.nn.relu(self._normalized(self._bare(x, scope, stride), scope))

    def _bare(self, x, scope, stride):
        return self._tf.nn.conv2d(x, self._variable(scope, "weights"), stride, "SAME")

    def _transposed(self, x, scope, outputs, stride):
        shape = [x.shape[0], x.shape[1] * stride, x.shape[2] * stride, outputs]
        kernel = self._variable(scope, "weights")
        x = self._tf.nn.conv2d_transpose(x, kernel, shape, stride, "SAME")
        return self._normalized(x, scope)

    def _normalized(self, x, scope):
        names = ("moving_mean", "moving_variance", "beta", "gamma")
        values = (self._variable(f"{scope}/BatchNorm", name) for name in names)
        return self._tf.nn.batch_normalization(x, *values, variance_epsilon=0.001)


def recorded_part(positions: np.ndarray) -> np.ndarray:
    """What is recorded of a position map (256, 256, 3): an even grid of its cells."""
    return positions[RECORDED_STEP // 2 :: RECORDED_STEP, RECORDED_STEP // 2 :: RECORDED_STEP]


def _draw(generator: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    uniform = generator.random(shape, dtype=np.float32)
    kind = name.rsplit("/", 1)[1]
    if kind == "weights":
        inputs = shape[3] if "transpose" in name else shape[2]
        spread = np.sqrt(GAIN / (shape[0] * shape[1] * inputs))
        return ((2 * uniform - 1) * np.float32(spread)).astype(np.float32)
    if kind in ("gamma", "moving_variance"):
        return uniform + np.float32(0.5)
    return (uniform - np.float32(0.5)) * np.float32(0.4)


def _name(scope: str, index: int) -> str:
    return f"{scope}_{index}" if index else scope


def _tensorflow():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow

    return tensorflow


def main() -> None:
    import tempfile

    seeds = {"weights_seed": 1, "crop_seed": 2}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = write_checkpoint(Path(folder), weights(seeds["weights_seed"]))
        positions = run(checkpoint, crop(seeds["crop_seed"]) / np.float32(255))
    record = {
        "made_with": f"tensorflow {_tensorflow().__version__}",
        **seeds,
        "mean": positions.mean(axis=(0, 1), dtype=np.float64).tolist(),
        "grid": np.round(recorded_part(positions).astype(np.float64), 7).ravel().tolist(),
    }
    RECORD.write_text(json.dumps(record) + "\n", encoding="utf-8")
    print(f"positions from {positions.min():.3f} to {positions.max():.3f}")


if __name__ == "__main__":
    main()
