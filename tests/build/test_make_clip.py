"""One recipe to one asset: what is stored and recorded, and that no kill mixes up two clips."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import msgspec
import pytest
from anyio.lowlevel import checkpoint

from tests.plugin_engines import Paid
from tts_assets.audio import render
from tts_assets.build.generate.clip import (
    BuildContext,
    FinishedClip,
    OutputTarget,
    best_take,
    make_clip,
)
from tts_assets.build.plan.asset_names import Addresses
from tts_assets.build.plan.planner import ClipPlan, Planner, State, list_jobs
from tts_assets.build.plan.recipes import Recipes
from tts_assets.config.settings import Settings
from tts_assets.engines.protocol import Recorder
from tts_assets.errors import ClipError, FatalError
from tts_assets.model import (
    AccentBasis,
    Basis,
    Clip,
    Finding,
    Format,
    Kind,
    Phrase,
    Pronunciation,
    Recording,
    Sound,
    Speech,
    SpokenForm,
    Voice,
)
from tts_assets.store.atomic_files import AppendLog, Storage
from tts_assets.store.ledger import read_ledger
from tts_assets.store.ledger_line import LEDGER_NAME

VOICE = Voice(provider="tones", name="sine")
# As long as another of the same length: sizes tell nothing.
SOUND = Sound(format=Format.WAV)


def ENGINE(_: str) -> str:  # noqa: N802 - one of the constants of this file
    return "tones=1"


RECIPES = Recipes(voice=VOICE, engine=ENGINE, sound=SOUND)
SAID = Pronunciation(
    phrases=(Phrase(kana="イヌ", accent=2),),
    basis=Basis.SPELLING,
    accent_basis=AccentBasis.DICTIONARY,
)
BY_RECIPE = Addresses("{kind}/{recipe}.{ext}", "/audio/{asset}", SOUND.format)
LOST = (State.STALE, State.DAMAGED)
BY_ID = Addresses("{kind}/{id}-{part}.{ext}", "/audio/{asset}", SOUND.format)


class TellingStandIn(Paid):
    """Says how it spoke, and remembers with which voices."""

    def __init__(self) -> None:
        self.voices_heard: list[str] = []

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: object = None
    ) -> Speech:
        self.voices_heard.append(voice.name)
        return replace(
            await super().speak(form, voice, restart_timer=restart_timer), pronunciation=SAID
        )


class Finishing(TellingStandIn):
    """Finishes the sound itself."""

    async def record(
        self, form: SpokenForm, voice: Voice, sound: Sound, *, restart_timer: object = None
    ) -> Recording:
        speech = await self.speak(form, voice, restart_timer=restart_timer)
        return replace(render.finish(speech, sound), pronunciation=speech.pronunciation)


class ClipKilledError(FatalError):
    """The run ended here."""


@dataclass
class Plug:
    """Is pulled after that many writes."""

    writes: int = 99

    def write(self, really: Callable[..., None], *what: Any) -> None:
        if self.writes == 0:
            raise ClipKilledError
        self.writes -= 1
        really(*what)


class PluggedStorage(Storage):
    plug: Plug

    def put(self, asset: str, data: bytes | Path) -> None:
        self.plug.write(super().put, asset, data)


class PluggedLog(AppendLog):
    plug: Plug

    def append(self, record: bytes) -> None:
        self.plug.write(super().append, record)


def _provider(*, repeats: bool) -> Any:
    return SimpleNamespace(engine=ENGINE, accents=lambda _: True, repeats=lambda _: repeats)


@dataclass
class Workshop:
    """An output folder, and an engine that fills it."""

    root: Path
    speaker: Paid = field(default_factory=lambda: Paid(Settings()))

    def plan(self, *clips: Clip, addresses: Addresses = BY_ID) -> list[ClipPlan]:
        """How the clips stand for a run that begins now."""
        path = self.root / LEDGER_NAME
        known = read_ledger(path.read_bytes() if path.exists() else b"", file=str(path))
        planner = Planner(
            recipes=RECIPES,
            present=Storage(self.root).sizes([Kind.VOCABULARY]),
            recorded=known.recorded,
        )
        return [planner.state_of(clip, addresses) for clip in clips]

    def state(self, clip: Clip, addresses: Addresses = BY_ID) -> State:
        return self.plan(clip, addresses=addresses)[0].state

    async def make(
        self, *clips: Clip, addresses: Addresses = BY_ID, writes: int = 99
    ) -> list[FinishedClip]:
        """Make what is missing or stale, until the plug is pulled."""
        store, log = PluggedStorage(self.root), PluggedLog(self.root / LEDGER_NAME)
        store.plug = log.plug = Plug(writes)
        context = BuildContext(
            speaker=self.speaker, voice=VOICE, provider=_provider(repeats=True), sound=SOUND, recipes=RECIPES, assign_voices=lambda _, __: {},
            temp=self.root / ".temp-audio", threads=anyio.CapacityLimiter(1),
        )  # fmt: skip
        target = OutputTarget(storage=store, log=log)
        try:
            return [
                await make_clip(job, context, target, restart_timer=lambda: None)
                for job in list_jobs(self.plan(*clips, addresses=addresses))
            ]
        finally:
            log.close()

    def lines(self) -> list[dict[str, Any]]:
        lines = (self.root / LEDGER_NAME).read_bytes().splitlines()
        return [msgspec.json.decode(line) for line in lines]

    def asset(self, clip: Clip, addresses: Addresses = BY_ID) -> bytes | None:
        path = self.root / self.plan(clip, addresses=addresses)[0].asset
        return path.read_bytes() if path.exists() else None


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def _clip(text: str, entry: str = "1", **changes: Any) -> Clip:
    clip = Clip(
        kind=Kind.VOCABULARY, file="words.json", entry=entry, part="word", place=(0, "audioUrl"),
        form=SpokenForm(text=text),
    )  # fmt: skip
    return clip._replace(**changes)


@pytest.mark.parametrize("speaker", [TellingStandIn, Finishing])
async def test_the_ledger_says_how_a_clip_was_spoken(
    workshop: Workshop, speaker: type[TellingStandIn]
) -> None:
    workshop.speaker = speaker()
    assert isinstance(workshop.speaker, Recorder) is (speaker is Finishing)
    (made,) = await workshop.make(_clip("犬", form=SpokenForm(text="犬", reading="イヌ", accent=2)))
    line = workshop.lines()[-1]
    assert made.recording.pronunciation == SAID
    assert (line["spoken"], line["basis"], line["accent"]) == ("イヌ↓", "spelling", 2)


async def test_an_engine_that_cannot_tell_leaves_it_out_of_the_ledger(workshop: Workshop) -> None:
    (made,) = await workshop.make(_clip("犬"))
    assert made.recording.pronunciation is None
    assert not {"spoken", "basis", "accent"} & workshop.lines()[-1].keys()


@pytest.mark.parametrize("speaker", [TellingStandIn, Finishing])
async def test_an_entry_s_own_voice_speaks_and_is_recorded(
    workshop: Workshop, speaker: type[TellingStandIn]
) -> None:
    workshop.speaker = telling = speaker()
    await workshop.make(_clip("犬"), _clip("犬", entry="2", voice="other"))
    assert telling.voices_heard == ["sine", "other"]
    assert [line["voice"] for line in workshop.lines() if line["recipe"]] == [
        "tones/sine",
        "tones/other",
    ]


async def test_one_job_stores_every_name_of_its_recipe(workshop: Workshop) -> None:
    clips = [_clip("犬"), _clip("犬", entry="2")]
    assert len(await workshop.make(*clips)) == 1
    assert [workshop.state(clip) for clip in clips] == [State.FRESH, State.FRESH]


@pytest.mark.parametrize("writes", range(4))
async def test_a_kill_never_makes_one_clip_pass_for_another(
    workshop: Workshop, writes: int
) -> None:
    before, after = _clip("犬"), _clip("猫")
    sound = {}
    for clip in (after, before):
        await workshop.make(clip)
        sound[clip] = workshop.asset(clip)
    assert len({len(data or b"") for data in sound.values()}) == 1
    if writes < 3:
        with pytest.raises(ClipKilledError):
            await workshop.make(after, writes=writes)
    else:
        await workshop.make(after, writes=writes)
    for clip in (before, after):
        assert workshop.state(clip) in LOST or workshop.asset(clip) == sound[clip]
    assert (workshop.state(after) is State.FRESH) is (writes == 3)
    await workshop.make(after)
    assert (workshop.state(after), workshop.asset(after)) == (State.FRESH, sound[after])


@pytest.mark.parametrize("writes", range(3))
async def test_a_first_asset_that_was_killed_is_not_taken_for_fresh(
    workshop: Workshop, writes: int
) -> None:
    clip = _clip("犬")
    with pytest.raises(ClipKilledError):
        await workshop.make(clip, writes=writes)
    assert workshop.state(clip) is (State.NEW if writes < 2 else State.DAMAGED)
    await workshop.make(clip)
    assert workshop.state(clip) is State.FRESH


@pytest.mark.parametrize("writes", range(2))
async def test_an_asset_that_is_named_by_its_recipe_comes_after_its_line(
    workshop: Workshop, writes: int
) -> None:
    clip = _clip("犬")
    with pytest.raises(ClipKilledError):
        await workshop.make(clip, addresses=BY_RECIPE, writes=writes)
    assert len(workshop.lines()) == writes
    assert workshop.asset(clip, BY_RECIPE) is None
    await workshop.make(clip, addresses=BY_RECIPE)
    assert workshop.state(clip, BY_RECIPE) is State.FRESH


async def test_a_take_that_fails_does_not_cost_the_one_before(tmp_path: Path) -> None:
    context = BuildContext(
        speaker=Paid(Settings()), voice=VOICE, provider=_provider(repeats=False), sound=SOUND, recipes=RECIPES, assign_voices=lambda _, __: {},
        temp=tmp_path, threads=anyio.CapacityLimiter(1), remakes=2,
    )  # fmt: skip
    flaw = Finding("dc", "0.1", "0.01", "it has an offset")
    takes = ["first"]

    async def take() -> tuple[str, tuple[Finding, ...]]:
        await checkpoint()
        if not takes:
            raise ClipError("the engine failed")
        return takes.pop(), (flaw,)

    assert await best_take(take, context, VOICE) == ("first", (flaw,))
