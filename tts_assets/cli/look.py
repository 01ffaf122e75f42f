"""The commands that look at engines and at the machine: `providers`, `voices`, `doctor`."""

import platform
import shutil
import sys
import tempfile
from pathlib import Path

from tts_assets.build.survey.voices import find_voice
from tts_assets.catalogues.open_catalogues import DEFAULT_PATH
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.show import Show
from tts_assets.cli.output.text import many
from tts_assets.cli.signals import run_until_signal
from tts_assets.config.model import OutputFormat, Settings
from tts_assets.engines import choosing, onnx, protocol, registry
from tts_assets.errors import TtsAssetsError, UsageError


def providers(settings: Settings) -> ExitCode:
    """List the engines."""
    rows = []
    for name in registry.names():
        problem = _problem_of(name, settings)
        rows.append((name, "ready" if problem is None else "not ready", problem or ""))
    Show(settings.output_format).table(("provider", "state", "what to do"), rows)
    return ExitCode.OK


def voices(settings: Settings) -> ExitCode:
    """List the voices of one engine."""
    provider, reason = choosing.choose(settings)
    # A service has more voices than those that the settings name.
    if isinstance(provider, protocol.Remote):
        offered = run_until_signal(provider.listed)
    else:
        offered = provider.voices()
    show = Show(settings.output_format)
    if reason is not None:
        show.error(f"note: {reason}")
    show.table(
        ("voice", "language", "who", "credit"),
        [(each.name, each.language, each.description, each.credit) for each in offered],
    )
    return ExitCode.OK


def doctor(settings: Settings) -> ExitCode:
    """Check the machine for the chosen engine and folders; other engines are only told about."""
    chosen = _chosen(settings)
    rows = [
        ("python", True, f"{platform.python_version()} at {sys.executable}"),
        chosen,
        *_service(settings),
        _device(settings),
        *_others(chosen[0], settings),
        _catalogues(settings),
        _output(settings),
    ]
    show = Show(settings.output_format)
    as_text = settings.output_format is OutputFormat.TEXT
    show.table(
        ("what", "state", "details"),
        [
            (what, "ok" if good else "missing", details if good or not as_text else "see below")
            for what, good, details in rows
        ],
    )
    # In a column a command would be folded, and could not be copied.
    for what, good, details in rows if as_text else ():
        if not good:
            show.line(f"\n{what}: {details}")
    # What the chosen engine needs of the device is a problem of that engine.
    needed = [good for what, good, _ in rows if not what.startswith(("other ", "device"))]
    return ExitCode.OK if all(needed) else ExitCode.FINDINGS


def _chosen(settings: Settings) -> tuple[str, bool, str]:
    """The engine of a run, and whether it can be used with its voice."""
    what = f"provider {settings.provider}"
    if settings.provider not in (choosing.AUTO, *registry.names()):
        raise UsageError(registry.no_such(settings.provider))
    try:
        provider, reason = choosing.choose(settings)
        what = f"provider {provider.name}"
        if problem := provider.problem():
            return (what, False, problem)
        voice = find_voice(settings, provider).name
        details = f"{voice}: {provider.engine(voice)}{'' if reason is None else f' ({reason})'}"
        if not provider.repeats(voice):
            details += "; its recordings of one text need not be alike to the bit"
    except TtsAssetsError as exc:
        return (what, False, str(exc))
    return (what, True, details)


def _device(settings: Settings) -> tuple[str, bool, str]:
    """What neural engines run on, and what they could."""
    offered = ", ".join(onnx.devices())
    problem = onnx.problem_with(settings.device)
    return ("device", problem is None, problem or f"{settings.device}, of: {offered}")


def _service(settings: Settings) -> list[tuple[str, bool, str]]:
    """Whether the service of the chosen engine answers, and what is left of what was paid for."""
    try:
        provider = choosing.choose(settings).provider
        if not isinstance(provider, protocol.Remote) or provider.problem():
            return []
        rows = [("service", True, f"it answers; voices: {len(run_until_signal(provider.listed))}")]
        if isinstance(provider, protocol.Priced):
            left = run_until_signal(provider.balance)
            rows.append(("model", True, run_until_signal(provider.terms)))
            credits_left = (
                left if isinstance(left, str) else f"{left.credits:,.0f} credits are left"
            )
            rows.append(("balance", True, credits_left))
    except TtsAssetsError as exc:
        return [("service", False, str(exc))]
    return rows


def _others(chosen: str, settings: Settings) -> list[tuple[str, bool, str]]:
    rows = []
    for name in registry.names():
        if chosen != f"provider {name}":
            problem = _problem_of(name, settings)
            rows.append((f"other provider {name}", problem is None, problem or "ready"))
    return rows


def _problem_of(name: str, settings: Settings) -> str | None:
    """What keeps an engine from being used; a broken plug-in is only that, not our end."""
    try:
        return registry.get(name, settings).problem()
    except TtsAssetsError as exc:
        return str(exc)
    except Exception as exc:  # noqa: BLE001 - a stranger's code
        return f"{type(exc).__name__}: {exc}"


def _catalogues(settings: Settings) -> tuple[str, bool, str]:
    paths = settings.paths
    if settings.sources and not paths:
        count = len(settings.sources)
        return ("catalogues", True, f"told by {many(count, 'source')} of the configuration")
    paths = paths or (DEFAULT_PATH,)
    missing = [path for path in paths if not Path(path).exists()]
    details = f"not there: {', '.join(missing)}" if missing else ", ".join(paths)
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
