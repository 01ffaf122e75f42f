"""Parts of a text are each held against their share, and asked for twice at most."""

import numpy as np
import pytest

from tts_assets.engines.validated_speech import Attempt, CutTwiceError, ExpectedSpeech, speak_parts
from tts_assets.errors import ClipError

pytestmark = pytest.mark.anyio

TEXT = ExpectedSpeech(shortest_seconds=10.0, longest_seconds=300.0)


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """It only awaits what it is given."""
    return str(request.param)


def sound(size: int, rate_hz: int = 8_000) -> Attempt:
    return Attempt(np.ones(size, np.float32), rate_hz)


def wrong(fault: str, *, is_cut: bool = False) -> Attempt:
    return Attempt(None, 0, fault, is_cut=is_cut)


async def heard(parts: list[str], *takes: Attempt) -> tuple[int, int]:
    """Samples and rate of what was said, where these takes come one after the other."""
    left = iter(takes)

    async def take(at: int, expected: ExpectedSpeech) -> Attempt:
        del at, expected
        return next(left)

    samples, rate_hz, _ = await speak_parts(parts, TEXT, take)
    return samples.size, rate_hz


async def test_a_part_takes_as_long_as_its_share_and_kanji_take_twice_as_long_as_kana() -> None:
    found = []

    async def take(at: int, expected: ExpectedSpeech) -> Attempt:
        found.append((at, expected.shortest_seconds, expected.longest_seconds))
        return sound(1)

    await speak_parts(["一九二三年", "ええ、そうですとも。"], TEXT, take)
    # Ten and eight of eighteen, and twice as much or as little as that: marks are not read.
    assert [number for number, _, _ in found] == [0, 1]
    assert [shortest for _, shortest, _ in found] == pytest.approx([25 / 9, 20 / 9])
    assert [longest for _, _, longest in found] == pytest.approx([1_000 / 3, 800 / 3])


async def test_a_part_with_a_fault_is_asked_for_once_more_by_itself() -> None:
    assert await heard(["あ", "い"], sound(3), wrong("odd"), sound(4)) == (7, 8_000)


async def test_two_faults_are_told() -> None:
    with pytest.raises(ClipError, match="odd; it was requested twice, as before: even") as caught:
        await heard(["あ"], wrong("even"), wrong("odd", is_cut=True))
    assert not isinstance(caught.value, CutTwiceError)


async def test_two_cuts_are_told_apart_for_they_may_be_the_voice_s_way() -> None:
    with pytest.raises(CutTwiceError):
        await heard(["あ"], wrong("cut", is_cut=True), wrong("cut", is_cut=True))


async def test_parts_of_different_rates_are_no_sound() -> None:
    with pytest.raises(ClipError, match=r"different sample rates: \[8000, 9000\]"):
        await heard(["あ", "い"], sound(3), sound(3, 9_000))
