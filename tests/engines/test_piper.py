"""Piper, through its real library and espeak, on small voices that say each phoneme as a tone."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import Project
from tests.stand_ins import piper_stand_in
from tests.stand_ins.piper_stand_in import heard
from tts_assets.config.settings import AccentControl, Device, ModelSettings, PiperSettings, Settings
from tts_assets.engines import piper as provider_module
from tts_assets.engines.piper import Piper
from tts_assets.engines.piper_engine import PiperEngine
from tts_assets.engines.process.supervisor import EngineHost
from tts_assets.engines.registry import load_engine
from tts_assets.errors import ClipError, FatalError, UsageError, format_command
from tts_assets.model import AccentBasis, DictionaryWord, Speech, SpokenForm, Voice

JAPANESE = Voice(provider="piper", name="ja_JP-tones-medium")
KANA = replace(JAPANESE, name="ja_JA-kana-low")
ENGLISH = replace(JAPANESE, name="en_US-tones-low", language="en-US")
SEVERAL = replace(JAPANESE, name="ja_JP-three-high")

FORMS = [
    SpokenForm(text="食べる", reading="タベル"),
    SpokenForm(text="開く", reading="アク"),
    SpokenForm(text="橋", reading="ハシ", accent=2),
    SpokenForm(text="これは何ですか。", sentence=True),
    SpokenForm(text="明日は晴れるでしょう。それから、友達と駅へ行きます。", sentence=True),
]


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One is enough here: the host's own tests run on both, and the engine knows of neither."""
    return str(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Voices of every kind; nothing is changed in it."""
    made = tmp_path_factory.mktemp("voices")
    piper_stand_in.voice(made)
    piper_stand_in.voice(made, KANA.name, phonemes="espeak", speaker_id_map={"only": 0})
    piper_stand_in.voice(
        made,
        ENGLISH.name,
        phonemes="espeak",
        espeak="en-us",
        language={"code": "en_US", "name_english": "English"},
    )
    piper_stand_in.voice(made, SEVERAL.name, speakers=3, speaker_id_map={"anna": 0, "ben": 2})
    return made


@pytest.fixture(scope="module")
def engine(folder: Path) -> PiperEngine:
    return _engine(folder)


def _engine(
    folder: Path, voice: str = JAPANESE.name, accent: AccentControl = AccentControl.VOICE
) -> PiperEngine:
    return PiperEngine(voices=str(folder), voice=voice, device="cpu", accent=accent)


def _piper(folder: Path, voice: str | None = None) -> Piper:
    return Piper(Settings(piper=PiperSettings(voices=str(folder)), voice=voice))


def _samples(engine: PiperEngine, text: str, voice: Voice) -> NDArray[np.float32]:
    return engine.speak(SpokenForm(text=text), voice).samples


# What is said


def test_a_japanese_voice_is_told_the_reading_and_the_accent_of_the_entry(
    engine: PiperEngine,
) -> None:
    assert [heard(engine.speak(form, JAPANESE).samples) for form in FORMS[:4]] == [
        ["ta↑be↓ɾɯ."],
        ["a↑kɯ."],
        ["ha↑ɕi."],
        ["ko↑ɾewa#na↓ɴdesɯka."],
    ]


@pytest.mark.parametrize(("accent", "said"), [(0, "ha↑ɕiɡa."), (1, "ha↓ɕiɡa."), (2, "ha↑ɕi↓ɡa.")])
def test_an_accent_of_the_data_is_said(engine: PiperEngine, accent: int, said: str) -> None:
    form = SpokenForm(text="はしが", reading="ハシガ", accent=accent)
    assert heard(engine.speak(form, JAPANESE).samples) == [said]


@pytest.mark.parametrize("voice", [JAPANESE, KANA], ids=lambda voice: str(voice.name))
@pytest.mark.parametrize(
    "form",
    [
        SpokenForm(text="行きますか？", sentence=True),
        SpokenForm(text="行く？", reading="イク"),
        SpokenForm(text="行く？", reading="イク", accent=2),
    ],
    ids=lambda form: f"{form.text}{form.accent}",
)
def test_a_question_sounds_as_one(engine: PiperEngine, voice: Voice, form: SpokenForm) -> None:
    (said,) = heard(engine.speak(form, voice).samples)
    assert said.endswith("?")


def test_sentences_follow_one_another_after_a_pause(engine: PiperEngine) -> None:
    form = SpokenForm(text="はい。いいえ。", sentence=True)
    both = engine.speak(form, JAPANESE).samples
    one, other = (_samples(engine, text, JAPANESE) for text in ("はい。", "いいえ。"))
    pause = np.zeros(round(0.2 * piper_stand_in.RATE_HZ), np.float32)
    assert both.tobytes() == np.concatenate([one, pause, other]).tobytes()


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_the_pause_between_sentences_has_the_pace_of_the_voice(
    engine: PiperEngine, speed: float
) -> None:
    voice = replace(JAPANESE, speed=speed)
    both, one, other = (
        len(engine.speak(SpokenForm(text=text, sentence=True), voice).samples)
        for text in ("はい。いいえ。", "はい。", "いいえ。")
    )
    assert both - one - other == round(0.2 / speed * piper_stand_in.RATE_HZ)


def test_it_tells_how_it_said_a_form_and_how_it_would(engine: PiperEngine) -> None:
    said = engine.speak(FORMS[3], JAPANESE).pronunciation
    assert said is not None
    assert [phrase.kana for phrase in said.phrases] == ["コレワ", "ナンデスカ"]
    assert engine.read(FORMS[3]) == said


def test_a_voice_that_espeak_speaks_for_is_not_said_to_say_accents(
    engine: PiperEngine, folder: Path
) -> None:
    said = [
        engine.speak(SpokenForm(text=text, reading="ハシ", accent=accent), KANA)
        for text, accent in (("箸", 1), ("橋", 2))
    ]
    assert said[0].samples.tobytes() == said[1].samples.tobytes()
    for speech in said:
        assert speech.pronunciation is not None
        assert speech.pronunciation.accent_basis is AccentBasis.ENGINE
        assert [(each.kana, each.accent) for each in speech.pronunciation.phrases] == [("ハシ", 0)]
    form = SpokenForm(text="橋", reading="ハシ", accent=2)
    assert _engine(folder, KANA.name).read(form) == said[1].pronunciation


def test_a_sound_in_which_no_morae_are_found_keeps_the_accents_of_its_voice(
    engine: PiperEngine, folder: Path
) -> None:
    imposing = _engine(folder, KANA.name, AccentControl.IMPOSE)
    said = imposing.speak(FORMS[4], KANA)
    assert said.samples.tobytes() == engine.speak(FORMS[4], KANA).samples.tobytes()
    assert said.pronunciation is not None
    assert said.pronunciation.accent_basis is AccentBasis.ENGINE
    assert said.pronunciation.phrases == imposing.read(FORMS[4]).phrases


def test_accents_are_imposed_only_on_voices_that_take_none(
    engine: PiperEngine, folder: Path
) -> None:
    imposing = _engine(folder, accent=AccentControl.IMPOSE)
    for voice in (JAPANESE, ENGLISH):
        form = SpokenForm(text="hello") if voice is ENGLISH else FORMS[2]
        imposed, own = (each.speak(form, voice) for each in (imposing, engine))
        assert imposed.samples.tobytes() == own.samples.tobytes()
        assert imposed.pronunciation == own.pronunciation


def test_espeak_is_told_the_sounds_of_japanese_in_kana(engine: PiperEngine) -> None:
    form = SpokenForm(text="私は、学校へ行きます。", sentence=True)
    assert heard(engine.speak(form, KANA).samples) == ["wˌataɕˈiwa, ɡakkˈooe ˌikimˈasɯ."]


def test_no_kana_makes_espeak_spell_it_out(engine: PiperEngine) -> None:
    kana = [
        *map(chr, range(ord("ア"), ord("ヴ") + 1)),
        *("キェ", "ズィ", "クヮ", "ニェ", "リョ", "ヴュ", "ティ"),
    ]
    said = [
        heard(engine.speak(SpokenForm(text=f"カ{each}カ", reading=f"カ{each}カ"), KANA).samples)
        for each in kana
    ]
    # "Japanese letter" has a vowel that Japanese has not.
    assert not [one for one in said if "ə" in one[0]]


def test_another_language_is_read_by_espeak(engine: PiperEngine) -> None:
    speech = engine.speak(SpokenForm(text="Hello there. How are you?"), ENGLISH)
    assert heard(speech.samples) == ["həlˈoʊ ðˈɛɹ.", "hˈaʊ ɑːɹ juː?"]
    assert speech.pronunciation is None


@pytest.mark.parametrize(
    "text", ["one [[t_w_o]] three", "one [[two]] three", "one \x01two\0 three"]
)
def test_nothing_in_a_text_is_a_command(engine: PiperEngine, text: str) -> None:
    (said,) = heard(_samples(engine, text, ENGLISH))
    assert said.startswith("wˈʌn")
    assert "t" in said
    assert said.endswith("θɹˈiː")


@pytest.mark.parametrize(
    "text", ["Hello 橋", "これ", "カー", "ﾊﾟﾝ", "〇", "々", "𠮟", "ㇰ", "𛀁", "𛀂", "㍻", "豈"]
)
def test_japanese_is_not_for_a_voice_of_another_language(engine: PiperEngine, text: str) -> None:
    with pytest.raises(ClipError, match="en_US-tones-low speaks English: use a Japanese voice"):
        _samples(engine, text, ENGLISH)


@pytest.mark.parametrize("text", ["한국어", "ﾡ", "ㄱ"])
def test_korean_is_not_for_a_voice_of_another_language(engine: PiperEngine, text: str) -> None:
    with pytest.raises(ClipError, match="en_US-tones-low speaks English: use a Korean voice"):
        _samples(engine, text, ENGLISH)


@pytest.mark.parametrize("text", ["Hello、world。", "ｈｅｌｌｏ", "① 〜 「x」"])
def test_east_asian_marks_and_widths_are_of_every_language(engine: PiperEngine, text: str) -> None:
    assert len(_samples(engine, text, ENGLISH))


@pytest.mark.parametrize(
    ("espeak", "text", "said"),
    [("ko", "안녕", "ˈɐnnjʌŋ"), ("cmn", "你好", "ni2χˈɑu2"), ("ru", "Мир.", "mʲˈir.")],
)
def test_other_scripts_are_not_taken_for_japanese(
    tmp_path: Path, espeak: str, text: str, said: str
) -> None:
    piper_stand_in.voice(tmp_path, phonemes="espeak", espeak=espeak)
    assert heard(_samples(_engine(tmp_path), text, JAPANESE)) == [said]


@pytest.mark.parametrize("text", ["", "...", " \n"])
def test_nothing_to_say_is_an_error(engine: PiperEngine, text: str) -> None:
    with pytest.raises(ClipError, match="nothing to speak"):
        _samples(engine, text, ENGLISH)


def test_a_sentence_that_would_take_all_memory_is_refused(engine: PiperEngine) -> None:
    with pytest.raises(ClipError, match="the limit of a voice, 2000: end sentences"):
        _samples(engine, "word " * 1000, ENGLISH)


def test_speed_is_the_voice_s_own_pace_divided(tmp_path: Path) -> None:
    piper_stand_in.voice(tmp_path, inference={"length_scale": 1.5})
    engine = _engine(tmp_path)
    lengths = [
        len(engine.speak(FORMS[0], replace(JAPANESE, speed=speed)).samples)
        for speed in (0.5, 1.0, 1.5)
    ]
    assert lengths == [3 * lengths[2], 3 * lengths[2] // 2, lengths[2]] or lengths[
        0
    ] == pytest.approx(2 * lengths[1], rel=0.01)


def test_each_speaker_of_a_voice_has_a_name_or_a_number(engine: PiperEngine) -> None:
    default, anna, one, ben = (
        engine.speak(FORMS[0], replace(SEVERAL, name=f"{SEVERAL.name}{speaker}")).samples.tobytes()
        for speaker in ("", "#anna", "#1", "#ben")
    )
    assert default == anna
    assert len({anna, one, ben}) == 3


def test_a_word_of_the_user_is_said(folder: Path) -> None:
    engine = _engine(folder)
    engine.learn((DictionaryWord(surface="東京", reading="トンキン", accent=1),))
    assert heard(_samples(engine, "東京", JAPANESE)) == ["to↓ɴkiɴ."]


# Threads and the process


def _all() -> list[tuple[SpokenForm, Voice]]:
    english = SpokenForm(text="How are you? I am fine.")
    return [(form, voice) for form in FORMS for voice in (JAPANESE, KANA, SEVERAL)] + [
        (english, ENGLISH)
    ] * 5


def test_threads_share_voices_and_change_no_sample(engine: PiperEngine, folder: Path) -> None:
    alone = [engine.speak(*each).samples.tobytes() for each in _all()]
    fresh = _engine(folder)
    with ThreadPoolExecutor(4) as threads:
        together = threads.map(lambda each: fresh.speak(*each).samples.tobytes(), _all())
    assert list(together) == alone


@pytest.mark.anyio
async def test_any_number_of_workers_gives_the_same_samples(folder: Path) -> None:
    engine = _engine(folder, accent=AccentControl.IMPOSE)
    wanted = _all()
    together: dict[int, Speech] = {}
    async with _piper(folder).open(workers=4, timeout_seconds=60.0) as speaker:

        async def one(number: int) -> None:
            together[number] = await speaker.speak(*wanted[number])

        async with anyio.create_task_group() as tasks:
            for number in range(len(wanted)):
                tasks.start_soon(one, number)
        assert isinstance(speaker, EngineHost)
        assert await speaker.read_forms(FORMS) == [engine.read(form) for form in FORMS]
    for number, each in enumerate(wanted):
        alone = engine.speak(*each)
        assert together[number].samples.tobytes() == alone.samples.tobytes()
        assert together[number].rate_hz == alone.rate_hz == piper_stand_in.RATE_HZ
        assert together[number].pronunciation == alone.pronunciation


@pytest.mark.anyio
async def test_a_voice_that_cannot_be_loaded_ends_the_run(tmp_path: Path) -> None:
    model = piper_stand_in.voice(tmp_path)
    piper_stand_in.write_model(model, inputs=("x", "input_lengths", "scales", "sid"))
    async with _piper(tmp_path).open(workers=1, timeout_seconds=60.0) as speaker:
        with pytest.raises(FatalError, match=r"could not be loaded: .*tones-medium.onnx takes"):
            await speaker.speak(FORMS[0], JAPANESE)


# Voices that cannot be used


def test_a_model_cut_short_is_refused(tmp_path: Path) -> None:
    model = piper_stand_in.voice(tmp_path)
    model.write_bytes(model.read_bytes()[:900])
    with pytest.raises(UsageError, match=r"tones-medium.onnx .*download it again"):
        _engine(tmp_path)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    piper_stand_in.voice(tmp_path).write_bytes(b"<!doctype html>")
    with pytest.raises(UsageError, match=r"tones-medium.onnx .*download it again"):
        _engine(tmp_path)


def test_a_model_of_another_layout_is_refused(tmp_path: Path) -> None:
    piper_stand_in.write_model(
        piper_stand_in.voice(tmp_path), inputs=("tokens", "style", "speed", "sid")
    )
    with pytest.raises(UsageError, match="takes speed, style, tokens, but its configuration"):
        _engine(tmp_path)


def test_a_model_without_the_speakers_of_its_configuration_is_refused(tmp_path: Path) -> None:
    model = piper_stand_in.voice(tmp_path)
    piper_stand_in.write_configuration(model, speakers=3)
    with pytest.raises(UsageError, match="takes input, input_lengths, scales, sid: download both"):
        _engine(tmp_path)


def test_a_model_with_fewer_speakers_than_its_configuration_is_refused(tmp_path: Path) -> None:
    model = piper_stand_in.voice(tmp_path, speakers=2)
    piper_stand_in.write_configuration(model, speakers=3)
    with pytest.raises(
        UsageError, match=r"does not match its configuration .*: download both again"
    ):
        _engine(tmp_path)


def test_a_configuration_of_another_voice_is_refused(tmp_path: Path) -> None:
    piper_stand_in.write_model(piper_stand_in.voice(tmp_path), symbols=100)
    with pytest.raises(
        UsageError, match=r"does not match its configuration .*: download both again"
    ):
        _engine(tmp_path)


def test_a_language_that_espeak_lacks_is_refused(tmp_path: Path) -> None:
    piper_stand_in.voice(tmp_path, phonemes="espeak", espeak="xx-none")
    with pytest.raises(UsageError, match="Failed to set voice: xx-none"):
        _engine(tmp_path)


def test_a_phoneme_that_a_voice_lacks_is_an_error_of_the_clip(tmp_path: Path) -> None:
    piper_stand_in.voice(
        tmp_path, phoneme_id_map={"^": [1], "_": [0], "$": [2], "a": [5], ".": [6]}
    )
    engine = _engine(tmp_path)
    assert len(_samples(engine, "あ", JAPANESE))
    with pytest.raises(ClipError, match="tones-medium has no phoneme for ↓ m e: use another"):
        _samples(engine, "雨", JAPANESE)


def test_a_mark_of_a_letter_is_never_left_out(tmp_path: Path) -> None:
    ids = {"^": [1], "_": [0], "$": [2], "カ": [5], " ": [6], "ー": [7]}
    piper_stand_in.voice(tmp_path, phonemes="text", phoneme_id_map=ids)
    engine = _engine(tmp_path)
    assert len(_samples(engine, "カー", JAPANESE))
    with pytest.raises(
        ClipError,
        match="tones-medium has no phoneme for ゙:",
    ):
        _samples(engine, "カガ", JAPANESE)


@pytest.mark.parametrize("loudness", [float("nan"), float("inf")])
def test_samples_that_are_no_numbers_are_an_error_of_the_clip(
    tmp_path: Path, loudness: float
) -> None:
    piper_stand_in.write_model(piper_stand_in.voice(tmp_path), loudness=loudness)
    with pytest.raises(ClipError, match="produces samples that are not numbers for a↓me"):
        _samples(_engine(tmp_path), "雨", JAPANESE)


def test_no_samples_are_an_error_of_the_clip(tmp_path: Path) -> None:
    piper_stand_in.write_model(piper_stand_in.voice(tmp_path), samples=0)
    with pytest.raises(ClipError, match="produces no sound for a↓me"):
        _samples(_engine(tmp_path), "雨", JAPANESE)


def test_a_second_voice_that_is_broken_is_an_error_of_its_clips(tmp_path: Path) -> None:
    piper_stand_in.voice(tmp_path)
    broken = piper_stand_in.voice(tmp_path, SEVERAL.name)
    piper_stand_in.write_model(broken, symbols=100)
    engine = _engine(tmp_path)
    with pytest.raises(ClipError, match=r"three-high\.onnx does not match its configuration"):
        engine.speak(FORMS[0], SEVERAL)
    # What is wrong with it is remembered, not looked for at each clip.
    broken.unlink()
    with pytest.raises(ClipError, match=r"three-high\.onnx does not match its configuration"):
        engine.speak(FORMS[0], SEVERAL)
    assert heard(engine.speak(FORMS[0], JAPANESE).samples) == ["ta↑be↓ɾɯ."]


# The provider


def test_japanese_voices_come_first_and_speakers_behind_their_voice(folder: Path) -> None:
    assert [(voice.name, voice.language) for voice in _piper(folder).voices()] == [
        ("ja_JP-three-high", "ja-JP"),
        ("ja_JP-three-high#anna", "ja-JP"),
        ("ja_JP-three-high#1", "ja-JP"),
        ("ja_JP-three-high#ben", "ja-JP"),
        ("ja_JP-tones-medium", "ja-JP"),
        ("ja_JA-kana-low", "ja"),
        ("en_US-tones-low", "en-US"),
    ]


@pytest.mark.parametrize(
    ("name", "changes", "language"),
    [
        ("a", {"language": {"code": "de_DE"}}, "de-DE"),
        ("a", {"espeak": "en-gb-x-rp"}, "en-GB-x-rp"),
        ("ja_JA-old-medium", {"espeak": ""}, "ja-JP"),
        ("pt_BR-a-low", {"espeak": ""}, "pt-BR"),
    ],
)
def test_a_voice_s_language_is_found(
    tmp_path: Path, name: str, changes: dict[str, Any], language: str
) -> None:
    piper_stand_in.voice(tmp_path, name, phonemes="text", **changes)
    assert [voice.language for voice in _piper(tmp_path).voices()] == [language]


def test_every_speaker_can_be_chosen_whatever_the_configuration_calls_them(tmp_path: Path) -> None:
    names = {"anna": 0, "ann": 0, "\x1b[2J": 1, "ben\n": 2, "ben": 2, "a#b c": 3}
    piper_stand_in.voice(tmp_path, "ja", speakers=5, speaker_id_map=names)
    assert [voice.name for voice in _piper(tmp_path).voices()] == [
        "ja",
        "ja#anna",
        "ja#ann",
        "ja#1",
        "ja#ben",
        "ja#a#b c",
        "ja#4",
    ]


def test_a_speaker_s_name_goes_before_another_s_number(tmp_path: Path) -> None:
    piper_stand_in.voice(tmp_path, "ja", speakers=2, speaker_id_map={"1": 0})
    told = {voice.name: voice.description for voice in _piper(tmp_path).voices()}
    assert told["ja#1"] == "medium quality, speaker 1 of 2, 22050 Hz"


def test_null_in_a_configuration_is_as_if_it_were_absent(tmp_path: Path) -> None:
    model = piper_stand_in.voice(tmp_path)
    beside = model.with_name(f"{model.name}.json")
    said = json.loads(beside.read_bytes()) | {
        "audio": {"sample_rate": piper_stand_in.RATE_HZ, "quality": None},
        "speaker_id_map": None,
        "language": None,
    }
    beside.write_text(json.dumps(said), encoding="utf-8")
    assert [voice.description for voice in _piper(tmp_path).voices()] == ["22050 Hz"]
    assert heard(_samples(_engine(tmp_path), "雨", JAPANESE)) == ["a↓me."]


def test_what_is_no_file_is_no_voice(tmp_path: Path) -> None:
    piper_stand_in.voice(tmp_path, "a")
    (tmp_path / "a.onnx").unlink()
    (tmp_path / "a.onnx").mkdir()
    piper_stand_in.voice(tmp_path, "b")
    (tmp_path / "b.onnx").unlink()
    (tmp_path / "b.onnx").symlink_to(tmp_path / "none")
    assert _piper(tmp_path).voices() == ()
    assert f"there is no voice in {tmp_path} yet" in (_piper(tmp_path).problem() or "")


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "caf\udce9", "a\u2028b"])
def test_a_voice_whose_name_a_terminal_cannot_show_is_refused(tmp_path: Path, name: str) -> None:
    piper_stand_in.voice(tmp_path, "good").replace(tmp_path / f"{name}.onnx")
    (tmp_path / "good.onnx.json").replace(tmp_path / f"{name}.onnx.json")
    assert _piper(tmp_path).voices() == ()
    problem = _piper(tmp_path).problem() or ""
    assert problem == (
        f"{tmp_path} has a voice {name!r} with an unprintable name: rename both of its files"
    )
    assert problem.isprintable()


@pytest.mark.parametrize(
    ("accent", "imposed"), [(AccentControl.VOICE, []), (AccentControl.IMPOSE, ["ja_JA-kana-low"])]
)
def test_which_voices_say_accents_is_known(
    folder: Path, accent: AccentControl, imposed: list[str]
) -> None:
    provider = Piper(Settings(piper=PiperSettings(voices=str(folder), accent=accent)))
    says = [each.name for each in provider.voices() if provider.accents(each.name)]
    assert says == [
        "ja_JP-three-high",
        "ja_JP-three-high#anna",
        "ja_JP-three-high#1",
        "ja_JP-three-high#ben",
        "ja_JP-tones-medium",
        *imposed,
    ]
    assert provider.accents("nobody") is False


def test_only_the_recipes_of_voices_with_imposed_accents_name_their_melody(folder: Path) -> None:
    impose, voice = (
        Piper(Settings(piper=PiperSettings(voices=str(folder), accent=accent)))
        for accent in AccentControl
    )
    assert impose.engine(JAPANESE.name) == voice.engine(JAPANESE.name)
    assert impose.engine(ENGLISH.name) == voice.engine(ENGLISH.name)
    assert " melody=imposed-3 " in impose.engine(KANA.name)
    assert "melody" not in voice.engine(KANA.name)


def test_the_quality_and_the_speaker_of_a_voice_are_told(folder: Path) -> None:
    told = {voice.name: voice.description for voice in _piper(folder).voices()}
    assert told[JAPANESE.name] == "medium quality, 22050 Hz"
    assert told[f"{SEVERAL.name}#ben"] == "medium quality, speaker 3 of 3, 22050 Hz"


def test_looking_at_voices_loads_nothing_heavy(folder: Path) -> None:
    code = (
        "import sys; from tts_assets.engines.registry import load_engine; from tts_assets.config.settings import *\n"
        "piper = load_engine('piper', Settings(piper=PiperSettings(voices=sys.argv[1])))\n"
        "print(piper.problem(), len(piper.voices()), piper.engine('ja_JP-tones-medium') > '')\n"
        "print([name for name in ('numpy', 'onnxruntime', 'piper') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "None 7 True\n[]\n"


def test_it_names_all_parts_that_make_the_sound(folder: Path) -> None:
    parts = dict(part.split("=") for part in _piper(folder).engine(JAPANESE.name).split())
    assert list(parts) == [
        "piper-tts",
        "onnxruntime",
        "model",
        "config",
        "pyopenjtalk-plus",
        "sudachidict-core",
        "unidic-lite",
    ]
    assert len(parts["model"]) == len(parts["config"]) == 64
    assert "pyopenjtalk" not in _piper(folder).engine(ENGLISH.name)
    assert _piper(folder).engine(SEVERAL.name) == _piper(folder).engine(f"{SEVERAL.name}#ben")


def test_another_configuration_or_device_is_another_engine(tmp_path: Path) -> None:
    model = piper_stand_in.voice(tmp_path)
    before = _piper(tmp_path).engine(JAPANESE.name)
    piper_stand_in.write_configuration(model, inference={"length_scale": 1.1})
    after = _piper(tmp_path).engine(JAPANESE.name)
    settings = Settings(piper=PiperSettings(voices=str(tmp_path)), device=Device.CUDA)
    assert before != after
    assert " device=cuda" in Piper(settings).engine(JAPANESE.name)


@pytest.mark.parametrize(
    ("noisy", "scales", "random"),
    [
        (False, {}, False),
        (True, {}, True),
        (True, {"noise_scale": 0, "noise_w": 0}, False),
        (True, {"noise_scale": 0, "noise_w": 0.8}, True),
    ],
)
def test_a_voice_that_draws_chance_says_so(
    tmp_path: Path, *, noisy: bool, scales: dict[str, float], random: bool
) -> None:
    model = piper_stand_in.voice(tmp_path, inference=scales)
    piper_stand_in.write_model(model, noisy=noisy)
    assert ("noise=random" in _piper(tmp_path).engine(JAPANESE.name)) is random
    assert _piper(tmp_path).repeats(JAPANESE.name) is not random


def test_a_voice_speaks_with_its_own_noise_and_without_it_gives_equal_samples(
    tmp_path: Path,
) -> None:
    for name, scale in (("noisy", 0.667), ("still", 0)):
        model = piper_stand_in.voice(tmp_path, name, inference={"noise_scale": scale, "noise_w": 0})
        piper_stand_in.write_model(model, noisy=True)
    engine = _engine(tmp_path, "noisy")
    noisy, still = (
        {engine.speak(FORMS[0], replace(JAPANESE, name=name)).samples.tobytes() for _ in range(2)}
        for name in ("noisy", "still")
    )
    assert (len(noisy), len(still)) == (2, 1)


@pytest.mark.parametrize(
    ("configuration", "fault"),
    [
        (b"", "is not the configuration of a Piper voice (Input data was truncated)"),
        (b"\xff{}", "is not the configuration of a Piper voice"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "Object missing required field `audio`"),
        (b'{"x": ' + b"[" * 100_000, "is not the configuration of a Piper voice"),
        ({"num_speakers": "1"}, "Expected `int`, got `str` - at `$.num_speakers`"),
        ({"num_speakers": 10**9}, "at `$.num_speakers`"),
        ({"audio": {"sample_rate": 7_999}}, "at `$.audio.sample_rate`"),
        ({"audio": {"sample_rate": 192_001}}, "at `$.audio.sample_rate`"),
        ({"phoneme_id_map": {"a": ["1"]}}, "at `$.phoneme_id_map"),
        ({"phoneme_id_map": {"a": [1]}}, "has no ids for ^ _ $ in its phoneme_id_map"),
        ({"inference": {"length_scale": 0.04}}, "at `$.inference.length_scale`"),
        ({"inference": {"length_scale": 21}}, "at `$.inference.length_scale`"),
        ({"speaker_id_map": {"a": 4}}, "names a speaker 4, but has only 1"),
        (
            {"phoneme_type": "openjtalk"},
            "belongs to a Piper voice with phonemes of the type 'openjtalk', which is not supported: use",
        ),
        ({"phoneme_type": "\x1b[2J\n"}, "of the type '\\x1b[2J\\n', which is not supported: use"),
        ({"phoneme_type": "pinyin"}, "Chinese phonemes, for which Piper needs g2pW"),
        ({"phoneme_type": "hebrew"}, "Piper needs Nakdimon"),
        ({"phoneme_type": "thai"}, "Piper needs TLTK"),
        (None, "needs its configuration bad.onnx.json in the same folder"),
    ],
)
def test_a_voice_with_a_wrong_configuration_is_left_out_and_told(
    tmp_path: Path, configuration: bytes | dict[str, Any] | None, fault: str
) -> None:
    piper_stand_in.voice(tmp_path)
    model = piper_stand_in.voice(
        tmp_path, "bad", **(configuration if isinstance(configuration, dict) else {})
    )
    beside = model.with_name("bad.onnx.json")
    if isinstance(configuration, bytes):
        beside.write_bytes(configuration)
    if configuration is None:
        beside.unlink()
    assert [voice.name for voice in _piper(tmp_path).voices()] == [JAPANESE.name]
    assert _piper(tmp_path).problem() is None
    problem = _piper(tmp_path, "bad#1").problem() or ""
    assert fault in problem
    assert "bad.onnx" in problem
    assert "\n" not in problem
    with pytest.raises(UsageError, match=r"bad\.onnx"):
        _piper(tmp_path).engine("bad")


def test_where_no_voice_can_be_used_the_first_fault_is_told(tmp_path: Path) -> None:
    (tmp_path / "alone.onnx").write_bytes(b"")
    assert "needs its configuration alone.onnx.json" in (_piper(tmp_path).problem() or "")


@pytest.mark.parametrize("data", [b"", b"<!doctype html>"])
def test_a_damaged_model_is_told_before_it_is_loaded(tmp_path: Path, data: bytes) -> None:
    piper_stand_in.voice(tmp_path).write_bytes(data)
    piper_stand_in.voice(tmp_path, SEVERAL.name, speakers=3)
    assert _piper(tmp_path).problem() is None
    problem = _piper(tmp_path, JAPANESE.name).problem()
    assert problem == (
        f"{tmp_path / JAPANESE.name}.onnx is not a complete ONNX model: download it again, "
        "or name another file"
    )


def test_without_voices_it_says_what_to_do(tmp_path: Path) -> None:
    fetched = Piper(Settings(models=ModelSettings(folder=str(tmp_path))))
    assert (fetched.problem() or "").startswith(
        "there is no voice yet: run tts-assets models fetch ja_JP-hi_fi_captain-medium, or "
    )
    assert f"no voice in {tmp_path / 'none'} yet" in (_piper(tmp_path / "none").problem() or "")


def test_without_a_japanese_voice_it_says_what_to_do(tmp_path: Path) -> None:
    piper_stand_in.voice(tmp_path, ENGLISH.name, phonemes="espeak", espeak="en-us")
    assert _piper(tmp_path).problem() == (
        f"there is no Japanese voice in {tmp_path} yet: run tts-assets models fetch "
        "ja_JP-hi_fi_captain-medium, or set voices in [piper] to a folder that "
        "contains NAME.onnx and NAME.onnx.json, or choose another with --voice"
    )
    assert _piper(tmp_path, ENGLISH.name).problem() is None
    (tmp_path / "ja_JP-alone.onnx").write_bytes(b"")
    assert "needs its configuration ja_JP-alone.onnx.json" in (_piper(tmp_path).problem() or "")


def test_fetched_voices_are_found(tmp_path: Path) -> None:
    (tmp_path / "piper").mkdir()
    piper_stand_in.voice(tmp_path / "piper")
    provider = load_engine("piper", Settings(models=ModelSettings(folder=str(tmp_path))))
    assert provider.problem() is None
    assert [voice.name for voice in provider.voices()] == [JAPANESE.name]


def test_without_the_package_it_says_what_to_install_and_its_licence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_module, "_PARTS", ("piper-tts-that-nobody-has",))
    assert _piper(folder).problem() == (
        f"piper-tts-that-nobody-has not installed: {format_command('setup', 'piper')} "
        "(piper-tts is under GPL-3.0-or-later)"
    )


# The command line


def test_a_catalogue_is_spoken(project: Project, folder: Path) -> None:
    project.words("橋", "食べる", "学校")
    done = project.run("generate", "--provider", "piper", TTS_ASSETS_PIPER_VOICES=str(folder))
    assert done.returncode == 0, done.stderr
    made = project.urls()
    assert len({*made, None}) == 4
    again = project.run("generate", "--provider", "piper", TTS_ASSETS_PIPER_VOICES=str(folder))
    assert (again.returncode, project.urls()) == (0, made)


def test_a_voice_that_is_not_there_is_told_with_the_nearest(project: Project, folder: Path) -> None:
    project.words("橋")
    options = ("generate", "--provider", "piper", "--voice", "ja_JP-tone-medium")
    done = project.run(*options, TTS_ASSETS_PIPER_VOICES=str(folder))
    assert done.returncode == 2
    assert "has no voice 'ja_JP-tone-medium'; it has: ja_JP-tones-medium, " in done.stderr


def test_a_model_that_does_not_fit_ends_the_run(project: Project, tmp_path: Path) -> None:
    piper_stand_in.write_model(piper_stand_in.voice(tmp_path), symbols=100)
    project.words("橋")
    done = project.run("generate", "--provider", "piper", TTS_ASSETS_PIPER_VOICES=str(tmp_path))
    assert done.returncode == 4
    assert "does not match its configuration" in done.stderr + done.stdout


def test_voices_are_listed(project: Project, folder: Path) -> None:
    options = ("voices", "--provider", "piper", "--output-format", "json")
    done = project.run(*options, TTS_ASSETS_PIPER_VOICES=str(folder))
    assert len(json.loads(done.stdout)) == 7
