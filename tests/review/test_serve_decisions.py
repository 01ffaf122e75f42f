"""Decisions that `review --serve` takes: on the disk before they are answered, then in the ledger."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

from tests.review.serving import PATIENCE, serving
from tts_assets.store import atomic_files, decisions, ledger
from tts_assets.store.decisions import JOURNAL_NAME, append_decisions, read_journal
from tts_assets.store.ledger_line import LEDGER_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from tts_assets.model import Decision


def _decision(row: dict[str, Any], decided: str, minute: int = 0, **more: object) -> dict[str, Any]:
    at = f"2026-11-22T13:{minute:02}:00.123Z"
    sound = {"asset": row["asset"], "sha256": row["sha256"]}
    return sound | {"decided": decided, "at": at, "by": "yuki", "reason": ""} | more


def _reviews(folder: Path) -> dict[str, Decision]:
    """What the ledger says of each text."""
    lines = ledger.whole_lines((folder / "audio" / LEDGER_NAME).read_bytes())
    return {line.text: line.review for line in lines if line.review is not None}


def _wait_for(folder: Path, text: str) -> Decision:
    """What the ledger says of a text, once it does."""
    end = time.monotonic() + PATIENCE
    while text not in (found := _reviews(folder)):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found[text]


def test_decisions_are_kept_at_once_and_reach_the_ledger_by_themselves(made: Path) -> None:
    with serving(made) as served:
        bridge, cat = served.row("bridge"), served.row("cat")
        done = served.decide(
            _decision(bridge, "approved"), _decision(cat, "rejected", reason="<b>too high</b>")
        )
        assert done == {"saved": 2, "stale": [], "refused": []}
        kept = read_journal(made / "audio")
        assert [(each.asset, each.decided, each.by) for each in kept] == [
            (bridge["asset"], "approved", "yuki"),
            (cat["asset"], "rejected", "yuki"),
        ]
        # Where it is heard, the server knows, whatever a page says.
        assert [use.entry for use in kept[1].clips] == ["cat", "again"]
        assert served.row("cat")["decision"]["reason"] == "<b>too high</b>"
        # The entry is looked at anew, of which the ledger knows nothing yet.
        assert served.decide(_decision(bridge, "rejected") | {"sha256": 64 * "0"})["stale"]
        assert _wait_for(made, "猫").decided == "rejected"
        assert served.row("bridge")["decision"]["decided"] == "approved"
        # Taken back, by whoever comes later; and the same once more is one.
        undone = _decision(cat, "undecided", 1)
        assert [served.decide(undone)["saved"] for _ in range(2)] == [1, 1]
        assert served.row("cat")["decision"] is None
        # What was decided before that, and comes later, changes nothing.
        assert served.decide(_decision(cat, "approved"))["saved"] == 1
        assert served.row("cat")["decision"] is None
        assert served.end() == 0
    assert len(read_journal(made / "audio")) == 4
    assert {text: each.decided for text, each in _reviews(made).items()} == {
        "橋": "approved",
        "猫": "undecided",
    }


def test_what_cannot_be_kept_is_told_and_keeps_no_other_back(made: Path) -> None:
    with serving(made) as served:
        row, other = served.row("bridge"), served.row("cat")
        journal = made / "audio" / JOURNAL_NAME
        journal.mkdir()
        # The page keeps it, and asks again.
        done = served.client.post("decisions", json={"decisions": [_decision(row, "approved")]})
        assert (done.status_code, JOURNAL_NAME in done.text) == (507, True)
        journal.rmdir()
        told = served.decide(
            _decision(row, "approved"),
            _decision(row, "approved") | {"sha256": 64 * "0"},
            _decision(row, "approved") | {"asset": "vocabulary/none.mp3"},
            _decision(row, "approved") | {"asset": "../../etc/passwd"},
            _decision(row, "liked"),
            _decision(row, "approved", at="yesterday"),
            _decision(row, "approved", reason="x" * 100_000),
            "nothing",
            _decision(other, "rejected"),
        )
        assert told["saved"] == 2
        assert told["stale"] == [row["asset"], "vocabulary/none.mp3"]
        assert len(told["refused"]) == 5
        kept = read_journal(made / "audio")
        assert [each.asset for each in kept] == [row["asset"], other["asset"]]


def test_what_a_killed_server_had_taken_is_not_lost(made: Path) -> None:
    with serving(made) as served:
        assert served.decide(_decision(served.row("bridge"), "approved"))["saved"] == 1
        served.process.send_signal(signal.SIGKILL)
        served.process.wait(PATIENCE)
    assert _reviews(made) == {}
    with serving(made) as served:
        row = served.row("bridge")
        assert row["decision"]["decided"] == "approved"
        assert _wait_for(made, "橋").decided == "approved"
        # Somebody else decides meanwhile, on another page.
        later = decisions.SoundDecision(**_decision(row, "rejected", 1))
        append_decisions(made / "audio", [later])
        assert served.row("bridge")["decision"]["decided"] == "rejected"
        assert served.end() == 0
    assert _reviews(made)["橋"].decided == "rejected"


def test_a_run_elsewhere_holds_up_no_answer_and_the_end_does_not_wait_for_it(
    made: Path,
) -> None:
    def never() -> None:
        raise AssertionError

    with serving(made) as served:
        bridge, cat = served.row("bridge"), served.row("cat")
        with atomic_files.Storage(made / "audio").lock(never):
            assert served.decide(_decision(bridge, "approved"))["saved"] == 1
            # Long enough for the ledger's turn to come.
            time.sleep(1.5)
            assert served.decide(_decision(cat, "rejected"))["saved"] == 1
            assert served.row("cat")["decision"]["decided"] == "rejected"
            assert served.end() == 0
        assert served.process.stderr is not None
        assert "`tts-assets review apply`" in served.process.stderr.read()
    assert _reviews(made) == {}
    assert len(read_journal(made / "audio")) == 2
