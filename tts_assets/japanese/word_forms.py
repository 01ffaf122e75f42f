"""Words, readings and titles of grammar patterns: their spoken forms, the main one first."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from tts_assets.japanese.accent_notation import extract_accent_reading, parse_accent
from tts_assets.japanese.alignment import can_spell, has_kanji
from tts_assets.japanese.furigana import (
    apply_readings,
    find_bracket_accent,
    has_readings,
    list_all_readings,
    strip_readings,
)
from tts_assets.japanese.kana import (
    UnusableTextError,
    is_long_on_reading,
    parse_kana,
    romaji_to_katakana,
)
from tts_assets.japanese.spoken_numbers import verbalize_numbers
from tts_assets.japanese.spoken_signs import (
    ABSENT,
    NOTHING_TO_SAY,
    drop_notes,
    drop_open_note,
    find_empty_reason,
    find_particle_sound,
    find_silence_reason,
    find_unspeakable_reason,
    is_note_only,
    keep_notes,
    verbalize_word_signs,
)
from tts_assets.japanese.text_annotations import find_furigana_spans
from tts_assets.japanese.text_cleanup import prepare_text
from tts_assets.japanese.text_rules import compile_lazy, pipeline, replace_matches, until_stable
from tts_assets.japanese.word_alternatives import (
    drop_misfits,
    mark_optional_suru,
    pair_readings,
    split_alternatives,
    split_by_readings,
    split_readings,
)
from tts_assets.model import SpokenForm, is_katakana, kana_to_katakana, shift_hiragana

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Words that no rule changes, the common case.
_PLAIN = compile_lazy(r"(?![っッー]+$)[ぁ-ゖァ-ヺー一-鿿々]+")
_PLAIN_KANA = compile_lazy(r"(?![っッー]+$)[ぁ-ゖァ-ヺー]+(?<!する)(?<!スル)")
_HEADWORD = compile_lazy(r"[ ]*([ぁ-ゖァ-ヺー・‐\- ]+)[【〔]([^【】〔〕]+)[】〕][ ]*")
_OKURIGANA_DOT = compile_lazy(r"(?<=[\u3400-\u9fff々])[.．](?=[ぁ-ゖ])")
_MARK_IN_KANA = compile_lazy(r"[.．・\-‐–'’\s]+")

#: た(べる); but にほん(にっぽん) and いい(よい) are two readings.
_OKURIGANA_NOTE = compile_lazy(r"([ぁ-ゖ])[(（]([ぁ-ゖ]{0,2}(?!\1)[うくぐすつぬぶむるい])[)）]")
_STOP = compile_lazy(r"[、。！？!?]+")

#: An ending that looks like a long vowel: よ.う, え.い.
_ENDING = compile_lazy(r"(?<![ぁ-ゖ])([ぁ-ゖ])[.．]([うい])(?![ぁ-ゖ])")
_LETTER = compile_lazy(r"[^\W_]")
_ROMAJI = compile_lazy(
    r"(?<![^\W_])[A-Za-zÀ-ÿĀ-žＡ-Ｚａ-ｚ][A-Za-zÀ-ÿĀ-žＡ-Ｚａ-ｚ'’\u0302\u0304-]*(?![^\W_])"
)

#: Text in Latin letters beside a reading in kana: たべもの n., テレビ, TV.
_FOREIGN = compile_lazy(
    r"(?:(?<=\s)|(?<=[,，、;；/／]))(?!or\b)[A-Za-z][A-Za-z.'’-]*(?=[\s,，、;；/／]|$)",
    re.IGNORECASE,
)
_READING_NUMBER = compile_lazy("(?<!^)[①-⑳](?=[ぁ-ゖァ-ヺ])|^[①-⑳]")
_MARK_OF_READING = compile_lazy(
    r"[^ぁ-ゖァ-ヺーA-Za-zＡ-Ｚａ-ｚ\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆0-9０-９]+"
)
_SOUND = compile_lazy(r"[ァ-ヂツ-ヺ]")
_LETTERS = frozenset(
    {"Lu", "Ll", "Lo"}
)  #: the Unicode categories of letters, without marks such as ー and ゝ


def _drop_reading_dots(text: str) -> str:
    """ひと.つ is ひとつ; an engine would pause at the dot."""
    bare = _MARK_IN_KANA.sub("", text)
    if parse_kana(_STOP.sub("", bare)):
        return bare
    return _OKURIGANA_DOT.sub("", text.replace("・", ""))


#: Converts one spelling, without notes and alternatives, to its spoken text.
_verbalize_word = until_stable(
    pipeline(
        # 〜製, お～, ひと-, 抑える_ and はし② without the marks around them.
        replace_matches(
            r"^(?:[〜～~…‥.．。、，,・_＿!！^＾*＊+＋=＝:：/／|｜“”\"‘’'\s]+|[-−－‐–—―]+(?![0-9０-９]))+",
            "",
        ),
        lambda text: text.rstrip("〜～~…‥.．。、，,・_＿^＾*＊+＋=＝:：/／|｜“”\"‘’' \n-−－‐–—―"),
        replace_matches(r"(?<=[ぁ-ヺー\u3400-\u9fff々])[①-⑳⓪⁰¹²³⁴-⁹]+$", ""),
        verbalize_numbers,
        # え〜と is えーと; あまり〜ない has a pause in place of a word.
        replace_matches(r"^([えあうん])[〜～~](?=[ぁ-ゖ])", r"\1ー"),
        replace_matches(r"\s*(?:[〜～~…‥]+|[.．]{2,}|・{2,})\s*", "、"),
        verbalize_word_signs,
        _drop_reading_dots,
    )
)


def build_plain_word(text: str, reading: str | None = None) -> SpokenForm | None:
    """Build the spoken form of a word that no rule changes; None for all others."""
    if _PLAIN.fullmatch(text) is None:
        return None
    if reading is None:
        return SpokenForm(text)
    return SpokenForm(text, shift_hiragana(reading)) if _PLAIN_KANA.fullmatch(reading) else None


def build_word_forms(
    text: str,
    reading: str | None = None,
    accent: Any = None,
    *,
    separators: Sequence[str] | None = None,
) -> tuple[SpokenForm, ...] | str:
    """Build the spoken forms of a word, the main one first, or return why there are none.

    Args:
        text: the spelling: 食べる, 〜製, 朗らか(な), 丸い; 円い, 食[た]べる.
        reading: its kana or romaji, if the data have one; each alternative is a form.
        accent: its accent from the data, in any notation that ``parse_accent`` accepts. As many
            accents as forms are assigned one by one; otherwise it belongs to the first form.
        separators: what separates alternatives; None for the usual marks.

    Raises:
        UnusableTextError: the text is broken, the reading not kana, or the accent in no notation.
    """
    plain = build_plain_word(text, reading)
    if plain is not None:
        if accent is None:
            return (plain,)
        kana = plain.reading or extract_accent_reading(accent)
        nucleus = parse_accent(accent, kana or parse_kana(text))
        return (SpokenForm(text=text, reading=kana, accent=nucleus),)
    written, raw_reading = _split_headword(prepare_text(text), reading)
    spelled = strip_readings(written)
    silence = find_unspeakable_reason(spelled)
    if silence is not None:
        return silence
    raw_reading = find_particle_sound(spelled) or _drop_lone_note(raw_reading, spelled)
    spellings = split_alternatives(
        _resolve_notes(mark_optional_suru(spelled), [] if raw_reading is None else [raw_reading]),
        separators,
    )
    if raw_reading is None:
        raw_reading = extract_accent_reading(accent)
    if raw_reading is None:
        readings = _parse_furigana_readings(written, spellings, separators)
    else:
        readings = _parse_readings(raw_reading, spellings, separators)
    if not readings and (silence := find_empty_reason(spelled)) is not None:
        return silence
    if separators is None:
        readings = drop_misfits(spellings, readings)
    if accent is None:
        accent = find_bracket_accent(text, (readings or spellings)[0])
    if separators is None and len(spellings) == 1:
        spellings = split_by_readings(spellings[0], readings)
    return _pair_forms(written, spellings, readings, accent, separators)


def build_kana_forms(
    kana: str, accent: Any = None, *, separators: Sequence[str] | None = None
) -> tuple[SpokenForm, ...] | str:
    """Build the spoken forms of a lone reading: ショク, た.べる, ひと-; or return why there are none.

    Both the text and the reading of a form are katakana: engines would read hiragana は as ワ. Only
    the text of よ.う is ヨう, because the ending is not a long vowel as in ヨウ.

    Args:
        kana: hiragana, katakana or romaji; each alternative is a form.
        accent: see ``build_word_forms``.
        separators: see ``build_word_forms``.

    Raises:
        UnusableTextError: it is not kana, or the accent is in no notation.
    """
    readings = _parse_readings(kana, [], separators)
    if not readings:
        return find_empty_reason(kana) or NOTHING_TO_SAY
    text_by_reading = {
        kana_to_katakana(stem + end): kana_to_katakana(stem) + end
        for stem, end in _ENDING.findall(kana)
    }
    texts = [
        text_by_reading[each] if is_long_on_reading(each) and each in text_by_reading else each
        for each in readings
    ]
    return _add_accents(list(zip(texts, readings, strict=True)), accent)


def _split_headword(written: str, reading: str | None) -> tuple[str, str | None]:
    """Split a dictionary's headword ことば【言葉】 into the word 言葉 and its reading."""
    headword = _HEADWORD.fullmatch(written)
    if headword is None or not has_kanji(headword[2]):
        return written, reading
    kana = re.sub(r"[・‐\- ]", "", headword[1])
    if not any(can_spell(part, kana) for part in re.split("[・、,/／;；]", headword[2])):
        return written, reading
    return headword[2], kana if reading is None else reading


def _resolve_notes(text: str, others: Sequence[str]) -> str:
    """Drop notes, but keep the ending of 静か(な) if the spelling or reading beside it has it."""
    bare = drop_notes(text)
    opened = keep_notes(text)
    if (
        opened == bare
        or not others
        or any(_is_reading_pair(bare, drop_notes(each)) for each in others)
    ):
        return bare
    return opened if any(_is_reading_pair(opened, drop_notes(each)) for each in others) else bare


def _is_reading_pair(one: str, other: str) -> bool:
    return can_spell(one, other) if parse_kana(other) else can_spell(other, one)


def _drop_lone_note(raw_reading: str | None, spelled: str) -> str | None:
    """Drop a reading that is only a note on a word in kana: （no） of ノー."""
    return None if is_note_only(raw_reading or "") and parse_kana(spelled) else raw_reading


def _parse_readings(
    reading: str, spellings: Sequence[str], separators: Sequence[str] | None
) -> list[str]:
    """Split a reading into alternatives in katakana, without the marks around them."""
    if reading.strip() in ABSENT:
        return []
    written = mark_optional_suru(
        apply_readings(drop_open_note(_READING_NUMBER.sub(";", prepare_text(reading))))
    )
    in_kana = _FOREIGN.sub(" ", written)
    if any(
        can_spell(each, kana_to_katakana(_MARK_OF_READING.sub("", in_kana))) for each in spellings
    ):
        written = in_kana
    plain = _resolve_notes(
        written if spellings else _OKURIGANA_NOTE.sub(r"\1\2", written), spellings
    )
    kana = _ROMAJI.sub(lambda found: romaji_to_katakana(found.group()) or found.group(), plain)
    parts = split_readings(kana, spellings, separators)
    found = [kana_to_katakana(_MARK_OF_READING.sub("", part)) for part in parts]
    is_in_other_letters = not any(found) and any(
        unicodedata.category(char) in _LETTERS and not is_katakana(kana_to_katakana(char))
        for char in plain
    )
    if is_in_other_letters or any(each and not is_katakana(each) for each in found):
        raise UnusableTextError(
            f"the reading {reading!r} is not kana: write it in hiragana, katakana or romaji"
        )
    return [each for each in dict.fromkeys(found) if _SOUND.search(each)]


def _parse_furigana_readings(
    written: str, spellings: Sequence[str], separators: Sequence[str] | None
) -> list[str]:
    """Parse the readings from furigana; none if these do not cover everything."""
    if not has_readings(written):
        return []
    try:
        found = [
            reading
            for each in list_all_readings(written)
            for reading in _parse_readings(each, spellings, separators)
        ]
    except UnusableTextError:
        return []
    return list(dict.fromkeys(found))


def _pair_forms(
    written: str,
    spellings: Sequence[str],
    readings: Sequence[str],
    accent: Any = None,
    separators: Sequence[str] | None = None,
) -> tuple[SpokenForm, ...] | str:
    """Pair spellings with readings; forms without one get the readings of spans from furigana."""
    # Split again, because times and signs have become words: 10時30分/朝.
    words = [
        part for each in spellings for part in split_alternatives(_verbalize_word(each), separators)
    ]
    spoken = [word for word in words if find_silence_reason(word) is None]
    if not readings:
        pairs = pair_readings(spoken, [])
    elif any(map(_LETTER.search, spellings)) and any(map(_LETTER.search, spoken)):
        pairs = pair_readings(spoken, readings)
    else:
        # Signs such as × are spoken as their reading, not by the rules for signs.
        pairs = [(each, each) for each in readings]
    forms = _add_accents(pairs, accent)
    if has_readings(written):
        forms = tuple(
            form._replace(readings=find_furigana_spans(written, form.text))
            if form.reading is None
            else form
            for form in forms
        )
    return forms or NOTHING_TO_SAY


def _add_accents(pairs: Sequence[tuple[str, str | None]], accent: Any) -> tuple[SpokenForm, ...]:
    accents = _split_accents(accent, len(pairs))
    return tuple(
        SpokenForm(
            text=text,
            reading=reading,
            accent=parse_accent(value, reading or parse_kana(text)),
        )
        for (text, reading), value in zip(pairs, accents, strict=True)
    )


def _split_accents(accent: Any, count: int) -> list[Any]:
    """Split accents, one for each form; if the numbers differ, the first form gets the accent."""
    values = accent
    if isinstance(accent, str):
        values = [part.strip() for part in re.split("[,、，;；|]", accent)]
    if isinstance(values, list | tuple) and len(values) == count > 1:
        return list(values)
    return [accent, *[None] * count][:count]


# Titles of grammar patterns that consist of words only.
_LATIN_NOTE = compile_lazy(
    r"[(（\[［【〔](?=[^()（）\[\]［］【】〔〕]{0,80}[A-Za-z])[^()（）\[\]［］【】〔〕ぁ-ゖァ-ヺ\u3400-\u9fff]*[)）\]］】〕]"
)
_FORMULA = compile_lazy(
    r"(?<![A-Za-z])(?!or\s)[A-Za-zＡ-Ｚａ-ｚÀ-ÿ][A-Za-zＡ-Ｚａ-ｚÀ-ÿ0-9０-９\- ]*|[+＋]"
)
_PATTERN_NUMBER = compile_lazy(
    r"(?<=[ぁ-ヺー\u3400-\u9fff々〜～])\s*(?:[0-9０-９①-⑳Ⅰ-Ⅻ]+)(?=\s*$|\s*[/／])"
)
_MIDDLE_DOT = compile_lazy(
    r"(?<=[\u3040-\u309f\u3400-\u9fff])・(?=[〜～~\u3040-\u309f\u3400-\u9fff])"
)
_HONORIFIC = compile_lazy(r"^([〜～~]?)お\s*[/／・]\s*ご([〜～~].*)$", re.DOTALL)

#: Words behind a wave that the dictionary reads differently alone: a bare 気味 is キミ.
_BEHIND_WAVE = {
    "間": "アイダ",
    "間に": "アイダニ",
    "度に": "タビニ",
    "気味": "ギミ",
    "下で": "モトデ",
}


def build_title_forms(text: str, reading: str | None = None) -> tuple[SpokenForm, ...] | str:
    """Build the spoken forms of the title of a grammar pattern, or return why there are none.

    Args:
        text: the title: 〜です／〜ます, あまり〜ない, 後で（あとで）.
        reading: its kana or romaji, if the data have one.

    Raises:
        UnusableTextError: the text is broken, or the reading is not kana.
    """
    written = _LATIN_NOTE.sub(" ", prepare_text(text))
    title = strip_readings(written)
    formula = _FORMULA.search(title)
    if formula is not None:
        return (
            f"the title is a formula that contains {formula.group().strip()!r}, not words: "
            "use its examples instead"
        )
    silence = find_silence_reason(title)
    if silence is not None:
        return silence
    shown = _HONORIFIC.sub(
        r"\1お\2／\1ご\2", _PATTERN_NUMBER.sub("", _MIDDLE_DOT.sub("／", written))
    )
    if reading is not None:
        forms = build_word_forms(strip_readings(shown), reading)
    else:
        spellings = split_alternatives(drop_notes(strip_readings(shown)), None)
        readings = _parse_furigana_readings(shown, spellings, None)
        forms = _pair_forms(shown, spellings, readings)
    return forms if isinstance(forms, str) else _apply_pattern_readings(forms, title)


def _apply_pattern_readings(forms: Sequence[SpokenForm], title: str) -> tuple[SpokenForm, ...]:
    """Read lone は and へ as particles, and words behind a wave as endings."""
    found = []
    for form in forms:
        reading = find_particle_sound(f"〜{form.text}") or form.reading
        if reading is None and re.search(f"[〜～~…]\\s*{re.escape(form.text)}", title):
            reading = _BEHIND_WAVE.get(form.text)
        found.append(form._replace(reading=reading))
    return tuple(found)
