"""The command `schema`: the JSON Schema of what people write for this program, and it for others."""

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output import published_schemas
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.config.settings import OutputFormat


def run_schema(name: str) -> ExitCode:
    """Print one."""
    CommandOutput(OutputFormat.JSON).print_json(published_schemas.build_schema(name))
    return ExitCode.OK
