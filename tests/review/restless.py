"""An engine that says the same otherwise each time that it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from tests.plugin_engines import telling
from tests.wandering import Wandering

if TYPE_CHECKING:
    from pathlib import Path

    from tts_assets.model import Speech, SpokenForm, Voice


class Restless(Wandering):
    """Speaks in tones that are others each time."""

    name = "restless"

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: object = None
    ) -> Speech:
        del restart_timer
        return telling(form, voice, uuid4().hex)


def installed(folder: Path) -> str:
    """A folder to be put on the path, in which the engine is a plug-in."""
    info = folder / "restless_engine-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: restless-engine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[tts_assets.providers]\nrestless = tests.review.restless:Restless\n"
    )
    return str(folder)
