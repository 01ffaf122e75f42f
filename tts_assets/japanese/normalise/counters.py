"""Numbers before furigana: whether a reading is that of a number and its counter, or of the counter."""

from __future__ import annotations

import unicodedata

from tts_assets.japanese.kana import kana_to_katakana, split_morae
from tts_assets.japanese.normalise.fit import count_kanji, has_kanji
from tts_assets.japanese.regex import compile_lazy

#: Numbers, and names in capitals, which are read letter by letter.
_NUMBER = compile_lazy(r"[0-9０-９]+|(?<![A-Za-zＡ-Ｚａ-ｚ])[A-ZＡ-Ｚ]+(?![A-Za-zＡ-Ｚａ-ｚ])")
_COUNTED = compile_lazy(
    r"[0-9０-９一二三四五六七八九十百千万何数幾A-ZＡ-Ｚ]([^\W\d_一二三四五六七八九十百千万A-ZＡ-Ｚ]+)$"
)
_MORE = {"間": "カン", "目": "メ", "半": "ハン", "前": "マエ", "後": "ゴ"}
#: The readings that a counter has by itself.
_ALONE = {
    counter: readings.split("・")
    for counter, readings in {
        "時": "ジ", "分": "フン・プン", "秒": "ビョウ", "人": "ニン", "円": "エン", "年": "ネン",
        "月": "ガツ・ツキ", "日": "ニチ・カ", "週": "シュウ", "泊": "ハク・パク", "回": "カイ",
        "階": "カイ・ガイ", "個": "コ", "本": "ホン・ボン・ポン", "枚": "マイ", "冊": "サツ",
        "台": "ダイ", "杯": "ハイ・バイ・パイ", "匹": "ヒキ・ビキ・ピキ", "頭": "トウ",
        "羽": "ワ・バ・パ", "歳": "サイ", "才": "サイ", "度": "ド", "倍": "バイ", "番": "バン",
        "号": "ゴウ", "組": "クミ", "級": "キュウ", "課": "カ", "章": "ショウ", "点": "テン",
        "名": "メイ", "足": "ソク・ゾク", "軒": "ケン・ゲン", "件": "ケン", "箱": "ハコ", "袋": "フクロ",
        "種": "シュ", "着": "チャク", "通": "ツウ", "語": "ゴ", "行": "ギョウ", "巻": "カン",
        "割": "ワリ", "位": "イ", "代": "ダイ", "世": "セイ", "室": "シツ", "校": "コウ", "曲": "キョク",
        "丁": "チョウ", "時間": "ジカン", "週間": "シュウカン", "日間": "ニチカン",
        "か月": "カゲツ", "ヶ月": "カゲツ", "ヵ月": "カゲツ", "カ月": "カゲツ", "ケ月": "カゲツ",
        "ページ": "ページ", "つ": "ツ",
    }.items()
}  # fmt: skip
_DIGITS = {
    "0": "レイ・ゼロ・マル",
    "1": "イチ・イッ・ヒト・ツイタチ・ワン",
    "2": "ニ・フ・ハツカ・ハタチ・ツー",
    "3": "サン・ミ・スリー",
    "4": "ヨ・シ・フォー",
    "5": "ゴ・イツ・ファイブ",
    "6": "ロク・ロッ・ム・シックス",
    "7": "ナナ・シチ・ナノ・セブン",
    "8": "ハチ・ハッ・ヤ・ヨウ・エイト",
    "9": "キュウ・ク・ココノ・ナイン",
}
_ROUND_NUMBERS = {
    2: "ジュウ・ジュッ・ジッ・トオ・テン",
    3: "ヒャク・ヒャッ・ハンドレッド",
    4: "セン",
}
_LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [
            "エー・エイ",
            "ビ",
            "シ",
            "ディ・デ",
            "イ",
            "エフ",
            "ジ・ギ",
            "エイチ・エッチ・エチ",
            "アイ",
            "ジェ",
            "ケ",
            "エル",
            "エム",
            "エヌ",
            "オ",
            "ピ",
            "キュ",
            "アール",
            "エス",
            "ティ・テ・チ",
            "ユ",
            "ブイ・ヴィ・ブ",
            "ダブ",
            "エックス",
            "ワイ",
            "ゼ・ズィ",
        ],
        strict=True,
    )
)


def can_read_numbers(base: str, reading: str) -> bool:
    """Whether a reading can be that of all of a base, the numbers in it among the rest.

    さんにん can be that of 3人, にん cannot; bases without numbers are not told apart here.
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
        # The kanji before it are read before it.
        earliest = at + count_kanji(base[done : number.start()])
        begins = [kana.find(each, earliest) for each in _list_number_readings(number.group())]
        found = min((begin for begin in begins if begin >= 0), default=-1)
        if found < 0 or (number.start() == 0 and found > 0):
            return False
        at, done = found + 1, number.end()
    return True


def _is_counter_reading(counter: str, kana: str) -> bool:
    """Whether kana are all of a counter's reading: ニン, and ネンカン of 年間."""
    if kana in _ALONE.get(counter, ()):
        return True
    more = _MORE.get(counter[-1])
    return more is not None and kana in [each + more for each in _ALONE.get(counter[:-1], ())]


def _list_number_readings(number: str) -> list[str]:
    """What the reading of a number can begin with."""
    plain = unicodedata.normalize("NFKC", number)
    if plain[0] in _LETTERS:
        return _LETTERS[plain[0]].split("・")
    of_one = _ROUND_NUMBERS.get(len(plain), "") if plain[0] == "1" else ""
    return (f"{of_one}・" * bool(of_one) + _DIGITS[plain[0]]).split("・")
