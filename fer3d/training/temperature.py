"""Calibration: the temperature that fits probabilities to how often they are right."""

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from fer3d.networks.fusion import FusionNetwork
from fer3d.training.data import ExpressionDataset, network_inputs

RANGE = (0.1, 10.0)  # of temperatures
_BATCH = 256  # images


def best_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature T that minimizes the cross entropy of softmax(logits / T).

    Args:
        logits: (N, C) float.
        labels: (N,) int, 0 .. C - 1.

    Returns:
        T in ``RANGE``; more than 1 if the logits are overconfident.

    Source: Guo et al. 2017, On calibration of modern neural networks, section 4.2.
    """
    scores = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        peak = scaled.max(axis=1, keepdims=True)
        total = peak[:, 0] + np.log(np.exp(scaled - peak).sum(axis=1))
        return float((total - scaled[np.arange(len(labels)), labels]).mean())

    low, high = np.log(RANGE)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))


def calibrate(network: FusionNetwork, validation: ExpressionDataset) -> None:
    """Set the temperature of a trained network by its validation images."""
    network.eval()
    batches = network_inputs(validation, _BATCH, next(network.parameters()).device)
    with torch.no_grad():
        parts = [network(**inputs).float().cpu() for inputs in batches]
    temperature = best_temperature(torch.cat(parts).numpy(), validation.labels.numpy())
    network.temperature.fill_(temperature)
