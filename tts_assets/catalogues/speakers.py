"""What stands beside the texts of a list: who says each of them, or how each is read."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

from tts_assets.config.sources.path import Step
from tts_assets.model import is_katakana, kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tts_assets.catalogues.fields import Subject
    from tts_assets.config.sources.path import Path
    from tts_assets.config.sources.source import ClipRule
    from tts_assets.model import SpokenForm


#: Items on the way to a value: its index in each list, its key in each object, that ``*`` stood for.
_Items: TypeAlias = tuple[str | int, ...]


def lines_of(rule: ClipRule) -> Callable[[Subject], list[tuple[str, str]]] | None:
    """What finds the lines of a passage, each with its speaker, "" for nobody.

    None for a rule whose texts are not many, or have not each a speaker of their own.
    """
    of_each = any(Step.EVERY in path.steps for path in rule.speaker)
    if rule.join is None or rule.furigana or not of_each:
        return None

    def look(subject: Subject) -> list[tuple[str, str]]:
        names = _first(rule.speaker, subject)
        texts = _first(rule.text, subject)
        return [(_nearest(names, items), text) for items, text in texts.items()]

    return look


def join_ruby(rule: ClipRule) -> Callable[[Subject], str | None] | None:
    """Look up a text whose words stand in a list, each with its reading, as HTML ruby.

    None for a rule whose texts are not the words of one text, or have no readings beside them.
    """
    between = rule.join
    if between is None or between.strip(" 　") or rule.furigana or not _stand_in_one_list(rule):
        return None

    def look(subject: Subject) -> str | None:
        readings = _first(rule.reading, subject)
        words = _first(rule.text, subject)
        return (
            between.join(_write_ruby(word, readings.get(at)) for at, word in words.items()) or None
        )

    return look


def _stand_in_one_list(rule: ClipRule) -> bool:
    lists = [
        {_list_of(path) for path in paths if Step.EVERY in path.steps}
        for paths in (rule.text, rule.reading)
    ]
    return len(lists[0]) == 1 and lists[0] == lists[1]


def _list_of(path: Path) -> tuple[object, ...]:
    last = max(at for at, step in enumerate(path.steps) if step is Step.EVERY)
    return (path.from_record, *path.steps[:last])


def _write_ruby(word: str, reading: str | None) -> str:
    """The word with its reading; kana need none, and a particle's may be written as it sounds."""
    if not reading or reading == word or is_katakana(kana_to_katakana(word)):
        return escape(word)
    return f"<ruby>{escape(word)}<rt>{escape(reading)}</rt></ruby>"


def with_speaker(form: SpokenForm, speaker: object, voices: Mapping[str, str]) -> SpokenForm:
    """A passage whose lines without a name of their own are one speaker's."""
    name = str(speaker)
    turns = [
        turn if turn.speaker else turn._replace(speaker=name, voice=voices.get(name))
        for turn in form.turns
    ]
    return form._replace(turns=tuple(turns))


def _first(paths: tuple[Path, ...], subject: Subject) -> dict[_Items, str]:
    """The values of the first path that leads to any, by the items on the way to each."""
    for path in paths:
        found = {
            _items(path, place): str(value)
            for place, value in subject.values(path)
            if value is not None and value != ""
        }
        if found:
            return found
    return {}


def _items(path: Path, place: tuple[Any, ...]) -> _Items:
    steps = zip(path.steps, place, strict=False)
    return tuple(key for step, key in steps if step is Step.EVERY)


def _nearest(names: Mapping[_Items, str], items: _Items) -> str:
    """The name that stands beside a text, or beside the list that it lies in."""
    around = (items[:count] for count in range(len(items), -1, -1))
    return next((names[each] for each in around if each in names), "")
