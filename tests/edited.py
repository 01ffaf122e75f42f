"""A real project in a folder, to be edited and made, whose sounds tell what they were made from."""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.plugin_engines import Telling, telling
from tts_assets import Report, Settings, generate_sync
from tts_assets.audio.render import finish
from tts_assets.build.events import Standing
from tts_assets.build.plan import make_plan, planner, voice_selection
from tts_assets.build.plan.planner import ClipPlan, State
from tts_assets.build.status import summarize_status
from tts_assets.config.settings import OnEngineChange
from tts_assets.engines import registry
from tts_assets.model import Sound, SpokenForm, Voice
from tts_assets.store.ledger_line import LEDGER_NAME

BY_RECIPE = "{kind}/{recipe}.{ext}"
BY_ID = "{kind}/{id}-{part}.{ext}"
NAMES = {"by recipe": BY_RECIPE, "by id": BY_ID}
PARTS = "tones=1 model=a"
KEEP = OnEngineChange.KEEP
REMAKE = OnEngineChange.REMAKE
#: What a clip is told that nobody has made.
NEW = "new: not generated yet"

WORDS: list[dict[str, Any]] = [
    {"id": 1, "word": "犬", "reading": "いぬ", "accent": 2, "meaning": "dog"},
    {"id": 2, "word": "猫", "reading": "ねこ", "meaning": "cat"},
    {"id": 3, "word": "東京", "reading": "とうきょう"},
    {"id": 4, "word": "東京駅", "reading": "とうきょうえき"},
    {"id": 5, "word": "犬", "reading": "いぬ", "accent": 2, "meaning": "hound"},
]
GRAMMAR: list[dict[str, Any]] = [
    {
        "id": "g",
        "title": "〜がいる",
        "examples": [{"japanese": "犬がいる。"}, {"japanese": "山は高い。"}],
    }
]

#: All clips of these.
ALL = ("1 word", "2 word", "3 word", "4 word", "5 word", "g example-1", "g example-2")


class Edited:
    """A project that is edited; everything is done in this process."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, **settings: Any) -> None:
        # That files survive a loss of power is tested elsewhere; the disk would take most of the time.
        patch.setattr("os.fsync", lambda _: None)
        patch.setitem(registry._BUILT_IN, "telling", f"{Telling.__module__}:Telling")
        self.folder = folder
        self.patch = patch
        self.settings = Settings(
            paths=(str(folder / "data"),),
            output=str(folder / "audio"),
            provider="telling",
            **settings,
        )
        self.engine(PARTS)

    def engine(self, parts: str) -> None:
        """Another version or model of the engine."""
        self.patch.setenv("TEST_ENGINE_PARTS", parts)

    def set(self, **settings: Any) -> None:
        self.settings = replace(self.settings, **settings)

    def sound(self, **sound: Any) -> None:
        self.set(sound=replace(self.settings.sound, **sound))

    @property
    def audio(self) -> Path:
        return self.folder / "audio"

    @property
    def ledger(self) -> Path:
        return self.audio / LEDGER_NAME

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.ledger.read_bytes().splitlines()]

    def write_lines(self, *lines: Mapping[str, Any]) -> None:
        self.ledger.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

    def file(self, name: str) -> Path:
        return self.folder / "data" / f"{name}.json"

    def entries(self, name: str = "vocabulary") -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = json.loads(self.file(name).read_bytes())
        return entries

    def write(self, entries: object, name: str = "vocabulary") -> None:
        self.file(name).parent.mkdir(parents=True, exist_ok=True)
        self.file(name).write_text(json.dumps(entries, ensure_ascii=False, indent=2))

    def entry(self, number: int, **fields: Any) -> None:
        """Change fields of a word."""
        entries = self.entries()
        next(each for each in entries if each["id"] == number).update(fields)
        self.write(entries)

    def asset(self, number: int) -> Path:
        """The file of a word, by its URL."""
        url: str = next(each for each in self.entries() if each["id"] == number)["audioUrl"]
        return self.audio / url.removeprefix("/audio/")

    def status(self, *, deep: bool = False) -> Standing:
        return summarize_status(replace(self.settings, deep=deep))

    def generate(self) -> Report:
        return generate_sync(self.settings)

    def clips(self) -> dict[str, ClipPlan]:
        """How every clip stands, by its entry and part."""
        found = make_plan.make_plan(self.settings, Telling(self.settings), may_lack_files=True)
        return {f"{item.clip.entry} {item.clip.part}": item for item in found.planned}

    def wrong(self) -> list[str]:
        """Clips whose file has not the sound that was asked for, or whose URL leads elsewhere."""
        engines = {line["asset"]: line["engine"] for line in self.lines() if line["recipe"]}
        return [
            name
            for name, item in self.clips().items()
            if item.state is not State.LOCKED
            and (
                planner.lacks_url(item)
                or (self.audio / item.asset).read_bytes() != self._due(item, engines[item.asset])
            )
        ]

    def _due(self, item: ClipPlan, engine: str) -> bytes:
        provider = Telling(self.settings)
        voice = voice_selection.find_voice(self.settings, provider)
        form = item.clip.form
        if not provider.accents(voice.name):
            form = form._replace(accent=None)
        return _sound(form, voice, engine, self.settings.sound)


@functools.cache
def _sound(form: SpokenForm, voice: Voice, engine: str, sound: Sound) -> bytes:
    return finish(telling(form, voice, engine), sound).data


def told(item: ClipPlan) -> str:
    """The state of a clip with the reasons for it, and whether its sound is there already."""
    reason = "; ".join(map(str, item.changes)) or item.reason
    return f"{item.state}: {reason}{', moved' if item.held else ''}"


#: What somebody does to a project.
Edit = Callable[[Edited], object]

by_both = pytest.mark.parametrize("project", NAMES.values(), ids=NAMES, indirect=True)
by_id = pytest.mark.parametrize("project", [BY_ID], ids=["by id"], indirect=True)
by_recipe = pytest.mark.parametrize("project", [BY_RECIPE], ids=["by recipe"], indirect=True)


def to_make(project: Edited, *, deep: bool = False) -> dict[str, str]:
    """What is to be made, and why."""
    return {
        f"{item.clip.entry} {item.clip.part}": told(item)
        for item in project.status(deep=deep).planned
    }


def spoken(log: Path) -> list[str]:
    """What the engine was asked for since somebody looked last."""
    said = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return sorted(said)


def becomes_clean(project: Edited, log: Path, plan: dict[str, str]) -> None:
    """Generate makes exactly what was planned, each sound once, and leaves nothing to do."""
    forms = {name: item.clip.form for name, item in project.clips().items()}
    due = {forms[name] for name, why in plan.items() if not why.endswith(", moved")}
    spoken(log)
    report = project.generate()
    assert (report.fatal, report.failures, report.problems) == (None, (), ())
    assert spoken(log) == sorted(form.text for form in due)
    after = project.status(deep=True)
    assert (after.planned, after.urls_to_write, after.problems) == ((), 0, ())
    assert project.wrong() == []
    assert project.generate().made == 0


def all_clips(reason: str) -> dict[str, str]:
    return dict.fromkeys(ALL, reason)


def words(*entries: str, because: str) -> dict[str, str]:
    return {f"{entry} word": because for entry in entries}


def settings_are(**settings: object) -> Edit:
    return lambda project: project.set(**settings)


def sound_is(**sound: object) -> Edit:
    return lambda project: project.sound(**sound)


def word_is(number: int, **fields: object) -> Edit:
    return lambda project: project.entry(number, **fields)


def entries_are(edit: Callable[[list[dict[str, Any]]], object], name: str = "vocabulary") -> Edit:
    def change(project: Edited) -> None:
        entries = project.entries(name)
        edit(entries)
        project.write(entries, name)

    return change


def added(entry: dict[str, Any], at: int = 0) -> Edit:
    return entries_are(lambda entries: entries.insert(at, entry))


def all_moved(project: Edited) -> dict[str, str]:
    """Every clip is moved from where it is to where it would be, and not said."""
    found = project.clips()
    assert all(item.held not in {None, item.asset} for item in found.values())
    return {
        name: f"stale: template {item.held} -> {item.asset}, moved" for name, item in found.items()
    }


def truncated(asset: Path) -> None:
    asset.write_bytes(asset.read_bytes()[:100])


def backwards(data: bytes) -> bytes:
    return b"".join(reversed(data.splitlines(keepends=True)))
