"""Speakers: the names before the lines of a dialogue, told from other words before a colon."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from tts_assets.japanese.normalise.furigana import strip_readings
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    #: What a name stands in, and what it is like there.
    _Pattern: TypeAlias = tuple[re.Pattern[str], re.Pattern[str]]

_LETTER = r"[A-ZＡ-Ｚ男女][0-9０-９]?"
#: Who somebody is, or how a name is read, behind it: A（女）, 田中(たなか).
_NOTE = r"(?:[ ]*[(（][ぁ-ゖァ-ヺー\u3400-\u9fff々A-Za-z]{1,8}[)）])"
#: Labels of one letter, which are never words of the line itself.
_SHORT_LABEL = compile_lazy(rf"^[ ]*{_LETTER}{_NOTE}?(?:[ ]*[：:][ ]*|(?=[「『]))", re.MULTILINE)
_LINE_WITHIN = compile_lazy(rf"(?<=[。！？!?」』])[ ]*(?={_LETTER}(?:[ ]*[：:]|[「『]))")
_COLON = compile_lazy(
    r"[ ]*([^：:「」『』。、！？!?\n]{1,40}?)[ ]*(?:(?<![0-9０-９])[：:]|[：:](?![0-9０-９]))(?!//)[ ]*(.*)"
)
_QUOTE = compile_lazy(r"[ ]*([^：:「」『』。、！？!?\n]{1,40}?)[ ]*([「『].*[」』][。]?)[ ]*")
_ROUND = compile_lazy(r"[ ]*[(（]([^()（）\n]{1,20})[)）][ ]*[：:]?[ ]*([^ \n].*)")
_BRACKET = compile_lazy(r"[ ]*[【［\[]([^【】［］\[\]\n]{1,20})[】］\]][ ]*([^ \n].*)")
#: Titles of books stand in such brackets, too.
_ANGLE = compile_lazy(r"[ ]*[〈《＜<]([^〈〉《》＜＞<>\n]{1,20})[〉》＞>][ ]*([^ \n].*)")
_DOT = compile_lazy(rf"[ ]*({_LETTER})[.．)）][ ]*(?=[「『ぁ-ゖァ-ヺ\u3400-\u9fff])(.*)")
#: A letter and a space may be a word, too: T シャツ, A さん, 女 の人.
_SPACE = compile_lazy(
    rf"[ ]*({_LETTER})[ ]+(?!さん|くん|ちゃん|さま|様|社|型|の人|の子"
    r"|[をが]|[のはにでともへや](?![ぁ-ゖ]))(?=[「『ぁ-ゖァ-ヺ\u3400-\u9fff])(.*)"
)
#: A name and a blank: words have no other blank, which texts for beginners have between all words.
_NAME_SPACE = compile_lazy(
    r"[ ]*([\u3400-\u9fff々ァ-ヺー]{2,8}(?:さん|くん|ちゃん|さま)?)[ ]+([^ ]+[。！？!?…」』])[ ]*"
)
#: A second speaker in one line.
_NEXT = compile_lazy(
    r"(?<=[。！？!?」』])[ ]*(?=([^：:「」『』。、！？!?\n ]{1,40})[ ]*[：:](?![0-9０-９/]))"
)
#: Where letters speak, a blank does before one, too.
_NEXT_LETTER = compile_lazy(rf"(?<=\S)[ ]+(?={_LETTER}[ ]*[：:](?![0-9０-９/]))")
#: The number of a line, before a speaker.
_NUMBER = compile_lazy(
    rf"^[ ]*(?:[①-⑳]|[(（]?[0-9０-９]{{1,2}}[.．)）])[ ]*(?={_LETTER}{_NOTE}?[ ]*[ ：:「『])"
)
#: What stands before names and is no part of them.
_BULLETS = "・-—―* ①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
#: A dash begins a turn, and so does a slash between sentences.
_DASH = compile_lazy(r"^[ ]*[-−－‐–—―ー]+[ ]*(?=[^\s\d０-９-])", re.MULTILINE)
_SLASH = compile_lazy(r"(?<=[。！？!?」』])[ ]*[/／][ ]*")
_LETTERS = compile_lazy(_LETTER)
_QUOTATION = compile_lazy(r"[ ]*[「『].*[」』][。]?[ ]*")
#: What stage directions stand in.
_DIRECTION = compile_lazy(r"[ ]*[(（\[［【〔].*[)）\]］】〕][。]?[ ]*")
_NOTE_AT_END = compile_lazy(rf"{_NOTE}+$")
#: A note that makes of what stands before it a name: who it is, or how it is read.
_OF_PERSON = compile_lazy(r"[(（](?:[男女]性?|[ぁ-ゖァ-ヺー]+)[)）]$")
_NAME = compile_lazy(r"[^\s\d(（)）][^()（）]{0,11}")
_BEFORE_QUOTE = compile_lazy(
    rf"{_LETTER}|[\u3400-\u9fff々ァ-ヺーA-Za-z]{{1,10}}(?:さん|くん|ちゃん|さま|の人|の子)?[A-ZＡ-Ｚ0-9０-９]?"
    r"|お[\u3400-\u9fff々ぁ-ゖ]{1,3}(?:さん|ちゃん|さま|様)"
)
_IN_ANGLES = compile_lazy(rf"{_LETTER}|[男女](?:性|の人|の子)")
#: Quotations in one line, and what stands before each.
_EXCHANGE = compile_lazy(r"(?:[^「」。]+「[^「」]*」。?){2,}[ ]*")
_QUOTED_TURN = compile_lazy(r"([^「」。]+)「[^「」]*」。?")
#: A name with の in it is that of a person, or a heading such as 今日の予定.
_HEADING = compile_lazy(r".*[ァ-ヺー\u3400-\u9fff々]の|(?=.{6}).+の")
_PERSON = compile_lazy(
    r".*の ?(?:人|子|ひと|こ|方|男|女|者|母|父|兄|姉|弟|妹|妻|夫|客|親|声|男性|女性|先生|学生|生徒|店員|社員|駅員|係員?|運転手|アナウンス|医者|部長|課長|社長|店長|"
    r"友だち|友達|ともだち|.*(?:さん|くん|ちゃん|さま))[A-ZＡ-Ｚ0-9０-９]?"
)
#: What stands before a colon in notices, exercises and tables.
_NO_SPEAKER = compile_lazy(
    "(?:例|例文|問|問い|問題|質問|答|答え|解答|回答)[0-9０-９]{0,2}|注|注意|正解|解説|訳|意味|場所|場面|登場人物|会場|時間|日時|日程|日付|期間|期限|料金|費用|"
    "参加費|入場料|電話|電話番号|住所|定休日|営業時間|対象|定員|持ち物|持物|内容|テーマ|題|題名|タイトル|メモ|ヒント|ポイント|"
    "主語|目的|結論|理由|原因|方法|結果|条件|備考|締め切り|締切|曜日|時刻|件名|宛先|差出人|材料|作り方|名前|氏名|年齢|職業|"
    "出身|趣味|つまり|ちなみに|ただし|なお|例えば|たとえば|すなわち|TEL|FAX|Tel|Fax|URL|https?|[Nn]ote|PS"
)


def drop_labels(text: str) -> str:
    """Running text without labels of one letter at the beginning of its lines: A：, 男：, B「."""
    return _SHORT_LABEL.sub("", _LINE_WITHIN.sub("\n", text))


def split_labels(text: str) -> list[tuple[str | None, str]]:
    """The lines of running text without such labels, each with its label; None where it has none."""
    found = []
    for line in _LINE_WITHIN.sub("\n", text).split("\n"):
        label = _SHORT_LABEL.match(line)
        name = None if label is None else _LETTERS.match(strip_readings(label.group()).strip())
        found.append((name and name.group(), line[label.end() if label else 0 :]))
    return found


def assign_speakers(lines: Sequence[tuple[str | None, str]]) -> list[tuple[str, str]]:
    """Lines with the speaker of each, "" for a narrator.

    A line without a name that stands between those of speakers goes on with what the one before
    says. It is a narrator's if it stands before the first or behind the last that has a name,
    where listening texts tell of the scene and put the question; if it is in brackets, as stage
    directions are; or if the words before it are a quotation. Below a name that stands alone are
    its words.
    """
    named = [place for place, (speaker, _) in enumerate(lines) if speaker is not None]
    last = named[-1] if named else 0
    found: list[tuple[str, str]] = []
    now, alone = "", False
    for place, (speaker, words) in enumerate(lines):
        if speaker is not None:
            now = "" if _QUOTATION.fullmatch(words) else speaker
        told = (place > last and not alone) or _DIRECTION.fullmatch(words)
        found.append((speaker or ("" if told else now), words))
        alone = not words.strip() and (alone or speaker is not None)
    return found


def split_speakers(text: str) -> list[tuple[str | None, str]]:
    """Who says what: a speaker, None where none is named, and the words, for each line."""
    turns = _DASH.sub("", _SLASH.sub("\n", text))
    written = _LINE_WITHIN.sub("\n", turns).split("\n")
    lines = [line for each in written if each.strip() for line in _split_turns(each)]
    patterns = [*_PATTERNS, *_find_space_patterns(lines)]
    parted = [(*_split_label(_NUMBER.sub("", line), patterns), line) for line in lines]
    labels = Counter(label for label, _, _ in parted if label is not None)
    speakers = _choose_speakers(labels)
    return [
        (None, line) if label is None or label not in speakers else (speakers[label], words)
        for label, words, line in parted
    ]


def _choose_speakers(labels: Counter[str]) -> dict[str, str]:
    """The names of speakers by their labels; others are words of the line, as 今日の予定, リンゴ（赤）.

    Args:
        labels: how often each stands before a line, with the notes behind it.
    """
    names = {label: _strip_label_notes(label) for label in labels}
    often = Counter(names[label] for label in labels.elements())
    others = any(label == name and not _is_heading(name) for label, name in names.items())
    return {
        label: name
        for label, name in names.items()
        if (often[name] > 1 or not _is_heading(name))
        and (others or labels[label] > 1 or _is_person_label(label, name))
    }


#: Where names stand, and what they are like there.
_PATTERNS = (
    (_COLON, _NAME),
    (_QUOTE, _BEFORE_QUOTE),
    (_BRACKET, _NAME),
    (_ROUND, _BEFORE_QUOTE),
    (_ANGLE, _IN_ANGLES),
    (_DOT, _NAME),
)


def _find_space_patterns(lines: Sequence[str]) -> Iterator[_Pattern]:
    """The patterns of names before a blank, where so many lines have them that they must be names."""
    if sum(_SPACE.fullmatch(line) is not None for line in lines) > 1:
        yield _SPACE, _NAME
    names = Counter(found[1] for line in lines if (found := _NAME_SPACE.fullmatch(line)))
    if len(names) > 1 and max(names.values()) > 1 and names.total() * 2 >= len(lines):
        yield _NAME_SPACE, _BEFORE_QUOTE


def _split_turns(line: str) -> list[str]:
    """A line that begins with a speaker, before each other one."""
    if _EXCHANGE.fullmatch(line) is not None:
        said = list(_QUOTED_TURN.finditer(line))
        if all(_is_name(strip_readings(each[1]).strip(), _BEFORE_QUOTE) for each in said):
            return [each.group() for each in said]
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
    """The name before a line, with the notes behind it, and the words."""
    for pattern, name in patterns:
        found = pattern.fullmatch(line)
        if found is None:
            continue
        label = strip_readings(found[1]).strip(_BULLETS)
        if _is_name(_strip_label_notes(label), name):
            return label, found[2]
    return None, line


def _strip_label_notes(speaker: str) -> str:
    """A name without what stands behind it in brackets."""
    return _NOTE_AT_END.sub("", speaker) or speaker


def _is_name(speaker: str, name: re.Pattern[str]) -> bool:
    # However long the name of the place that somebody is of: コンビニエンスストアの店員.
    is_one = name.fullmatch(speaker) or (name is _NAME and _PERSON.fullmatch(speaker))
    return bool(is_one) and not _NO_SPEAKER.fullmatch(speaker)


def _is_person_label(label: str, name: str) -> bool:
    """Whether a label is that of a person by itself, whoever else speaks."""
    return (
        label == name
        or re.fullmatch(_LETTER, name) is not None
        or _OF_PERSON.search(label) is not None
    )


def _is_heading(speaker: str) -> bool:
    return _HEADING.match(speaker) is not None and _PERSON.fullmatch(speaker) is None
