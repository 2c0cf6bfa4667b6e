"""Addresses of an object store: a folder, or any URL that fsspec supports."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from fer3d.errors import UserError

SWITCHED_OFF = "none"
LOCAL = ("file", "local")
_EXAMPLES = "/mnt/lab/fer3d, file:///mnt/lab/fer3d, s3://bucket/prefix or none"
_EXTRAS = {"s3": "s3", "s3a": "s3"}  # protocol -> extra of fer3d that installs its package


def parse(address: str) -> tuple[str, str]:
    """Protocol of an address, and the absolute path of a folder or the whole URL.

    Raises:
        UserError: invalid address; the message gives examples.
    """
    if "://" not in address:
        if not address.strip():
            raise UserError(f"FER3D_STORE is empty: set it to {_EXAMPLES}")
        return "file", str(Path(address).expanduser().absolute())
    protocol = address.partition("://")[0]
    if protocol in LOCAL:
        return "file", _folder(address)
    if protocol not in _protocols():
        raise UserError(f"FER3D_STORE: unknown protocol in {address!r}: set it to {_EXAMPLES}")
    if not urlsplit(address).netloc and protocol != "memory":
        raise UserError(f"FER3D_STORE: {address!r} has no bucket or host: set it to {_EXAMPLES}")
    return protocol, address.rstrip("/")


def check_package(protocol: str) -> None:
    """Import the package that fsspec needs for a protocol.

    Raises:
        UserError: it is not installed; the message says how to install it.
    """
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        cure = f"run `pip install -e '.[{extra}]'`" if extra else str(error)
        raise UserError(f"FER3D_STORE: the package for {protocol}:// is missing: {cure}") from None


def _folder(address: str) -> str:
    parts = urlsplit(address)
    if parts.netloc:
        raise UserError(
            f"FER3D_STORE: {address!r} names a host: a folder has three slashes, "
            f"{parts.scheme}:///{parts.netloc}{parts.path}"
        )
    return unquote(parts.path).rstrip("/") or "/"


def _protocols() -> list[str]:
    import fsspec

    return fsspec.available_protocols()
