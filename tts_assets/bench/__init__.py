"""How much faster more workers are with an engine, on this machine and for these catalogues."""

from tts_assets.bench.figures import BenchReport, Measured, Row
from tts_assets.bench.run import Trial, bench

__all__ = ["BenchReport", "Measured", "Row", "Trial", "bench"]
