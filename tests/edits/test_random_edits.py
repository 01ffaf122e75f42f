"""Whatever happens, after a run every clip has its sound."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.edited import (
    BY_ID,
    BY_RECIPE,
    KEEP,
    PARTS,
    REMAKE,
    Edited,
    added,
    backwards,
    by_both,
    spoken,
    truncated,
)


class Life:
    """What may happen to a project between two runs, at random and yet the same each time."""

    def __init__(self, project: Edited, seed: int) -> None:
        self.project = project
        self.random = random.Random(seed)
        self.next_id = 100

    def happen(self) -> None:
        """One edit."""
        edits = (
            self._say, self._say, self._read, self._add, self._remove, self._move, self._renumber,
            self._delete, self._truncate, self._empty_url, self._voice, self._engine, self._names,
            self._tear, self._double, self._some, self._some,
        )  # fmt: skip
        self.random.choice(edits)()

    def _pick(self) -> dict[str, Any]:
        return self.random.choice(self.project.entries())

    def _say(self) -> None:
        self.project.entry(self._pick()["id"], word=self.random.choice("犬猫鳥馬牛魚"))

    def _read(self) -> None:
        self.project.entry(self._pick()["id"], reading=self.random.choice(["", "イヌ", "ネコ"]))

    def _add(self) -> None:
        self.next_id += 1
        word = self.random.choice("犬猫鳥馬牛魚")
        added({"id": self.next_id, "word": word}, self.random.randrange(3))(self.project)

    def _remove(self) -> None:
        entries = self.project.entries()
        if len(entries) > 3:
            entries.remove(self.random.choice(entries))
        self.project.write(entries)

    def _move(self) -> None:
        entries = self.project.entries()
        self.random.shuffle(entries)
        self.project.write(entries)

    def _renumber(self) -> None:
        entries = self.project.entries()
        ids = [entry["id"] for entry in entries]
        self.random.shuffle(ids)
        for number, entry in zip(ids, entries, strict=True):
            entry["id"] = number
        self.project.write(entries)

    def _delete(self) -> None:
        if files := sorted(self.project.audio.rglob("*.mp3")):
            self.random.choice(files).unlink()

    def _truncate(self) -> None:
        if files := sorted(self.project.audio.rglob("*.mp3")):
            truncated(self.random.choice(files))

    def _empty_url(self) -> None:
        self.project.entry(self._pick()["id"], audioUrl=None)

    def _voice(self) -> None:
        self.project.set(voice=self.random.choice(["sine", "other"]))

    def _engine(self) -> None:
        self.project.engine(self.random.choice([PARTS, "tones=2 model=a"]))
        self.project.set(on_engine_change=self.random.choice([KEEP, REMAKE]))

    def _names(self) -> None:
        self.project.set(asset=self.random.choice([BY_RECIPE, BY_ID, f"v2/{BY_ID}"]))

    def _some(self) -> None:
        self.project.set(ids=(str(self._pick()["id"]),), max_clips=self.random.choice([0, 1, None]))
        self.project.generate()
        self.project.set(ids=(), max_clips=None)

    def _tear(self) -> None:
        with self.project.ledger.open("ab") as file:
            file.write(b'{"asset":')

    def _double(self) -> None:
        data = self.project.ledger.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        self.project.ledger.write_bytes(backwards(whole) + data)


@by_both
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_every_clip_has_its_sound_after_a_run(
    seed: int, project: Edited, engine_log: Path
) -> None:
    project.file("grammar").unlink()
    life = Life(project, seed)
    for _ in range(8):
        for _ in range(life.random.randint(1, 3)):
            life.happen()
        due = {item.clip.form for item in project.status().planned if item.held is None}
        spoken(engine_log)
        report = project.generate()
        assert (report.fatal, report.failures, report.problems) == (None, (), ())
        # What cannot be moved as its sound is lost meanwhile is said; nothing is said twice.
        assert spoken(engine_log) == sorted(form.text for form in due)
        assert not project.status(deep=True).stale
        assert project.wrong() == []
