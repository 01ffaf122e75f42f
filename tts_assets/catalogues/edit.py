"""URLs set in a JSON text, with every byte around them left as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tts_assets.catalogues import changes
from tts_assets.catalogues.asked import Leaf, leaves, shown
from tts_assets.catalogues.json_text import not_json, too_deep
from tts_assets.catalogues.members import MemberEditor
from tts_assets.catalogues.parallel import new_row, row_changes
from tts_assets.catalogues.scan import Container, containers, wanted_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tts_assets.catalogues.changes import Change
    from tts_assets.catalogues.scan import Wanted
    from tts_assets.model import Place


def set_urls(
    text: str,
    urls: Mapping[Place, str],
    *,
    file: str,
    lists: Mapping[Place, int] | None = None,
    beside: Mapping[Place, str] | None = None,
    line: int | None = None,
) -> str:
    """The text with these URLs at their places; the very same text when all are there already.

    A string, number, true, false or null that stands at a place gives way to the URL, unless it
    is the URL already, however it is escaped. A missing key is added to its object, in the style
    of the members there; so is a missing object that leads to it. A list or an object never gives
    way to a URL.

    Args:
        text: a JSON document.
        urls: the URLs by place.
        file: its path, for messages.
        lists: the lists that run parallel to a list of texts, and how many items each must have.
            The place of a URL is the list's and an index; or that and a key, in a list of
            objects. What has that length has its items set one by one. A list that is missing
            or a scalar is written anew. So is a list of URLs of another length: strings that
            were in it stay, and an item without URL is null. A list of objects keeps what it
            has, gains nulls and objects at its end, and loses nothing but nulls there.
        beside: for a key that may be missing, the key of the same object after which it is
            added; without it, or where that is missing too, it is added last. A list written
            anew is laid out as it was, else as the list beside it, else on one line.
        line: the 1-based line of a JSON Lines file that the text is.

    Raises:
        InputError: a place does not exist in the text, leads through a key that its object has
            twice, or holds a list or an object; an item of a list of objects is neither an
            object nor null, or would be lost; or the text is not JSON. Nothing is set then.
        ValueError: one place lies within another, or is the root.
    """
    wanted = leaves(urls, lists or {}, file=file)
    if not wanted:
        return text
    editor = MemberEditor(text, file=file, line=line or 1, beside=beside or {})
    try:
        found = [
            change
            for container in containers(text, wanted_tree(wanted))
            for change in _changes(editor, container, wanted)
        ]
    except json.JSONDecodeError as exc:
        raise not_json(exc, file=file, line=line) from exc
    except RecursionError as exc:
        raise too_deep(text, file=file, line=line) from exc
    return changes.made(text, found)


def _changes(
    editor: MemberEditor, container: Container, wanted: Mapping[Place, Leaf]
) -> Iterator[Change]:
    """What changes in this container itself; what lies deeper has a container of its own."""
    if container.place and editor.text.startswith("null", container.start):
        yield container.start, container.end, _object(editor, container, container, wanted)
        return
    found = editor.found(container, container.wanted)
    missing: dict[str, str] = {}
    for key, inner in container.wanted.items():
        place = (*container.place, key)
        leaf = wanted.get(place)
        member = found.get(key)
        if leaf is not None and inner:
            raise ValueError(f"{place} is given a URL, and so is a place within it")
        if member is None:
            missing[str(key)] = _new(editor, container, place, inner, wanted)
        elif isinstance(leaf, str):
            yield from editor.url_change(place, member, leaf)
        elif leaf is not None:
            yield from row_changes(editor, place, member, leaf, container)
    yield from editor.additions(container, missing)


def _new(
    editor: MemberEditor,
    container: Container,
    place: Place,
    inner: Wanted,
    wanted: Mapping[Place, Leaf],
) -> str:
    """The value of a key that is missing, with all that is wanted in it."""
    leaf = wanted.get(place)
    if isinstance(place[-1], int):
        what = f"there is no {shown(place)} (any more); read the file again"
        raise editor.error(what, container.start)
    if leaf is None:
        within = replace(container, place=place, wanted=inner)
        return _object(editor, container, within, wanted)
    if inner:
        raise ValueError(f"{place} is given a URL, and so is a place within it")
    if isinstance(leaf, str):
        return editor.string(leaf)
    return new_row(editor, place, leaf, container)


def _object(
    editor: MemberEditor, container: Container, within: Container, wanted: Mapping[Place, Leaf]
) -> str:
    """An object that was missing or null, on one line."""
    members = {
        str(key): _new(editor, container, (*within.place, key), inner, wanted)
        for key, inner in within.wanted.items()
    }
    return editor.object_of(members, None)
