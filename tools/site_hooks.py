"""Hooks of MkDocs: the pages of the documentation site take their text from where it stands.

``<!-- include README.md: Heading -->`` is a section of that file, ``<!-- include README.md -->``
its text before the first section, ``<!-- docstring fer3d/module.py -->`` the docstring of a module,
and ``<!-- parameters -->`` the tables of ``params.yaml``.
"""

import ast
import posixpath
import re
import types
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import yaml
from markdown.extensions.toc import slugify
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from pydantic import BaseModel

from fer3d.params import Params

DOCS = "docs"
ROOT = Path(__file__).parent.parent
_INCLUDE = re.compile(r"<!-- include (?P<file>[\w.]+)(?:: (?P<heading>.+?))? -->")
_DOCSTRING = re.compile(r"<!-- docstring (?P<file>[\w./]+) -->")
_SNIPPET = re.compile(r'--8<-- "(?P<file>[\w.]+)"')
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)|\]\((?P<image>[^)\s]+)\)")
_KEY = re.compile(r"(?P<indent> *)(?P<name>\w+):.*?(?:\s# *(?P<comment>.*))?")
_TYPES: Mapping[Any, str] = {
    bool: "true or false",
    float: "number",
    int: "integer",
    str: "text",
    type(None): "null",
}

Places = dict[tuple[str, str], str]  # (file, anchor) to the page of the site


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The text of a page: see the module."""
    places = places_of(files)
    here = page.file.src_uri
    markdown = with_links(markdown, f"{DOCS}/{here}", here, places)

    def included(match: re.Match[str]) -> str:
        text = section(match["file"], match["heading"], 1 if match.start() == 0 else 2)
        return with_links(text, match["file"], here, places)

    markdown = _INCLUDE.sub(included, markdown)
    markdown = _DOCSTRING.sub(lambda match: docstring(match["file"]), markdown)
    return markdown.replace("<!-- parameters -->", parameters(posixpath.dirname(here)))


def section(file: str, heading: str | None, level: int) -> str:
    """A section of a file with its heading at a level; the text before the first for no heading."""
    head, *parts = re.split(r"(?m)^## ", (ROOT / file).read_text(encoding="utf-8"))
    if heading is None:
        return head
    found = {part.partition("\n")[0]: part for part in parts}
    if heading not in found:
        raise ValueError(f"{file} has no section {heading!r}; it has {', '.join(found)}")
    return f"{'#' * level} {found[heading]}"


def docstring(file: str) -> str:
    """The docstring of a module, with its line breaks."""
    text = ast.get_docstring(ast.parse((ROOT / file).read_text(encoding="utf-8")))
    return f"```text\n{text}\n```"


def places_of(files: Files) -> Places:
    """Where the site shows the sections of files outside its folder."""
    places: Places = {}
    for file in files.documentation_pages():
        for match in _INCLUDE.finditer(file.content_string):
            anchor = slugify(match["heading"], "-") if match["heading"] else ""
            places[match["file"], anchor] = file.src_uri
        for match in _SNIPPET.finditer(file.content_string):
            places[match["file"], ""] = file.src_uri
    return places


def with_links(text: str, source: str, here: str, places: Places) -> str:
    """Links of a repository's file as links of the page ``here``; others become plain text."""

    def link(match: re.Match[str]) -> str:
        target = match["target"] or match["image"]
        found = _page_link(target, source, here, places)
        if match["image"]:
            return f"]({found or target})"
        return f"[{match['text']}]({found})" if found else match["text"]

    return _LINK.sub(link, text)


def _page_link(target: str, source: str, here: str, places: Places) -> str | None:
    if re.match(r"\w+:", target):
        return target
    path, hash_, anchor = target.partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path)) if path else source
    if (file, anchor) in places:
        page = places[file, anchor]
    elif file.startswith(f"{DOCS}/") and (ROOT / file).is_file():
        page = file.removeprefix(f"{DOCS}/")
    else:
        return None
    return posixpath.relpath(page, posixpath.dirname(here)) + hash_ + anchor


def parameters(folder: str) -> str:
    """A table for each section of ``params.yaml``; ``folder`` is that of the page in the site."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    values, comments = yaml.safe_load(text), comments_of(text)
    tables = []
    for name, field in Params.model_fields.items():
        tables += [f"## {name}", comments.get((name,), ""), "| key | value | type | meaning |"]
        tables[-1] += "\n|---|---|---|---|"
        for key, part in cast(type[BaseModel], field.annotation).model_fields.items():
            said = re.sub(
                r"docs/(\S+\.md)",
                rf"[\1]({posixpath.relpath('.', folder)}/\1)",
                escape(comments[name, key], quote=False),
            )
            shown = yaml.safe_dump(values[name][key], default_flow_style=True, width=1000)
            shown = shown.removesuffix("\n").removesuffix("\n...")
            cells = (f"`{key}`", f"`{shown}`", type_text(part.annotation), said)
            tables[-1] += "\n| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
    return "\n\n".join(tables)


def comments_of(text: str) -> dict[tuple[str, ...], str]:
    """Comments of sections and of their keys: lines above a key, and that beside it."""
    comments: dict[tuple[str, ...], str] = {}
    above: list[str] = []
    section_name = ""
    for line in text.splitlines():
        if line.lstrip().startswith("# "):
            above.append(line.strip("# "))
        elif (match := _KEY.fullmatch(line)) and len(match["indent"]) <= 2:
            path = (section_name, match["name"]) if match["indent"] else (match["name"],)
            section_name = path[0]
            comments[path] = "; ".join(filter(None, [match["comment"], " ".join(above)]))
            above = []
        elif not line:
            above = []
    return comments


def type_text(annotation: Any) -> str:
    """The values that an annotation takes, in the words of YAML."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(args[0])
    if origin is Literal:
        return " | ".join(map(str, args))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(type_text, args)))
    if origin is list:
        return f"list of {type_text(args[0])}"
    if origin is tuple:
        return f"{len(args)} of {type_text(args[0])}"
    if origin is dict:
        return f"mapping of {type_text(args[0])} to {type_text(args[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"mapping with {', '.join(annotation.model_fields)}"
    return _TYPES[annotation]
