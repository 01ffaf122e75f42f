"""How much faster more workers are with an engine, on this machine and for these catalogues."""

from tts_assets.bench.figures import BenchMeasurement, BenchReport, BenchRow
from tts_assets.bench.run import BenchmarkRun, run_benchmark

__all__ = ["BenchMeasurement", "BenchReport", "BenchRow", "BenchmarkRun", "run_benchmark"]
