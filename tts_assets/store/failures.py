"""What could not be made last time, and why: one line of JSON for each recipe, beside the ledger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from tts_assets.errors import InputError, truncate_text

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping


#: The file's name inside the output folder.
NAME = "failures.jsonl"

#: What lines are like; lines without a version are of the first. A newer one is refused.
VERSION = 1

#: The longest text and the longest reason that are kept, in characters.
LONGEST = 500

#: White space, control characters, marks that turn the direction of text, halves of characters.
_NO_TEXT = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)


class _FailureLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A clip that could not be made: its recipe, what was to be said, and why it was not."""

    version: int = 1
    recipe: str
    text: str
    reason: str


_decoder = msgspec.json.Decoder(_FailureLine)


def read_failures(data: bytes, *, file: str) -> dict[str, str]:
    """The reason for each recipe that could not be made; of two lines the last counts.

    A last line without its line feed was torn by a killed run and is left out.

    Args:
        data: all of the file's bytes.
        file: its path, for messages.

    Raises:
        InputError: a whole line is none of such a file, or one of a newer version.
    """
    return {line.recipe: line.reason for line in _lines(data, file)}


def update_failures(
    before: bytes,
    *,
    file: str,
    made: Container[str] = frozenset(),
    failed: Mapping[str, tuple[str, str]],
    wanted: Container[str] | None = None,
    redact: Callable[[str], str] = str,
) -> bytes:
    """The same file after a run; without bytes it need not be there.

    Args:
        before: its bytes before the run.
        file: its path, for messages.
        made: recipes that were made.
        failed: the text and the reason for each recipe that was not.
        wanted: recipes of earlier failures that clips still ask for, the others are forgotten;
            None where not all clips were looked at.
        redact: removes keys from a reason.

    Raises:
        InputError: as :func:`read` does.
    """
    lines = {
        line.recipe: line
        for line in _lines(before, file)
        if line.recipe not in made and (wanted is None or line.recipe in wanted)
    }
    for recipe, (text, reason) in failed.items():
        # Redact before cutting: a part of a key would not be recognised.
        line = _FailureLine(recipe=recipe, text=_one_line(text), reason=_one_line(redact(reason)))
        lines[recipe] = line
    return b"".join(msgspec.json.encode(lines[recipe]) + b"\n" for recipe in sorted(lines))


def _lines(data: bytes, file: str) -> list[_FailureLine]:
    found = []
    for number, line in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = _decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise InputError(
                (
                    "this is not a line of a failure record: delete the file, which only "
                    "records the failures of the last run"
                ),
                file=file,
                line=number,
            ) from exc
        if one.version > VERSION:
            raise InputError(
                (
                    f"a newer tts-assets wrote this line (version {one.version}; this one reads "
                    f"versions up to {VERSION}): upgrade tts-assets on this machine, or delete "
                    "the file, which only records the failures of the last run"
                ),
                file=file,
                line=number,
            )
        found.append(one)
    return found


def _one_line(text: str) -> str:
    return truncate_text(_NO_TEXT.sub(" ", text).strip(), LONGEST)
