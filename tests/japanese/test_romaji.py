"""Romaji: every way of spelling Japanese in Latin letters, and what is none."""

import pytest

from tts_assets.japanese.kana import romaji_to_katakana


@pytest.mark.parametrize(
    ("romaji", "kana"),
    [
        # Hepburn.
        ("shi chi tsu fu ji", "シチツフジ"),
        ("sha shu sho cha chu cho ja ju jo", "シャシュショチャチュチョジャジュジョ"),
        ("kyaku hyaku ryokan nyuusu", "キャクヒャクリョカンニュウス"),
        ("matcha", "マッチャ"),
        ("zasshi", "ザッシ"),
        ("kekkon", "ケッコン"),
        ("shimbun", "シンブン"),
        ("gumma", "グンマ"),
        # Kunrei-shiki and nihon-shiki.
        ("si ti tu hu zi", "シチツフジ"),
        ("sya tya zya syo tyo", "シャチャジャショチョ"),
        ("di du wo", "ヂヅヲ"),
        ("mattya", "マッチャ"),
        # As it is typed.
        ("toukyou", "トウキョウ"),
        ("maccha", "マッチャ"),
        ("jya", "ジャ"),
        ("dzu", "ヅ"),
        ("xtu ltsu xya", "ッッャ"),
        ("thi dhi t'i d'u", "ティディティドゥ"),
        # Sounds of foreign words.
        ("fa fi fe fo", "ファフィフェフォ"),
        ("va vi vu ve vo", "ヴァヴィヴヴェヴォ"),
        ("she je che tsa wi we ye", "シェジェチェツァウィウェイェ"),
        # Long vowels that are marked.
        ("Tōkyō", "トーキョー"),
        ("tôkyô", "トーキョー"),
        ("rāmen", "ラーメン"),
        ("kyūri", "キューリ"),
        ("onēsan", "オネーサン"),
        ("Ohta", "オータ"),
        ("Satoh", "サトー"),
        ("ohayou", "オハヨウ"),
        # The syllable n.
        ("kin'en", "キンエン"),
        ("kin’en", "キンエン"),
        ("kin-en", "キンエン"),
        ("kinen", "キネン"),
        ("kinnen", "キンネン"),
        ("hon'ya", "ホンヤ"),
        ("onna", "オンナ"),
        ("konnichiwa", "コンニチワ"),
        ("nn", "ン"),
        ("n", "ン"),
        # What parts it for the eye.
        ("tabe.ru", "タベル"),
        ("-ru", "ル"),
        ("hito-", "ヒト"),
        ("kon-nichi", "コンニチ"),
        ("Watashi wa gakusei desu.", "ワタシワガクセイデス"),
        ("Eigo de dou iimasu ka?", "エイゴデドウイイマスカ"),
        # Widths and cases.
        ("ｔｏｕｋｙｏｕ", "トウキョウ"),
        ("NICHI", "ニチ"),
        (" inu ", "イヌ"),
    ],
)
def test_romaji_become_katakana(romaji: str, kana: str) -> None:
    assert romaji_to_katakana(romaji) == kana


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "'", "dog", "the", "hmm", "l", "la", "qa", "kk", "nk", "wwa", "yya", "é"],
)
def test_what_is_no_romaji_is_none(text: str) -> None:
    assert romaji_to_katakana(text) is None


@pytest.mark.parametrize("text", ["12", "a1", "あ", "食", "ra^men", "(desu)", "inu\x00"])
def test_what_has_other_characters_is_none(text: str) -> None:
    assert romaji_to_katakana(text) is None
