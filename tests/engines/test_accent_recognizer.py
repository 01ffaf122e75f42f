"""Accents recognized in sounds of the embedded voice, in the process that does it in production."""

from pathlib import Path

import anyio
import numpy as np
import pytest
import soundfile

from tts_assets.engines.accent_recognizer import (
    EmbeddedVoice,
    PhraseAccent,
    align_morae,
    compute_features,
    is_contradiction,
    list_accents,
    open_accent_recognizer,
)
from tts_assets.engines.openjtalk_engine import OpenJTalkEngine
from tts_assets.errors import ClipError
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.model import Phrase, SpokenForm, Voice

MEI = "openjtalk/mei"


@pytest.fixture(scope="module")
def engine() -> OpenJTalkEngine:
    return OpenJTalkEngine()


@pytest.fixture
def bridge(engine: OpenJTalkEngine, tmp_path: Path) -> Path:
    """橋, whose pitch rises."""
    form = SpokenForm("橋", "ハシ", 2)
    speech = engine.speak(form, Voice(provider="openjtalk", name="mei"))
    path = tmp_path / "bridge.wav"
    soundfile.write(path, speech.samples / abs(speech.samples).max(), speech.rate_hz)
    return path


def _recognize(path: Path, *phrases: Phrase, voice: str = MEI) -> tuple[PhraseAccent, ...]:
    async def run() -> tuple[PhraseAccent, ...]:
        async with open_accent_recognizer(timeout_seconds=30) as recognizer:
            return await recognizer.recognize_accents(path, phrases, voice)

    return anyio.run(run)


def test_an_accent_is_recognized_whatever_is_expected(bridge: Path) -> None:
    (right,) = _recognize(bridge, Phrase("ハシ", 2))
    assert (right.accent, right.excess) == (0, 0.0)
    assert not is_contradiction(right, MEI)
    (wrong,) = _recognize(bridge, Phrase("ハシ", 1))
    assert wrong.accent == 0
    assert is_contradiction(wrong, MEI)


def test_the_voice_of_a_person_may_have_late_peaks_or_those_of_the_textbook(
    engine: OpenJTalkEngine, tmp_path: Path
) -> None:
    path = tmp_path / "man.wav"
    form = SpokenForm("男", "オトコ", 3)
    speech = engine.speak(form, Voice(provider="openjtalk", name="mei-low"))
    soundfile.write(path, speech.samples / abs(speech.samples).max(), speech.rate_hz)
    (right,) = _recognize(path, Phrase("オトコ", 3), voice="")
    assert not is_contradiction(right, "")
    (wrong,) = _recognize(path, Phrase("オトコ", 1), voice="")
    assert is_contradiction(wrong, "")


def test_each_phrase_of_a_sentence_has_an_accent_of_its_own(
    engine: OpenJTalkEngine, tmp_path: Path
) -> None:
    form = SpokenForm("今日は、天気がいいです。", sentence=True)
    speech = engine.speak(form, Voice(provider="openjtalk", name="mei"))
    path = tmp_path / "sentence.wav"
    soundfile.write(path, speech.samples / abs(speech.samples).max(), speech.rate_hz)
    assert speech.pronunciation is not None
    phrases = speech.pronunciation.phrases
    assert [phrase.kana for phrase in phrases] == ["キョーワ", "テンキガ", "イイデス"]
    assert not any(is_contradiction(each, MEI) for each in _recognize(path, *phrases))
    planted = (phrases[0], phrases[1]._replace(accent=0), phrases[2])
    found = [each.place for each in _recognize(path, *planted) if is_contradiction(each, MEI)]
    assert found == [1]


def test_a_pitch_that_does_not_tell_has_no_accent(engine: OpenJTalkEngine, tmp_path: Path) -> None:
    speech = engine.speak(SpokenForm("木", "キ", 1), Voice(provider="openjtalk", name="mei"))
    path = tmp_path / "tree.wav"
    soundfile.write(path, speech.samples / abs(speech.samples).max(), speech.rate_hz)
    assert _recognize(path, Phrase("キ", 1)) == ()


SOUNDS = [
    ("up to 20 seconds", np.ones(21 * 16_000)),
    ("silent", np.zeros(16_000)),
    ("silent", np.zeros(0)),
]


@pytest.mark.parametrize(("reason", "samples"), SOUNDS)
def test_what_cannot_be_aligned_is_an_error_of_its_clip(
    reason: str, samples: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "other.wav"
    soundfile.write(path, samples, 16_000)
    with pytest.raises(ClipError, match=reason):
        _recognize(path, Phrase("ハシ", 1))


def test_kana_that_the_voice_does_not_know_are_an_error_of_their_clip(bridge: Path) -> None:
    with pytest.raises(ClipError, match="does not know all morae"):
        _recognize(bridge, Phrase("ヵシ", 1))


def test_what_is_no_sound_is_an_error_of_its_clip(tmp_path: Path) -> None:
    path = tmp_path / "none.wav"
    path.write_bytes(b"none")
    for each in (path, tmp_path / "absent.wav"):
        with pytest.raises(ClipError):
            _recognize(each, Phrase("ハシ", 1))


def test_an_accent_on_the_last_mora_is_none() -> None:
    assert list_accents(Phrase("ハシ", 2)) == [0, 1]
    assert list_accents(Phrase("テンキ", 1)) == [0, 1]
    assert list_accents(Phrase("キ", 1)) == [0]
    assert list_accents(Phrase("イキマス", 3)) == [1, 2, 3]
    assert list_accents(Phrase("イキマス", 0)) == [0, 1, 2]


@pytest.mark.parametrize("kana", ["フルイ", "ヤスイ", "ムズカシイ", "タノシイ"])
def test_noise_around_a_word_does_not_displace_its_morae(kana: str) -> None:
    reference = EmbeddedVoice(Dictionary()).speak_phrases([Phrase(kana, 2)])
    peak = float(np.abs(reference.samples).max())
    noise = np.random.default_rng(1).normal(0, peak / 100, reference.samples.size)
    noisy = reference.samples + noise.astype(np.float32)
    expected = compute_features(reference.samples, 1.0)
    found = align_morae(compute_features(noisy, 1.0), expected, reference.morae).morae
    # The last mora ends in noise.
    pairs = list(zip(found, reference.morae, strict=True))[:-1]
    assert max(abs(one.end - other.end) for one, other in pairs) < 0.02
