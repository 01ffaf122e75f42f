"""Furigana: converts all notations of readings in a text to one internal markup."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from tts_assets.japanese.accent_notation import parse_accent
from tts_assets.japanese.alignment import can_spell, count_kanji, find_okurigana, has_kanji
from tts_assets.japanese.kana import (
    UnusableTextError,
    kana_to_hiragana,
    parse_kana,
    romaji_to_katakana,
)
from tts_assets.japanese.text_rules import compile_lazy, parse_pairs, pipeline, replace_matches
from tts_assets.model import kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Numbers, and names in capitals, which are read letter by letter.
_NUMBER = compile_lazy(r"[0-9０-９]+|(?<![A-Za-zＡ-Ｚａ-ｚ])[A-ZＡ-Ｚ]+(?![A-Za-zＡ-Ｚａ-ｚ])")
_COUNTED = compile_lazy(
    r"[0-9０-９一二三四五六七八九十百千万何数幾A-ZＡ-Ｚ]([^\W\d_一二三四五六七八九十百千万A-ZＡ-Ｚ]+)$"
)
_MORE = {"間": "カン", "目": "メ", "半": "ハン", "前": "マエ", "後": "ゴ"}

#: The readings of a counter without its number.
_ALONE = {
    counter: readings.split("・")
    for counter, readings in parse_pairs(
        "時:ジ 分:フン・プン 秒:ビョウ 人:ニン 円:エン 年:ネン 月:ガツ・ツキ 日:ニチ・カ 週:シュウ 泊:ハク・パク "
        "回:カイ 階:カイ・ガイ 個:コ 本:ホン・ボン・ポン 枚:マイ 冊:サツ 台:ダイ 杯:ハイ・バイ・パイ "
        "匹:ヒキ・ビキ・ピキ 頭:トウ 羽:ワ・バ・パ 歳:サイ 才:サイ 度:ド 倍:バイ 番:バン 号:ゴウ 組:クミ "
        "級:キュウ 課:カ 章:ショウ 点:テン 名:メイ 足:ソク・ゾク 軒:ケン・ゲン 件:ケン 箱:ハコ 袋:フクロ "
        "種:シュ 着:チャク 通:ツウ 語:ゴ 行:ギョウ 巻:カン 割:ワリ 位:イ 代:ダイ 世:セイ 室:シツ 校:コウ "
        "曲:キョク 丁:チョウ 時間:ジカン 週間:シュウカン 日間:ニチカン か月:カゲツ ヶ月:カゲツ ヵ月:カゲツ "
        "カ月:カゲツ ケ月:カゲツ ページ:ページ つ:ツ"
    ).items()
}
_DIGITS = parse_pairs(
    "0:レイ・ゼロ・マル 1:イチ・イッ・ヒト・ツイタチ・ワン 2:ニ・フ・ハツカ・ハタチ・ツー 3:サン・ミ・スリー 4:ヨ・シ・フォー "
    "5:ゴ・イツ・ファイブ 6:ロク・ロッ・ム・シックス 7:ナナ・シチ・ナノ・セブン 8:ハチ・ハッ・ヤ・ヨウ・エイト "
    "9:キュウ・ク・ココノ・ナイン"
)
_ROUND_NUMBERS = {
    2: "ジュウ・ジュッ・ジッ・トオ・テン",
    3: "ヒャク・ヒャッ・ハンドレッド",
    4: "セン",
}
_LETTERS = parse_pairs(
    "A:エー・エイ B:ビ C:シ D:ディ・デ E:イ F:エフ G:ジ・ギ H:エイチ・エッチ・エチ I:アイ J:ジェ K:ケ L:エル M:エム "
    "N:エヌ O:オ P:ピ Q:キュ R:アール S:エス T:ティ・テ・チ U:ユ V:ブイ・ヴィ・ブ W:ダブ X:エックス Y:ワイ Z:ゼ・ズィ"
)


def can_read_numbers(base: str, reading: str) -> bool:
    """Whether a reading can cover all of a base, including its numbers.

    さんにん can be the reading of 3人, にん cannot. Bases without numbers are not checked.
    """
    kana = kana_to_katakana(reading)
    counted = _COUNTED.search(base)
    if counted is not None and _is_counter_reading(counted[1], kana):
        return False
    numbers = list(_NUMBER.finditer(base))
    if len(split_morae(kana)) < len(numbers) + sum(map(has_kanji, base)):
        return False
    at = done = 0
    for number in numbers:
        # Each kanji before the number takes at least one kana.
        earliest = at + count_kanji(base[done : number.start()])
        begins = [kana.find(each, earliest) for each in _list_number_readings(number.group())]
        found = min((begin for begin in begins if begin >= 0), default=-1)
        if found < 0 or (number.start() == 0 and found > 0):
            return False
        at, done = found + 1, number.end()
    return True


def _is_counter_reading(counter: str, kana: str) -> bool:
    """Whether kana are the reading of a counter alone: ニン, and ネンカン of 年間."""
    if kana in _ALONE.get(counter, ()):
        return True
    suffix = _MORE.get(counter[-1])
    return suffix is not None and kana in [each + suffix for each in _ALONE.get(counter[:-1], ())]


def _list_number_readings(number: str) -> list[str]:
    """List the possible beginnings of the reading of a number."""
    plain = unicodedata.normalize("NFKC", number)
    if plain[0] in _LETTERS:
        return _LETTERS[plain[0]].split("・")
    of_one = _ROUND_NUMBERS.get(len(plain), "") if plain[0] == "1" else ""
    return (f"{of_one}・" * bool(of_one) + _DIGITS[plain[0]]).split("・")


# The internal markup of furigana.

#: Private-use characters around a base and its reading; prepared text has no others.
_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"

_UNSURE = "\ue004"  #: marks a reading that may not cover the whole base
_PERHAPS = "\ue005"  #: marks a reading in Latin letters, which may be a translation

#: Separates readings of one base.
_OR = "／"
_MARKED = compile_lazy(f"{_OPEN}([^{_OPEN}-{_CLOSE}]*){_MIDDLE}([^{_OPEN}-{_CLOSE}]*){_CLOSE}")

#: Anki requires a space before a base; it is a word boundary only behind a particle.
_SPACE_BEFORE = compile_lazy(f"(?<![はへをがにでともの]) +(?={_OPEN})")
_SIGN = compile_lazy(f"[{_OPEN}-{_CLOSE}{_UNSURE}{_PERHAPS}]")
_NUMERALS = compile_lazy("^[0-9０-９一二三四五六七八九十百千万]+")
_PITCHED = compile_lazy(
    r"[\[［][^\[\]［］;\n]{0,64};([^\[\]［］\n]{1,16})[\]］]|(?<=[ぁ-ゖァ-ヺー])[\[［]([\d０-９,、 ]{1,9})[\]］]"
)
_NO_SOUND = compile_lazy(r"[\s、。，．,.・!?！？「」『』…‥〜～~\-‐–—―－:：;；]+")


def mark_reading(base: str, *readings: str, unsure: bool = False, perhaps: bool = False) -> str:
    """Mark a base with its readings, so that both can be extracted from the text.

    A number that the reading omits is left before the marked base.

    Args:
        base: the word.
        readings: its kana; the first counts where only one can be used.
        unsure: whether a dictionary must confirm the reading.
        perhaps: whether the reading applies only if a dictionary has it.
    """
    reading = readings[0]
    counter = _NUMERALS.sub("", base)
    if (
        counter not in {"", base}
        and can_spell(counter, reading)
        and not can_read_numbers(base, reading)
    ):
        return base.removesuffix(counter) + mark_reading(counter, *readings, unsure=unsure)
    sign = _PERHAPS if perhaps else _UNSURE * unsure
    return f"{_OPEN}{base}{_MIDDLE}{sign}{_OR.join(readings)}{_CLOSE}"


def strip_readings(text: str) -> str:
    """Remove the readings from a text."""
    # Broken markup may nest marked readings.
    while _MARKED.search(text):
        text = _MARKED.sub(r"\1", text)
    return _SIGN.sub("", text)


def strip_spaced_readings(text: str) -> str:
    """Remove the readings, and the spaces that belong to the notation: 食[た]べ 物[もの]."""
    return strip_readings(_SPACE_BEFORE.sub("", text))


def apply_readings(text: str) -> str:
    """Replace each marked base with its reading."""
    while _MARKED.search(text):
        text = _MARKED.sub(lambda found: found[2].partition(_OR)[0], text)
    return _SIGN.sub("", text)


def list_all_readings(text: str) -> list[str]:
    """List the readings of a text: several only if it is one word with several readings.

    The list is empty if a dictionary must confirm the readings.
    """
    if _needs_dictionary(text):
        return []
    alone = _MARKED.fullmatch(text.strip())
    return alone[2].split(_OR) if alone else [apply_readings(text)]


def _needs_dictionary(text: str) -> bool:
    return _UNSURE in text or _PERHAPS in text


def split_marked_text(text: str) -> Iterator[tuple[str, str | None]]:
    """Split a marked text into pieces with their readings; None for pieces without one.

    A reading is in katakana, or in hiragana if it applies only if a dictionary has it.
    """
    at = 0
    for found in _MARKED.finditer(text):
        yield _SIGN.sub("", text[at : found.start()]), None
        kana = kana_to_katakana(_SIGN.sub("", found[2]).partition(_OR)[0])
        yield found[1], kana_to_hiragana(kana) if _PERHAPS in found[2] else kana
        at = found.end()
    yield _SIGN.sub("", text[at:]), None


def has_readings(text: str) -> bool:
    return _MARKED.search(text) is not None


def find_full_kana(text: str) -> str | None:
    """Return the reading of a text in katakana, if its kana and furigana certainly cover all of it."""
    if _needs_dictionary(text):
        return None
    return parse_kana(_NO_SOUND.sub("", apply_readings(text)))


def find_bracket_accent(text: str, reading: str) -> int | None:
    """Find the accent in brackets such as 言葉[ことば;3] and あめ[1]; None unless there is exactly one."""
    accents = [code for pair in _PITCHED.findall(text) for code in pair if code]
    if len(accents) != 1:
        return None
    try:
        return parse_accent(accents[0], reading)
    except UnusableTextError:
        return None


# Brackets behind words: do they hold a reading, and of which word?
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

#: Romaji; not all capitals, such as USA.
_ROMAJI = compile_lazy(r"[A-ZÂÊÎÔÛĀĒĪŌŪ]?[a-zâêîôûāēīōū'’-]{1,24}")
_LATIN = compile_lazy(r"[!-~À-ÿ]+")

#: The start of a base; お and ご before a kanji belong to its word.
_BASE_START = compile_lazy(r"[^\W_ぁ-ゖァ-ヺー]|[おご](?=[\u3400-\u9fff])")
_BASE = compile_lazy(r"[\u3400-\u9fff々〆〇0-9０-９]|[A-Za-zＡ-Ｚａ-ｚ][A-Za-zＡ-Ｚａ-ｚァ-ヺー]")
_INSIDE_NUMBER = compile_lazy("(?<=[0-9０-９])[0-9０-９]")
_ROUND_OPENING = "(（〔"

_ENDINGS = frozenset(
    "なのだをがにとはもでへや"
)  #: in round brackets these are optional endings, not readings

#: Exceptions by reading: nouns, and verbs and adjectives with their okurigana behind the bracket.
_READ_SO = parse_pairs(
    "に:二荷弐丹仁尼児日 と:戸都斗十途図徒登土渡塗吐賭兎頭 の:野乃能 な:名菜那奈納魚七 が:蛾我画賀雅牙餓芽河 "
    "だ:打駄妥堕惰舵蛇太田 は:葉歯刃羽端派破波覇播巴 も:模喪藻茂裳百 で:出弟 へ:部辺屁戸 "
    "や:屋矢夜野家八谷弥耶也哉冶館宿"
)
_STEM_READ_SO = parse_pairs(
    "に:煮似逃 と:取撮採捕執獲摂盗録解溶融説梳閉綴泊止留停飛跳研遂富問 の:乗載飲呑伸延述退 "
    "な:泣鳴啼成為生無亡慣馴投撫萎嘗舐 だ:抱出 は:履掃吐恥果生貼張腫晴映這剥跳撥嵌填食馳栄 も:燃盛漏洩揉持保萌守捥若 "
    "で:出 へ:経減隔凹 や:焼辞止病痩遣妬灼"
)

#: Particles, endings and suffixes, with the kanji of which they are readings.
_ENDINGS_READ_SO = parse_pairs(
    "から:空殻唐柄韓 まで:迄 など:等 たち:達質立刀舘館日 だけ:丈岳嶽茸竹嵩 より:選寄依縒頼 さえ:冴 "
    "さん:三山産散参算酸賛讃桟傘惨蚕燦珊餐 さま:様 くん:君訓薫勲 しか:鹿科価 ほど:程 ども:共供 くらい:位暗喰 "
    "ぐらい:位 きり:霧桐切錐斬限 ずつ:宛 のみ:飲呑蚤鑿 ばかり:許計 なら:奈楢良鳴並 ます:増升枡鱒益桝斗舛 "
    "する:擦摺刷掏磨為 との:殿 とは: には:庭羽 では:羽 にも: でも: へも: へは: への: での: こそ: "
    "として: という: ちゃん: です: でした: だった: ました: ません: だから: なので: ので: のに: けど: "
    "けれど: について:就付 によって:因依拠 にとって: において:於 ながら:乍"
)
_PARTICLE_BEHIND = compile_lazy("(?<=..)[のはもにをがでと]$")

#: A particle between a bracket and a word.
_PARTICLE = compile_lazy("[はがをにでともへのや][\u3400-\u9fff]")
_CLOSING = tuple("]］)）}｝】〕〉》›＞>")

#: Words with a part in brackets.
_ONE_WORD = compile_lazy(
    r"([何誰](?=.か)|又(?=.は)|最(?=.も)|子(?=.ども)|[父母兄姉](?=.さん))[(（〔](か|は|も|ども|さん)[)）〕]"
)

#: A kanji behind a bracket that has its own reading: 図(と)書(しょ)館(かん).
_NEXT_KANJI = compile_lazy("[\u3400-\u9fff々]{1,4}[(（〔]")

#: The て-form of a verb, and kanji with a reading in て.
_ASKING = compile_lazy("[ぁ-ゖ]+て")
_READ_WITH_TE = "手果縦盾楯建立館全総"

_ENDING = compile_lazy("[うくぐすつぬぶむるい]$")  #: the endings of words in the dictionary form
_MOST_PER_KANJI = 2  #: the largest number of morae of one kanji in a reading split kanji by kanji


def mark_bracketed_readings(text: str) -> str:
    """Mark 食[た]べる, 漢字(かんじ), 言葉[ことば;h], 漢字《かんじ》; drop an accent in brackets."""
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None and _is_quoted_reading(quoted["run"], quoted["inside"]):
        return mark_reading(quoted["run"], quoted["inside"])
    return _BRACKETED.sub(_mark_match, _ONE_WORD.sub(r"\1\2", text))


def _is_quoted_reading(word: str, reading: str) -> bool:
    """Whether 「」 hold a reading, as in 開く「あく」, and not speech, as in 母「はい」."""
    return _ENDING.search(find_okurigana(word)) is not None and can_spell(word, reading)


def _mark_match(found: re.Match[str]) -> str:
    run, square = found["run"], found["bracket"] in "[［"
    before_pitch, _, _ = found["inside"].partition(";")
    first = re.split(r"[,、/／]", before_pitch)[0].strip()
    silent = not first or _PITCH.fullmatch(before_pitch) is not None
    if square and not found["gap"] and found["inside"].strip() and silent:
        return run
    # kado of 角 (kado).
    kana = romaji_to_katakana(first) if _ROMAJI.fullmatch(first) else None
    romaji = kana_to_hiragana(kana) if kana else None
    readings = [romaji] if romaji else _split_bracket(run, first)
    base = _find_base(found, readings[0], square=square) if readings else None
    if romaji and not has_kanji(base or ""):
        return found.group()
    if base is None:
        has_reading = square and not found["gap"] and readings
        ends = has_reading and kana_to_katakana(run).endswith(kana_to_katakana(readings[0]))
        return run if ends else found.group()
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


def _split_bracket(run: str, content: str) -> list[str]:
    """List the readings in a bracket; empty if it holds anything else.

    かん・じ is one reading, split kanji by kanji; しち・なな are two.
    """
    parts = _BETWEEN_READINGS.split(content)
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
    all_short = all(len(split_morae(part)) <= _MOST_PER_KANJI for part in parts)
    return all_short and 1 < len(parts) == count_kanji(base)


def _may_follow_blank(base: str, reading: str, *, alone: bool) -> bool:
    """Whether a reading may be separated from its base by a space.

    A word in katakana is a note; in a sentence, one kana is a particle, and あけて a verb.
    """
    if alone or not _HIRAGANA.fullmatch(reading):
        return _HIRAGANA.fullmatch(reading) is not None
    verb = _ASKING.fullmatch(reading) and not base.endswith((*_READ_WITH_TE, "て"))
    return len(reading) > 1 and not verb


def _is_unsure(found: re.Match[str], base: str, reading: str) -> bool:
    """Whether a dictionary must confirm that the kana are the reading of the whole base.

    手(て)を has a reading, 受(け)付 an ending. 田中先生(せんせい) has too few kana for 田中先生: they are
    those of 先生.
    """
    if found["bracket"] in "[［":
        return False
    if len(base) == len(reading) == 1:
        return found["bracket"] in _ROUND_OPENING
    kanji = count_kanji(base)
    return kanji > _MOST_PER_KANJI and len(split_morae(reading)) <= _MOST_PER_KANJI * (kanji - 1)


def _find_base(found: re.Match[str], reading: str, *, square: bool) -> str | None:
    """Find the end of a run of text to which a reading belongs; None if the kana are an ending."""
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
        may_be_reading = not has_kanji(found["run"].removesuffix(base)[-1:]) or _NEXT_KANJI.match(
            behind
        )
        return base if may_be_reading and base in _READ_SO.get(reading, "") + stem else None
    return None if _is_ending(base, reading) else base


def _begins_with_particle(found: re.Match[str], reading: str) -> bool:
    """Whether a run begins with a particle that looks like its reading: は in 彼(かれ)は速(はや)く."""
    run, before = found["run"], found.string[max(found.start() - 1, 0) : found.start()]
    return before.endswith(_CLOSING) and run[0] == reading[0] and _PARTICLE.match(run) is not None


def _is_ending(base: str, reading: str) -> bool:
    """Whether kana behind a word are a particle or an ending: から behind 学校, not behind 空."""
    ending = reading if reading in _ENDINGS_READ_SO else _PARTICLE_BEHIND.sub("", reading)
    read_so = _ENDINGS_READ_SO.get(ending)
    return read_so is not None and not base.rstrip(_HIRAGANA_LETTERS).endswith(tuple(read_so))


def _find_longest_base(run: str, reading: str) -> str | None:
    """Find the longest end of a run of text that can have a reading: 危険 of 彼は危険[きけん]."""
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


# Conversion of all notations of furigana to the internal markup.


def _mark_without_bars(base: str, reading: str) -> str:
    return mark_reading(base, re.sub(r"[|｜ ]", "", reading))


def _mark_pair(found: re.Match[str]) -> str:
    base = found[1] or found[2]
    return _mark_without_bars(base, found[3] or found[4]) if has_kanji(base) else found[0]


#: Converts every notation of furigana to the internal markup.
mark_furigana = pipeline(
    # Aozora Bunko: ｜base《reading》; drop the editors' notes in ［＃］.
    replace_matches(r"［＃[^［］]*］", ""),
    replace_matches(
        rf"[｜|]([^｜|《》\s]{{1,24}})《([{_KANA_CHARS}・ ]{{1,48}})》",
        lambda found: mark_reading(found[1], found[2]),
    ),
    # Wiki templates: {{漢字|かんじ}}.
    replace_matches(
        rf"\{{\{{(?:[a-zA-Z]{{1,16}}\|)?([^{{}}|\n]{{1,24}})\|([{_KANA_CHARS}| ]{{1,48}})\}}\}}",
        lambda found: _mark_without_bars(found[1], found[2]),
    ),
    # LaTeX commands: \\ruby{漢字}{かんじ}.
    replace_matches(
        rf"\\(?:[a-z]*ruby|furigana)\{{([^{{}}\n]{{1,24}})\}}\{{([{_KANA_CHARS}| ]{{1,48}})\}}",
        lambda found: _mark_without_bars(found[1], found[2]),
    ),
    # {漢字|かん|じ} and [漢字|かん|じ]; not [に|ほん|ご], which is a reading.
    replace_matches(
        rf"[{{\[](?![{_KANA_CHARS}]+[|｜])([^{{}}\[\]|｜\n]{{1,24}})[|｜]([{_KANA_CHARS}|｜ ]{{1,48}})[}}\]]",
        lambda found: _mark_without_bars(found[1], found[2]),
    ),
    # [漢字]{かんじ}, [漢字](かんじ), {漢字}(かんじ).
    replace_matches(
        r"(?:[\[［]([^\[\]［］\n]{1,24})[\]］]|\{([^{}\n]{1,24})\})"
        rf"(?:\{{([{_KANA_CHARS}|｜ ]{{1,48}})\}}|[(（]([{_KANA_CHARS} ]{{1,48}})[)）])",
        _mark_pair,
    ),
    # 漢字|かんじ|.
    replace_matches(
        rf"(?<![|｜])([\u3400-\u9fff々][\u3400-\u9fff々{_KANA_CHARS}]{{0,23}})\|([{_KANA_CHARS}]{{1,48}})\|(?!\|)",
        lambda found: (
            mark_reading(found[1], found[2]) if can_spell(found[1], found[2]) else found[0]
        ),
    ),
    mark_bracketed_readings,
)
