"""Files that need no proposal: the built-in shapes, and what is known to be no catalogue."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tts_assets import catalogue
from tts_assets.errors import InputError
from tts_assets.mapping import BUILT_IN, Say
from tts_assets.propose.names import Role, roles_of, tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogue import Document
    from tts_assets.domain import Clip, Kind, Place
    from tts_assets.mapping import Source
    from tts_assets.propose.draft import Draft

#: So many records tell whether a shape is a built-in one.
_LOOKED_AT = 200
_PROGRAM = re.compile(
    r"(?:^|/)(?:locales?|i18n|l10n|lang|languages?|translations?|messages|intl)(?=/|\.|$)",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?")
_DOTTED = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+)+")


def built_in(document: Document, drafts: Sequence[Draft]) -> Kind | None:
    """The built-in shape that says all that the drafts say, at the same places; None if none does."""
    root = document.root
    kind = catalogue.kind_of(document.file, root)
    if kind is None or not isinstance(root, list):
        return None
    some = replace(document, root=root[:_LOOKED_AT])
    said, problems = _clips(some, BUILT_IN[kind])
    if problems or not said:
        return None
    drafted: dict[Place | None, Clip] = {}
    for draft in drafts:
        # The built-in shapes leave titles unsaid.
        spoken = tuple(rule for rule in draft.source.clips if rule.say is not Say.TITLE)
        drafted |= _clips(some, replace(draft.source, clips=spoken))[0]
    # Kana among kanji: the drafts have more clips of the kanji, and none of the kana.
    if _records(drafted) < _records(said):
        return kind
    for place, clip in drafted.items():
        if place not in said or _says_more(clip, said[place]):
            return None
    return kind


def _records(clips: dict[Place | None, Clip]) -> set[Place]:
    """The records of a list at the root that have clips."""
    return {clip.at[:1] for clip in clips.values()}


def _clips(document: Document, source: Source) -> tuple[dict[Place | None, Clip], bool]:
    """What a source finds, by the place of its URL; and whether there were problems."""
    try:
        read = catalogue.read(document, source)
    except InputError:
        return {}, True
    return {clip.place: clip for clip in read.clips}, bool(read.problems)


def _says_more(clip: Clip, other: Clip) -> bool:
    ours, theirs = clip.form, other.form
    return (ours.reading is not None and theirs.reading is None) or (
        ours.accent is not None and theirs.accent is None
    )


def no_catalogue(document: Document) -> str | None:
    """Why a document is known to be none; None if it may be one."""
    root = document.root
    if not isinstance(root, dict):
        return None
    if str(root.get("type")) in {"FeatureCollection", "Feature", "Topology"}:
        return "it is a map (GeoJSON)"
    lists = any(isinstance(value, list) for value in root.values())
    tree = not lists and all(isinstance(value, str | dict) for value in root.values())
    path = PurePath(document.file)
    named = _PROGRAM.search(path.as_posix()) or _LANGUAGE.fullmatch(path.stem)
    languages = are_languages(root) and not _is_of_phrases(path.stem)
    if tree and (named or languages or sum(map(_is_dotted, root)) > len(root) / 2):
        return "it looks like the texts of a program in one or more languages"
    return None


def are_languages(root: Any) -> bool:
    """Whether it is an object whose keys are codes of languages."""
    return (
        isinstance(root, dict)
        and len(root) > 1
        and all(_LANGUAGE.fullmatch(key) is not None for key in root)
    )


def _is_of_phrases(name: str) -> bool:
    """Whether a file is called after words or phrases, as no texts of a program are."""
    return any(Role.WORD in roles_of(token) for token in tokens_of(name))


def _is_dotted(key: str) -> bool:
    return _DOTTED.fullmatch(key) is not None
