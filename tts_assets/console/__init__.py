"""What people and programs are told: progress, reports, tables; the only door to rich."""

from tts_assets.console.progress import counter, reporter
from tts_assets.console.report_files import prepare_report, write_report
from tts_assets.console.show import Show

__all__ = ["Show", "counter", "prepare_report", "reporter", "write_report"]
