"""Blocks of commands in the documentation, and whether something runs them.

A block is run as it stands by tests/stages/test_documented.py, unless a comment before it says who
else runs it, or why nothing does:

    <!-- run by: tests/stages/test_sharing.py -->
    <!-- not run: needs a camera -->
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for path in (*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"))
    if path.name != "CHANGELOG.md"
)
_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>run by|not run): (?P<reason>.+?) -->\n\n?)?"
    r"^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_HEREDOC = re.compile(r"<<'(?P<end>\w+)'\n(?P<text>.*?)\n(?P=end)$", re.MULTILINE | re.DOTALL)
_ASSIGNMENT = re.compile(r"\w+=\S*")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; ``mark`` is "run by", "not run" or ""."""

    page: str
    line: int
    language: str
    text: str
    mark: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def programs(self) -> list[str]:
        """Python that the shell passes to an interpreter."""
        return [found["text"] for found in _HEREDOC.finditer(self.text)]

    def commands(self) -> list[list[str]]:
        """Words of each command, without comments, variables and Python."""
        text = _HEREDOC.sub("", self.text).replace("\\\n", " ")
        return [words for line in text.splitlines() for words in _split(line)]


def _split(line: str) -> Iterator[list[str]]:
    command: list[str] = []
    for word in [*shlex.split(line, comments=True), "&&"]:
        if word != "&&":
            if command or not _ASSIGNMENT.fullmatch(word):
                command.append(word)
        elif command:
            yield command
            command = []


def blocks() -> list[Block]:
    """All fenced blocks of the documentation."""
    return [block for page in PAGES for block in _blocks(page)]


def shell_blocks() -> list[Block]:
    """Those with commands."""
    return [block for block in blocks() if block.language == "sh"]


def _blocks(page: str) -> Iterator[Block]:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        line = text[: found.start("language")].count("\n") + 1
        mark, reason = found["mark"] or "", found["reason"] or ""
        yield Block(page, line, found["language"], found["text"], mark, reason)
