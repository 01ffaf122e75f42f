"""Listen whether the pitch falls where the accent says: F0 of words, mora by mora.

    python campaigns/pitch.py

Words of two and three morae with all their accents, minimal pairs among them, are said with the
particle が, which lets a fall after the last mora be heard. Their pitch is measured by
autocorrelation; times of morae are those of the voice itself. A word is right when the pitch falls
most after the mora of its accent, or nowhere by a semitone and a half if it has none. The exit code
is 1 if one is not.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.providers.pitch import melody
from tts_assets.domain import SpokenForm
from tts_assets.japanese.dictionary import Dictionary

WORDS = """
箸ハシ1 橋ハシ2 端ハシ0 雨アメ1 飴アメ0 神カミ1 紙カミ2 加味カミ0 海ウミ1 膿ウミ2 柿カキ0 牡蠣カキ1 垣カキ2
花ハナ2 鼻ハナ0 端ハナ1 朝アサ1 麻アサ2 犬イヌ2 猫ネコ1 鳥トリ0 山ヤマ2 川カワ2 鴨カモ1 蟹カニ0 窓マド1
水ミズ0 色イロ2 夜ヨル1 米コメ2 亀カメ1 瓶カメ2 肩カタ1 型カタ2 方カタ0 兄アニ1 姉アネ0 音オト2 馬ウマ2 虫ムシ0
命イノチ1 心ココロ2 頭アタマ3 車クルマ0 男オトコ3 女オンナ3 緑ミドリ1 卵タマゴ2 桜サクラ0 鏡カガミ3 言葉コトバ3
野菜ヤサイ0 朝日アサヒ1 兎ウサギ0 魚サカナ0 涙ナミダ1 お菓子オカシ2 あなたアナタ2 楽譜ガクフ0 カメラカメラ1
天気テンキ1 電話デンワ0 会議カイギ1 家族カゾク1 娘ムスメ3 林ハヤシ3 光ヒカリ3 形カタチ0 名前ナマエ0 隣トナリ0
"""


def main() -> int:
    """Say all words, print what was heard; 1 if any is heard otherwise than its accent."""
    from pyopenjtalk import DEFAULT_HTS_VOICE
    from pyopenjtalk.htsengine import HTSEngine

    dictionary, synthesiser = Dictionary(), HTSEngine(DEFAULT_HTS_VOICE)
    words = [_word(each) for each in WORDS.split()]
    right = 0
    print("word      reading    accent  heard  Hz of each mora, with が")
    for text, reading, accent in words:
        form = SpokenForm(text=f"{text}が", reading=f"{reading}ガ", accent=accent)
        found = melody(form, dictionary, synthesiser)
        right += found.heard == accent
        hertz = " ".join(f"{each:4.0f}" for each in found.hertz)
        mark = "" if found.heard == accent else "  <- otherwise"
        print(f"{_wide(text, 10)}{_wide(reading, 11)}{accent:6}  {found.heard:5}  {hertz}{mark}")
    print(f"{right} of {len(words)} fall where their accent says")
    return 0 if right == len(words) else 1


def _word(written: str) -> tuple[str, str, int]:
    plain, accent = written[:-1], int(written[-1])
    half = plain[: len(plain) // 2]
    text = half if plain == half * 2 else plain.rstrip("".join(map(chr, range(0x30A1, 0x30FD))))
    return text, plain[len(text) :], accent


def _wide(text: str, columns: int) -> str:
    """Kana and kanji take two columns each."""
    return text + " " * max(0, columns - 2 * len(text))


if __name__ == "__main__":
    sys.exit(main())
