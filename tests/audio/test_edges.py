"""Edges: silence goes, speech stays, and the wanted silence is exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.audio.sounds import SENTENCES, WORDS, pad, spoken, tone, trim

if TYPE_CHECKING:
    from tts_assets.model import Samples

RATE_HZ = 48_000


def _span(whole: Samples, kept: Samples) -> tuple[int, int]:
    """Where in the whole the kept samples lie; the first 200 are faded."""
    start = whole.tobytes().index(kept[200:600].tobytes()) // 4 - 200
    return start, start + kept.size


def _cut(whole: Samples) -> tuple[Samples, Samples]:
    start, end = _span(whole, trim(whole, RATE_HZ))
    return whole[:start], whole[end:]


def _power(samples: Samples) -> float:
    return float(np.square(samples, dtype=np.float64).mean()) if samples.size else 0.0


@pytest.mark.parametrize("text", WORDS + SENTENCES)
def test_what_is_cut_from_real_speech_is_its_pauses(text: str) -> None:
    whole = spoken(text).samples
    loudest = np.square(whole[: whole.size // 480 * 480].reshape(-1, 480)).mean(axis=1).max()
    for part in _cut(whole):
        windows = part[: part.size // 480 * 480].reshape(-1, 480)
        assert all(_power(window) < loudest * 10**-5.0 for window in windows)


@pytest.mark.parametrize(
    "text", ["ひと", "ふく", "ふっ", "ひっ", "はし", "すし", "した", "です", "ます", "しち"]
)
def test_weak_onsets_and_devoiced_endings_stay(text: str) -> None:
    # A difference brings out the hiss of h, f, s against the vowels.
    hiss = np.diff(spoken(text).samples)
    start, end = _span(spoken(text).samples, trim(spoken(text).samples, RATE_HZ))
    pause = np.square(hiss[2_400:4_800], dtype=np.float64).mean()
    lost = sum(np.square(part, dtype=np.float64).sum() for part in (hiss[:start], hiss[end:]))
    beyond_pause = lost - pause * (hiss.size - (end - start))
    assert beyond_pause < 5e-4 * np.square(hiss, dtype=np.float64).sum()


def test_the_pauses_of_openjtalk_are_gone() -> None:
    head, tail = _cut(spoken("学校").samples)
    assert head.size > 0.25 * RATE_HZ
    assert tail.size > 0.25 * RATE_HZ


@pytest.mark.parametrize("text", [*"チツシスクキフヒハゼ", "シュ", "福"])
def test_a_word_begins_and_ends_where_its_clip_does(text: str) -> None:
    kept = trim(spoken(text).samples, RATE_HZ)
    hop = RATE_HZ // 200
    powers = np.square(kept[: kept.size // hop * hop].reshape(-1, hop)).mean(axis=1)
    (strong,) = np.nonzero(powers > powers.max() * 10**-3.8)
    assert strong[0] * 0.005 < 0.07
    assert (powers.size - strong[-1]) * 0.005 < 0.075


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize(
    ("dbfs", "seconds", "apart", "stays"),
    [
        (-46.0, 0.03, 0.2, False),
        (-46.0, 0.03, 0.01, True),
        (-46.0, 0.06, 0.2, True),
        (-38.0, 0.03, 0.2, True),
    ],
)
def test_a_click_apart_from_the_speech_is_silence(
    *, dbfs: float, seconds: float, apart: float, stays: bool, is_before: bool
) -> None:
    silence = np.zeros(round(apart * RATE_HZ), np.float32)
    parts = [tone(500, seconds, dbfs=dbfs), silence, tone(500, 0.2)]
    kept = trim(np.concatenate(parts if is_before else parts[::-1]), RATE_HZ)
    expected = seconds + apart + 0.2 if stays else 0.22
    assert kept.size / RATE_HZ == pytest.approx(expected, abs=0.011)


def test_silence_inside_is_never_touched() -> None:
    burst, silence = tone(500, 0.2), np.zeros(RATE_HZ, dtype=np.float32)
    kept = trim(np.concatenate([silence, burst, silence, burst, silence]), RATE_HZ)
    assert kept.size / RATE_HZ == pytest.approx(0.2 + 1.0 + 0.2 + 2 * 0.02, abs=0.011)


def test_speech_without_pauses_keeps_its_length() -> None:
    assert trim(tone(500, 0.2), RATE_HZ).size == 0.2 * RATE_HZ


@pytest.mark.parametrize("factor", [1e-3, 30.0])
def test_scale_does_not_matter(factor: float) -> None:
    samples = spoken("です").samples
    assert trim(samples * np.float32(factor), RATE_HZ).size == trim(samples, RATE_HZ).size


def test_cuts_do_not_click() -> None:
    kept = trim(np.ones(10_000, dtype=np.float32), RATE_HZ)
    assert kept[0] < 0.01
    assert kept[-1] < 0.01
    assert np.abs(np.diff(kept)).max() < 0.01


@pytest.mark.parametrize("size", [1, 2, 7, 480])
def test_the_shortest_sounds_survive(size: int) -> None:
    kept = trim(np.ones(size, dtype=np.float32), RATE_HZ)
    assert kept.size == size
    assert np.abs(kept).max() > 0.0


@pytest.mark.parametrize(
    ("rate_hz", "lead", "trail"), [(24_000, 2_400, 4_800), (11_025, 1_102, 2_205)]
)
def test_silence_around_is_exact_to_the_sample(rate_hz: int, lead: int, trail: int) -> None:
    padded = pad(np.ones(10, dtype=np.float32), rate_hz, lead_ms=100, trail_ms=200)
    assert np.flatnonzero(padded).tolist() == list(range(lead, lead + 10))
    assert padded.size == lead + 10 + trail


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 24_000, 44_100])
@pytest.mark.parametrize("length_ms", [1, 48, 49, 50, 60, 99, 100, 733])
def test_a_trail_grows_only_where_meters_would_count_half_a_step(
    rate_hz: int, length_ms: int
) -> None:
    samples = np.ones(length_ms * rate_hz // 1000, dtype=np.float32)
    size = pad(samples, rate_hz, lead_ms=100, trail_ms=200).size
    least = samples.size + round(0.1 * rate_hz) + round(0.2 * rate_hz)
    steps = size / rate_hz / 0.1
    assert least <= size <= least + 0.0515 * rate_hz
    assert steps % 1 < 0.5 or steps % 1 > 0.999


def test_without_a_trail_nothing_is_added() -> None:
    assert pad(np.ones(60, dtype=np.float32), 1_000, lead_ms=0, trail_ms=0).size == 60
