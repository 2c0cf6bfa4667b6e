"""A training step does not synchronize with the device, and equals the sum of its parts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from fer3d.files.folders import Folders
from fer3d.networks.config import NetworkConfig
from fer3d.networks.inputs import input_fractions
from fer3d.presets.configs import PAPER, PAPER_NETWORK, RECOMMENDED, RECOMMENDED_NETWORK
from fer3d.training.arrays import open_set
from fer3d.training.config import TrainConfig
from fer3d.training.data import ExpressionData
from fer3d.training.fit import build_network
from fer3d.training.module import ExpressionModule, derived_seed

# What makes the host wait for a GPU: a value, or a shape that depends on values, is asked for, or
# numbers of Python are copied to it.
WAITING = {"_local_scalar_dense", "nonzero", "masked_select", "unique", "unique2", "_unique2",
           "bincount", "equal", "lift_fresh"}  # fmt: skip


class Recorded(TorchDispatchMode):
    """Notes the operators that would wait for a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        boolean_index = name.startswith("index") and any(
            isinstance(index, torch.Tensor) and index.dtype == torch.bool
            for index in (args[1] if len(args) > 1 and isinstance(args[1], list | tuple) else ())
        )
        if name in WAITING or boolean_index:
            self.found.append(name)
        return func(*args, **(kwargs or {}))


class Watched(ExpressionModule):
    """Records each step and the metrics' updates in it; the first copies what the others use."""

    def training_step(self, batch: dict[str, torch.Tensor], batch_idx: int) -> torch.Tensor:
        with Recorded() as record:
            loss = super().training_step(batch, batch_idx)
        found = [name for name in record.found if batch_idx or name != "lift_fresh"]
        self.waited = [*getattr(self, "waited", []), *found]
        return loss


@pytest.mark.parametrize("loss", ["cross_entropy", "focal"])
@pytest.mark.parametrize(
    ("network", "train"),
    [
        (PAPER_NETWORK, PAPER),
        (RECOMMENDED_NETWORK, RECOMMENDED),
        (RECOMMENDED_NETWORK, replace(RECOMMENDED, cut_mix=0.4, mix_up=0.3)),
    ],
)
def test_a_step_reads_nothing_back(
    network: NetworkConfig, train: TrainConfig, loss: str, folders: Folders
) -> None:
    arrays = open_set(folders)
    data = ExpressionData(arrays, batch_size=36, seed=0)
    model = build_network(network, data, arrays)
    weights = torch.ones(3)
    module = Watched(model, 3, replace(train, loss=loss, batch_size=36), weights)
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, deterministic=True,
    )  # fmt: skip
    try:
        trainer.fit(module, datamodule=data)
    finally:
        torch.use_deterministic_algorithms(False)
    assert module.waited == []


def test_the_record_sees_what_waits() -> None:
    with Recorded() as record:
        torch.ones(3).sum().item()
        torch.arange(3)[torch.arange(3) > 1]
        torch.tensor([1, 2])
    assert record.found == ["_local_scalar_dense", "index", "lift_fresh"]


def test_every_place_has_a_seed_of_its_own() -> None:
    places = [(seed, epoch, rank, batch) for seed in range(3) for epoch in range(3)
              for rank in range(3) for batch in range(3)]  # fmt: skip
    seeds = {derived_seed(*place) for place in places}
    assert len(seeds) == len(places)
    assert all(0 <= seed < 2**63 for seed in seeds)


class Layers(torch.nn.Module):
    """A network without batch normalization or dropout, whose batch is the sum of its parts."""

    first_layers = ()

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.last = torch.nn.Linear(3 * 32 * 32, 8), torch.nn.Linear(8, 3)

    def reduced(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Nothing is smaller."""
        return input_fractions(inputs)

    def forward(self, image: torch.Tensor, **_: torch.Tensor) -> torch.Tensor:
        """Logits of an image."""
        return self.last(self.hidden(image.flatten(1)).relu())

    def heads(self, **inputs: torch.Tensor) -> list[torch.Tensor]:
        return [self(**inputs)]


def test_the_first_epochs_are_coarse(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    config = TrainConfig(epochs=5, batch_size=72, augmentation=0.5, coarse_epochs=0.4)
    data = ExpressionData(open_set(folders), batch_size=72, seed=0)
    network = build_network(NetworkConfig("photos", width=4), data, open_set(folders))
    sides = []
    monkeypatch.setattr(network, "heads", _recorded(network.heads, sides))
    pl.Trainer(
        accelerator="cpu", max_epochs=5, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0,
        limit_val_batches=0, use_distributed_sampler=False,
    ).fit(ExpressionModule(network, 3, config), datamodule=data)  # fmt: skip
    assert sides == [20, 20, 32, 32, 32]


def test_augmentation_is_in_float32_whatever_the_precision(folders: Folders) -> None:
    data = ExpressionData(open_set(folders), batch_size=8, seed=0)
    network = build_network(RECOMMENDED_NETWORK, data, open_set(folders))
    batch = next(iter(data.train_dataloader()))
    given = []
    for precision in ("32-true", "bf16-mixed"):
        module = ExpressionModule(network, 3, replace(RECOMMENDED, augmentation=1.0))
        module.trainer = pl.Trainer(accelerator="cpu", precision=precision, logger=False)
        module.on_train_start()
        module._step = lambda inputs, *_: given.append(inputs)  # type: ignore[method-assign]
        with module.trainer.strategy.precision_plugin.forward_context():
            module.training_step(batch, 0)
    for name, values in given[0].items():
        assert torch.equal(given[1][name], values), name


def test_losses_and_validation_are_in_float32_whatever_the_precision(folders: Folders) -> None:
    """In bfloat16 a loss has three digits, and the scores are not those of `evaluate`."""
    data = ExpressionData(open_set(folders), batch_size=8, seed=0)
    batch, validated = next(iter(data.train_dataloader())), next(iter(data.val_dataloader()))
    losses, judged = [], []
    for precision in ("32-true", "bf16-mixed"):
        torch.manual_seed(0)
        network = build_network(RECOMMENDED_NETWORK, data, open_set(folders))
        module = ExpressionModule(network, 3, RECOMMENDED)
        module.trainer = pl.Trainer(accelerator="cpu", precision=precision, logger=False)
        module.on_train_start()
        with module.trainer.strategy.precision_plugin.forward_context():
            module.eval()
            module.validation_step(validated)
            judged.append(module.metrics["validation_loss"].compute())
            losses.append(module.train().training_step(batch, 0).detach())
    assert torch.equal(judged[0], judged[1])
    assert losses[1].dtype == torch.float32 and not torch.equal(losses[0], losses[1])
    torch.testing.assert_close(losses[1], losses[0], rtol=0.02, atol=0)


def _recorded(heads: Callable[..., list[torch.Tensor]], sides: list[int]) -> Callable[..., Any]:
    def recorded(**inputs: torch.Tensor) -> list[torch.Tensor]:
        sides.append(inputs["image"].shape[-1])
        return heads(**inputs)

    return recorded


@pytest.mark.parametrize("class_weights", [None, torch.tensor([0.2, 1.0, 5.0])])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
def test_a_batch_in_parts_gives_the_steps_of_the_whole_batch(
    optimizer: str, class_weights: torch.Tensor | None, folders: Folders
) -> None:
    weights = []
    for accumulate in (1, 3):
        config = TrainConfig(
            epochs=2, batch_size=24, accumulate=accumulate, optimizer=optimizer,
            learning_rate=0.001, input_noise_variance=0.0,
        )  # fmt: skip
        data = ExpressionData(open_set(folders), batch_size=24, seed=0, accumulate=accumulate)
        torch.manual_seed(0)
        module = ExpressionModule(Layers(), 3, config, class_weights)
        pl.Trainer(
            accelerator="cpu", max_epochs=2, logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False,
            accumulate_grad_batches=accumulate, use_distributed_sampler=False,
        ).fit(module, datamodule=data)  # fmt: skip
        assert module.trainer.global_step == 6
        weights.append(module.network.state_dict())
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-4, atol=1e-6)
