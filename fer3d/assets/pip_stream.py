"""Write one file of the package index to standard output, downloaded by pip.

Run as a script, ``python pip_stream.py PROJECT FILENAME``, so that pip is not imported into the
main process. It imports nothing from fer3d.

``pip download`` would run the build of a source distribution to get its metadata. Here pip only
finds the file (with the index, mirrors, find-links, certificates and credentials of
``pip config list``) and downloads its bytes, also for wheels of another platform; none of its code
is run. The five functions of pip's internal API used below are the same from pip 23 to 26. If they
fail, a local folder of packages can be used instead.
"""

import logging
import sys
from typing import Any, BinaryIO

CHUNK = 1 << 18  # bytes


class _Reasons(logging.Handler):
    """Collects why pip could not read the pages of an index, which pip only logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.reasons: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message.startswith("Could not fetch URL"):
            self.reasons.append(message.removesuffix(" - skipping"))


def stream(project: str, filename: str, sink: BinaryIO) -> None:
    """Write the bytes of a package file to ``sink``.

    Raises:
        LookupError: no index has the file; the message gives their answers.
        OSError: the connection was lost, or the server answered with an error.
    """
    from pip._internal.cli.cmdoptions import make_target_python
    from pip._internal.commands import create_command

    command: Any = create_command("download")
    choices = ["--no-input", "--no-binary", ":none:", "--only-binary", ":none:"]
    options, _ = command.parse_args([*choices, *platform_choices(filename)])
    session = command._build_session(options)
    finder = command._build_package_finder(
        options, session, make_target_python(options), ignore_requires_python=True
    )
    url = _find(finder, project, filename)
    with session.get(url, stream=True, headers={"Accept-Encoding": "identity"}) as response:
        response.raise_for_status()
        for chunk in response.iter_content(CHUNK):
            sink.write(chunk)


def platform_choices(filename: str) -> list[str]:
    """Options that make pip find a wheel of another platform.

    Args:
        filename: name of a wheel or a source distribution.

    Returns:
        Options of ``pip download``; none for a file for any platform.
    """
    if not filename.endswith(".whl"):
        return []
    *_, python, abi, platforms = filename.removesuffix(".whl").split("-")
    if platforms == "any":
        return []
    implementation, version = python[:2], python[2:]
    named = [option for name in platforms.split(".") for option in ("--platform", name)]
    return ["--implementation", implementation, "--python-version", version, "--abi", abi, *named]


def _find(finder: Any, project: str, filename: str) -> str:
    log = logging.getLogger("pip._internal.index.collector")
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(handler := _Reasons())
    for candidate in finder.find_all_candidates(project):
        if candidate.link.filename == filename:
            return candidate.link.url_without_fragment
    raise LookupError("; ".join(handler.reasons) or f"no index has {filename}")


def main() -> None:
    """Exit status 0, or 1 with the reason as the last line on standard error."""
    _, project, filename = sys.argv
    try:
        from pip._internal.exceptions import PipError
    except ImportError:
        sys.exit(f"{sys.executable} has no pip (run it with `-m ensurepip`)")
    try:
        stream(project, filename, sys.stdout.buffer)
    except (LookupError, OSError, PipError) as error:
        sys.exit(" ".join(str(error).split()))


if __name__ == "__main__":
    main()
