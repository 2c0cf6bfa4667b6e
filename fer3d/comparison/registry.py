"""The compared models by name.

To add a model, write a network (see ``fer3d.networks.compared.contract``) and add it here, or run
``REGISTRY["name"] = Model(...)`` in your own program.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fer3d.comparison import plans, recipes
from fer3d.comparison.plans import Plan
from fer3d.comparison.recipes import Recipe
from fer3d.errors import UserError
from fer3d.networks.compared.contract import ComparedNetwork
from fer3d.networks.compared.fabian2016 import Fabian2016
from fer3d.networks.compared.inc2016 import Inc2016
from fer3d.networks.compared.jung2015 import Jung2015
from fer3d.networks.compared.li2017 import Li2017
from fer3d.networks.compared.zeng2018 import Zeng2018
from fer3d.networks.compared.zhang2017 import Zhang2017


@dataclass(frozen=True)
class Model:
    """A model of the comparison.

    Attributes:
        title: name in tables.
        build: function from the number of classes to a new network.
        recipes: recipes of the training steps, by the names in the plan.
        plan: function that trains the network.
    """

    title: str
    build: Callable[..., ComparedNetwork]
    recipes: Mapping[str, Recipe]
    plan: Plan = plans.train_once


REGISTRY: dict[str, Model] = {
    "li-2017": Model("Li-2017", Li2017, recipes.LI_2017, plans.train_li2017),
    "jung-2015": Model("Jung-2015", Jung2015, recipes.JUNG_2015, plans.train_jung2015),
    "zhang-2017": Model("Zhang-2017", Zhang2017, recipes.ZHANG_2017, plans.train_zhang2017),
    "fabian-2016": Model("Fabian-2016", Fabian2016, recipes.FABIAN_2016, plans.train_fabian2016),
    "inc-2016": Model("INC-2016", Inc2016, recipes.INC_2016),
    "zeng-2018": Model("Zeng-2018", Zeng2018, recipes.ZENG_2018, plans.train_zeng2018),
}


def model_of(name: str) -> Model:
    """A model by its name.

    Raises:
        UserError: unknown name.
    """
    if name not in REGISTRY:
        raise UserError(f"unknown model {name!r}; known: {', '.join(REGISTRY)}")
    return REGISTRY[name]
