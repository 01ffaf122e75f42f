"""Readings in brackets behind words: of which word they are, and whether they are readings at all."""

from __future__ import annotations

import re

from tts_assets.japanese.kana import kana_to_hiragana, kana_to_katakana, split_morae
from tts_assets.japanese.normalise.counters import can_read_numbers
from tts_assets.japanese.normalise.fit import can_spell, count_kanji, find_okurigana, has_kanji
from tts_assets.japanese.normalise.furigana import mark_reading
from tts_assets.japanese.regex import compile_lazy
from tts_assets.japanese.romaji import romaji_to_katakana

_KANA_CHARS = "ぁ-ゖァ-ヺー"
#: A word and a bracket behind it.
_BRACKETED = compile_lazy(
    r"(?P<run>[^\s、。，．,!?！？「」『』…：:;；/／()（）\[\]［］{}｛｝【】〔〕〈〉《》‹›＜＞<>\ue000-\ue002]{1,24})"
    r"(?P<gap> ?)(?P<bracket>[\[［(（{｛【〔〈《‹＜<])"
    r"(?P<inside>[^()（）\[\]［］{}｛｝【】〔〕〈〉《》‹›＜＞<>\ue000-\ue002\n]{0,64})"
    r"[\]］)）}｝】〕〉》›＞>]"
)
_QUOTED = compile_lazy(
    rf"\s*(?P<run>[^\s「」『』]{{2,24}}) ?[「『](?P<inside>[{_KANA_CHARS}]{{2,48}})[」』]\s*"
)
_PITCH = compile_lazy(r"[\d０-９,、\- ]+")
_BETWEEN_READINGS = compile_lazy(r"\s*[・；｜|]\s*|\s+(?:or|または|もしくは|あるいは)\s+|\s+")
_READING = compile_lazy(rf"[{_KANA_CHARS}]+")
_HIRAGANA = compile_lazy("[ぁ-ゖー]+")
_HIRAGANA_LETTERS = "".join(map(chr, range(ord("ぁ"), ord("ゖ") + 1)))
#: Not USA.
_ROMAJI = compile_lazy(r"[A-ZÂÊÎÔÛĀĒĪŌŪ]?[a-zâêîôûāēīōū'’-]{1,24}")
_LATIN = compile_lazy(r"[!-~À-ÿ]+")
#: お and ご before a kanji are of its word.
_BASE_START = compile_lazy(r"[^\W_ぁ-ゖァ-ヺー]|[おご](?=[\u3400-\u9fff])")
_BASE = compile_lazy(r"[\u3400-\u9fff々〆〇0-9０-９]|[A-Za-zＡ-Ｚａ-ｚ][A-Za-zＡ-Ｚａ-ｚァ-ヺー]")
_INSIDE_NUMBER = compile_lazy("(?<=[0-9０-９])[0-9０-９]")
_ROUND_OPENING = "(（〔"
#: In round brackets these are endings that may be left out, not readings.
_ENDINGS = frozenset("なのだをがにとはもでへや")
#: Nouns that are read so, and verbs and adjectives whose okurigana stand behind the bracket.
_READ_SO = {
    "に": "二荷弐丹仁尼児日",
    "と": "戸都斗十途図徒登土渡塗吐賭兎頭",
    "の": "野乃能",
    "な": "名菜那奈納魚七",
    "が": "蛾我画賀雅牙餓芽河",
    "だ": "打駄妥堕惰舵蛇太田",
    "は": "葉歯刃羽端派破波覇播巴",
    "も": "模喪藻茂裳百",
    "で": "出弟",
    "へ": "部辺屁戸",
    "や": "屋矢夜野家八谷弥耶也哉冶館宿",
}
_STEM_READ_SO = {
    "に": "煮似逃",
    "と": "取撮採捕執獲摂盗録解溶融説梳閉綴泊止留停飛跳研遂富問",
    "の": "乗載飲呑伸延述退",
    "な": "泣鳴啼成為生無亡慣馴投撫萎嘗舐",
    "だ": "抱出",
    "は": "履掃吐恥果生貼張腫晴映這剥跳撥嵌填食馳栄",
    "も": "燃盛漏洩揉持保萌守捥若",
    "で": "出",
    "へ": "経減隔凹",
    "や": "焼辞止病痩遣妬灼",
}
#: Particles, endings and suffixes that are also readings, and of which kanji.
_ENDINGS_READ_SO = {
    "から": "空殻唐柄韓", "まで": "迄", "など": "等", "たち": "達質立刀舘館日", "だけ": "丈岳嶽茸竹嵩",
    "より": "選寄依縒頼", "さえ": "冴", "さん": "三山産散参算酸賛讃桟傘惨蚕燦珊餐", "さま": "様",
    "くん": "君訓薫勲", "しか": "鹿科価", "ほど": "程", "ども": "共供", "くらい": "位暗喰", "ぐらい": "位",
    "きり": "霧桐切錐斬限", "ずつ": "宛", "のみ": "飲呑蚤鑿", "ばかり": "許計", "なら": "奈楢良鳴並",
    "ます": "増升枡鱒益桝斗舛", "する": "擦摺刷掏磨為", "との": "殿", "とは": "", "には": "庭羽", "では": "羽",
    "にも": "", "でも": "", "へも": "", "へは": "", "への": "", "での": "", "こそ": "", "として": "", "という": "",
    "ちゃん": "", "です": "", "でした": "", "だった": "", "ました": "", "ません": "", "だから": "", "なので": "",
    "ので": "", "のに": "", "けど": "", "けれど": "", "について": "就付", "によって": "因依拠", "にとって": "",
    "において": "於", "ながら": "乍",
}  # fmt: skip
_PARTICLE_BEHIND = compile_lazy("(?<=..)[のはもにをがでと]$")
#: Behind a bracket, and before a word.
_PARTICLE = compile_lazy("[はがをにでともへのや][\u3400-\u9fff]")
_CLOSING = tuple("]］)）}｝】〕〉》›＞>")
#: Words of which only a part is outside the brackets.
_ONE_WORD = compile_lazy(
    r"([何誰](?=.か)|又(?=.は)|最(?=.も)|子(?=.ども)|[父母兄姉](?=.さん))[(（〔](か|は|も|ども|さん)[)）〕]"
)
#: A kanji behind a bracket that has its own reading: 図(と)書(しょ)館(かん).
_NEXT_KANJI = compile_lazy("[\u3400-\u9fff々]{1,4}[(（〔]")
#: A verb that asks for something, and nouns that end as it does.
_ASKING = compile_lazy("[ぁ-ゖ]+て")
_READ_WITH_TE = "手果縦盾楯建立館全総"
#: The endings of words in the dictionary form.
_ENDING = compile_lazy("[うくぐすつぬぶむるい]$")
#: Most kana that a kanji has of which a reading is told kanji by kanji.
_MOST_PER_KANJI = 2


def mark_bracketed_readings(text: str) -> str:
    """食[た]べる, 漢字(かんじ), 言葉[ことば;h], 漢字《かんじ》; a pitch in brackets is dropped."""
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None and _is_quoted_reading(quoted["run"], quoted["inside"]):
        return mark_reading(quoted["run"], quoted["inside"])
    return _BRACKETED.sub(_mark_match, _ONE_WORD.sub(r"\1\2", text))


def _is_quoted_reading(word: str, reading: str) -> bool:
    """Whether 「」 hold a reading: that of 開く「あく」, where 母「はい」 is what she says."""
    return _ENDING.search(find_okurigana(word)) is not None and can_spell(word, reading)


def _mark_match(found: re.Match[str]) -> str:
    run, square = found["run"], found["bracket"] in "[［"
    given, _, _ = found["inside"].partition(";")
    first = re.split(r"[,、/／]", given)[0].strip()
    if square and not found["gap"] and found["inside"].strip() and _has_no_sound(first, given):
        return run
    romaji = _romaji_to_hiragana(first)
    readings = [romaji] if romaji else _split_bracket(run, first)
    base = _find_base(found, readings[0], square=square) if readings else None
    if romaji and not has_kanji(base or ""):
        return found.group()
    if base is None:
        shown = square and not found["gap"] and readings and _ends_with_reading(run, readings[0])
        return run if shown else found.group()
    alone = found.string.strip() == found.group().strip()
    if found["gap"] and not _may_follow_blank(base, readings[0], alone=alone):
        return found.group()
    if romaji:
        return run.removesuffix(base) + mark_reading(base, romaji, perhaps=True)
    return run.removesuffix(base) + mark_reading(
        base,
        *(readings if alone else readings[:1]),
        unsure=len(readings) == 1 and _is_unsure(found, base, readings[0]),
    )


def _romaji_to_hiragana(given: str) -> str | None:
    """The hiragana of a reading in Latin letters, such as kado of 角 (kado)."""
    kana = romaji_to_katakana(given) if _ROMAJI.fullmatch(given) else None
    return None if kana is None else kana_to_hiragana(kana)


def _has_no_sound(reading: str, given: str) -> bool:
    return not reading or _PITCH.fullmatch(given) is not None


def _ends_with_reading(run: str, reading: str) -> bool:
    return kana_to_katakana(run).endswith(kana_to_katakana(reading))


def _split_bracket(run: str, given: str) -> list[str]:
    """The readings that a bracket holds; none where it holds something else.

    かん・じ is one, kanji by kanji; しち・なな are two.
    """
    parts = _BETWEEN_READINGS.split(given)
    kana = [part for part in parts if _READING.fullmatch(part)]
    if not _READING.fullmatch(parts[0]) or any(
        not _READING.fullmatch(part) and not _LATIN.fullmatch(part) for part in parts
    ):
        return []
    whole = "".join(kana)
    base = _find_longest_base(run, whole)
    if len(kana) == 1 or base is None or _is_kanji_by_kanji(base, kana):
        return [whole]
    alone = _find_longest_base(run, kana[0])
    return [each for each in kana if alone is None or can_spell(alone, each)]


def _is_kanji_by_kanji(base: str, parts: list[str]) -> bool:
    if not all(can_spell(base, part) for part in parts):
        return True
    short = all(len(split_morae(part)) <= _MOST_PER_KANJI for part in parts)
    return short and 1 < len(parts) == count_kanji(base)


def _may_follow_blank(base: str, reading: str, *, alone: bool) -> bool:
    """Behind a blank a word in katakana is a note; one kana in a sentence a particle, あけて a verb."""
    if alone or not _HIRAGANA.fullmatch(reading):
        return _HIRAGANA.fullmatch(reading) is not None
    verb = _ASKING.fullmatch(reading) and not base.endswith((*_READ_WITH_TE, "て"))
    return len(reading) > 1 and not verb


def _is_unsure(found: re.Match[str], base: str, reading: str) -> bool:
    """Whether only a dictionary can tell what the kana are.

    手(て)を has a reading there, 受(け)付 an ending. 先生 alone would have as many kana as 田中先生
    has in 田中先生(せんせい).
    """
    if found["bracket"] in "[［":
        return False
    if len(base) == len(reading) == 1:
        return found["bracket"] in _ROUND_OPENING
    kanji = count_kanji(base)
    return kanji > _MOST_PER_KANJI and len(split_morae(reading)) <= _MOST_PER_KANJI * (kanji - 1)


def _find_base(found: re.Match[str], reading: str, *, square: bool) -> str | None:
    """The end of a run of text that the reading behind it is of; None where it is an ending."""
    run = found["run"]
    behind_particle = (
        _find_longest_base(run[1:], reading) if _begins_with_particle(found, reading) else None
    )
    base = behind_particle or _find_longest_base(run, reading)
    if base is None or square:
        return base
    if reading in _ENDINGS:
        behind = found.string[found.end() : found.end() + 6]
        stem = _STEM_READ_SO.get(reading, "") if _HIRAGANA.match(behind) else ""
        alone = not has_kanji(found["run"].removesuffix(base)[-1:]) or _NEXT_KANJI.match(behind)
        return base if alone and base in _READ_SO.get(reading, "") + stem else None
    return None if _is_ending(base, reading) else base


def _begins_with_particle(found: re.Match[str], reading: str) -> bool:
    """Whether a run begins with a particle: は in 彼(かれ)は速(はや)く, which はや has, too."""
    run, before = found["run"], found.string[max(found.start() - 1, 0) : found.start()]
    return before.endswith(_CLOSING) and run[0] == reading[0] and _PARTICLE.match(run) is not None


def _is_ending(base: str, reading: str) -> bool:
    """Whether kana behind a word are a particle or the like: から behind 学校, not behind 空."""
    ending = reading if reading in _ENDINGS_READ_SO else _PARTICLE_BEHIND.sub("", reading)
    so = _ENDINGS_READ_SO.get(ending)
    return so is not None and not base.rstrip(_HIRAGANA_LETTERS).endswith(tuple(so))


def _find_longest_base(run: str, reading: str) -> str | None:
    """The longest end of a run of text that kana fit: of 彼は危険[きけん], 危険."""
    starts = (0, *(match.start() for match in _BASE_START.finditer(run, 1)))
    fitting = [
        run[start:]
        for start in starts
        if _BASE.search(run, start)
        and not _INSIDE_NUMBER.match(run, start)
        and can_spell(run[start:], reading)
    ]
    if not fitting:
        return None
    return next((each for each in fitting if can_read_numbers(each, reading)), fitting[0])
