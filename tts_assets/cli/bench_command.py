"""The command `bench`: clips per second by number of workers, as a table or JSON."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from tts_assets.build import benchmark
from tts_assets.cli.exit_code import ExitCode, run_until_signal
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import to_plain_data
from tts_assets.config.settings import OutputFormat, Progress, Settings
from tts_assets.errors import UsageError, format_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.build.benchmark import BenchMeasurement, BenchReport


_MAX_WORKERS = 256  #: no service allows more concurrent requests


def run_bench(
    settings: Settings, *, workers: str | None, clips: int | None, seconds: float, paid: bool
) -> ExitCode:
    """Run the benchmark, print the figures and return the exit code.

    Args:
        settings: the catalogues, engine, voice and audio format.
        workers: numbers of workers, separated by commas.
        clips: as in BenchmarkRun.
        seconds: as in BenchmarkRun.
        paid: as in BenchmarkRun.
    """
    show = CommandOutput(settings.output_format)
    run = benchmark.BenchmarkRun(
        workers=_parse_worker_counts(workers), clips=clips, seconds=seconds, paid=paid
    )

    def show_measurement(count: int, measured: BenchMeasurement) -> None:
        if settings.progress is not Progress.NONE:
            show.print_error(format_measurement(count, measured))

    report = run_until_signal(
        partial(benchmark.run_benchmark, settings, run, on_measured=show_measurement)
    )
    for note in report.notes:
        show.print_error(f"note: {note}")
    if settings.output_format is OutputFormat.JSON:
        show.print_json(to_bench_data(report))
    elif report.rows:
        show.print_table(BENCH_HEADINGS, build_bench_rows(report))
        for line in format_bench_lines(report):
            show.print_line(line)
    return ExitCode.OK if report.rows else ExitCode.NOTHING


def _parse_worker_counts(text: str | None) -> tuple[int, ...]:
    items = [] if text is None else text.split(",")
    try:
        counts = tuple(map(int, items))
    except ValueError:
        counts = (0,)
    if not all(1 <= count <= _MAX_WORKERS for count in counts):
        raise UsageError(
            f"--workers is {text!r}, but must be integers from 1 to {_MAX_WORKERS} "
            "separated by commas, such as 1,2,4"
        )
    return counts


# The report: a table for people, data for programs.
BENCH_HEADINGS = (
    "workers",
    "clips/s",
    "audio s/s",
    "speed-up",
    "efficiency",
    "memory",
)


def build_bench_rows(report: BenchReport) -> list[tuple[str, ...]]:
    """Build a row of figures for each number of workers."""
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


def format_bench_lines(report: BenchReport) -> Iterator[str]:
    """The conclusions, labelled in the first ten columns."""
    failed = f", {report.failed:,} failed" if report.failed else ""
    yield (
        f"measured  {report.provider}/{report.voice} with {format_count(report.clips, 'clip')} of "
        f"{report.audio_seconds:,.1f} s{failed}; {format_count(report.rounds, 'round')} in "
        f"{report.seconds:,.1f} s"
    )
    yield f"best      --concurrency {report.recommended} (auto takes {report.auto})"


def format_measurement(workers: int, measured: BenchMeasurement) -> str:
    """Format one measurement."""
    return (
        f"{format_count(workers, 'worker')}: {measured.clips:,} clips in {measured.seconds:.2f} s"
    )


def to_bench_data(report: BenchReport) -> dict[str, Any]:
    """A report as plain data."""
    rows = [{name: round(value, 3) for name, value in asdict(row).items()} for row in report.rows]
    return to_plain_data(report, rows=rows)
