"""The command `bench`: how many workers to take, as a table or JSON."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tts_assets.build import benchmark
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.bench import HEADINGS, bench_data, bench_lines, bench_rows, measured_line
from tts_assets.cli.output.show import Show
from tts_assets.cli.signals import run_until_signal
from tts_assets.config.model import OutputFormat, Progress, Settings
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from tts_assets.build.benchmark import BenchMeasurement


#: No service allows more at once.
_MOST = 256


def bench(
    settings: Settings, *, workers: str | None, clips: int | None, seconds: float, paid: bool
) -> ExitCode:
    """Measure, show the figures, and say in the exit code whether there was anything to measure.

    Args:
        settings: which catalogues, engine, voice and sound.
        workers: numbers of workers, with commas between them.
        clips: as in Trial.
        seconds: as in Trial.
        paid: as in Trial.
    """
    show = Show(settings.output_format)
    trial = benchmark.BenchmarkRun(
        workers=_counts(workers), clips=clips, seconds=seconds, paid=paid
    )

    def tell(count: int, measured: BenchMeasurement) -> None:
        if settings.progress is not Progress.NONE:
            show.error(measured_line(count, measured))

    report = run_until_signal(partial(benchmark.run_benchmark, settings, trial, on_measured=tell))
    for note in report.notes:
        show.error(f"note: {note}")
    if settings.output_format is OutputFormat.JSON:
        show.data(bench_data(report))
    elif report.rows:
        show.table(HEADINGS, bench_rows(report))
        for line in bench_lines(report):
            show.line(line)
    return ExitCode.OK if report.rows else ExitCode.NOTHING


def _counts(text: str | None) -> tuple[int, ...]:
    written = [] if text is None else text.split(",")
    try:
        counts = tuple(map(int, written))
    except ValueError:
        counts = (0,)
    if not all(1 <= count <= _MOST for count in counts):
        raise UsageError(
            f"--workers is {text!r}, and must be whole numbers from 1 to {_MOST} with commas "
            "between them, such as 1,2,4"
        )
    return counts
