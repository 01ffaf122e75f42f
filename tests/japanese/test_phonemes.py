"""Words and sentences in the symbols that Kokoro was trained on."""

import json
from importlib import resources

import pytest

from tests.conftest import ROOT
from tts_assets.build.plan import make_plan
from tts_assets.config.settings import Settings
from tts_assets.engines import registry
from tts_assets.japanese.analysis import to_accent_phrases
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.engine_notation import _to_symbols, to_kokoro_phonemes
from tts_assets.japanese.melody import compute_tones
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import SpokenForm, split_morae


def _spoken(dictionary: Dictionary, form: SpokenForm) -> str:
    parts = resolve_reading(form, dictionary).parts
    return " ".join(to_kokoro_phonemes(nodes, sentence=form.sentence).symbols for nodes in parts)


@pytest.mark.parametrize(
    ("text", "reading", "symbols"),
    [
        ("水", "ミズ", "mʲizɨ"),
        ("橋", "ハシ", "haɕi"),
        ("箸", "ハシ", "haɕi"),
        ("東京", "トウキョウ", "toːkʲoː"),
        ("学校", "ガッコウ", "ɡaʔkoː"),
        ("今日", "キョウ", "kʲoː"),
        ("一日", "ツイタチ", "ʦɨitaʨi"),
        ("九つ", "ココノツ", "kokonoʦɨ"),
        ("新聞", "シンブン", "ɕimbɯɴ"),
        ("天気", "テンキ", "teŋkʲi"),
        ("電池", "デンチ", "deɲʨi"),
        ("女", "オンナ", "onna"),
        ("本", "ホン", "hoɴ"),
        ("安全", "アンゼン", "aɴʣeɴ"),
        ("郵便局", "ユウビンキョク", "jɯːbʲiŋkʲokɯ"),
        ("新しい", "アタラシイ", "ataɾaɕiː"),
        ("大きい", "オオキイ", "oːkʲiː"),
        ("委員", "イイン", "iiɴ"),
        ("は", "ハ", "ha"),
        ("料理", "リョウリ", "ɾʲoːɾʲi"),
        ("九州", "キュウシュウ", "kʲɨːɕɨː"),
        ("富士山", "フジサン", "ɸɯʥisaɴ"),
        ("パーティー", None, "paːtʲiː"),
        ("フィルム", None, "ɸʲiɾɯmɯ"),
        ("クォーツ", None, "kᵝoːʦɨ"),
        ("チェック", None, "ʨeʔkɯ"),
        ("ヴァイオリン", None, "vaioɾʲiɴ"),
    ],
)
def test_words_are_written_as_the_model_was_taught(
    dictionary: Dictionary, text: str, reading: str | None, symbols: str
) -> None:
    assert _spoken(dictionary, SpokenForm(text, reading)) == symbols


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("犬は家へ帰ります。", "inɯ βa ie e kaeɾʲimasɨ."),
        (
            "雨が降っているから、傘を持っていきます。",
            "ame ɡa ɸɯʔte iɾɯ kaɾa, kasa o moʔte ikʲimasɨ.",
        ),
        ("もう食べましたか？", "moː tabemaɕita ka?"),
        ("話を聞いていた。", "hanaɕi o kʲiːte ita."),
        ("はい！行きましょう。", "hai! ikʲi maɕoː."),
        ("しーっ、静かに。", "ɕiːʔ, ɕizɨka ɲi."),
        ("えーっ、本当？", "eːʔ, hontoː?"),
        ("「本当？」と言った。", "hontoː? to iʔta."),
    ],
)
def test_sentences_have_their_words_parted_and_their_marks_kept(
    dictionary: Dictionary, text: str, symbols: str
) -> None:
    assert _spoken(dictionary, SpokenForm(text, sentence=True)) == symbols


def test_every_mora_has_symbols_of_the_library_s_vocabulary() -> None:
    config = resources.files("kokoro_onnx").joinpath("config.json").read_text("utf-8")
    vocabulary = set(json.loads(config)["vocab"])
    large = [chr(code) for code in range(ord("ァ"), ord("ヺ") + 1)]
    joined = {
        mora for one in large for small in "ァィゥェォャュョヮ" for mora in split_morae(one + small)
    }
    for mora in {*joined, "ー"} - set("ァィゥェォャュョヮ"):
        (symbols,) = _to_symbols(mora)
        assert symbols, mora
        assert set(symbols) <= vocabulary, mora


def test_every_form_of_the_data_is_inside_the_vocabulary(
    dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    config = resources.files("kokoro_onnx").joinpath("config.json").read_text("utf-8")
    vocabulary = set(json.loads(config)["vocab"])
    settings = Settings(output="does-not-exist")
    planned = make_plan.make_plan(settings, registry.load_engine("openjtalk", settings)).planned
    forms = {item.clip.form for item in planned}
    assert len(forms) > 800
    for form in forms:
        for nodes in resolve_reading(form, dictionary).parts:
            symbols, morae = to_kokoro_phonemes(nodes, sentence=form.sentence)
            assert symbols.strip(), form
            assert set(symbols) <= vocabulary, form
            assert len(morae) == len(compute_tones(to_accent_phrases(nodes))), form


def test_every_mora_has_its_own_symbols(dictionary: Dictionary) -> None:
    form = SpokenForm("東京へは、電車で行った。", sentence=True)
    (nodes,) = resolve_reading(form, dictionary).parts
    symbols, morae = to_kokoro_phonemes(nodes, sentence=True)
    kana = "".join(phrase.kana for phrase in to_accent_phrases(nodes))
    assert len(morae) == len(split_morae(kana))
    own = [symbols[begin:end] for begin, end in morae]
    assert own[:6] == ["to", "ː", "kʲo", "ː", "e", "βa"]
    rest = symbols
    for each in own:
        rest = rest.replace(each, "", 1)
    assert set(rest) <= set(" ,.")
