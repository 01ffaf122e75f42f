"""Kokoro with another melody, through the real libraries: a model whose sound is a sine of its pitch."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from tests.stand_ins import kokoro_stand_in
from tests.stand_ins.kokoro_stand_in import OWN_HZ, STEP, STEPS
from tts_assets.audio.measure import pitch
from tts_assets.config.settings import AccentControl, KokoroSettings, ModelSettings, Settings
from tts_assets.engines import onnx_models
from tts_assets.engines.kokoro import MELODY_VALUES, Kokoro
from tts_assets.engines.kokoro_engine import (
    KokoroEngine,
    Prosody,
    TimedTones,
    fade_end,
    replace_melody,
)
from tts_assets.errors import ClipError, UsageError
from tts_assets.japanese.melody import Tone
from tts_assets.model import AccentBasis, SpokenForm, Voice

ALPHA = Voice(provider="kokoro", name="jf_alpha")
HASHI = {
    name: SpokenForm(name, "ハシ", accent) for name, accent in (("箸", 1), ("橋", 2), ("端", 0))
}
FLAT = [Tone(0.5, 0.0)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("melody")
    kokoro_stand_in.melodic(root / "model.onnx")
    kokoro_stand_in.model(root / "whole.onnx")
    kokoro_stand_in.voices(root / "voices.bin")
    return root


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[KokoroEngine]:
    files = str(folder / "model.onnx"), str(folder / "voices.bin")
    loaded = KokoroEngine(*files, "cpu", AccentControl.IMPOSE)
    yield loaded
    # Otherwise the file of voices stays open until the next collection of garbage.
    voices: Any = loaded._kokoro.voices
    voices.close()


def _make_provider(folder: Path, accent: AccentControl, model: str = "model.onnx") -> Kokoro:
    files = KokoroSettings(
        model=str(folder / model), voices=str(folder / "voices.bin"), accent=accent
    )
    return Kokoro(Settings(kokoro=files, models=ModelSettings(folder=str(folder))))


def _measure_hertz(engine: KokoroEngine, form: SpokenForm) -> list[float]:
    """The pitch at the beginning and at the end of a word."""
    sound = engine.speak(form, ALPHA)
    hertz = pitch(sound.samples, sound.rate_hz)
    voiced = hertz[~np.isnan(hertz)]
    return [float(np.median(voiced[at])) for at in (slice(0, 4), slice(-5, -1))]


def test_words_with_the_same_sounds_get_the_melodies_of_their_accents(
    engine: KokoroEngine,
) -> None:
    first, second = _measure_hertz(engine, HASHI["箸"])
    assert first > 1.4 * second
    for word in ("橋", "端"):
        first, second = _measure_hertz(engine, HASHI[word])
        assert second > 1.2 * first


def test_what_is_said_has_its_accents(engine: KokoroEngine) -> None:
    said = engine.speak(HASHI["箸"], ALPHA).pronunciation
    assert said == engine.read(HASHI["箸"])
    assert said is not None
    assert [phrase.accent for phrase in said.phrases] == [1]
    assert said.accent_basis is AccentBasis.DATA


def test_the_sound_is_as_long_as_with_the_models_own_melody(
    folder: Path, engine: KokoroEngine
) -> None:
    own = KokoroEngine(str(folder / "model.onnx"), str(folder / "voices.bin"), "cpu")
    for form in (*HASHI.values(), SpokenForm("雨が降っていますか？", sentence=True)):
        sounds = [each.speak(form, ALPHA).samples.size for each in (own, engine)]
        assert abs(sounds[0] - sounds[1]) <= 3 * STEP


def test_a_sentence_that_is_too_long_for_the_model_is_spoken_with_accents(
    engine: KokoroEngine,
) -> None:
    text = "赤い傘と青い帽子を買いました、" * 24 + "終わり。"
    said = engine.speak(SpokenForm(text, sentence=True), ALPHA)
    hertz = pitch(said.samples, said.rate_hz)
    hertz = hertz[~np.isnan(hertz)]
    assert np.quantile(hertz, 0.95) > 1.3 * np.quantile(hertz, 0.05)


def test_two_threads_speak_their_own_melodies(engine: KokoroEngine) -> None:
    alone = {word: engine.speak(form, ALPHA).samples.tobytes() for word, form in HASHI.items()}
    same: list[bool] = []

    def speak(word: str) -> None:
        sounds = [engine.speak(HASHI[word], ALPHA).samples.tobytes() for _ in range(10)]
        same.extend(sound == alone[word] for sound in sounds)

    threads = [threading.Thread(target=speak, args=(word,)) for word in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(same) == 30
    assert all(same)


def test_the_provider_says_accents_unless_the_settings_or_the_model_forbid_it(
    folder: Path,
) -> None:
    impose, voice = (_make_provider(folder, accent) for accent in AccentControl)
    assert impose.accents("jf_alpha")
    assert not voice.accents("jf_alpha")
    assert impose.engine("jf_alpha") != voice.engine("jf_alpha")
    whole = [_make_provider(folder, accent, "whole.onnx") for accent in AccentControl]
    assert not any(each.accents("jf_alpha") for each in whole)
    assert whole[0].engine("jf_alpha") == whole[1].engine("jf_alpha")


def test_a_published_model_says_accents_before_it_is_there(tmp_path: Path) -> None:
    files = KokoroSettings(model="kokoro-v1.0-int8", voices="kokoro-voices-v1.0")
    provider = Kokoro(Settings(kokoro=files, models=ModelSettings(folder=str(tmp_path))))
    assert provider.accents("jf_alpha")
    own = KokoroSettings(model=str(tmp_path / "none.onnx"), voices=files.voices)
    assert not Kokoro(Settings(kokoro=own)).accents("jf_alpha")


def test_a_model_that_counts_otherwise_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    model = kokoro_stand_in.melodic(tmp_path / "other.onnx", steps=STEPS + 1)
    engine = KokoroEngine(str(model), str(folder / "voices.bin"), "cpu", AccentControl.IMPOSE)
    with pytest.raises(ClipError, match=r'other\.onnx cannot be replaced: set accent = "voice"'):
        engine.speak(HASHI["箸"], ALPHA)
    own = KokoroEngine(str(model), str(folder / "voices.bin"), "cpu")
    assert own.speak(HASHI["箸"], ALPHA).samples.any()


def test_a_model_of_half_precision_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    model = kokoro_stand_in.melodic(tmp_path / "half.onnx", precision=TensorProto.FLOAT16)
    files = str(model), str(folder / "voices.bin"), "cpu"
    with pytest.raises(UsageError, match=r'half\.onnx cannot be replaced: set accent = "voice"'):
        KokoroEngine(*files, AccentControl.IMPOSE)
    assert KokoroEngine(*files).speak(HASHI["箸"], ALPHA).samples.any()


# The parts of a model.


def test_two_parts_compute_what_the_whole_does(folder: Path) -> None:
    path = folder / "model.onnx"
    inputs = {
        "tokens": np.array([[0, 5, 6, 7, 0]]),
        "style": np.zeros((1, 256), np.float32),
        "speed": np.ones(1, np.float32),
    }
    (whole,) = onnx_models.create_session(path, "cpu").run(None, inputs)
    parts = [
        onnx_models.create_session(path, "cpu", onnx_models.extract_part(path, given, asked))
        for given, asked in (((), MELODY_VALUES), (MELODY_VALUES[:3], ("audio",)))
    ]
    assert {each.name for each in parts[1].get_inputs()} == {*MELODY_VALUES[:3]}
    values = dict(zip(MELODY_VALUES, parts[0].run(None, inputs), strict=True))
    assert values[MELODY_VALUES[0]].shape == (1, 5 * STEPS)
    (joined,) = parts[1].run(None, {name: values[name] for name in MELODY_VALUES[:3]})
    assert joined.tobytes() == whole.tobytes()


def test_a_part_with_a_loop_keeps_what_the_loop_takes(tmp_path: Path) -> None:
    path = kokoro_stand_in.model(tmp_path / "loop.onnx", hangs_at="ŋ")
    part = onnx_models.extract_part(path, (), ("rows",))
    inputs = {
        "tokens": np.array([[0, 5, 0]]),
        "style": np.zeros((1, 256), np.float32),
        "speed": np.ones(1, np.float32),
    }
    (rows,) = onnx_models.create_session(path, "cpu", part).run(None, inputs)
    (audio, _) = onnx_models.create_session(path, "cpu").run(None, inputs)
    assert rows.ravel().tobytes() == audio.tobytes()


def test_what_a_model_does_not_compute_cannot_be_cut_out(folder: Path, tmp_path: Path) -> None:
    assert onnx_models.computes_values(folder / "model.onnx", MELODY_VALUES)
    assert not onnx_models.computes_values(folder / "whole.onnx", MELODY_VALUES)
    with pytest.raises(KeyError, match="no such value"):
        onnx_models.extract_part(folder / "model.onnx", (), ("no such value",))
    with pytest.raises(UsageError, match=r"none\.onnx cannot be read"):
        onnx_models.extract_part(tmp_path / "none.onnx", (), ("audio",))


# The melody on what a model makes up.


def _make_prosody(
    pitch: Sequence[float], loudness: Sequence[float] | None = None, *, symbols: int = 2
) -> Prosody:
    """Of symbols of the same length, with padding of 3 frames, so that sounds come where they are."""
    frames = len(pitch) / 2
    lengths = [3.0, *[(frames - 6) / symbols] * symbols, 3.0]
    loud = [8.0] * len(pitch) if loudness is None else loudness
    return Prosody(*(np.array(each, np.float32) for each in (pitch, loud, lengths)))


def test_the_middle_of_the_voice_stays() -> None:
    own = [5.0] * 6 + [200.0] * 20 + [5.0] * 6
    new = replace_melody(
        _make_prosody(own),
        [TimedTones(0, 1, [Tone(0.5, -3.0)]), TimedTones(1, 2, [Tone(0.5, 3.0)])],
    ).pitch
    assert np.mean(np.log2(new[6:26])) == pytest.approx(np.log2(200.0), abs=0.001)
    assert new[25] > 1.3 * new[6]


def test_what_is_raised_gets_louder_and_what_is_lowered_stays_as_loud() -> None:
    own = [5.0] * 6 + [200.0] * 20 + [5.0] * 6
    tones = [TimedTones(0, 1, [Tone(0.5, -3.0)]), TimedTones(1, 2, [Tone(0.5, 3.0)])]
    changed = replace_melody(_make_prosody(own), tones)
    semitones = 12 * np.log2(changed.pitch[6:26] / 200.0)
    assert changed.loudness[6:26] - 8.0 == pytest.approx(0.1 * np.maximum(semitones, 0), abs=1e-5)
    assert changed.loudness[25] > 8.1
    assert changed.loudness[[0, 6, 31]].tolist() == [8.0] * 3
    far = [TimedTones(0, 1, [Tone(0.5, -30.0)]), TimedTones(1, 2, [Tone(0.5, 30.0)])]
    assert replace_melody(_make_prosody(own), far).loudness.max() == pytest.approx(9.0)


def test_what_is_silent_stays_silent_and_onsets_keep_their_shape() -> None:
    own = [5.0] * 5 + [60.0] + [OWN_HZ] * 20 + [60.0] + [9.0] * 5
    new = replace_melody(
        _make_prosody(own), [TimedTones(0, 2, [Tone(0.0, 0.0), Tone(1.0, 6.0)])]
    ).pitch
    assert new[:5].tolist() == own[:5]
    assert new[-5:].tolist() == own[-5:]
    assert new[5] / new[6] == pytest.approx(60.0 / OWN_HZ, rel=0.1)
    assert new[26] / new[25] == pytest.approx(60.0 / OWN_HZ, rel=0.1)


def test_a_voice_that_creaks_at_its_loud_end_holds_the_melody() -> None:
    own = [5.0] * 6 + [100.0] * 12 + [3.0] * 14
    loud = [-9.0] * 6 + [8.0] * 12 + [7.5] * 4 + [-5.0] * 10
    tones = [TimedTones(0, 1, FLAT), TimedTones(1, 2, FLAT)]
    new = replace_melody(_make_prosody(own, loud), tones).pitch
    assert new[6:22] == pytest.approx(np.full(16, 100.0), rel=0.01)
    assert new[22:].tolist() == own[22:]


def test_a_devoiced_end_gets_no_voice() -> None:
    own = [5.0] * 6 + [100.0] * 7 + [3.0] * 19
    new = replace_melody(
        _make_prosody(own),
        [TimedTones(0, 1, FLAT), TimedTones(1, 2, [Tone(0.5, -4.0)], devoiced=True)],
    ).pitch
    assert new[13:].tolist() == own[13:]


@pytest.mark.parametrize("own", [[3.0] * 32, [0.0] * 32])
def test_what_has_no_voice_is_left_alone(own: list[float]) -> None:
    tones = [TimedTones(0, 1, FLAT), TimedTones(1, 2, FLAT)]
    assert replace_melody(_make_prosody(own), tones).pitch.tolist() == own
    assert replace_melody(_make_prosody([200.0] * 32), []).pitch.tolist() == [200.0] * 32


@pytest.mark.parametrize(
    ("voiced", "restored"), [(0, slice(8, 12)), (2, slice(4, 12))], ids=["voiceless", "voiced"]
)
def test_a_vowel_that_creaks_or_is_whispered_gets_its_voice(voiced: int, restored: slice) -> None:
    # Five symbols of two frames: a, a consonant, i, a consonant, a.
    own = [100.0] * (4 + voiced) + [3.0] * (12 - voiced) + [100.0] * 4 + [5.0] * 12
    loud = [8.0] * (4 + voiced) + [4.0] * (12 - voiced) + [8.0] * 4 + [-9.0] * 12
    tones = [TimedTones(0, 1, FLAT), TimedTones(1, 3, FLAT), TimedTones(3, 5, FLAT)]
    prosody = _make_prosody(own, loud, symbols=5)
    new = replace_melody(prosody, tones)
    has_voice = np.array(own) > 50
    has_voice[restored] = True
    assert new.pitch[has_voice] == pytest.approx(np.full(has_voice.sum(), 100.0), rel=0.01)
    assert new.pitch[~has_voice].tolist() == np.array(own)[~has_voice].tolist()
    assert new.loudness[restored].min() == pytest.approx(8.0)
    whispered = replace_melody(prosody, [tones[0], tones[1]._replace(devoiced=True), tones[2]])
    assert whispered.pitch.tolist() == own
    assert whispered.loudness.tolist() == loud


def test_what_follows_the_last_mora_fades() -> None:
    loud = [-9.0] * 6 + [8.0] * 18 + [-8.0] * 4 + [0.0] * 4
    prosody = _make_prosody([200.0] * 32, loud)
    samples = np.ones(32 * STEP, np.float32)
    faded = fade_end(samples, prosody, [TimedTones(0, 1, FLAT), TimedTones(1, 2, FLAT)])
    assert faded.size == samples.size
    assert np.all(faded[: 24 * STEP] == 1)
    assert np.all(np.diff(faded[24 * STEP : 27 * STEP]) <= 0)
    assert not faded[27 * STEP :].any()
    assert samples.all()
    assert fade_end(samples, prosody, ()) is samples


def test_a_sound_that_never_ends_is_left_alone() -> None:
    samples = np.ones(32 * STEP, np.float32)
    assert fade_end(samples, _make_prosody([200.0] * 32), [TimedTones(0, 2, FLAT)]).all()


def test_a_word_of_one_mora_that_begins_late_is_not_taken_for_its_end() -> None:
    loud = [-9.0] * 12 + [8.0] * 8 + [-9.0] * 12
    samples = np.ones(32 * STEP, np.float32)
    faded = fade_end(
        samples, _make_prosody([200.0] * 32, loud, symbols=1), [TimedTones(0, 1, FLAT)]
    )
    assert np.all(faded[: 20 * STEP] == 1)
    assert not faded[23 * STEP :].any()
