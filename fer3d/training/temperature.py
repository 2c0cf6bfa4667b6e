"""Calibration: the temperature that makes probabilities say how often answers are right."""

import numpy as np
import torch
from scipy.optimize import brentq

from fer3d.networks.fusion import FusionNetwork
from fer3d.training.data import ExpressionDataset, network_inputs

RANGE = (0.1, 10.0)  # of temperatures
_BATCH = 256  # images


def best_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature T at which the mean confidence of softmax(logits / T) is the accuracy.

    The one that minimizes the cross entropy gave a mean confidence above the accuracy in all 27
    trainings on all of FER2013's photos (docs/notes/recognition.md).

    Args:
        logits: (N, C) float.
        labels: (N,) int, 0 .. C - 1.

    Returns:
        T, more than 1 if the logits are overconfident; the nearer limit of ``RANGE`` if no T in it
        does it.

    Source: Clarté et al. 2023, Expectation consistency for calibration of neural networks.
    """
    below_peak = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    accuracy = float((logits.argmax(axis=1) == labels).mean())

    def excess(log_temperature: float) -> float:
        shares = np.exp(below_peak / np.exp(log_temperature)).sum(axis=1)
        return float((1 / shares).mean()) - accuracy

    low, high = np.log(RANGE)
    if excess(low) <= 0:
        return RANGE[0]
    if excess(high) >= 0:
        return RANGE[1]
    return float(np.exp(brentq(excess, low, high)))


def calibrate(network: FusionNetwork, validation: ExpressionDataset) -> None:
    """Set the temperature of a trained network by its validation images."""
    network.eval()
    batches = network_inputs(validation, _BATCH, next(network.parameters()).device)
    with torch.no_grad():
        parts = [network(**inputs).float().cpu() for inputs in batches]
    temperature = best_temperature(torch.cat(parts).numpy(), validation.labels.numpy())
    network.temperature.fill_(temperature)
