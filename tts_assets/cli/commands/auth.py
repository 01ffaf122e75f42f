"""The commands `auth set`, `list` and `remove`."""

import typer

from tts_assets.cli import options
from tts_assets.cli.apps import auth, settings_of
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode


# What is too much is refused by us: typer's own words would show it, and it may be a key.
@auth.command("set", context_settings={"allow_extra_args": True})
@answered
def set_key(name: options.KeyOf, rest: typer.Context) -> ExitCode:
    """Store a key: it is asked for unseen, or read from standard input, and never an argument."""
    from tts_assets.cli.auth import set_key as store  # noqa: PLC0415 - keeps --help light

    return store(name, with_key=bool(rest.args))


@auth.command("list")
@answered
def list_keys(
    output_format: options.OutputFormat = None, config: options.Config = None
) -> ExitCode:
    """List which engines have a key, and from where; never the keys."""
    from tts_assets.cli.auth import list_keys as look  # noqa: PLC0415 - see above

    return look(settings_of(config, **{"output-format": output_format}))


@auth.command("remove")
@answered
def remove_key(name: options.KeyOf) -> ExitCode:
    """Delete a key from the keyring."""
    from tts_assets.cli.auth import remove_key as remove  # noqa: PLC0415 - see above

    return remove(name)
