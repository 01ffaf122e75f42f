"""The commands `auth set`, `list` and `remove`: keys of paid engines in the keyring of this machine."""

import os
import sys
import warnings
from getpass import GetPassWarning, getpass

import typer

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.config import keys
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.errors import TtsAssetsError, UsageError

_MAX_KEY_BYTES = 4_096  #: more than any key; the rest of a longer line stays unread


def run_auth_list(settings: Settings) -> ExitCode:
    """List the providers with the source of their keys, but never the keys."""
    rows = []
    for name in keys.ENVIRONMENT:
        environment_value = settings.keys.get(name)
        try:
            secret = keys.find(
                name, file=settings.key_file(name), environment_key=environment_value
            )
        except TtsAssetsError as exc:
            rows.append((name, "none", str(exc)))
        else:
            row = ("none", keys.advice(name)) if secret is None else (secret.source, "")
            rows.append((name, *row))
    CommandOutput(settings.output_format).print_table(("provider", "key from", "what to do"), rows)
    return ExitCode.OK


def run_auth_set(name: str, *, with_key: bool) -> ExitCode:
    """Store a key typed without echo, or read from the first line of standard input.

    Args:
        name: the provider.
        with_key: whether the command line has extra arguments.
    """
    _refuse_unknown_provider(name)
    if with_key:
        raise UsageError(
            "a key must not be an argument, because arguments are visible to others and "
            f"kept in the shell's history: type tts-assets auth set {name} alone, or pipe "
            "the key into it"
        )
    # Check the keyring before asking for the key.
    keys.writable()
    secret = keys.Secret(*_prompt_key(name) if os.isatty(0) else _read_piped_key())
    where = keys.store(name, secret)
    CommandOutput(OutputFormat.TEXT).print_line(f"{name}: stored in the keyring ({where})")
    return ExitCode.OK


def run_auth_remove(name: str) -> ExitCode:
    """Delete a key from the keyring."""
    _refuse_unknown_provider(name)
    outcome = "removed from the keyring" if keys.remove(name) else "the keyring had no key"
    CommandOutput(OutputFormat.TEXT).print_line(f"{name}: {outcome}")
    return ExitCode.OK


def _refuse_unknown_provider(name: str) -> None:
    if name not in keys.ENVIRONMENT:
        # Don't show the argument: it may be the key itself.
        names = ", ".join(keys.ENVIRONMENT)
        raise UsageError(f"NAME must be an engine that uses a key: one of {names}")


def _prompt_key(name: str) -> tuple[str, str]:
    try:
        with warnings.catch_warnings():
            # Don't ask for a key if the terminal cannot hide it.
            warnings.simplefilter("error", GetPassWarning)
            return getpass(f"API key of {name} (not shown): "), "terminal"
    except GetPassWarning as exc:
        raise UsageError(
            "this terminal cannot hide the key: pipe it into this command instead"
        ) from exc
    except UnicodeDecodeError:
        return keys.decode_key(b"\xff"), "terminal"
    except EOFError as exc:
        raise typer.Abort from exc


def _read_piped_key() -> tuple[str, str]:
    if sys.stdin is None:
        return "", "standard input"
    return keys.decode_key(sys.stdin.buffer.readline(_MAX_KEY_BYTES)), "standard input"
