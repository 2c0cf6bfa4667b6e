"""From packed arrays to a trained model of the comparison."""

from fer3d.comparison.registry import model_of
from fer3d.comparison.steps import Setting, Steps
from fer3d.comparison.trained import ComparedModel
from fer3d.training.data import Arrays
from fer3d.training.trainer import reproducible


def fit_compared(name: str, arrays: Arrays, setting: Setting) -> ComparedModel:
    """Train a model on the training images; every choice is made on them or by validation.

    Equal arguments give equal weights on one machine, interrupted or not.

    Args:
        name: of the model, see ``REGISTRY``.
        arrays: the set; its test rows are not read.
        setting: preset, seed, device and so on.

    Returns:
        The model, on the CPU.

    Raises:
        UserError: no model of this name, a split without images, no GPU where one is asked for, or
            a loss that is not finite.
    """
    model = model_of(name)
    setting.runtime.check(setting.train.precision)
    steps = Steps(arrays, model.recipes, setting)
    with reproducible(setting.train.seed):
        network = model.build(len(steps.classes))
        network.calibrate(steps.inputs(steps.rows))
        network, chosen = model.plan(network, steps)
    counted = sum(values.numel() for values in network.parameters())
    summaries = {step: course.summary() for step, course in steps.courses.items()}
    training = {"parameters": counted, "steps": summaries, "chosen": chosen}
    curves = {step: course.to_csv() for step, course in steps.courses.items()}
    sizes = (arrays.image_size, arrays.shading_size)
    return ComparedModel(name, network.cpu().eval(), steps.classes, *sizes, training, curves)
