"""A bench shown: a table for people, data for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tts_assets.cli.output.text import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.build.benchmark import BenchMeasurement, BenchReport

HEADINGS = (
    "workers",
    "clips/s",
    "audio s/s",
    "speed-up",
    "efficiency",
    "memory",
)


def bench_rows(report: BenchReport) -> list[tuple[str, ...]]:
    """The figures, a row for each number of workers."""
    return [
        (
            str(row.workers),
            f"{row.clips_per_second:.2f}",
            f"{row.audio_per_second:.1f}",
            f"{row.speed_up:.2f}",
            f"{row.efficiency:.0%}",
            f"{row.peak_mib:,} MiB" if row.peak_mib else "",
        )
        for row in report.rows
    ]


def bench_lines(report: BenchReport) -> Iterator[str]:
    """What the figures come to: what each is in the first ten columns."""
    failed = f", {report.failed:,} failed" if report.failed else ""
    yield (
        f"measured  {report.provider}/{report.voice} with {many(report.clips, 'clip')} of "
        f"{report.audio_seconds:,.1f} s{failed}; {many(report.rounds, 'round')} in "
        f"{report.seconds:,.1f} s"
    )
    yield f"best      --concurrency {report.recommended} (auto takes {report.auto})"


def measured_line(workers: int, measured: BenchMeasurement) -> str:
    """One measurement."""
    return f"{many(workers, 'worker')}: {measured.clips:,} clips in {measured.seconds:.2f} s"


def bench_data(report: BenchReport) -> dict[str, Any]:
    """A report as plain data."""
    rows = [{name: round(value, 3) for name, value in asdict(row).items()} for row in report.rows]
    return asdict(report) | {
        "rows": rows,
        "audio_seconds": round(report.audio_seconds, 3),
        "notes": list(report.notes),
        "seconds": round(report.seconds, 3),
    }
