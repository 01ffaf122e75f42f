"""A project with a long text, and an engine whose segments end when a test wants them to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
from anyio.lowlevel import checkpoint

from tests.plugin_engines import Telling, telling
from tts_assets import generate
from tts_assets.config.settings import Settings
from tts_assets.engines import registry
from tts_assets.errors import ClipError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tts_assets.build.events import Event, Report
    from tts_assets.model import Speech, SpokenForm, Voice

#: Sentences long enough to be segments of their own.
SENTENCES = tuple(f"{word}が静かな庭の中をゆっくりと歩いて行きました。" for word in "犬猫鳥馬牛羊")
TEXT = "".join(SENTENCES)


class Directed(Telling):
    """Speaks as it is told by a test, in the run's own process."""

    name = "directed"
    said: list[str]
    ended: list[int]
    fails: dict[str, int]
    reverse: int
    slow: str
    bills: float | None
    behind: int
    active: int
    most: list[int]

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        type(self)._asked = 0
        type(self)._ended = {}

    _asked = 0
    _ended: dict[int, anyio.Event]

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: object = None
    ) -> Speech:
        del restart_timer
        cls = type(self)
        cls.said.append(form.text)
        cls.active += 1
        try:
            return await self._speak(form, voice)
        finally:
            cls.active -= 1

    async def _speak(self, form: SpokenForm, voice: Voice) -> Speech:
        cls = type(self)
        # Whoever is ready to speak begins before anybody ends.
        for _ in range(20):
            await checkpoint()
        cls.most.append(cls.active)
        if form.text == cls.slow:
            await cls._until_the_others_wait()
        if cls.reverse:
            await self._wait_for_those_behind()
        if cls.fails.get(form.text, 0):
            cls.fails[form.text] -= 1
            raise ClipError("told to fail")
        return replace(telling(form, voice, "directed=1"), billed=cls.bills)

    @classmethod
    async def _until_the_others_wait(cls) -> None:
        """The others go on until they have to wait for this one."""
        before = -1
        while before != len(cls.said):
            before = len(cls.said)
            await anyio.sleep(0.2)
        cls.behind = before

    async def _wait_for_those_behind(self) -> None:
        """Each ends when the next has ended; the last of a batch at once."""
        cls = type(self)
        number = cls._asked
        cls._asked += 1
        own = cls._ended.setdefault(number, anyio.Event())
        if number % cls.reverse != cls.reverse - 1:
            await cls._ended.setdefault(number + 1, anyio.Event()).wait()
        cls.ended.append(number)
        own.set()


class LongText:
    """A project with one passage."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        patch.setattr("os.fsync", lambda _: None)
        patch.setitem(registry._BUILT_IN, "directed", f"{Directed.__module__}:Directed")
        Directed.said, Directed.ended, Directed.fails, Directed.reverse = [], [], {}, 0
        Directed.active, Directed.most, Directed.slow, Directed.bills = 0, [], "", None
        self.folder = folder
        self.settings = Settings(
            paths=(str(folder / "data"),),
            output=str(folder / "audio"),
            temp=str(folder / ".temp-audio"),
            provider="directed",
            concurrency=1,
        )
        self.write(TEXT)

    def write(self, text: str, kind: str = "reading", **fields: Any) -> None:
        entry = {"id": 1, "title": "題", "text": text, **fields}
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "data" / f"{kind}.json").write_text(json.dumps([entry]))

    async def generate(
        self, on_event: Callable[[Event], None] | None = None, **settings: Any
    ) -> Report:
        return await generate(replace(self.settings, **settings), on_event=on_event)

    def lines(self) -> list[dict[str, Any]]:
        ledger = (self.folder / "audio" / "ledger.jsonl").read_bytes()
        return [json.loads(line) for line in ledger.splitlines()]

    @property
    def assets(self) -> dict[str, bytes]:
        """What lies in the output folder, by name."""
        folder = self.folder / "audio"
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    @property
    def waiting(self) -> list[Path]:
        """The segments that wait."""
        return sorted((self.folder / ".temp-audio").rglob("*.segment"))

    def forget(self) -> None:
        """Begin from nothing."""
        for path in sorted((self.folder / "audio").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        Directed.said = []
