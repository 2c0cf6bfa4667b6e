"""Write one file of the package index to standard output, as pip would download it.

Run as a script, ``python pip_stream.py PROJECT FILENAME``, so that pip stays out of our process.
It imports nothing of fer3d.

``pip download`` would do for wheels, but of a source distribution it runs the build to learn the
metadata. Here pip only finds the file (index, mirrors, find-links, certificates, credentials as in
``pip config list``) and sends its bytes, a wheel's also where it is for another platform: nothing
of it is run. The five calls into pip's internals below have kept their
form from pip 23 to 26; where they fail, a local folder of packages does without them.
"""

import logging
import sys
from typing import Any, BinaryIO

CHUNK = 1 << 18  # bytes


class _Reasons(logging.Handler):
    """Collects why pip could not read the pages of an index; pip itself logs it and goes on."""

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
        LookupError: no index offers the file; the message says what they answered.
        OSError: the connection broke, or the server answered with an error.
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
    """What makes pip offer a wheel for one platform whatever the platform is that it runs on.

    Args:
        filename: of a wheel or a source distribution.

    Returns:
        Options of ``pip download``; none for a file that is for every platform.
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
    raise LookupError("; ".join(handler.reasons) or f"no index offers {filename}")


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
