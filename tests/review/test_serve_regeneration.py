"""Clips that are made again from the page of `review --serve`, really spoken, while pages listen."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

from tests.review.restless import installed
from tests.review.serving import PATIENCE, Reader, serving
from tts_assets.store import atomic_files, ledger
from tts_assets.store.ledger_line import LEDGER_NAME, Line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.conftest import Project

_OVERRIDES = "tts-assets.overrides.json"


def _lines(folder: Path) -> dict[str, Line]:
    found = ledger.whole_lines((folder / "audio" / LEDGER_NAME).read_bytes())
    return {line.asset: line for line in found}


def _overrides(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / _OVERRIDES).read_bytes())
    return [row for row in rows if "entry" in row]


def _states(events: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(event["state"] for event in events))


def test_another_accent_is_heard_by_all_pages_and_by_the_next_run(made: Path) -> None:
    with serving(made) as served:
        old, other = served.row("bridge"), served.row("cat")
        pages = [Reader(served), Reader(served)]
        done = served.again(old, accent=1)
        assert (done.status_code, done.json()) == (202, {"job": "1"})
        for page in pages:
            events = page.until("made")
            assert _states(events) == ["queued", "making", "made"]
            assert {(event["job"], event["asset"]) for event in events} == {("1", old["asset"])}
        new = events[-1]["row"]
        assert (new["accent"], new["phrases"], new["override"]["accent"]) == (
            1,
            [["ハシ", 1, False]],
            1,
        )
        assert new["sha256"] != old["sha256"]
        # Both are there to be compared, and the page has the new one after it is reloaded.
        assert served.client.get(new["sound"]).headers["etag"] == f'"{new["sha256"]}"'
        assert new["earlier"]["sha256"] == old["sha256"]
        assert served.client.get(new["earlier"]["sound"]).headers["etag"] == f'"{old["sha256"]}"'
        assert served.row("bridge") == new
        assert [row["asset"] for row in served.rows()][1:3] == [new["asset"], other["asset"]]
        # Who was away is told what it missed, and nothing else.
        assert Reader(served).until("made")[-1]["row"] == new
        late = Reader(served, last=pages[0].numbers[-1])
        assert served.again(new, accent=1).json() == {"job": "2"}
        assert next(event["job"] for event in late.until("same")) == "2"
        assert served.end() == 0
        assert all(page.ended() for page in pages)
    assert [(row["entry"], row["say"]) for row in _overrides(made)] == [("bridge", {"accent": 1})]
    entry = json.loads((made / "data/vocabulary.json").read_bytes())[0]
    assert entry["audioUrl"] == f"/audio/{new['asset']}"
    assert _lines(made)[new["asset"]].spoken == "ハ↓シ"


def test_what_cannot_be_said_is_refused_in_words_and_nothing_is_written(made: Path) -> None:
    with serving(made) as served:
        row = served.row("bridge")

        def refused(**say: Any) -> str:
            done = served.again(row, **say)
            assert done.status_code == 400
            words: str = done.json()["error"]
            return words

        assert "always produces the same" in refused()
        assert "only 2 morae" in refused(accent=3)
        assert "has no voice 'openjtalk/none'" in refused(voice="openjtalk/none")
        assert "is not a voice of openjtalk" in refused(voice="piper/x")
        assert "0.25 to 4" in refused(speed=100)
        assert "blank" in refused(text=" ")
        assert "there are: text, reading" in refused(pitch=1)
        assert refused(reading="<script>")
        for wrong, told in (
            ({"sha256": 64 * "0"}, "has been regenerated"),
            ({"asset": "vocabulary/none.mp3"}, "this audio no longer exists"),
        ):
            done = served.again(row | wrong, accent=1)
            assert (done.status_code, told in done.json()["error"]) == (409, True)
        for use in (7, -1):
            assert served.again(row, use=use, accent=1).status_code == 400
        # Nor what would make a file that nobody can read again.
        order = {"asset": row["asset"], "sha256": row["sha256"], "say": {"accent": 1}}
        for more in ({"reason": "a\x00b"}, {"reason": 2_001 * "x"}, {"by": 201 * "x"}):
            assert served.client.post("again", json=order | more).status_code == 400
        # Somebody edits the catalogue while the page is open.
        path = made / "data/vocabulary.json"
        path.write_text(path.read_text().replace('"bridge"', '"bank"'))
        assert served.again(row, accent=1).status_code == 409
        path.write_text("{")
        done = served.again(row, accent=1)
        assert (done.status_code, "vocabulary.json" in done.json()["error"]) == (409, True)
    assert not (made / _OVERRIDES).exists()


def test_one_of_several_entries_that_share_a_sound_gets_its_own(made: Path) -> None:
    with serving(made) as served:
        page, shared = Reader(served), served.row("cat")
        assert [use["entry"] for use in shared["uses"]] == ["cat", "again"]
        assert served.again(shared, use=1, speed=1.5).status_code == 202
        new = page.until("made")[-1]["row"]
        assert ([use["entry"] for use in new["uses"]], new["speed"]) == (["again"], 1.5)
        left = served.row("cat")
        assert ([use["entry"] for use in left["uses"]], left["sha256"]) == (
            ["cat"],
            shared["sha256"],
        )
        assert served.client.get(left["sound"]).status_code == 200
        # All wait in one line, and none spoils another.
        rows = [served.row("bridge"), left, served.row("tired")]
        jobs = [
            served.again(rows[0], text="犬", reading="いぬ"),
            served.again(rows[1], voice="openjtalk/mei-low"),
            served.again(rows[2], speed=0.8),
        ]
        assert [done.json()["job"] for done in jobs] == ["2", "3", "4"]
        made_rows = [page.until("made")[-1]["row"] for _ in jobs]
        assert sorted(row["text"] for row in made_rows) == sorted(["犬", "猫", rows[2]["text"]])
        assert {row["voice"] for row in made_rows} == {"openjtalk/mei", "openjtalk/mei-low"}
        # Of two orders for one clip the later one counts, whatever becomes of the first.
        with atomic_files.Storage(made / "audio").lock(lambda: None):
            now = served.row("cat")
            assert [served.again(now, speed=speed).status_code for speed in (0.9, 1.1)] == [
                202,
                202,
            ]
        ends = [page.until("made", "failed")[-1] for _ in range(2)]
        assert (ends[-1]["state"], ends[-1]["row"]["speed"]) == ("made", 1.1)
        assert served.end() == 0


def test_what_is_waited_for_is_told_and_what_is_left_is_made_later(made: Path) -> None:
    def never() -> None:
        raise AssertionError

    with serving(made) as served:
        page, row = Reader(served), served.row("bridge")
        with atomic_files.Storage(made / "audio").lock(never):
            assert served.again(row, accent=1).status_code == 202
            events = page.until("making")
            while "another run" not in events[-1]["message"]:
                events = page.until("making")
            # Everything else is answered meanwhile.
            assert served.client.get(row["sound"]).status_code == 200
            served.process.send_signal(signal.SIGINT)
            assert "run `generate`" in page.until("failed")[-1]["message"]
            assert served.process.wait(PATIENCE) == 0
    assert [row["entry"] for row in _overrides(made)] == ["bridge"]


def test_an_engine_s_failure_is_told_and_the_sound_stays(project: Project) -> None:
    project.words("犬", "猫")
    assert project.generate().returncode == 0
    environment = {"PYTHONPATH": project.environment["PYTHONPATH"]}
    with serving(project.folder, "--provider", "tones", **environment) as served:
        page, row = Reader(served), served.row("1")
        assert served.again(row, text="失敗").status_code == 202
        failed = page.until("failed")[-1]
        assert "the engine was told to fail" in failed["message"]
        assert failed["row"] is None
        assert served.row("1") == row
        # And it is made in the end.
        assert served.again(row, text="鳥").status_code == 202
        assert page.until("made")[-1]["row"]["text"] == "鳥"
        (project.folder / _OVERRIDES).write_text("{")
        done = served.again(served.row("1"), text="魚")
        assert (done.status_code, _OVERRIDES in done.json()["error"]) == (409, True)
        assert served.end() == 0


def test_a_voice_that_wanders_gives_another_take_under_the_same_name(
    project: Project, tmp_path: Path
) -> None:
    project.environment["PYTHONPATH"] += os.pathsep + installed(tmp_path / "restless")
    (project.folder / "tts-assets.toml").write_text(
        'provider = "restless"\nasset = "{kind}/{id}-{part}.{ext}"\n'
    )
    project.words("犬", "猫")
    assert project.run("generate").returncode == 0
    environment = {"PYTHONPATH": project.environment["PYTHONPATH"]}
    with serving(project.folder, **environment) as served:
        page, old = Reader(served), served.row("1")
        assert served.again(old).status_code == 202
        new = page.until("made")[-1]["row"]
        assert new["asset"] == old["asset"]
        assert new["sha256"] != old["sha256"]
        assert new["decision"] is None
        assert (new["earlier"]["sha256"], new["earlier"]["decision"]["decided"]) == (
            old["sha256"],
            "rejected",
        )
        # Each address leads to its own bytes, or nowhere.
        assert served.client.get(old["sound"]).status_code == 404
        for row in (new, new["earlier"]):
            heard = served.client.get(row["sound"])
            assert heard.headers["etag"] == f'"{row["sha256"]}"'
        # Nothing was decided of it, and it is kept for a comparison all the same.
        before = served.row("2")
        assert served.again(before, text="鳥").status_code == 202
        after = page.until("made")[-1]["row"]
        assert (after["asset"], after["earlier"]["sha256"]) == (before["asset"], before["sha256"])
        assert after["earlier"]["decision"]["decided"] == "undecided"
        assert served.client.get(after["earlier"]["sound"]).status_code == 200
        assert served.end() == 0
    assert [line.review for line in _lines(project.folder).values()] == [None, None]


def test_what_a_run_elsewhere_has_made_anew_takes_its_place_on_the_page(project: Project) -> None:
    (project.folder / "tts-assets.toml").write_text(
        'provider = "tones"\nasset = "{kind}/{id}-{part}.{ext}"\n'
    )
    project.words("犬", "猫")
    assert project.run("generate").returncode == 0
    environment = {"PYTHONPATH": project.environment["PYTHONPATH"]}
    with serving(project.folder, **environment) as served:
        page, old = Reader(served), served.row("1")
        # One that is not there for a while stays where it was.
        cat = served.row("2")
        (project.folder / "audio" / cat["asset"]).unlink()
        assert served.client.get(cat["sound"]).status_code == 404
        project.words("鳥", "猫")
        assert project.run("generate").returncode == 0
        assert served.client.get(old["sound"]).status_code == 404
        event = page.until("made")[-1]
        assert (event["asset"], event["row"]["text"]) == (old["asset"], "鳥")
        assert event["row"]["sha256"] != old["sha256"]
        assert served.again(old, text="馬").status_code == 409
        assert served.again(event["row"], text="馬").status_code == 202
        assert page.until("made")[-1]["row"]["text"] == "馬"
        assert served.client.get(served.row("2")["sound"]).status_code == 200
