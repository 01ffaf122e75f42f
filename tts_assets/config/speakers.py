"""How speakers of dialogues sound: ``[[speaker]]`` tables of the configuration."""

from __future__ import annotations

from typing import Any

from tts_assets.config import json_schema
from tts_assets.config.model import SpeakerSettings
from tts_assets.config.tables import Table, text
from tts_assets.config.values import number

#: As ``speed`` of the run.
SPEED = number(0.25, 4.0)


#: What ``[[speaker]]`` accepts.
SCHEMA = json_schema.build_table_schema(
    {"name": json_schema.TEXT, "voice": json_schema.TEXT, "speed": SPEED.schema}, needed=("name",)
)


def speaker_of(values: object, where: str) -> SpeakerSettings:
    """The speaker that a table describes.

    Args:
        values: the table, as TOML gives it.
        where: how messages call it, such as ``tts-assets.toml: speaker 2``.

    Raises:
        UsageError: a key is unknown or missing, or a value is wrong.
    """
    table = Table(values, where)
    speaker = SpeakerSettings(
        name=table.need("name", text).strip(),
        voice=table.take("voice", text, None),
        speed=table.take("speed", _speed, None),
    )
    table.end()
    return speaker


def _speed(value: Any) -> float:
    try:
        # Text stands for a number on the command line only.
        return float(SPEED(None if isinstance(value, str) else value))
    except (TypeError, ValueError, OverflowError) as exc:
        raise ValueError(f"it must be {SPEED.__doc__}") from exc
