"""What measurements come to."""

import pytest

from tts_assets.build.benchmark import (
    BenchMeasurement,
    BenchRow,
    recommend_workers,
    summarize_rounds,
)


def _measured(seconds: float, *, mib: int = 100) -> BenchMeasurement:
    return BenchMeasurement(seconds=seconds, clips=10, audio_seconds=20.0, failed=0, peak_mib=mib)


def _rows(*paces: float, mib: tuple[int, ...] = (0, 0, 0)) -> list[BenchRow]:
    return list(
        summarize_rounds(
            {2**power: [_measured(10 / pace, mib=mib[power])] for power, pace in enumerate(paces)}
        )
    )


def test_a_round_that_was_disturbed_does_not_count() -> None:
    (row,) = summarize_rounds({1: [_measured(5.0), _measured(50.0, mib=300), _measured(4.0)]})
    assert (row.clips_per_second, row.audio_per_second, row.peak_mib) == (2.0, 4.0, 300)


def test_speed_up_is_over_the_first_row_and_efficiency_that_of_each_worker() -> None:
    one, two, four = _rows(10, 19, 30)
    assert (one.speed_up, one.efficiency) == (1.0, 1.0)
    assert (two.speed_up, two.efficiency) == pytest.approx((1.9, 0.95))
    assert (four.speed_up, four.efficiency) == pytest.approx((3.0, 0.75))


def test_without_a_row_of_one_worker_the_first_is_what_others_are_held_against() -> None:
    two, four = summarize_rounds({4: [_measured(2.0)], 2: [_measured(3.0)]})
    assert (two.workers, two.efficiency, four.workers) == (2, 1.0, 4)
    assert four.efficiency == pytest.approx(0.75)


def test_the_fewest_workers_that_are_nearly_the_fastest_are_recommended() -> None:
    assert recommend_workers(_rows(10, 19, 19.9), free_mib=0) == 2
    assert recommend_workers(_rows(10, 19, 20.1), free_mib=0) == 4
    assert recommend_workers(_rows(10, 9, 8), free_mib=0) == 1


def test_workers_without_memory_are_not_recommended() -> None:
    rows = _rows(10, 19, 35, mib=(100, 200, 400))
    assert recommend_workers(rows, free_mib=400) == 4
    assert recommend_workers(rows, free_mib=399) == 2
    assert recommend_workers(rows, free_mib=10) == 1


def test_nothing_is_recommended_of_nothing() -> None:
    assert recommend_workers([], free_mib=100) is None
