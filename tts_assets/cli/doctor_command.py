"""The commands `providers`, `voices` and `doctor`: which engines are ready on this machine."""

import platform
import shutil
import sys
import tempfile
from pathlib import Path

from tts_assets.build.plan import output_folder
from tts_assets.build.plan.voice_selection import find_voice
from tts_assets.catalogues.catalogue_files import DEFAULT_PATH
from tts_assets.cli.exit_code import ExitCode, run_until_signal
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.engines import onnx_models, protocol, registry
from tts_assets.errors import FatalError, TtsAssetsError, UsageError, format_command, format_count


def run_providers(settings: Settings) -> ExitCode:
    """List the engines."""
    rows = []
    for name in registry.list_engine_names():
        problem = find_engine_problem(name, settings)
        rows.append((name, "ready" if problem is None else "not ready", problem or ""))
    CommandOutput(settings.output_format).print_table(("provider", "state", "what to do"), rows)
    return ExitCode.OK


def run_voices(settings: Settings, *, chosen: bool) -> ExitCode:
    """List the voices of one engine.

    Args:
        settings: the settings.
        chosen: whether the engine was given as an option.
    """
    provider, reason = registry.choose_engine(settings)
    # A service has more voices than the settings name.
    if isinstance(provider, protocol.Remote):
        offered = run_until_signal(provider.listed)
    else:
        offered = provider.voices()
    show = CommandOutput(settings.output_format)
    if reason is not None:
        show.print_error(f"note: {reason}")
    show.print_table(
        ("voice", "language", "who", "credit"),
        [(each.name, each.language, each.description, each.credit) for each in offered],
    )
    if not chosen:
        others = ", ".join(name for name in registry.list_engine_names() if name != provider.name)
        show.print_error(f"note: voices of {provider.name}; --provider shows those of {others}")
    return ExitCode.OK


def run_doctor(settings: Settings) -> ExitCode:
    """Check the machine for the chosen engine and folders; other engines are only listed."""
    chosen = _check_provider(settings)
    rows = [
        ("python", True, f"{platform.python_version()} at {sys.executable}"),
        chosen,
        *_check_service(settings),
        _check_device(settings),
        *_check_other_providers(chosen[0], settings),
        _check_catalogues(settings),
        _check_output(settings),
    ]
    show = CommandOutput(settings.output_format)
    as_text = settings.output_format is OutputFormat.TEXT
    show.print_table(
        ("what", "state", "details"),
        [
            (name, "ok" if is_ok else "missing", details if is_ok or not as_text else "see below")
            for name, is_ok, details in rows
        ],
    )
    # The table would fold commands, which could not be copied then.
    for name, is_ok, details in rows if as_text else ():
        if not is_ok:
            show.print_line(f"\n{name}: {details}")
    # If the chosen engine needs the device, its own row shows the problem.
    needed = [is_ok for name, is_ok, _ in rows if not name.startswith(("other ", "device"))]
    return ExitCode.OK if all(needed) else ExitCode.FINDINGS


def _check_provider(settings: Settings) -> tuple[str, bool, str]:
    """Check the chosen engine with its voice."""
    label = f"provider {settings.provider}"
    if settings.provider not in (registry.AUTO, *registry.list_engine_names()):
        raise UsageError(registry.describe_unknown_engine(settings.provider))
    try:
        provider, reason = registry.choose_engine(settings)
        label = f"provider {provider.name}"
        if problem := provider.problem():
            return (label, False, problem)
        voice = find_voice(settings, provider).name
        details = f"{voice}: {provider.engine(voice)}{'' if reason is None else f' ({reason})'}"
        if not provider.repeats(voice):
            details += "; its output for the same text may vary"
    except TtsAssetsError as exc:
        return (label, False, str(exc))
    return (label, True, details)


def _check_device(settings: Settings) -> tuple[str, bool, str]:
    """Check the device for neural engines, and list those available."""
    offered = ", ".join(onnx_models.find_devices())
    problem = onnx_models.problem_with(settings.device)
    return ("device", problem is None, problem or f"{settings.device}, of: {offered}")


def _check_service(settings: Settings) -> list[tuple[str, bool, str]]:
    """Check that the service of the chosen engine responds; show model and credits of a paid one."""
    try:
        provider = registry.choose_engine(settings).provider
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


def _check_other_providers(chosen: str, settings: Settings) -> list[tuple[str, bool, str]]:
    rows = []
    for name in registry.list_engine_names():
        if chosen != f"provider {name}":
            problem = find_engine_problem(name, settings)
            rows.append((f"other provider {name}", problem is None, problem or "ready"))
    return rows


def find_engine_problem(name: str, settings: Settings) -> str | None:
    """Why an engine is not ready, or None; sends a request to free servers."""
    try:
        provider = registry.load_engine(name, settings)
        problem = provider.problem()
        if (
            problem
            or not isinstance(provider, protocol.Remote)
            or isinstance(provider, protocol.Priced)
        ):
            return problem
        run_until_signal(provider.listed)
    except TtsAssetsError as exc:
        return str(exc)
    except Exception as exc:  # noqa: BLE001 - code of plug-ins
        return f"{type(exc).__name__}: {exc}"
    return None


def _check_catalogues(settings: Settings) -> tuple[str, bool, str]:
    paths = settings.paths
    if settings.sources and not paths:
        count = len(settings.sources)
        return ("catalogues", True, f"set by {format_count(count, 'source')} in the configuration")
    if not paths and not Path(DEFAULT_PATH).exists():
        return ("catalogues", True, f"none yet: {format_command('init', 'PATH')} reads yours")
    paths = paths or (DEFAULT_PATH,)
    missing = [path for path in paths if not Path(path).exists()]
    details = ", ".join(paths)
    if missing:
        details = f"not found: {', '.join(missing)}; {format_command('init', 'PATH')} reads others"
    return ("catalogues", not missing, details)


def _check_output(settings: Settings) -> tuple[str, bool, str]:
    if settings.bucket_url is not None:
        try:
            objects = len(output_folder.open_storage(settings).sizes([""]))
        except (FatalError, UsageError) as exc:
            return ("output", False, str(exc))
        return ("output", True, f"{settings.output}: {format_count(objects, 'object')}")
    folder = Path(settings.state_folder).absolute()
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free // 2**20
    except OSError as exc:
        return ("output", False, f"cannot write into {folder}: {exc.strerror}")
    return ("output", True, f"{settings.state_folder}: writable, {free:,} MiB free")
