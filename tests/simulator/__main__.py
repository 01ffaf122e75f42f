"""The command line of the simulator: every field of a scenario is an option."""

import argparse
import asyncio
import json
from dataclasses import fields
from pathlib import Path
from types import NoneType
from typing import Any

from tests.simulator.scenario import SILENT_FAULTS, SPOKEN_FAULTS, Scenario, made, voice_id
from tests.simulator.server import serve


def _description() -> str:
    return f"""A speech service on 127.0.0.1: ElevenLabs' API as far as a client sees it, and an OpenAI-shaped one.

It prints one line of JSON, {{"url": "http://127.0.0.1:PORT", "pid": PID}}, once it listens, and ends
on SIGTERM, Ctrl-C, or when the pipe at its standard input is closed.

  POST /v1/text-to-speech/VOICE   voices are {voice_id(1)}, ...2, ...3 and so on
  GET  /v1/history   GET /v1/history/ITEM   GET /v1/history/ITEM/audio
  POST /v1/text-to-speech/VOICE/with-timestamps
  GET  /v2/voices   GET /v1/voices   GET /v1/voices/VOICE/settings
  GET  /v1/models   GET /v1/user/subscription
  POST /v1/audio/speech
  GET  /_simulator/state          counts by outcome, bills, highest concurrency, refusals
  GET  /_simulator/requests       the requests as they came, newest last
  POST /_simulator/scenario       change fields of the scenario while it runs

Seconds of a scenario count from the first request for speech, and anew once neighbour or shrink
are changed. A slot is held until the answer is sent: by a client that goes away, too, for as long
as its speech takes.
"""


def _epilog() -> str:
    def table(kinds: dict[str, str]) -> str:
        return "\n".join(f"  {kind:<21}{about}" for kind, about in kinds.items())

    return f"""faults after speech was made, and billed:
{table(SPOKEN_FAULTS)}

faults without speech, not billed:
{table(SILENT_FAULTS)}

An example: five at once, a neighbour who takes three of them for 40 seconds, speech in about a
second, and every twentieth answer lost on its way:

  python -m tests.simulator --port 8011 --cap 5 --neighbour '[[3, 5, 45]]' --latency-seconds 1 \\
      --faults '[{{"kind": "reset", "share": 0.05}}]'
"""


def _value(text: str) -> Any:
    """JSON where it is; text otherwise."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _fields(text: str) -> dict[str, Any]:
    """The fields of a scenario, from JSON or the path of a file with it."""
    try:
        content = text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8")
    except OSError as exc:
        raise argparse.ArgumentTypeError(f"{text}: {exc.strerror}") from exc
    value = json.loads(content)
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("a scenario is a JSON object")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator",
        description=_description(),
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument(
        "--scenario",
        type=_fields,
        default={},
        help="a JSON object of the fields below, or its file",
    )
    defaults = Scenario()
    for each in fields(Scenario):
        default = getattr(defaults, each.name)
        option = "--" + each.name.replace("_", "-")
        about = f"{each.metadata['help']} (default: {default!r})".replace("%", "%%")
        if isinstance(default, bool):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, help=about)
        else:
            kind = str if isinstance(default, str) else _value
            plain = "TEXT" if isinstance(default, str) else "NUMBER"
            shape = plain if isinstance(default, (str, int, float, NoneType)) else "JSON"
            parser.add_argument(option, type=kind, metavar=shape, help=about)
    return parser


def main() -> None:
    """Serve until told to end."""
    parser = _parser()
    given = vars(parser.parse_args())
    port, base = given.pop("port"), given.pop("scenario")
    try:
        told = {name: value for name, value in given.items() if value is not None}
        scenario = made(base | told)
    except ValueError as exc:
        parser.error(str(exc))
    try:
        asyncio.run(serve(scenario, port))
    except OSError as exc:
        parser.error(f"port {port}: {exc.strerror}")


if __name__ == "__main__":
    main()
