"""An engine that says a form otherwise each time, and what people decide of its sounds."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.edited import Edited
from tests.plugin_engines import Telling, _log, telling
from tts_assets.engines import registry
from tts_assets.store import atomic_files, decisions
from tts_assets.store.decisions import SoundDecision, Use, record_decisions

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.model import Decided, Speech, SpokenForm, Voice
    from tts_assets.store.decisions import RecordedDecisions

#: Moments in their order.
MORNING, NOON, EVENING = (f"2026-11-22T{hour}:00:00.000Z" for hour in ("08", "12", "18"))


class Wandering(Telling):
    """Speaks in tones that are others in each run, as TEST_ENGINE_TAKE tells."""

    name = "wandering"

    def repeats(self, voice: str) -> bool:
        del voice
        return False

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: object = None
    ) -> Speech:
        del restart_timer
        _log(form.text)
        return telling(form, voice, os.environ.get("TEST_ENGINE_TAKE", "0"))


class Listened(Edited):
    """A project whose sounds somebody listens to."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, **settings: Any) -> None:
        super().__init__(folder, patch, temp=str(folder / ".temp-audio"), **settings)
        patch.setitem(registry._BUILT_IN, "wandering", f"{__name__}:Wandering")

    def take(self, number: int) -> None:
        """Have the wandering engine speak otherwise."""
        self.set(provider="wandering")
        self.patch.setenv("TEST_ENGINE_TAKE", str(number))

    def wander(self) -> None:
        """Have everything made by the wandering engine."""
        self.take(1)
        self.set(force=True)
        self.generate()
        self.set(force=False)

    def item(self, number: int) -> ClipPlan:
        """How a word stands."""
        clips = {item.clip.entry: item for item in self.survey()}
        return clips[str(number)]

    def survey(self) -> list[ClipPlan]:
        from tts_assets.build.plan import make_plan as surveys
        from tts_assets.engines import registry as providers

        provider, _ = providers.choose_engine(self.settings)
        settings = replace(self.settings, only=())
        return surveys.make_plan(settings, provider, may_lack_files=True).planned

    def decision(
        self, number: int, decided: Decided, at: str = NOON, reason: str = ""
    ) -> SoundDecision:
        """A decision on the sound that a word has now."""
        item = self.item(number)
        return SoundDecision(
            asset=item.asset,
            sha256=atomic_files.sha256(self.audio / item.asset),
            decided=decided,
            at=at,
            by="somebody",
            reason=reason,
            clips=(Use(file=item.clip.file, entry=item.clip.entry, part=item.clip.part),),
        )

    def decide(
        self, number: int, decided: Decided, at: str = NOON, reason: str = ""
    ) -> SoundDecision:
        """Decide, as the review page does."""
        made = self.decision(number, decided, at, reason)
        decisions.append_decisions(self.audio, [made])
        self.settle(made)
        return made

    def settle(self, *made: SoundDecision) -> RecordedDecisions:
        return record_decisions(atomic_files.Storage(self.audio), made)

    def reviews(self) -> dict[str, str]:
        """What the ledger says was decided, by the texts."""
        return {
            line["text"]: line["review"]["decided"] for line in self.lines() if "review" in line
        }
