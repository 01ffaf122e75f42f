"""Spoken forms of sentences, passages and dialogues; finds the speaker of each line."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from tts_assets.errors import show_value
from tts_assets.japanese.alignment import can_spell, has_kanji
from tts_assets.japanese.furigana import (
    apply_readings,
    find_full_kana,
    has_readings,
    strip_readings,
    strip_spaced_readings,
)
from tts_assets.japanese.kana import UnusableTextError, parse_kana, romaji_to_katakana
from tts_assets.japanese.spoken_numbers import verbalize_numbers
from tts_assets.japanese.spoken_signs import (
    ABSENT,
    BLANK_TO_FILL,
    NOTHING_TO_SAY,
    drop_addresses,
    drop_dots,
    drop_emoticons,
    drop_notes,
    find_silence_reason,
    has_brackets,
    has_small_blank,
    keep_notes,
    speak_asides,
    verbalize_signs,
)
from tts_assets.japanese.text_annotations import (
    ENDS,
    LONGEST_SENTENCE,
    add_turn_stops,
    build_turns,
    end_with_stop,
    find_boundaries,
    find_furigana_spans,
    find_line_spans,
    insert_pauses,
    needs_pauses,
    split_at_pauses,
)
from tts_assets.japanese.text_cleanup import prepare_text
from tts_assets.japanese.text_rules import compile_lazy, pipeline, skip_if, until_stable
from tts_assets.model import SpokenForm, is_katakana, kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tts_assets.model import Turn


if TYPE_CHECKING:
    #: A pattern of lines that begin with a name, and the pattern that the name must match.
    _Pattern: TypeAlias = tuple[re.Pattern[str], re.Pattern[str]]
_LETTER = r"[A-ZＡ-Ｚ男女][0-9０-９]?"

#: A role or a reading behind a name: A（女）, 田中(たなか).
_NOTE = r"(?:[ ]*[(（][ぁ-ゖァ-ヺー\u3400-\u9fff々A-Za-z]{1,8}[)）])"

#: Labels of one letter, which are never part of the spoken line.
_SHORT_LABEL = compile_lazy(rf"^[ ]*{_LETTER}{_NOTE}?(?:[ ]*[：:][ ]*|(?=[「『]))", re.MULTILINE)
_LINE_WITHIN = compile_lazy(rf"(?<=[。！？!?」』])[ ]*(?={_LETTER}(?:[ ]*[：:]|[「『]))")
_COLON = compile_lazy(
    r"[ ]*([^：:「」『』。、！？!?\n]{1,40}?)[ ]*(?:(?<![0-9０-９])[：:]|[：:](?![0-9０-９]))(?!//)[ ]*(.*)"
)
_QUOTE = compile_lazy(r"[ ]*([^：:「」『』。、！？!?\n]{1,40}?)[ ]*([「『].*[」』][。]?)[ ]*")
_ROUND = compile_lazy(r"[ ]*[(（]([^()（）\n]{1,20})[)）][ ]*[：:]?[ ]*([^ \n].*)")
_BRACKET = compile_lazy(r"[ ]*[【［\[]([^【】［］\[\]\n]{1,20})[】］\]][ ]*([^ \n].*)")

#: Such brackets also enclose book titles.
_ANGLE = compile_lazy(r"[ ]*[〈《＜<]([^〈〉《》＜＞<>\n]{1,20})[〉》＞>][ ]*([^ \n].*)")
_DOT = compile_lazy(rf"[ ]*({_LETTER})[.．)）][ ]*(?=[「『ぁ-ゖァ-ヺ\u3400-\u9fff])(.*)")

#: A letter and a space can also be part of a word: T シャツ, A さん, 女 の人.
_SPACE = compile_lazy(
    rf"[ ]*({_LETTER})[ ]+(?!さん|くん|ちゃん|さま|様|社|型|の人|の子"
    r"|[をが]|[のはにでともへや](?![ぁ-ゖ]))(?=[「『ぁ-ゖァ-ヺ\u3400-\u9fff])(.*)"
)

#: A name and a space, in a line without other spaces: texts for beginners have one between all words.
_NAME_SPACE = compile_lazy(
    r"[ ]*([\u3400-\u9fff々ァ-ヺー]{2,8}(?:さん|くん|ちゃん|さま)?)[ ]+([^ ]+[。！？!?…」』])[ ]*"
)

#: The start of a second speaker's turn within a line.
_NEXT = compile_lazy(
    r"(?<=[。！？!?」』])[ ]*(?=([^：:「」『』。、！？!?\n ]{1,40})[ ]*[：:](?![0-9０-９/]))"
)

#: If the speakers are letters, a space before a letter also starts a turn.
_NEXT_LETTER = compile_lazy(rf"(?<=\S)[ ]+(?={_LETTER}[ ]*[：:](?![0-9０-９/]))")

#: A line number before a speaker.
_NUMBER = compile_lazy(
    rf"^[ ]*(?:[①-⑳]|[(（]?[0-9０-９]{{1,2}}[.．)）])[ ]*(?={_LETTER}{_NOTE}?[ ]*[ ：:「『])"
)

_BULLETS = "・-—―* ①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"  #: bullets before names

#: A dash starts a turn, and so does a slash between sentences.
_DASH = compile_lazy(r"^[ ]*[-−－‐–—―ー]+[ ]*(?=[^\s\d０-９-])", re.MULTILINE)
_SLASH = compile_lazy(r"(?<=[。！？!?」』])[ ]*[/／][ ]*")
_LETTERS = compile_lazy(_LETTER)
_QUOTATION = compile_lazy(r"[ ]*[「『].*[」』][。]?[ ]*")

#: A stage direction in brackets.
_DIRECTION = compile_lazy(r"[ ]*[(（\[［【〔].*[)）\]］】〕][。]?[ ]*")
_NOTE_AT_END = compile_lazy(rf"{_NOTE}+$")

#: A note that marks the text before it as a name: the person's sex, or the reading of the name.
_OF_PERSON = compile_lazy(r"[(（](?:[男女]性?|[ぁ-ゖァ-ヺー]+)[)）]$")
_NAME = compile_lazy(r"[^\s\d(（)）][^()（）]{0,11}")
_BEFORE_QUOTE = compile_lazy(
    rf"{_LETTER}|[\u3400-\u9fff々ァ-ヺーA-Za-z]{{1,10}}(?:さん|くん|ちゃん|さま|の人|の子)?[A-ZＡ-Ｚ0-9０-９]?"
    r"|お[\u3400-\u9fff々ぁ-ゖ]{1,3}(?:さん|ちゃん|さま|様)"
)
_IN_ANGLES = compile_lazy(rf"{_LETTER}|[男女](?:性|の人|の子)")

#: Several quotations in one line, each with the text before it.
_EXCHANGE = compile_lazy(r"(?:[^「」。]+「[^「」]*」。?){2,}[ ]*")
_QUOTED_TURN = compile_lazy(r"([^「」。]+)「[^「」]*」。?")

#: A label that contains の is a person (_PERSON) or a heading such as 今日の予定.
_HEADING = compile_lazy(r".*[ァ-ヺー\u3400-\u9fff々]の|(?=.{6}).+の")
_PERSON = compile_lazy(
    r".*の ?(?:人|子|ひと|こ|方|男|女|者|母|父|兄|姉|弟|妹|妻|夫|客|親|声|男性|女性|先生|学生|生徒|店員|社員|駅員|係員?|運転手|アナウンス|医者|部長|課長|社長|店長|"
    r"友だち|友達|ともだち|.*(?:さん|くん|ちゃん|さま))[A-ZＡ-Ｚ0-9０-９]?"
)

#: Headings before a colon in notices, exercises and tables.
_NO_SPEAKER = compile_lazy(
    "(?:例|例文|問|問い|問題|質問|答|答え|解答|回答)[0-9０-９]{0,2}|注|注意|正解|解説|訳|意味|場所|場面|登場人物|会場|時間|日時|日程|日付|期間|期限|料金|費用|"
    "参加費|入場料|電話|電話番号|住所|定休日|営業時間|対象|定員|持ち物|持物|内容|テーマ|題|題名|タイトル|メモ|ヒント|ポイント|"
    "主語|目的|結論|理由|原因|方法|結果|条件|備考|締め切り|締切|曜日|時刻|件名|宛先|差出人|材料|作り方|名前|氏名|年齢|職業|"
    "出身|趣味|つまり|ちなみに|ただし|なお|例えば|たとえば|すなわち|TEL|FAX|Tel|Fax|URL|https?|[Nn]ote|PS"
)


def drop_labels(text: str) -> str:
    """Remove labels of one letter from the beginning of each line: A：, 男：, B「."""
    return _SHORT_LABEL.sub("", _LINE_WITHIN.sub("\n", text))


def split_labels(text: str) -> list[tuple[str | None, str]]:
    """Split running text into (label, line) pairs; the label is None if the line has none."""
    labelled = []
    for line in _LINE_WITHIN.sub("\n", text).split("\n"):
        label = _SHORT_LABEL.match(line)
        name = None if label is None else _LETTERS.match(strip_readings(label.group()).strip())
        labelled.append((name and name.group(), line[label.end() if label else 0 :]))
    return labelled


def assign_speakers(lines: Sequence[tuple[str | None, str]]) -> list[tuple[str, str]]:
    """Assign a speaker to each line, "" for the narrator.

    A line without a name between named lines continues the previous speaker's turn. It belongs to
    the narrator if it comes before the first or after the last named line, where listening texts
    describe the scene and ask the question; if it is in brackets, like a stage direction; or if the
    words before it are a quotation. The lines after a name on a line of its own are its words.
    """
    named = [place for place, (speaker, _) in enumerate(lines) if speaker is not None]
    last = named[-1] if named else 0
    assigned: list[tuple[str, str]] = []
    current, is_below_name = "", False
    for place, (speaker, words) in enumerate(lines):
        if speaker is not None:
            current = "" if _QUOTATION.fullmatch(words) else speaker
        is_narrated = (place > last and not is_below_name) or _DIRECTION.fullmatch(words)
        assigned.append((speaker or ("" if is_narrated else current), words))
        is_below_name = not words.strip() and (is_below_name or speaker is not None)
    return assigned


def split_speakers(text: str) -> list[tuple[str | None, str]]:
    """Split a dialogue into (speaker, words) pairs, one a line; the speaker is None if unnamed."""
    turns = _DASH.sub("", _SLASH.sub("\n", text))
    written = _LINE_WITHIN.sub("\n", turns).split("\n")
    lines = [line for each in written if each.strip() for line in _split_turns(each)]
    patterns = [*_PATTERNS, *_find_space_patterns(lines)]
    labelled = [(*_split_label(_NUMBER.sub("", line), patterns), line) for line in lines]
    labels = Counter(label for label, _, _ in labelled if label is not None)
    speakers = _choose_speakers(labels)
    return [
        (None, line) if label is None or label not in speakers else (speakers[label], words)
        for label, words, line in labelled
    ]


def _choose_speakers(labels: Counter[str]) -> dict[str, str]:
    """Map the labels of speakers to their names; omit words such as 今日の予定 and リンゴ（赤）."""
    names = {label: _strip_label_notes(label) for label in labels}
    counts = Counter(names[label] for label in labels.elements())
    has_plain_name = any(label == name and not _is_heading(name) for label, name in names.items())
    return {
        label: name
        for label, name in names.items()
        if (counts[name] > 1 or not _is_heading(name))
        and (has_plain_name or labels[label] > 1 or _is_person_label(label, name))
    }


#: Patterns of named lines, tried in order.
_PATTERNS = (
    (_COLON, _NAME),
    (_QUOTE, _BEFORE_QUOTE),
    (_BRACKET, _NAME),
    (_ROUND, _BEFORE_QUOTE),
    (_ANGLE, _IN_ANGLES),
    (_DOT, _NAME),
)


def _find_space_patterns(lines: Sequence[str]) -> Iterator[_Pattern]:
    """Yield the patterns of names before a space, if enough lines match to rule out chance."""
    if sum(_SPACE.fullmatch(line) is not None for line in lines) > 1:
        yield _SPACE, _NAME
    names = Counter(found[1] for line in lines if (found := _NAME_SPACE.fullmatch(line)))
    if len(names) > 1 and max(names.values()) > 1 and names.total() * 2 >= len(lines):
        yield _NAME_SPACE, _BEFORE_QUOTE


def _split_turns(line: str) -> list[str]:
    """Split a line that begins with a speaker before each further speaker."""
    if _EXCHANGE.fullmatch(line) is not None:
        quoted_turns = list(_QUOTED_TURN.finditer(line))
        if all(_is_name(strip_readings(each[1]).strip(), _BEFORE_QUOTE) for each in quoted_turns):
            return [each.group() for each in quoted_turns]
    if _COLON.fullmatch(line) is None or (label := _split_label(line, _PATTERNS)[0]) is None:
        return [line]
    turns = _NEXT.sub(
        lambda found: "\n" if _is_name(strip_readings(found[1]), _BEFORE_QUOTE) else found.group(),
        line,
    )
    if _LETTERS.fullmatch(label) is not None:
        turns = _NEXT_LETTER.sub("\n", turns)
    return turns.split("\n")


def _split_label(line: str, patterns: Sequence[_Pattern]) -> tuple[str | None, str]:
    """Split a line into the name, with the notes behind it, and the words."""
    for pattern, name in patterns:
        found = pattern.fullmatch(line)
        if found is None:
            continue
        label = strip_readings(found[1]).strip(_BULLETS)
        if _is_name(_strip_label_notes(label), name):
            return label, found[2]
    return None, line


def _strip_label_notes(speaker: str) -> str:
    return _NOTE_AT_END.sub("", speaker) or speaker


def _is_name(speaker: str, name: re.Pattern[str]) -> bool:
    # _PERSON has no length limit, for workplaces: コンビニエンスストアの店員.
    matches = name.fullmatch(speaker) or (name is _NAME and _PERSON.fullmatch(speaker))
    return bool(matches) and not _NO_SPEAKER.fullmatch(speaker)


def _is_person_label(label: str, name: str) -> bool:
    """Whether a label alone shows that it names a person, without comparing other labels."""
    return (
        label == name
        or re.fullmatch(_LETTER, name) is not None
        or _OF_PERSON.search(label) is not None
    )


def _is_heading(speaker: str) -> bool:
    return _HEADING.match(speaker) is not None and _PERSON.fullmatch(speaker) is None


# Spoken forms of sentences, passages and dialogues.

#: Running text that no rule changes.
_PLAIN = compile_lazy(
    r"(?![っッー、]+[。？！]?$)[ぁ-ゖァ-ヺー一-鿿々]+(?:、[ぁ-ゖァ-ヺー一-鿿々]+)*[。？！]?"
)

#: A line-break opportunity between phrases; treated as a space.
_BREAK = compile_lazy(r"\u200b|<wbr\s*/?>", re.IGNORECASE)
_LINES = compile_lazy(r"[^\S\n]*\n\s*")
_WHOLE_QUOTATION = compile_lazy(r"「([^「」]*)」([。．]?)|『([^『』]*)』([。．]?)")
_MARK = compile_lazy(r"[^\w]+|_")
_NOT_ROMAJI = compile_lazy(r"[0-9０-９「」『』（）()“”\"…:;：；。、！？]+")
_DIGIT = compile_lazy("[0-9０-９]")
_ALTERNATIVES = compile_lazy("[、，,;；]")

#: A text of more characters is not a single word.
_LONGEST_WORD = 8
_LATIN = compile_lazy("[A-Za-z]+")


def _join_lines(text: str) -> str:
    """Join lines with a stop after each; without one, an engine would run on into the next line."""
    *lines, last = [line for line in _LINES.split(text.strip()) if line] or [""]
    return "".join(line if line.endswith(tuple(ENDS)) else f"{line}。" for line in lines) + last


#: The spoken form of running text without speaker labels and readings.
verbalize_text = skip_if(
    _PLAIN,
    until_stable(
        pipeline(
            drop_labels,
            drop_addresses,
            verbalize_numbers,
            speak_asides,
            _join_lines,
            verbalize_signs,
        )
    ),
)


def build_text_forms(
    text: str,
    reading: str | None = None,
    *,
    passage: bool = False,
    voices: Mapping[str, str] | None = None,
) -> tuple[SpokenForm, ...] | str:
    """Build the spoken forms of a sentence or a passage, or return why there are none.

    Args:
        text: running text; a label such as 男： at the beginning of a line is not spoken.
        reading: its line of kana or romaji, if the data have one. Without one, furigana over every
            kanji are the reading. If furigana cover only some kanji, or the line has numbers as
            digits, the form has readings of spans.
        passage: whether the form has turns even if it is short.
        voices: the voice of each speaker; labels are speakers' names.

    Raises:
        UnusableTextError: the text is broken, or the line of kana holds kanji or other words.
    """
    if reading is None and _PLAIN.fullmatch(text) and len(text) <= LONGEST_SENTENCE and not passage:
        return (SpokenForm(text=text, sentence=True),)
    lines = assign_speakers(split_labels(_prepare_running_text(text)))
    return _build_forms(lines, reading, voices or {}, passage=passage)


def build_dialogue_forms(
    text: str,
    reading: str | None = None,
    *,
    passage: bool = False,
    voices: Mapping[str, str] | None = None,
) -> tuple[SpokenForm, ...] | str:
    """Build the spoken forms of a dialogue: its lines without the names of the speakers.

    Args:
        text: the lines; a name before ： or 「, or in brackets at the beginning, is not spoken.
        reading: see ``build_text_forms``; names are removed from it, too.
        passage: see ``build_text_forms``.
        voices: see ``build_text_forms``.

    Raises:
        UnusableTextError: the text is broken, or the line of kana holds kanji or other words.
    """
    lines = split_speakers(_prepare_running_text(text))
    if reading is not None and any(speaker for speaker, _ in lines):
        reading = "\n".join(words for _, words in split_speakers(prepare_text(reading)))
    spoken = [(speaker, _strip_quotes(words)) for speaker, words in assign_speakers(lines)]
    return _build_forms(spoken, reading, voices or {}, passage=passage)


def build_line_forms(
    lines: Iterable[tuple[str, str]], reading: str | None = None, *, voices: Mapping[str, str]
) -> tuple[SpokenForm, ...] | str:
    """Build the spoken forms of a passage from (speaker, line) pairs.

    Raises:
        UnusableTextError: the text is broken, or the line of kana holds kanji or other words.
    """
    spoken = [
        (speaker, _strip_quotes(line))
        for speaker, words in lines
        for line in _prepare_running_text(words).split("\n")
    ]
    return _build_forms(spoken, reading, voices, passage=True)


def _build_forms(
    lines: Sequence[tuple[str, str]],
    reading: str | None,
    voices: Mapping[str, str],
    *,
    passage: bool = False,
) -> tuple[SpokenForm, ...] | str:
    written = "\n".join(words for _, words in lines)
    spelled = drop_emoticons(strip_readings(written))
    silence = find_silence_reason(spelled)
    if silence is None and has_small_blank(spelled):
        silence = BLANK_TO_FILL
    if silence is not None:
        return silence
    spoken = verbalize_text(drop_dots(spelled))
    if (silence := find_silence_reason(spoken)) is not None:
        return silence
    turns: tuple[Turn, ...] = ()
    if passage or len(spoken) > LONGEST_SENTENCE:
        speakers = [speaker for speaker, _ in lines]
        spoken, turns = build_turns(
            spelled, speakers, lambda words: verbalize_text(drop_dots(words)), voices
        )
        if not turns:
            return NOTHING_TO_SAY
    boundaries = find_boundaries(strip_spaced_readings(written), spoken) if " " in written else ()
    form = SpokenForm(text=spoken, sentence=True, turns=turns, boundaries=boundaries)
    line = "" if reading is None else _drop_remarks(_clean_kana_line(reading), spoken)
    kana = _parse_kana_line(line, spelled, reading or "")
    if kana is None and has_readings(written) and (kana := find_full_kana(written)) is not None:
        line = apply_readings(written)
    if kana is None:
        readings = find_line_spans(spoken, verbalize_text(line)) or find_furigana_spans(
            written, spoken
        )
        return (form._replace(readings=readings),)
    is_romaji = _LATIN.search(line) is not None
    return (form._replace(reading=_add_reading_pauses(form, line, kana), romanized=is_romaji),)


def _prepare_running_text(text: str) -> str:
    """Prepare running text, with a space at each line-break opportunity."""
    return prepare_text(_BREAK.sub(" ", text))


def _add_reading_pauses(form: SpokenForm, line: str, kana: str) -> str:
    """Insert the pauses that align a reading with the text."""
    if not form.turns and not needs_pauses(form.text):
        return kana
    spoken, own_line = form.text, verbalize_text(line)
    if form.turns:
        spoken, _ = add_turn_stops(form.text, form.turns)
        own_line = "".join(
            end_with_stop(verbalize_text(each)) for each in line.split("\n") if each.strip()
        )
    for stops_only in (False, True) if form.turns else (False,):
        pieces = split_at_pauses(own_line, stops_only=stops_only)
        marked = insert_pauses(
            spoken, [_line_to_kana(each) or "" for each in pieces], kana, stops_only=stops_only
        )
        if marked != kana:
            return marked
    return kana


def _strip_quotes(words: str) -> str:
    """Remove the quotation marks of a line that is one quotation."""
    quoted = _WHOLE_QUOTATION.fullmatch(words.strip())
    return (quoted[1] or quoted[3] or "") + (quoted[2] or quoted[4] or "") if quoted else words


def _clean_kana_line(reading: str) -> str:
    """Prepare the line of kana or romaji from the data; "" if its value means a missing line."""
    return apply_readings(drop_labels(prepare_text("" if reading.strip() in ABSENT else reading)))


def _drop_remarks(line: str, spoken: str) -> str:
    """Remove notes and alternatives from a line if the text has no such marks.

    しいんと（する） for しいんと loses the brackets, まわる、まわす for 回る the second reading.
    """
    if has_brackets(line) and not has_brackets(spoken):
        bare, whole = drop_notes(line), keep_notes(line)
        line = whole if _is_reading_of(whole, spoken) and not _is_reading_of(bare, spoken) else bare
    if _MARK.search(spoken) is None and len(spoken) <= _LONGEST_WORD:
        offered = _ALTERNATIVES.split(line)
        line = next((part for part in offered if _is_reading_of(part, spoken)), line)
    return line


def _is_reading_of(line: str, spoken: str) -> bool:
    kana = _line_to_kana(line)
    return kana is not None and can_spell(spoken, kana)


def _line_to_kana(line: str) -> str | None:
    """Convert a line of kana or romaji to katakana; None if it is neither."""
    return parse_kana(_MARK.sub("", line)) or romaji_to_katakana(_NOT_ROMAJI.sub(" ", line))


def _parse_kana_line(line: str, text: str, original: str) -> str | None:
    """Convert a line of kana or romaji to katakana.

    None if it is empty, or has numbers or Latin words that the text also has: their reading is
    unknown.
    """
    kana = kana_to_katakana(_MARK.sub("", line))
    if not kana:
        return None
    spoken = _line_to_kana(line)
    if spoken is not None:
        return spoken if is_katakana(kana) or not _DIGIT.search(line) else None
    words = _LATIN.findall(kana)
    if not has_kanji(kana) and all(word in kana_to_katakana(text) for word in words):
        return None
    raise UnusableTextError(
        f"the kana line {show_value(original)} is not kana: write it in hiragana, katakana or "
        "romaji, or leave it out"
    )
