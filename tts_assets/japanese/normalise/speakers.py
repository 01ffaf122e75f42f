"""Speakers: the names before the lines of a dialogue, told from other words before a colon."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tts_assets.japanese.normalise.furigana import surface
from tts_assets.japanese.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

_LETTER = r"[A-ZＡ-Ｚ男女][0-9０-９]?"
#: Who somebody is, or how a name is read, behind it: A（女）, 田中(たなか).
_NOTE = r"(?:[ ]*[(（][ぁ-ゖァ-ヺー\u3400-\u9fff々A-Za-z]{1,8}[)）])"
#: Labels of one letter, which are never words of the line itself.
_SHORT_LABEL = regex(rf"^[ ]*{_LETTER}{_NOTE}?(?:[ ]*[：:][ ]*|(?=[「『]))", re.MULTILINE)
_LINE_WITHIN = regex(rf"(?<=[。！？!?」』])[ ]*(?={_LETTER}(?:[ ]*[：:]|[「『]))")
_COLON = regex(
    r"[ ]*([^：:「」『』。、！？!?\n]{1,40}?)[ ]*(?:(?<![0-9０-９])[：:]|[：:](?![0-9０-９]))(?!//)[ ]*(.*)"
)
_QUOTE = regex(r"[ ]*([^：:「」『』。、！？!?\n]{1,40}?)[ ]*([「『].*[」』][。]?)[ ]*")
_ROUND = regex(r"[ ]*[(（]([^()（）\n]{1,20})[)）][ ]*[：:]?[ ]*([^ \n].*)")
_BRACKET = regex(r"[ ]*[【［\[]([^【】［］\[\]\n]{1,20})[】］\]][ ]*([^ \n].*)")
_DOT = regex(rf"[ ]*({_LETTER})[.．)）][ ]*(?=[「『ぁ-ゖァ-ヺ\u3400-\u9fff])(.*)")
#: A letter and a space may be a word, too: T シャツ, A さん, 女 の人.
_SPACE = regex(
    rf"[ ]*({_LETTER})[ ]+(?!さん|くん|ちゃん|さま|様|社|型|の人|の子"
    r"|[をが]|[のはにでともへや](?![ぁ-ゖ]))(?=[「『ぁ-ゖァ-ヺ\u3400-\u9fff])(.*)"
)
#: A second speaker in one line.
_NEXT = regex(
    r"(?<=[。！？!?」』])[ ]*(?=([^：:「」『』。、！？!?\n ]{1,40})[ ]*[：:](?![0-9０-９/]))"
)
#: A dash begins a turn, and so does a slash between sentences.
_DASH = regex(r"^[ ]*[-−－‐–—―ー]+[ ]*(?=[^\s\d０-９-])", re.MULTILINE)
_SLASH = regex(r"(?<=[。！？!?」』])[ ]*[/／][ ]*")
_LETTERS = regex(_LETTER)
_QUOTATION = regex(r"[ ]*[「『].*[」』][。]?[ ]*")
#: What stage directions stand in.
_DIRECTION = regex(r"[ ]*[(（\[［【〔].*[)）\]］】〕][。]?[ ]*")
_NOTE_AT_END = regex(rf"{_NOTE}+$")
#: A note that makes of what stands before it a name: who it is, or how it is read.
_OF_PERSON = regex(r"[(（](?:[男女]性?|[ぁ-ゖァ-ヺー]+)[)）]$")
_NAME = regex(r"[^\s\d(（)）][^()（）]{0,11}")
_BEFORE_QUOTE = regex(
    rf"{_LETTER}|[\u3400-\u9fff々ァ-ヺーA-Za-z]{{1,10}}(?:さん|くん|ちゃん|さま|の人|の子)?[A-ZＡ-Ｚ0-9０-９]?"
)
#: A name with の in it is that of a person, or a heading such as 今日の予定.
_HEADING = regex(r".*[ァ-ヺー\u3400-\u9fff々]の|(?=.{6}).+の")
_PERSON = regex(
    r".*の ?(?:人|子|ひと|こ|方|男|女|者|母|父|兄|姉|弟|妹|妻|夫|客|親|声|男性|女性|先生|学生|生徒|店員|社員|駅員|係員?|医者|部長|課長|社長|店長|"
    r"友だち|友達|ともだち|.*(?:さん|くん|ちゃん|さま))[A-ZＡ-Ｚ0-9０-９]?"
)
#: What stands before a colon in notices, exercises and tables.
_NO_SPEAKER = regex(
    "例|例文|注|注意|問|問い|問題|質問|答|答え|解答|回答|正解|解説|訳|意味|場所|会場|時間|日時|日程|日付|期間|期限|料金|費用|"
    "参加費|入場料|電話|電話番号|住所|定休日|営業時間|対象|定員|持ち物|持物|内容|テーマ|題|題名|タイトル|メモ|ヒント|ポイント|"
    "主語|目的|結論|理由|原因|方法|結果|条件|備考|締め切り|締切|曜日|時刻|件名|宛先|差出人|材料|作り方|名前|氏名|年齢|職業|"
    "出身|趣味|つまり|ちなみに|ただし|なお|例えば|たとえば|すなわち|TEL|FAX|Tel|Fax|URL|https?|[Nn]ote|PS"
)


def without_labels(text: str) -> str:
    """Running text without labels of one letter at the beginning of its lines: A：, 男：, B「."""
    return _SHORT_LABEL.sub("", _LINE_WITHIN.sub("\n", text))


def labelled_lines(text: str) -> list[tuple[str | None, str]]:
    """The lines of running text without such labels, each with its label; None where it has none."""
    found = []
    for line in _LINE_WITHIN.sub("\n", text).split("\n"):
        label = _SHORT_LABEL.match(line)
        name = None if label is None else _LETTERS.match(surface(label.group()).strip())
        found.append((name and name.group(), line[label.end() if label else 0 :]))
    return found


def with_continued(lines: Sequence[tuple[str | None, str]]) -> list[tuple[str, str]]:
    """Lines with the speaker of each, "" for a narrator.

    A line without a name that stands between those of speakers goes on with what the one before
    says. It is a narrator's if it stands before the first or behind the last that has a name,
    where listening texts tell of the scene and put the question; if it is in brackets, as stage
    directions are; or if the words before it are a quotation.
    """
    named = [place for place, (speaker, _) in enumerate(lines) if speaker is not None]
    last = named[-1] if named else 0
    found: list[tuple[str, str]] = []
    now = ""
    for place, (speaker, words) in enumerate(lines):
        if speaker is not None:
            now = "" if _QUOTATION.fullmatch(words) else speaker
        told = place > last or _DIRECTION.fullmatch(words)
        found.append((speaker or ("" if told else now), words))
    return found


def parted_lines(text: str) -> list[tuple[str | None, str]]:
    """Who says what: a speaker, None where none is named, and the words, for each line."""
    turns = _DASH.sub("", _SLASH.sub("\n", text))
    written = _LINE_WITHIN.sub("\n", turns).split("\n")
    lines = [line for each in written if each.strip() for line in _apart(each)]
    spaced = sum(_SPACE.fullmatch(line) is not None for line in lines) > 1
    parted = [(*_parted(line, spaced=spaced), line) for line in lines]
    labels = Counter(label for label, _, _ in parted if label is not None)
    speakers = _speakers(labels)
    return [
        (None, line) if label is None or label not in speakers else (speakers[label], words)
        for label, words, line in parted
    ]


def _speakers(labels: Counter[str]) -> dict[str, str]:
    """The names of speakers by their labels; others are words of the line, as 今日の予定, リンゴ（赤）.

    Args:
        labels: how often each stands before a line, with the notes behind it.
    """
    names = {label: _without_notes(label) for label in labels}
    often = Counter(names[label] for label in labels.elements())
    others = any(label == name and not _is_heading(name) for label, name in names.items())
    return {
        label: name
        for label, name in names.items()
        if (often[name] > 1 or not _is_heading(name))
        and (others or labels[label] > 1 or _is_of_person(label, name))
    }


def _apart(line: str) -> list[str]:
    """A line that begins with a speaker, before each other one."""
    if _COLON.fullmatch(line) is None or _parted(line, spaced=False)[0] is None:
        return [line]
    return _NEXT.sub(
        lambda found: "\n" if _is_name(surface(found[1]), _BEFORE_QUOTE) else found.group(), line
    ).split("\n")


def _parted(line: str, *, spaced: bool) -> tuple[str | None, str]:
    """The name before a line, with the notes behind it, and the words."""
    for pattern, name in (
        (_COLON, _NAME),
        (_QUOTE, _BEFORE_QUOTE),
        (_BRACKET, _NAME),
        (_ROUND, _BEFORE_QUOTE),
        (_DOT, _NAME),
        *([(_SPACE, _NAME)] if spaced else []),
    ):
        found = pattern.fullmatch(line)
        if found is None:
            continue
        label = surface(found[1]).strip("・-—―* ")
        if _is_name(_without_notes(label), name):
            return label, found[2]
    return None, line


def _without_notes(speaker: str) -> str:
    """A name without what stands behind it in brackets."""
    return _NOTE_AT_END.sub("", speaker) or speaker


def _is_name(speaker: str, name: re.Pattern[str]) -> bool:
    return name.fullmatch(speaker) is not None and not _NO_SPEAKER.fullmatch(speaker)


def _is_of_person(label: str, name: str) -> bool:
    """Whether a label is that of a person by itself, whoever else speaks."""
    return (
        label == name
        or re.fullmatch(_LETTER, name) is not None
        or _OF_PERSON.search(label) is not None
    )


def _is_heading(speaker: str) -> bool:
    return _HEADING.match(speaker) is not None and _PERSON.fullmatch(speaker) is None
