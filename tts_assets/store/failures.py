"""The failures of the last run and their reasons: one JSON line for each recipe, beside the ledger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from tts_assets.errors import InputError, truncate_text
from tts_assets.store.atomic_files import decode_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping


NAME = "failures.jsonl"  #: the file's name inside the output folder

#: The version of the line format; lines without one have version 1. Newer versions are refused.
VERSION = 1

LONGEST = 500  #: the maximum length of a recorded text or reason, in characters

_ADVICE = "delete the file, which only records the failures of the last run"
_PROBLEM = f"this is not a line of a failure record: {_ADVICE}"

#: White space, control characters, bidirectional marks, lone surrogates.
_NO_TEXT = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)


class _FailureLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A clip that failed: its recipe, its text, and the reason."""

    version: int = 1
    recipe: str
    text: str
    reason: str


_decoder = msgspec.json.Decoder(_FailureLine)


def read_failures(data: bytes, *, file: str) -> dict[str, str]:
    """The reason for each failed recipe; of several lines the last counts.

    A last line without its line feed was torn by a killed run and is ignored.

    Args:
        data: all of the file's bytes.
        file: its path, for messages.

    Raises:
        InputError: a whole line is invalid, or of a newer version.
    """
    return {line.recipe: line.reason for line in _lines(data, file)}


def update_failures(
    before: bytes,
    *,
    file: str,
    made: Container[str] = frozenset(),
    failed: Mapping[str, tuple[str, str]],
    requested: Container[str] | None = None,
    redact: Callable[[str], str] = str,
) -> bytes:
    """The file after a run; empty if nothing failed.

    Args:
        before: its bytes before the run.
        file: its path, for messages.
        made: the recipes that were generated.
        failed: the text and the reason for each recipe that failed.
        requested: the recipes that clips still use; earlier failures of others are removed. None if
            not all clips were checked.
        redact: removes keys from a reason.

    Raises:
        InputError: as in :func:`read_failures`.
    """
    lines = {
        line.recipe: line
        for line in _lines(before, file)
        if line.recipe not in made and (requested is None or line.recipe in requested)
    }
    for recipe, (text, reason) in failed.items():
        # Redact before truncating: a part of a key would not be recognised.
        line = _FailureLine(recipe=recipe, text=_one_line(text), reason=_one_line(redact(reason)))
        lines[recipe] = line
    return b"".join(msgspec.json.encode(lines[recipe]) + b"\n" for recipe in sorted(lines))


def _lines(data: bytes, file: str) -> Iterator[_FailureLine]:
    for number, line in decode_lines(data, _decoder, file=file, problem=_PROBLEM):
        if line.version > VERSION:
            raise InputError(
                f"a newer tts-assets wrote this line (version {line.version}; this one reads "
                f"versions up to {VERSION}): upgrade tts-assets on this machine, or {_ADVICE}",
                file=file,
                line=number,
            )
        yield line


def _one_line(text: str) -> str:
    return truncate_text(_NO_TEXT.sub(" ", text).strip(), LONGEST)
