"""Ids as file names: safe on every system, and distinct for distinct ids."""

from __future__ import annotations

import re
import unicodedata

from tts_assets.model import Format

#: The longest name of a file or folder on common file systems, in bytes of UTF-8.
LONGEST_BYTES = 255

ENDINGS = tuple(f".{each}" for each in Format)  #: how the names of assets end

#: The suffixes of time lines, added to the whole asset name: assets that differ only in format must
#: not share a time line.
TIMELINE_ENDINGS = (".timeline.json", ".vtt", ".lrc")

#: Characters that Windows, or any system, forbids in names; and %, which begins our escapes.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*%]')
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

#: Devices of Windows, whatever their extension (Microsoft, "Naming Files, Paths, and Namespaces").
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)

#: Finds every path with a name that is a device, begins or ends with a dot, or ends with a space.
_DOUBTFUL = re.compile(r"(^|/)(\.|con|prn|aux|nul|com|lpt)|[. ](/|$)", re.IGNORECASE)


def escape_id(value: str) -> str:
    """An id as a part of a name: in NFC, with forbidden characters percent-encoded."""
    value = unicodedata.normalize("NFC", value)
    return _escape_characters(_UNSAFE, value) if _UNSAFE.search(value) else value


def safe(path: str) -> str:
    """A path of escaped parts that every system can store; ``unquote`` restores its names."""
    if _DOUBTFUL.search(path):
        path = "/".join(map(_safe_name, path.split("/")))
    # NFC would compose an accent after an escape with the escape's last digit.
    return path if unicodedata.is_normalized("NFC", path) else _escape_characters(_NOT_ASCII, path)


def timelines_of(asset: str) -> tuple[str, ...]:
    """The files beside the asset of a passage: its time line as JSON, WebVTT and LRC."""
    return tuple(asset + ending for ending in TIMELINE_ENDINGS)


def is_too_long(path: str) -> bool:
    """Whether a file system cannot store one of the names of a path."""
    if len(path) * 4 <= LONGEST_BYTES:
        return False
    return any(len(name.encode()) > LONGEST_BYTES for name in path.split("/"))


def is_asset_name(asset: str) -> bool:
    """Whether a path below an output folder can be that of an asset: ledgers are edited by hand."""
    # Our own names contain %, which begins escapes.
    steps = asset.replace("%", "_").split("/")
    return asset.endswith(ENDINGS) and not any(map(problem_with, steps))


def problem_with(name: str) -> str | None:
    """Why a name from a person is not valid on every system; None if it is."""
    if not name:
        return "has an empty part: remove slashes at its ends and double slashes"
    if found := _UNSAFE.search(name):
        return f"contains {found.group()!r}, which not every system allows in names: remove it"
    if _safe_name(name) != name:
        return (
            f"contains {name!r}, which begins or ends with a dot or space, or is a device name "
            "of Windows"
        )
    if is_too_long(name):
        return f"has a name of more than {LONGEST_BYTES} bytes: shorten it"
    return None


def _safe_name(name: str) -> str:
    if name[0] == "." or _DEVICE.match(name):
        name = _percent(name[0]) + name[1:]
    if name[-1] in ". ":
        name = name[:-1] + _percent(name[-1])
    return name


def _escape_characters(characters: re.Pattern[str], text: str) -> str:
    return characters.sub(lambda found: _percent(found.group()), text)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
