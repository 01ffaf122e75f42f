"""Words and readings: which forms of them are said, the main one first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tts_assets.domain import SpokenForm
from tts_assets.japanese.accent import accent_of, reading_in_accent
from tts_assets.japanese.kana import (
    UnusableTextError,
    is_katakana,
    is_long_on_reading,
    katakana,
)
from tts_assets.japanese.normalise.alternatives import (
    paired,
    parted,
    readings_parted,
    softly_parted,
    suru_marked,
    without_misfits,
)
from tts_assets.japanese.normalise.brackets import (
    is_only_a_note,
    with_notes,
    without_notes,
    without_open_note,
)
from tts_assets.japanese.normalise.column import column, settled
from tts_assets.japanese.normalise.fit import fits, has_kanji
from tts_assets.japanese.normalise.furigana import (
    has_readings,
    pitch_within,
    read,
    read_in_all_ways,
    surface,
)
from tts_assets.japanese.normalise.numbers import said_numbers
from tts_assets.japanese.normalise.prepared import prepared
from tts_assets.japanese.normalise.signs import said_signs_of_word, sound_of_particle
from tts_assets.japanese.normalise.silence import (
    ABSENT,
    nothing_said,
    reason_for_silence,
    unsayable,
)
from tts_assets.japanese.normalise.stretches import stretches_marked
from tts_assets.japanese.regex import regex
from tts_assets.japanese.romaji import to_katakana

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Words of these characters alone need no rule: the common case, decided at once.
_PLAIN = regex(r"(?![っッー]+$)[ぁ-ゖァ-ヺー一-鿿々]+")
_PLAIN_KANA = regex(r"(?![っッー]+$)[ぁ-ゖァ-ヺー]+(?<!する)(?<!スル)")
_HEADWORD = regex(r"[ ]*([ぁ-ゖァ-ヺー・‐\- ]+)[【〔]([^【】〔〕]+)[】〕][ ]*")

_BEFORE = regex(
    r"^(?:[〜～~…‥.．。、，,・_＿!！^＾*＊+＋=＝:：/／|｜“”\"‘’'\s]+|[-−－‐–—―]+(?![0-9０-９]))+"
)
_BEHIND = "〜～~…‥.．。、，,・_＿^＾*＊+＋=＝:：/／|｜“”\"‘’' \n-−－‐–—―"
_SENSE = regex(r"(?<=[ぁ-ヺー\u3400-\u9fff々])[①-⑳⓪⁰¹²³⁴-⁹]+$")
_DRAWN_OUT = regex(r"^([えあうん])[〜～~](?=[ぁ-ゖ])")
_INSIDE = regex(r"\s*(?:[〜～~…‥]+|[.．]{2,}|・{2,})\s*")
_OKURIGANA_DOT = regex(r"(?<=[\u3400-\u9fff々])[.．](?=[ぁ-ゖ])")
_MARK_IN_KANA = regex(r"[.．・\-‐–'’\s]+")
#: た(べる); but にほん(にっぽん) and いい(よい) are two readings.
_OKURIGANA_NOTE = regex(r"([ぁ-ゖ])[(（]([ぁ-ゖ]{0,2}(?!\1)[うくぐすつぬぶむるい])[)）]")
_STOP = regex(r"[、。！？!?]+")
#: An ending that might be taken for a long vowel: よ.う, え.い.
_ENDING = regex(r"(?<![ぁ-ゖ])([ぁ-ゖ])[.．]([うい])(?![ぁ-ゖ])")
_LETTER = regex(r"[^\W_]")

_ROMAJI = regex(
    r"(?<![^\W_])[A-Za-zÀ-ÿĀ-žＡ-Ｚａ-ｚ][A-Za-zÀ-ÿĀ-žＡ-Ｚａ-ｚ'’\u0302\u0304-]*(?![^\W_])"
)
#: What a reading in kana has beside it in other letters: たべもの n., テレビ, TV.
_FOREIGN = regex(
    r"(?:(?<=\s)|(?<=[,，、;；/／]))(?!or\b)[A-Za-z][A-Za-z.'’-]*(?=[\s,，、;；/／]|$)",
    re.IGNORECASE,
)
_NUMBERED = regex("(?<!^)[①-⑳](?=[ぁ-ゖァ-ヺ])|^[①-⑳]")
_MARK_OF_READING = regex(r"[^ぁ-ゖァ-ヺーA-Za-zＡ-Ｚａ-ｚ\u3400-\u9fff々〆0-9０-９]+")
_SOUND = regex(r"[ァ-ヂツ-ヺ]")


def _edges_dropped(text: str) -> str:
    """〜製, お～, ひと-, 抑える_ and はし② without the marks around them."""
    return _SENSE.sub("", _BEFORE.sub("", text).rstrip(_BEHIND))


def _gaps_pause(text: str) -> str:
    """あまり〜ない with a pause where another word belongs; え〜と is えーと."""
    return _INSIDE.sub("、", _DRAWN_OUT.sub(r"\1ー", text))


def _dots_dropped(text: str) -> str:
    """ひと.つ is ひとつ; an engine would pause at the dot."""
    bare = _MARK_IN_KANA.sub("", text)
    if is_katakana(katakana(_STOP.sub("", bare))):
        return bare
    return _OKURIGANA_DOT.sub("", text.replace("・", ""))


#: What is said for one spelling, when notes are dropped and alternatives are taken apart.
_said = settled(
    column(_edges_dropped, said_numbers, _gaps_pause, said_signs_of_word, _dots_dropped)
)


def plain_word(text: str, reading: str | None = None) -> SpokenForm | None:
    """What is said for a word without accent that needs no rule; None for all others."""
    if _PLAIN.fullmatch(text) is None:
        return None
    if reading is None:
        return SpokenForm(text)
    return SpokenForm(text, katakana(reading)) if _PLAIN_KANA.fullmatch(reading) else None


def spoken_word(
    text: str,
    reading: str | None = None,
    accent: Any = None,
    *,
    separators: Sequence[str] | None = None,
) -> tuple[SpokenForm, ...] | str:
    """What is said for a word, the main form first; or why nothing is.

    Args:
        text: the spelling: 食べる, 〜製, 朗らか(な), 丸い; 円い, 食[た]べる.
        reading: its kana or romaji, when the data give one; of alternatives each is a form.
        accent: its accent as the data give it, in any notation that ``accent_of`` knows. As many
            as there are forms go one to each; else it is that of the first.
        separators: what parts alternatives; None for the usual marks.

    Raises:
        UnusableTextError: the text is broken, the reading no kana, or the accent no notation.
    """
    plain = plain_word(text, reading)
    if plain is not None:
        if accent is None:
            return (plain,)
        kana = plain.reading or reading_in_accent(accent)
        nucleus = accent_of(accent, kana or _own_kana(text))
        return (SpokenForm(text=text, reading=kana, accent=nucleus),)
    written, given = _headword(prepared(text), reading)
    spelled = surface(written)
    silence = unsayable(spelled)
    if silence is not None:
        return silence
    given = sound_of_particle(spelled) or _without_lone_note(given, spelled)
    spellings = parted(_bare(suru_marked(spelled), [] if given is None else [given]), separators)
    if given is None:
        given = reading_in_accent(accent)
    if given is None:
        readings = _readings_within(written, spellings, separators)
    else:
        readings = _readings(given, spellings, separators)
    if not readings and (silence := nothing_said(spelled)) is not None:
        return silence
    if separators is None:
        readings = without_misfits(spellings, readings)
    if accent is None:
        accent = pitch_within(text, (readings or spellings)[0])
    if separators is None and len(spellings) == 1:
        spellings = softly_parted(spellings[0], readings)
    return _with_furigana(_forms(spellings, readings, accent, separators), written)


def spoken_kana(
    kana: str, accent: Any = None, *, separators: Sequence[str] | None = None
) -> tuple[SpokenForm, ...] | str:
    """What is said for a reading that stands alone: ショク, た.べる, ひと-; or why nothing is.

    Both the text and the reading of a form are katakana: hiragana は would be said as ワ. Only the
    text of よ.う is ヨう, as that ending is not said as in ヨウ.

    Args:
        kana: hiragana, katakana or romaji; of alternatives each is a form.
        accent: see ``spoken_word``.
        separators: see ``spoken_word``.

    Raises:
        UnusableTextError: it is not kana, or the accent is no notation.
    """
    readings = _readings(kana, [], separators)
    if not readings:
        return nothing_said(kana) or "the text has nothing that can be said"
    shown = {katakana(stem + end): katakana(stem) + end for stem, end in _ENDING.findall(kana)}
    texts = [
        shown[each] if is_long_on_reading(each) and each in shown else each for each in readings
    ]
    return _with_accents(list(zip(texts, readings, strict=True)), accent)


def forms_of(written: str, spellings: Sequence[str]) -> tuple[SpokenForm, ...] | str:
    """The forms of spellings that are parted already, with the readings that furigana give."""
    forms = _forms(spellings, _readings_within(written, spellings, None), None, None)
    return _with_furigana(forms, written)


def _with_furigana(
    forms: tuple[SpokenForm, ...] | str, written: str
) -> tuple[SpokenForm, ...] | str:
    """The forms with what furigana give of them, where there is no whole reading."""
    if isinstance(forms, str) or not has_readings(written):
        return forms
    return tuple(
        form._replace(readings=stretches_marked(written, form.text))
        if form.reading is None
        else form
        for form in forms
    )


def _headword(written: str, reading: str | None) -> tuple[str, str | None]:
    """A dictionary's headword ことば【言葉】 as the word 言葉 with its reading."""
    headword = _HEADWORD.fullmatch(written)
    if headword is None or not has_kanji(headword[2]):
        return written, reading
    kana = re.sub(r"[・‐\- ]", "", headword[1])
    if not any(fits(part, kana) for part in re.split("[・、,/／;；]", headword[2])):
        return written, reading
    return headword[2], kana if reading is None else reading


def _bare(text: str, others: Sequence[str]) -> str:
    """Without notes, but 静か(な) is 静かな where the other side has that ending: its reading."""
    bare = without_notes(text)
    opened = with_notes(text)
    if opened == bare or not others or any(_agree(bare, without_notes(each)) for each in others):
        return bare
    return opened if any(_agree(opened, without_notes(each)) for each in others) else bare


def _agree(one: str, other: str) -> bool:
    """Whether one of the two can be the reading of the other."""
    return fits(one, other) if is_katakana(katakana(other)) else fits(other, one)


def _without_lone_note(given: str | None, spelled: str) -> str | None:
    """No reading where all of it is a note on a word in kana: （no） of ノー."""
    if given is None or (is_only_a_note(given) and _own_kana(spelled)):
        return None
    return given


def _own_kana(text: str) -> str | None:
    """A word in kana is its own reading."""
    kana = katakana(text)
    return kana if is_katakana(kana) else None


def _readings(
    reading: str, spellings: Sequence[str], separators: Sequence[str] | None
) -> list[str]:
    """The alternatives of a reading in katakana, without the marks around them."""
    if reading.strip() in ABSENT:
        return []
    written = suru_marked(read(without_open_note(_NUMBERED.sub(";", prepared(reading)))))
    in_kana = _FOREIGN.sub(" ", written)
    if any(fits(each, katakana(_MARK_OF_READING.sub("", in_kana))) for each in spellings):
        written = in_kana
    plain = _bare(written if spellings else _OKURIGANA_NOTE.sub(r"\1\2", written), spellings)
    kana = _ROMAJI.sub(lambda found: to_katakana(found.group()) or found.group(), plain)
    parts = readings_parted(kana, spellings, separators)
    found = [katakana(_MARK_OF_READING.sub("", part)) for part in parts]
    for each in found:
        if each and not is_katakana(each):
            raise UnusableTextError(
                f"the reading {reading!r} is not kana: write it in hiragana, katakana or romaji"
            )
    return [each for each in dict.fromkeys(found) if _SOUND.search(each)]


def _readings_within(
    written: str, spellings: Sequence[str], separators: Sequence[str] | None
) -> list[str]:
    """The readings that furigana give; none where they leave anything open."""
    if not has_readings(written):
        return []
    try:
        found = [
            reading
            for each in read_in_all_ways(written)
            for reading in _readings(each, spellings, separators)
        ]
    except UnusableTextError:
        return []
    return list(dict.fromkeys(found))


def _forms(
    spellings: Sequence[str],
    readings: Sequence[str],
    accent: Any,
    separators: Sequence[str] | None,
) -> tuple[SpokenForm, ...] | str:
    # What was a time or a sign may be a word beside the mark by now: 10時30分/朝.
    words = [part for each in spellings for part in parted(_said(each), separators)]
    said = [word for word in words if reason_for_silence(word) is None]
    if not readings:
        pairs = paired(said, [])
    elif any(map(_LETTER.search, spellings)) and any(map(_LETTER.search, said)):
        pairs = paired(said, readings)
    else:
        # A sign such as × is said as its reading, not as what it stands for here.
        pairs = [(each, each) for each in readings]
    return _with_accents(pairs, accent) or "the text has nothing that can be said"


def _with_accents(pairs: Sequence[tuple[str, str | None]], accent: Any) -> tuple[SpokenForm, ...]:
    accents = _accents(accent, len(pairs))
    return tuple(
        SpokenForm(
            text=text,
            reading=reading,
            accent=accent_of(value, reading or _own_kana(text)),
        )
        for (text, reading), value in zip(pairs, accents, strict=True)
    )


def _accents(accent: Any, count: int) -> list[Any]:
    """One accent for each form: theirs, if there are as many; else the first's."""
    values = accent
    if isinstance(accent, str):
        values = [part.strip() for part in re.split("[,、，;；|]", accent)]
    if isinstance(values, list | tuple) and len(values) == count > 1:
        return list(values)
    return [accent, *[None] * count][:count]
