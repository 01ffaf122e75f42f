"""Speakers: the names before the lines of a dialogue, told from other words before a colon."""

from __future__ import annotations

import re

from tts_assets.japanese.normalise.furigana import surface

_LETTER = r"[A-ZＡ-Ｚ男女][0-9０-９]?"
#: Labels of one letter, which are never words of the line itself.
_SHORT_LABEL = re.compile(rf"^[ ]*{_LETTER}(?:[ ]*[：:][ ]*|(?=[「『]))", re.MULTILINE)
_LINE_WITHIN = re.compile(rf"(?<=[。！？!?」』])[ ]*(?={_LETTER}(?:[ ]*[：:]|[「『]))")
_COLON = re.compile(
    r"[ ]*([^：:「」『』。、！？!?\n]{1,40}?)[ ]*(?:(?<![0-9０-９])[：:]|[：:](?![0-9０-９]))(?!//)[ ]*(.*)"
)
_QUOTE = re.compile(r"[ ]*([^：:「」『』。、！？!?\n]{1,40}?)[ ]*([「『].*[」』][。]?)[ ]*")
_ROUND = re.compile(r"[ ]*[(（]([^()（）\n]{1,20})[)）][ ]*([^ \n].*)")
_BRACKET = re.compile(r"[ ]*[【［\[]([^【】［］\[\]\n]{1,20})[】］\]][ ]*([^ \n].*)")
_SPACE = re.compile(rf"[ ]*({_LETTER})(?:[.．)）][ ]*|[ ]+)(?=[「『ぁ-ゖァ-ヺ\u3400-\u9fff])(.*)")
_NAME = re.compile(r"[^\s\d(（)）][^()（）]{0,11}")
_BEFORE_QUOTE = re.compile(
    rf"{_LETTER}|[\u3400-\u9fff々ァ-ヺーA-Za-z]{{1,10}}(?:さん|くん|ちゃん|さま|の人|の子)?[A-ZＡ-Ｚ0-9０-９]?"
)
#: What stands before a colon in notices, exercises and tables.
_NO_SPEAKER = re.compile(
    "例|例文|注|注意|問|問い|問題|質問|答|答え|解答|回答|正解|解説|訳|意味|場所|会場|時間|日時|日程|日付|期間|期限|料金|費用|"
    "参加費|入場料|電話|電話番号|住所|定休日|営業時間|対象|定員|持ち物|持物|内容|テーマ|題|題名|タイトル|メモ|ヒント|ポイント|"
    "主語|目的|結論|理由|原因|方法|結果|条件|備考|締め切り|締切|曜日|時刻|件名|宛先|差出人|材料|作り方|名前|氏名|年齢|職業|"
    "出身|趣味|つまり|ちなみに|ただし|なお|例えば|たとえば|すなわち|TEL|FAX|Tel|Fax|URL|https?|[Nn]ote|PS"
)


def without_labels(text: str) -> str:
    """Running text without labels of one letter at the beginning of its lines: A：, 男：, B「."""
    return _SHORT_LABEL.sub("", _LINE_WITHIN.sub("\n", text))


def parted_lines(text: str) -> list[tuple[str | None, str]]:
    """Who says what: a speaker, None where none is named, and the words, for each line."""
    lines = _LINE_WITHIN.sub("\n", text).split("\n")
    return [_parted(line) for line in lines if line.strip()]


def _parted(line: str) -> tuple[str | None, str]:
    for pattern, name in (
        (_COLON, _NAME),
        (_QUOTE, _BEFORE_QUOTE),
        (_BRACKET, _NAME),
        (_ROUND, _BEFORE_QUOTE),
        (_SPACE, _NAME),
    ):
        found = pattern.fullmatch(line)
        if found is None:
            continue
        speaker = surface(found[1]).strip("・-—―* ")
        if name.fullmatch(speaker) and not _NO_SPEAKER.fullmatch(speaker):
            return speaker, found[2]
    return None, line
