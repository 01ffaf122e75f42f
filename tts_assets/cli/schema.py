"""The command `schema`: the JSON Schema of what people write for this program, and it for others."""

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output import schemas
from tts_assets.cli.output.show import Show
from tts_assets.config.model import OutputFormat


def schema(name: str) -> ExitCode:
    """Print one."""
    Show(OutputFormat.JSON).data(schemas.schema(name))
    return ExitCode.OK
