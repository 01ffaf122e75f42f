"""What is doubtful in catalogues, found without making a sound."""

from tts_assets.lint.findings import Finding, LintReport, Rule, Severity
from tts_assets.lint.look import lint

__all__ = ["Finding", "LintReport", "Rule", "Severity", "lint"]
