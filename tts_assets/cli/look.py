"""The commands that only look: `explain`, `providers`, `voices`, `doctor`."""

import platform
import shutil
import sys
import tempfile
from pathlib import Path

from tts_assets import providers as engines
from tts_assets import survey as surveys
from tts_assets.catalogue import Catalogue
from tts_assets.cli.exit_code import ExitCode
from tts_assets.console import Show
from tts_assets.domain import Unspoken
from tts_assets.plan import Planned
from tts_assets.settings import OutputFormat, Settings


def explain(settings: Settings, entry: str) -> ExitCode:
    """Show each clip of the entries with that id, whatever their kind."""
    show = Show(settings.output_format)
    found = surveys.survey(settings, engines.get(settings.provider))
    items = [item for item in found.planned if item.clip.entry == entry]
    silent = [each for one in found.catalogues for each in one.unspoken if each.entry == entry]
    problems = [each for each in found.problems if each.entry == f"entry {entry}"]
    if settings.output_format is OutputFormat.JSON:
        show.data([_explained(item) for item in items] + [_silent(each) for each in silent])
    else:
        for item in items:
            for name, value in _explained(item).items():
                show.line(f"{name:<8}  {(value or '-').replace(chr(10), ' ')}")
            show.line("")
        for each in silent:
            show.line(f"{each.file}: {each.kind} {each.entry} {each.part}: no clip, {each.reason}")
    for problem in problems:
        show.error(f"error: {problem}")
    if problems:
        return ExitCode.USAGE
    if not items and not silent:
        show.error(f"no entry has the id {entry!r} {_where(found.catalogues)}")
        return ExitCode.NOTHING
    return ExitCode.OK


def _explained(item: Planned) -> dict[str, str | None]:
    clip = item.clip
    return {
        "clip": f"{clip.kind} {clip.entry} {clip.part}",
        "file": clip.file,
        "text": clip.form.text,
        "reading": clip.form.reading,
        "recipe": item.recipe,
        "asset": item.asset,
        "url": item.url,
        "in file": clip.url,
        "state": item.state.value,
        "reason": item.reason,
    }


def _silent(each: Unspoken) -> dict[str, str | None]:
    clip = f"{each.kind} {each.entry} {each.part}"
    return {"clip": clip, "file": each.file, "state": "unspoken", "reason": each.reason}


def _where(catalogues: list[Catalogue]) -> str:
    return f"in {', '.join(each.file for each in catalogues) or 'any catalogue'}"


def providers(settings: Settings) -> ExitCode:
    """List the engines."""
    rows = []
    for name in engines.names():
        problem = _problem_of(name)
        rows.append((name, "ready" if problem is None else "not ready", problem or ""))
    Show(settings.output_format).table(("provider", "state", "what to do"), rows)
    return ExitCode.OK


def voices(settings: Settings) -> ExitCode:
    """List the voices of one engine."""
    offered = engines.get(settings.provider).voices()
    Show(settings.output_format).table(
        ("voice", "language", "who", "credit"),
        [(each.name, each.language, each.description, each.credit) for each in offered],
    )
    return ExitCode.OK


def doctor(settings: Settings) -> ExitCode:
    """Check the machine for the chosen engine and folders; other engines are only told about."""
    chosen = engines.get(settings.provider)
    rows = [
        ("python", True, f"{platform.python_version()} at {sys.executable}"),
        (f"provider {chosen.name}", chosen.problem() is None, chosen.problem() or chosen.engine()),
        *_others(settings.provider),
        _catalogues(settings),
        _output(settings),
    ]
    Show(settings.output_format).table(
        ("what", "state", "details"),
        [(what, "ok" if good else "missing", details) for what, good, details in rows],
    )
    needed = [good for what, good, _ in rows if not what.startswith("other ")]
    return ExitCode.OK if all(needed) else ExitCode.FINDINGS


def _others(chosen: str) -> list[tuple[str, bool, str]]:
    rows = []
    for name in engines.names():
        if name != chosen:
            problem = _problem_of(name)
            rows.append((f"other provider {name}", problem is None, problem or "ready"))
    return rows


def _problem_of(name: str) -> str | None:
    """What keeps an engine from being used; a broken plug-in is only that, not our end."""
    try:
        return engines.get(name).problem()
    except Exception as exc:  # noqa: BLE001 - a stranger's code
        return f"{type(exc).__name__}: {exc}"


def _catalogues(settings: Settings) -> tuple[str, bool, str]:
    missing = [path for path in settings.paths if not Path(path).exists()]
    details = f"not there: {', '.join(missing)}" if missing else ", ".join(settings.paths)
    return ("catalogues", not missing, details)


def _output(settings: Settings) -> tuple[str, bool, str]:
    folder = Path(settings.output).absolute()
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free // 2**20
    except OSError as exc:
        return ("output", False, f"cannot write into {folder}: {exc.strerror}")
    return ("output", True, f"{settings.output}: can be written, {free:,} MiB free")
