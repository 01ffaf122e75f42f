"""The history of a run: sums over time that stay few, whatever the run."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_assets import Settings, generate_sync
from tts_assets.audio.expected_length import TOLERANCE_LU
from tts_assets.build.metrics import MOST_STEPS, MetricsRecorder, RunHistory
from tts_assets.cli.output.report_data import to_report_data
from tts_assets.model import Clip, Kind, SpokenForm


class HistoryClock:
    """A clock that goes as it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _clip(name: str = "1") -> Clip:
    return Clip(Kind.VOCABULARY, "a.json", name, "word", None, SpokenForm("猫"))


def _keeper() -> tuple[MetricsRecorder, HistoryClock]:
    clock = HistoryClock()
    return MetricsRecorder(wanted_lufs=-19.0, tolerance_lu=1.0, clock=clock), clock


def _make(
    keeper: MetricsRecorder, name: str, seconds: float, audio: float = 1.0, lufs: float = -19.0
) -> None:
    keeper.record_work(name, seconds)
    keeper.record_made(name, _clip(name), audio, lufs)


def _history(keeper: MetricsRecorder, run_begun: float = 999.0) -> RunHistory:
    history = keeper.history(run_begun)
    assert history is not None
    return history


def test_of_nothing_there_is_no_history() -> None:
    assert _keeper()[0].history(0.0) is None


def test_each_step_has_what_was_finished_in_it_and_how_much_was_in_the_making() -> None:
    keeper, clock = _keeper()
    clock.now += 0.25
    _make(keeper, "a", 0.25, audio=1.0)
    _make(keeper, "b", 0.125, audio=2.0)
    clock.now += 0.125
    keeper.record_work("c", 0.0625)
    keeper.record_failed("c")
    found = _history(keeper)
    assert (found.begun_seconds, found.seconds, found.step_seconds) == (1.0, 0.375, 0.125)
    assert found.made == (0, 0, 2, 0)
    assert found.failed == (0, 0, 0, 1)
    assert found.in_hand == (1.0, 2.0, 0.5, 0.0)
    assert found.audio_seconds == (0.5, 2.5, 0.0, 0.0)


def test_a_passage_is_as_slow_as_its_segments_together_and_sounds_while_they_are_made() -> None:
    keeper, clock = _keeper()
    clock.now += 0.5
    keeper.record_work("passage", 0.5)
    clock.now += 0.5
    _make(keeper, "word", 0.125)
    keeper.record_work("passage", 0.5)
    keeper.record_made("passage", _clip("passage"), 8.0, -19.0)
    found = _history(keeper)
    assert [(each.clip.entry, each.seconds) for each in found.slowest] == [
        ("passage", 1.0),
        ("word", 0.125),
    ]
    assert found.audio_seconds[:7] == (1.0,) * 7


def test_only_the_slowest_are_kept_and_of_equal_ones_the_first() -> None:
    keeper, clock = _keeper()
    for number in range(30):
        clock.now += 1
        _make(keeper, str(number), 0.5 if number < 20 else 0.25 + number / 100)
    names = [each.clip.entry for each in _history(keeper).slowest]
    assert names == ["29", "28", "27", "26", *map(str, range(6))]


@given(
    st.lists(
        st.tuples(
            st.floats(0, 40_000), st.floats(0, 5_000), st.floats(0, 90_000), st.floats(-90, 10)
        ),
        min_size=1,
        max_size=40,
    )
)
def test_whatever_happens_the_steps_are_few_and_their_sums_are_right(
    clips: list[tuple[float, float, float, float]],
) -> None:
    keeper, clock = _keeper()
    for number, (gap, seconds, audio, lufs) in enumerate(clips):
        clock.now += gap
        _make(keeper, str(number), seconds, audio, lufs)
    found = _history(keeper)
    steps = len(found.made)
    assert steps <= MOST_STEPS
    assert {len(found.failed), len(found.audio_seconds), len(found.in_hand)} == {steps}
    assert (steps - 1) * found.step_seconds <= found.seconds <= steps * found.step_seconds
    assert sum(found.made) == sum(found.lengths.counts) == sum(found.loudness.counts) == len(clips)
    assert sum(found.audio_seconds) == pytest.approx(sum(audio for _, _, audio, _ in clips))
    for of in (found.lengths, found.loudness):
        assert len(of.edges) == len(of.counts) + 1
        assert list(of.edges) == sorted(set(of.edges))
        assert of.counts[0]
        assert of.counts[-1]


def test_a_run_of_ten_hours_costs_what_a_short_one_does() -> None:
    keeper, clock = _keeper()
    for number in range(40_000):
        clock.now += 0.9
        _make(keeper, str(number), 1.8, audio=0.5 + number % 7, lufs=-19 + number % 3 / 10)
    found = _history(keeper)
    assert MOST_STEPS / 2 <= len(found.made) <= MOST_STEPS
    assert found.step_seconds == 512
    assert sum(found.made) == 40_000
    assert all(hands == pytest.approx(2.0, abs=0.01) for hands in found.in_hand[1:-1])
    assert not keeper._spent


@pytest.mark.parametrize("lufs", [-19.049, -19.0, -18.951])
def test_the_wanted_loudness_lies_in_the_middle_of_a_step(lufs: float) -> None:
    keeper, _ = _keeper()
    _make(keeper, "a", 0.0, lufs=lufs)
    assert _history(keeper).loudness.edges == (-19.05, -18.95)


@pytest.mark.parametrize(("lufs", "edges"), [(-90.0, (-25.05, -24.95)), (9.0, (-13.05, -12.95))])
def test_what_is_far_off_is_counted_at_the_edge(lufs: float, edges: tuple[float, float]) -> None:
    keeper, _ = _keeper()
    _make(keeper, "a", 0.0, lufs=lufs)
    assert _history(keeper).loudness.edges == edges


def test_a_run_tells_its_history(tmp_path: Path) -> None:
    words = tmp_path / "vocabulary.json"
    words.write_text(
        json.dumps(
            [{"id": 1, "word": "犬"}, {"id": 2, "word": "自転車"}, {"id": 3, "word": "ABC☃"}]
        )
    )
    settings = Settings(
        paths=(str(words),), provider="openjtalk", output=str(tmp_path / "audio"), concurrency=2
    )
    report = generate_sync(settings)
    found = report.history
    assert found is not None
    assert (sum(found.made), sum(found.failed)) == (report.made, len(report.failures))
    assert report.made >= 2
    assert sum(found.audio_seconds) == pytest.approx(report.audio_seconds)
    assert 0 < found.begun_seconds < found.begun_seconds + found.seconds <= report.seconds
    assert (found.wanted_lufs, found.tolerance_lu) == (settings.sound.lufs, TOLERANCE_LU)
    assert abs(found.loudness.edges[0] + 19) < TOLERANCE_LU
    assert {each.clip.entry for each in found.slowest} >= {"1", "2"}
    told = to_report_data(report)["history"]
    assert told is not None
    assert told["slowest"][0]["line"] == 1
    assert len(json.dumps(told)) < 3000
    assert generate_sync(settings).history is None
