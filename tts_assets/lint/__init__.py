"""What is doubtful in catalogues, found without making a sound."""

from tts_assets.lint.findings import LintFinding, LintReport, LintRule, Severity
from tts_assets.lint.look import lint_catalogues

__all__ = ["LintFinding", "LintReport", "LintRule", "Severity", "lint_catalogues"]
