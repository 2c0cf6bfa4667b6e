"""Removes the metadata of image files.

If an EXIF block, profile or comment is broken, the image is decoded without metadata. Parts that a
decoder needs for the pixels are kept. If the length of a part is wrong, the next part is looked for
by its name.
"""

import struct
from collections.abc import Collection, Iterator

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
TIFF = {b"II*\0": "<", b"MM\0*": ">"}  # byte order
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_PNG_NAMES = {
    *_PNG_KEPT,
    *(b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"cICP", b"bKGD", b"hIST", b"sPLT"),
    *(b"pHYs", b"tIME", b"tEXt", b"zTXt", b"iTXt", b"eXIf"),
}
_JFIF, _ADOBE = 0xE0, 0xEE  # segments that define the colour space
_APPLICATION, _COMMENT = range(0xE0, 0xF0), 0xFE
_START_OF_SCAN = 0xDA
_START, _END = b"\xff\xd8\xff", b"\xff\xd9"  # of a JPEG image, such as a thumbnail
_JPEG_NAMES = {bytes([0xFF, code]) for code in (*range(0xC0, 0xD0), *range(0xDA, 0xFF))}
_JPEG_TABLES = {bytes([0xFF, code, 0]) for code in (0xC0, 0xC1, 0xC2, 0xC4, 0xDB)}
_WEBP_PICTURE = (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"VP8X")
_WEBP_NAMES = {*_WEBP_PICTURE, b"ICCP", b"EXIF", b"XMP "}
_TIFF_ORIENTATION, _SHORT = 274, 3
_TIFF_PICTURE = {  # tags that describe the pixels
    *(*range(254, 260), 262, 266, 273, *range(277, 280), 284, 317, 320, *range(322, 326), 332),
    *(*range(338, 348), *range(512, 522), *range(529, 533)),
}
_AVIF_METADATA = (b"Exif", b"mime")
_WEBP_METADATA_FLAGS = 0x20 | 0x08 | 0x04  # profile, EXIF, XMP


def without_metadata(data: bytes) -> bytes | None:
    """The same image without metadata; None if it is no PNG, JPEG, TIFF, WebP or AVIF file.

    Args:
        data: content of the file. A truncated file stays truncated, so that the decoder rejects it.
    """
    if data.startswith(PNG):
        return PNG + b"".join(_png_chunks(data))
    if data.startswith(JPEG):
        return JPEG + b"".join(_jpeg_segments(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        body = b"WEBP" + b"".join(_webp_chunks(data))
        return b"RIFF" + struct.pack("<I", len(body)) + body
    if data[:4] in TIFF:
        return _bare_tiff(data, TIFF[data[:4]])
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        header, media, pixels = data.partition(b"mdat")
        for item in _AVIF_METADATA:  # renamed to a type that no decoder knows
            header = header.replace(item, b"free")
        return header + media + pixels
    return None


def _png_chunks(data: bytes) -> Iterator[bytes]:
    place = len(PNG)
    while place + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        chunk = data[place : place + 12 + length]
        following = place + 12 + length
        if chunk[4:8] in _PNG_KEPT:
            yield chunk
        elif data[following + 4 : following + 8] not in _PNG_NAMES:
            following = _first(data, _PNG_NAMES, place + 8) - 4
        place = following


def _jpeg_segments(data: bytes) -> Iterator[bytes]:
    place = len(JPEG)
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == _START_OF_SCAN:
            break
        (length,) = struct.unpack_from(">H", data, place + 2)
        following = place + 2 + length
        metadata = marker == _COMMENT or (marker in _APPLICATION and marker not in (_JFIF, _ADOBE))
        if not metadata:
            yield data[place:following]
        elif data[following : following + 2] not in _JPEG_NAMES:
            following = _first(data, _JPEG_TABLES, _after_thumbnail(data, place + 2))
        place = following
    yield data[place:]


def _after_thumbnail(data: bytes, place: int) -> int:
    """The end of the JPEG image that begins behind ``place`` and before the first scan."""
    inner = data.find(_START, place, data.find(bytes([0xFF, _START_OF_SCAN]), place))
    end = data.find(_END, inner) if inner >= 0 else place - len(_END)
    return len(data) if end < 0 else end + len(_END)


def _first(data: bytes, names: Collection[bytes], place: int) -> int:
    """Where the first of the names begins, from ``place``; the end if there is none."""
    found = [start for name in names if (start := data.find(name, place)) >= 0]
    return min(found, default=len(data))


def _bare_tiff(data: bytes, order: str) -> bytes:
    """The file with a new first directory at its end, without tags that may be broken."""
    (start,) = struct.unpack_from(order + "I", data, 4) if len(data) >= 8 else (len(data),)
    if start + 2 > len(data):
        return data
    (count,) = struct.unpack_from(order + "H", data, start)
    entries = [data[place : place + 12] for place in range(start + 2, start + 2 + 12 * count, 12)]
    kept = [entry for entry in entries if len(entry) == 12 and _is_of_picture(entry, order)]
    end = len(data) + len(data) % 2
    directory = struct.pack(order + "H", len(kept)) + b"".join(kept) + bytes(4)
    return data[:4] + struct.pack(order + "I", end) + data[8:].ljust(end - 8, b"\0") + directory


def _is_of_picture(entry: bytes, order: str) -> bool:
    tag, kind, count = struct.unpack_from(order + "HHI", entry)
    return tag in _TIFF_PICTURE or (tag, kind, count) == (_TIFF_ORIENTATION, _SHORT, 1)


def _webp_chunks(data: bytes) -> Iterator[bytes]:
    place = 12
    while place + 8 <= len(data):
        name, length = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        chunk = data[place : place + 8 + length + length % 2]
        if name == b"VP8X" and len(chunk) > 8:
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_METADATA_FLAGS]) + chunk[9:]
        following = place + 8 + length + length % 2
        if name in _WEBP_PICTURE:
            yield chunk
        elif data[following : following + 4] not in _WEBP_NAMES:
            following = _first(data, _WEBP_NAMES, place + 8)
        place = following
