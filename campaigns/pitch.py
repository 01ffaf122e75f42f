"""Listen whether the pitch rises and falls where the accent says: F0 of words, mora by mora.

    python campaigns/pitch.py

Words of two and three morae, minimal pairs among them, are said within 「…がある」, each with every
accent that it can have. Their pitch is measured by autocorrelation. Two melodies of one word have
the same sounds, so that nothing but the accent makes them differ: with accent 1 a word must begin
higher than with any other, and with the others が behind it must be the lower the earlier the pitch
falls, each by a semitone at least. A word is right when its own accent differs so from each of its
others. Where the mora that tells is devoiced there is no pitch to compare; those are counted apart.
The exit code is 1 if a word is not right.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.engines.pitch import Melody, accents, difference, melody
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.model import SpokenForm

WORDS = """
箸:ハシ1 橋:ハシ2 端:ハシ0 雨:アメ1 飴:アメ0 神:カミ1 紙:カミ2 加味:カミ0 海:ウミ1 膿:ウミ2 柿:カキ0 牡蠣:カキ1
垣:カキ2 花:ハナ2 鼻:ハナ0 端:ハナ1 朝:アサ1 麻:アサ2 犬:イヌ2 猫:ネコ1 鳥:トリ0 山:ヤマ2 川:カワ2 鴨:カモ1
蟹:カニ0 窓:マド1 水:ミズ0 色:イロ2 夜:ヨル1 米:コメ2 亀:カメ1 瓶:カメ2 肩:カタ1 型:カタ2 方:カタ0 兄:アニ1
姉:アネ0 音:オト2 馬:ウマ2 虫:ムシ0 命:イノチ1 心:ココロ2 頭:アタマ3 車:クルマ0 男:オトコ3 女:オンナ3
緑:ミドリ1 卵:タマゴ2 桜:サクラ0 鏡:カガミ3 言葉:コトバ3 野菜:ヤサイ0 朝日:アサヒ1 兎:ウサギ0 魚:サカナ0
涙:ナミダ1 お菓子:オカシ2 あなた:アナタ2 楽譜:ガクフ0 カメラ:カメラ1 天気:テンキ1 電話:デンワ0 会議:カイギ1
家族:カゾク1 娘:ムスメ3 林:ハヤシ3 光:ヒカリ3 形:カタチ0 名前:ナマエ0 隣:トナリ0
"""
#: Well above the measurement error: a lag of one sample is a fifth of a semitone.
LEAST_SEMITONES = 1.0


def main() -> int:
    """Synthesize all words and print the measured accents; return 1 if any is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    most = 3 if parser.parse_args().smoke else None
    from pyopenjtalk import DEFAULT_HTS_VOICE
    from pyopenjtalk.htsengine import HTSEngine

    dictionary, synthesiser = Dictionary(), HTSEngine(DEFAULT_HTS_VOICE)
    right = compared = devoiced = 0
    least = math.inf
    words = re.findall(r"(\S+):([ァ-ー]+)(\d)", WORDS)[:most]
    print("word    accent   Hz of each mora and が    semitones to its other accents")
    for text, reading, own in words:
        melodies = {
            accent: melody(
                SpokenForm(text=text, reading=reading, accent=accent), dictionary, synthesiser
            )
            for accent in accents(reading)
        }
        said = melodies.pop(int(own))
        apart = {accent: difference(said, other) for accent, other in melodies.items()}
        heard = [each for each in apart.values() if not math.isnan(each)]
        good = all(each >= LEAST_SEMITONES for each in heard)
        right += good
        compared, devoiced = compared + len(heard), devoiced + len(apart) - len(heard)
        least = min([least, *heard])
        print(_line(text, said, apart) + ("" if good else "  <- not as it should"))
    print(f"{right} of {len(words)} words have the pitch of their accent, and not of another")
    print(f"{compared} comparisons, the least {least:.1f} semitones; {devoiced} more are devoiced")
    return 0 if right == len(words) else 1


def _line(text: str, said: Melody, apart: dict[int, float]) -> str:
    hertz = " ".join(f"{each:4.0f}" for each in said.hertz)
    semitones = "  ".join(f"{accent}: {each:+.1f}" for accent, each in apart.items())
    # Kana and kanji take two columns each.
    return f"{text}{' ' * (8 - 2 * len(text))}{said.accent:6}   {hertz:22}   {semitones}"


if __name__ == "__main__":
    sys.exit(main())
