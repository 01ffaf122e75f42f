"""The journal of paid requests and the sounds beside it: what is kept, used, refused and deleted."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tts_assets.errors import ClipError
from tts_assets.store.paid_journal import find_folder, find_takes, read_purchases
from tts_assets.store.paid_speech import RequestedClip, TakeStore

if TYPE_CHECKING:
    from pathlib import Path

    from tts_assets.store.paid_speech import ClipRequests, Ticket

KEY = "0" * 64
CLIP = RequestedClip(
    recipe="r1", asset="vocabulary/r1.mp3", file="words.json", entry="1", part="word"
)
SOUND = b"RIFF and so on"


def open_store(tmp_path: Path, *, buy_again: bool = False) -> TakeStore:
    return TakeStore(str(tmp_path / "temp"), str(tmp_path / "audio"), buy_again=buy_again)


def buy(order: ClipRequests, *, fault: str = "", sound: bytes = SOUND) -> Ticket:
    ticket = order.begin_request(key=KEY, text="犬", service="elevenlabs", voice="v", model="m")
    ticket.record_arrival(request_id="r", history_item_id="h", billed=2.0)
    ticket.keep_sound(sound, "wav", seconds=1.0, fault=fault)
    return ticket


def fail(store: TakeStore, *, is_spoken: bool) -> None:
    """Buy a sound for a clip that then fails, before or after all of it is spoken."""
    with suppress(ClipError), store.open_order(CLIP) as order:
        buy(order)
        if is_spoken:
            order.note_spoken()
        raise ClipError("nothing audible came of it")


def test_a_sound_of_a_run_that_ended_early_is_found_by_what_was_sent(tmp_path: Path) -> None:
    with open_store(tmp_path).open_order(CLIP) as order:
        buy(order)
    store = open_store(tmp_path)
    (found,) = store.find_earlier(KEY)
    assert (store.read(found), found.cost) == (SOUND, 2.0)
    assert store.find_earlier("1" * 64) == []
    assert store.needs_no_request("r1")
    assert not store.needs_no_request("r2")


def test_what_a_stored_clip_cost_is_settled(tmp_path: Path) -> None:
    with open_store(tmp_path).open_order(CLIP) as order:
        buy(order)
    store = open_store(tmp_path)
    with store.open_order(CLIP) as order:
        buy(order)
        assert order.sum_billed(None) == 4.0
        order.close_clip()
    assert [path.suffix for path in store.folder.iterdir()] == [".jsonl"]
    store.delete_settled(None)
    assert not find_folder(str(tmp_path / "temp"), str(tmp_path / "audio")).exists()


def test_segments_of_a_passage_are_settled_one_by_one(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for segment in (0, 1):
        with store.open_order(CLIP, segment=segment) as order:
            buy(order, sound=b"RIFF %d" % segment)
    with store.open_order(CLIP, segment=0) as order:
        order.close_clip()
    store.delete_settled({"r1"})
    assert [each.sent.segment for each in store.find_earlier(KEY)] == [1]


def test_two_refused_takes_need_no_request_and_others_are_asked_for(tmp_path: Path) -> None:
    with open_store(tmp_path).open_order(CLIP) as order:
        buy(order, fault="too short")
        assert not open_store(tmp_path).needs_no_request("r1")
        buy(order, fault="too long", sound=b"RIFF and more")
    assert open_store(tmp_path).needs_no_request("r1")
    assert not open_store(tmp_path, buy_again=True).needs_no_request("r1")
    found = find_takes(str(tmp_path / "temp"), str(tmp_path / "audio"))
    assert [take.record.fault for take in found] == ["too short", "too long"]


def test_a_sound_of_which_no_clip_can_be_made_is_refused(tmp_path: Path) -> None:
    fail(open_store(tmp_path), is_spoken=True)
    (found,) = open_store(tmp_path).find_earlier(KEY)
    assert found.kept is not None
    assert (found.kept.fault, found.kept.is_unfit) == ("nothing audible came of it", True)


def test_whole_parts_of_a_text_that_fails_stay_as_they_are(tmp_path: Path) -> None:
    fail(open_store(tmp_path), is_spoken=False)
    (found,) = open_store(tmp_path).find_earlier(KEY)
    assert found.kept is not None
    assert not found.kept.fault


def test_ids_that_can_be_none_are_not_recorded(tmp_path: Path) -> None:
    with open_store(tmp_path).open_order(CLIP) as order:
        ticket = order.begin_request(key=KEY, text="犬", service="e", voice="v", model="m")
        ticket.record_arrival(request_id="../../etc", history_item_id="a/audio?x=", billed=None)
    (found,) = open_store(tmp_path).find_earlier(KEY)
    assert found.arrived is not None
    assert (found.arrived.request_id, found.arrived.history_item_id) == ("", "")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff",
        b"[" * 20_000,
        b'{"event":"kept"}',
        b'{"event":"what"}',
        b'{"event":"void","id":"../../x"}',
        b'{"event":"sent","id":1e999}',
        b'{"event":"arrived","id":"%s","billed":"1"}' % (b"0" * 32),
        b'{"event":"closed","recipe":"r1","segment":"1"}',
    ],
)
def test_lines_that_are_none_are_ignored(tmp_path: Path, line: bytes) -> None:
    with open_store(tmp_path).open_order(CLIP) as order:
        buy(order)
    folder = find_folder(str(tmp_path / "temp"), str(tmp_path / "audio"))
    journal = folder / "takes.jsonl"
    journal.write_bytes(line + b"\n" + journal.read_bytes() + b'{"event":"clo')
    assert len(read_purchases(folder)) == 1
    store = open_store(tmp_path)
    with store.open_order(CLIP) as order:
        buy(order)
    assert len(read_purchases(folder)) == 2
