"""Data files of a folder, without hidden files and those of other programs."""

# files of file managers and archive programs
JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir"})


def is_visible(name: str) -> bool:
    """Whether a file or folder is data, that is, neither hidden (leading dot) nor ``JUNK``."""
    return not name.startswith(".") and name.casefold() not in JUNK
