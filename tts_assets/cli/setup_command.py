"""The command `setup`: installs the packages and models of an engine or an extra, and checks that it is ready."""

import importlib
import importlib.metadata
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys

import typer

from tts_assets.cli.doctor_command import find_engine_problem
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.models_command import can_ask_user, run_models_fetch
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.engines import registry
from tts_assets.engines.models.known_models import GROUPS, choose_models
from tts_assets.engines.models.model_cache import ModelCache
from tts_assets.errors import FatalError, UsageError, format_command, suggest

#: Models of each engine, and the default model of recognition.
_MODELS = GROUPS | {"asr": ("whisper-small",)}

#: Manual steps for engines that are not packages.
_STEPS = {
    "voicevox": (
        "start VOICEVOX, its engine, or AivisSpeech on this machine",
        "tts-assets voices --provider voicevox",
        "write the id of a style into [voicevox] voices of tts-assets.toml",
    ),
    "elevenlabs": (
        "tts-assets auth set elevenlabs, or set ELEVENLABS_API_KEY",
        "tts-assets voices --provider elevenlabs",
        "write the id of a voice into [elevenlabs] voices of tts-assets.toml",
    ),
    "openai": (
        "tts-assets auth set openai, or set OPENAI_API_KEY, if the server needs a key",
        "write base-url (of a server other than OpenAI's) and voices into [openai] of tts-assets.toml",
    ),
}


def run_setup(settings: Settings, name: str, *, yes: bool) -> ExitCode:
    """Install missing packages and models after consent.

    Args:
        settings: the settings.
        name: an engine or an extra.
        yes: consent was given.

    Raises:
        UsageError: the name is unknown, or consent is missing.
        FatalError: an installation failed.
    """
    show = CommandOutput(OutputFormat.TEXT)
    extras = _list_extras()
    names = [*registry.list_engine_names(), *extras]
    if name not in names:
        raise UsageError(
            f"there is nothing to set up with the name {name!r}{suggest(name, names)}; the "
            f"names are: {', '.join(dict.fromkeys(names))}"
        )
    missing = [each for each in extras.get(name, ()) if not _is_installed(each)]
    if missing:
        _install(missing, show, yes=yes)
    cache = ModelCache.from_settings(settings.models)
    models = [
        model.name
        for model in choose_models([*_MODELS.get(name, ())])
        if not cache.has_model(model)
    ]
    if models:
        code = run_models_fetch(settings, models, yes=yes, options={})
        if code is not ExitCode.OK:
            return code
    return _report_state(settings, name, show)


def _list_extras() -> dict[str, list[str]]:
    """The requirements of each extra, from the metadata of this installation."""
    extras: dict[str, list[str]] = {}
    for line in importlib.metadata.requires("tts-assets") or ():
        requirement, _, marker = line.partition(";")
        extra = re.search(r"""extra == ['"]([\w-]+)['"]""", marker)
        if extra and extra[1] != "dev":
            extras.setdefault(extra[1], []).append(requirement.strip())
    return extras


def _is_installed(requirement: str) -> bool:
    name = re.match(r"[\w.-]+", requirement)
    try:
        return name is not None and bool(importlib.metadata.version(name[0]))
    except importlib.metadata.PackageNotFoundError:
        return False


def _install(requirements: list[str], show: CommandOutput, *, yes: bool) -> None:
    command = [sys.executable, "-m", "pip", "install", *requirements]
    if importlib.util.find_spec("pip") is None:
        if (uv := shutil.which("uv")) is None:
            raise FatalError(
                f"neither pip nor uv is available to install {', '.join(requirements)}: "
                "install the packages with the tool that created this environment"
            )
        command = [uv, "pip", "install", "--python", sys.executable, *requirements]
    show.print_error(f"packages: {shlex.join(command)}")
    if any(each.startswith("piper-tts") for each in requirements):
        show.print_error("note: piper-tts is licensed under GPL-3.0-or-later")
    _require_consent("Install?", yes=yes)
    process = subprocess.run(command, check=False, stdout=sys.stderr.fileno())
    if process.returncode:
        raise FatalError(
            f"the installation failed with exit code {process.returncode}; the reason is above"
        )
    importlib.invalidate_caches()
    if missing := [each for each in requirements if not _is_installed(each)]:
        raise FatalError(f"{', '.join(missing)} was not found after the installation")


def _require_consent(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not can_ask_user():
        raise UsageError("nothing is installed without consent: add --yes")
    if not typer.confirm(question, default=True, err=True):
        raise UsageError("nothing was installed")


def _report_state(settings: Settings, name: str, show: CommandOutput) -> ExitCode:
    if name not in registry.list_engine_names():
        show.print_line(f"{name} is ready")
        return ExitCode.OK
    problem = find_engine_problem(name, settings)
    if problem is None:
        show.print_line(f"{name} is ready: {format_command('generate', '--provider', name)}")
        return ExitCode.OK
    show.print_error(f"{name} is not ready: {problem}")
    for number, step in enumerate(_STEPS.get(name, ()), 1):
        show.print_error(f"  {number}. {step}")
    return ExitCode.FATAL
