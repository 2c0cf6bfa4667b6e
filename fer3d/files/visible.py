"""Which files of a folder are data."""

# files of file managers and archive programs
JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir"})


def is_visible(name: str) -> bool:
    """Whether a file or folder is data, that is, neither hidden (leading dot) nor ``JUNK``."""
    return not name.startswith(".") and name.casefold() not in JUNK
