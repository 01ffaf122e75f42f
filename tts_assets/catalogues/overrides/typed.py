"""What a reviewer typed for a clip: what is wrong with it, and the override that it makes."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from tts_assets.catalogues.overrides.data import Key, Override
from tts_assets.catalogues.overrides.form import problem_with_accent, said

if TYPE_CHECKING:
    from tts_assets.catalogues.overrides.data import Say
    from tts_assets.catalogues.overrides.speaking import Speaking
    from tts_assets.model import Clip


def key_of(clip: Clip, path: str | Path) -> Key:
    """Which override is for a clip; ``path``: the file of overrides."""
    source = clip.source.rpartition(": ")[2]
    return Key(_seen_from(clip.file, str(path)), source, clip.entry, clip.part)


def resolved(file: str, path: str | Path) -> str:
    """The real path of the catalogue that a key names; ``path``: the file of overrides."""
    return os.path.realpath(Path(_folder(str(path)), file))


def made(  # noqa: PLR0913 - what an override has
    clip: Clip,
    say: Say,
    path: str | Path,
    *,
    earlier: Override | None = None,
    by: str = "",
    at: str = "",
    reason: str = "",
) -> Override:
    """The override that is to be written for what somebody typed.

    Args:
        clip: what it is for, as a survey has it.
        say: what was typed now.
        path: the file of overrides.
        earlier: the override that is at work for the clip, where there is one: what was typed for
            it stays, unless it was typed anew.
        by: who typed it.
        at: when.
        reason: why.
    """
    text, reading = clip.form.text, clip.form.reading or ""
    if earlier is not None:
        text, reading, say = earlier.text, earlier.reading, say.over(earlier.say)
    own = key_of(clip, path)._asdict()
    return Override(**own, text=text, reading=reading, say=say, by=by, at=at, reason=reason)


def problem_with(clip: Clip, say: Say, speaking: Speaking, heard: str | None = None) -> str | None:
    """What is wrong with what was typed for a clip, in words for who typed it; None if nothing is.

    Args:
        clip: as a survey has it.
        say: all of it, what still holds of an earlier override, too: that of :func:`made`.
        speaking: who can speak.
        heard: the kana that the clip is said with now, where that is known: its morae are counted
            where neither the entry nor the reviewer gives a reading.
    """
    try:
        form = said(clip.form, say)
        speaking.applied(clip._replace(form=form), say)
    except ValueError as problem:
        return str(problem)
    if not speaking.is_of(say):
        own = speaking.voice
        return (
            f"{say.voice!r:.80} is no voice of {own.provider}, which speaks here: choose one of its "
            f"own, such as {own.provider}/{own.name}"
        )
    if say.accent is None or form.reading is not None or say.text is not None or not heard:
        return None
    return problem_with_accent(say.accent, heard)


def _seen_from(file: str, path: str) -> str:
    real = os.path.realpath(file)
    try:
        return PurePath(os.path.relpath(real, _folder(path))).as_posix()
    except ValueError:
        # On another drive of Windows.
        return PurePath(real).as_posix()


def _folder(path: str) -> str:
    """The folder of the overrides: where they are a link, that of the link, as it lies in the project."""
    return os.path.realpath(Path(path).parent)
