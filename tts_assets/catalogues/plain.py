"""Records that say a plain word, as most do: their clips, found sooner than by going all the ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from tts_assets.catalogues.fields import LONGEST_TEXT, keys_of
from tts_assets.config.sources.builtin import OVERRIDE
from tts_assets.config.sources.source import Overwrite, Say
from tts_assets.japanese.word_forms import build_plain_word
from tts_assets.model import Clip, Place, SpokenForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.config.sources.source import ClipRule, Source


#: The clip of a record at a place, with the id of its entry; None where all has to be looked at.
Plainly: TypeAlias = "Callable[[Any, Place, str], Clip | None]"


def plainly(rule: ClipRule, source: Source, file: str) -> Plainly | None:
    """What finds the clips of plain words that a rule of a source has in a file.

    None for a rule that asks for more than a text, its reading and a URL beside them.
    """
    form_of, url_key = _forms(rule), _url_key(rule)
    if form_of is None or url_key is None:
        return None
    kind, part, name = source.kind, rule.part, source.name
    replaces_all = source.overwrite is Overwrite.ALWAYS

    def clip_of(record: Any, place: Place, entry_id: str) -> Clip | None:
        if type(record) is not dict or OVERRIDE in record:
            return None
        form = form_of(record)
        if form is None:
            return None
        url = record.get(url_key)
        if url is not None and (replaces_all or type(url) is not str or not url.strip()):
            return None
        at = (*place, url_key)
        return Clip(kind, file, entry_id, part, at, form, None, url, None, place, name)

    return clip_of


def _forms(rule: ClipRule) -> Callable[[dict[str, Any]], SpokenForm | None] | None:
    """What finds the one form of a record, if it is a plain word."""
    asks = rule.each or rule.skip or rule.furigana or rule.speaker or rule.language
    texts, readings, accents = map(keys_of, (rule.text, rule.reading, rule.accent))
    if asks or rule.say is not Say.WORD or rule.join is not None or accents is None:
        return None
    if texts is None or readings is None or len(texts) != 1 or len(readings) != 1:
        return None
    text_key, reading_key = texts[0], readings[0]

    def form_of(record: dict[str, Any]) -> SpokenForm | None:
        for key in accents:
            if record.get(key) is not None:
                return None
        text, reading = record.get(text_key), record.get(reading_key)
        if type(text) is not str or len(text) > LONGEST_TEXT:
            return None
        if reading is not None and (type(reading) is not str or len(reading) > LONGEST_TEXT):
            return None
        return build_plain_word(text, reading)

    return form_of


def _url_key(rule: ClipRule) -> str | None:
    """The key under which a rule's URL lies in the record itself."""
    if rule.to is None or rule.to.from_record or len(rule.to.steps) != 1:
        return None
    key = rule.to.steps[0]
    return key if isinstance(key, str) else None
