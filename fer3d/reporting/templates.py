"""The templates of the pages."""

import base64

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str) -> Template:
    """A template of this package; unknown variables are errors, and texts are escaped."""
    environment = Environment(
        loader=PackageLoader("fer3d.reporting", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def data_url(png: bytes) -> str:
    """A picture as the address of an image in a page."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
