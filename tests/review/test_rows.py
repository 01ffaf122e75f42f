"""What a reviewer is shown of the clips of a project."""

from __future__ import annotations

import json
import os
import shutil
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import anyio
import pytest

from tests.review.conftest import HOSTILE, Shown
from tts_assets import generate_sync
from tts_assets.errors import InputError
from tts_assets.model import Decided, Decision, Finding, Kind
from tts_assets.review.review_rows import PageMode, build_payload
from tts_assets.review.row_builder import load_entry_rows, load_rows
from tts_assets.review.sound_previews import NAME
from tts_assets.store import atomic_files, segment_cache
from tts_assets.store.decisions import JOURNAL_NAME, SoundDecision, Use, append_decisions

AT = "2026-11-22T13:00:00.123Z"


def _decision(asset: str, sha256: str, entry: str, **changes: str) -> SoundDecision:
    use = Use(file="data/vocabulary.json", entry=entry, part="word")
    decided = Decided(changes.pop("decided", "rejected"))
    return SoundDecision(
        asset=asset, sha256=sha256, decided=decided, clips=(use,), **{"at": AT, **changes}
    )


def test_each_sound_has_one_row_with_all_its_clips_in_the_order_of_the_catalogues(
    shown: Shown,
) -> None:
    found = shown.rows()
    told = [[(use.entry, use.level, use.line) for use in row.uses] for row in found.clips]
    assert told == [
        [("1", "N2", 2)],
        [("bridge", "N5", 2)],
        [("cat", "N4", 10), ("again", "N3", 20)],
        [(HOSTILE, "", 27)],
        [("tired", "", 33)],
    ]
    assert (found.notes, found.problems, found.unmatched) == ((), (), None)


def test_every_sound_that_is_named_is_there(shown: Shown) -> None:
    found = shown.rows()
    assert [unquote(row.sound) for row in found.clips] == list(found.sounds)
    for row, (address, path) in zip(found.clips, found.sounds.items(), strict=True):
        assert address == f"clips/{row.asset}"
        assert atomic_files.sha256(path) == row.sha256


def test_a_row_tells_what_the_ledger_does(shown: Shown) -> None:
    finding = Finding("accent", "+4.2 semitones", "+1 semitones", "<b>begins high</b>")
    review = Decision(decided=Decided.APPROVED, at=AT, by="yuki", reason="fine")
    asset = shown.row("bridge").asset
    shown.change_line(asset, findings=(finding,), review=review, lufs=-18.5)
    row = shown.row("bridge")
    assert (row.text, row.reading, row.accent, row.voice) == ("橋", "ハシ", 2, "openjtalk/mei")
    assert (row.basis, row.speed, row.lufs, row.again) == ("spelling", 1.0, -18.5, False)
    assert row.decision == review
    assert row.findings == (
        {
            "rule": "accent",
            "measured": "+4.2 semitones",
            "limit": "+1 semitones",
            "told": "<b>begins high</b>",
        },
    )


def test_a_passage_has_its_time_line_and_no_morae(shown: Shown) -> None:
    row = shown.row("1")
    assert [(cue.speaker, cue.text) for cue in row.cues] == [
        ("男", "すみません。"),
        ("女", "はい、どうぞ。"),
    ]
    assert not row.morae
    assert len(row.peaks) == 200


def test_a_rejected_sound_is_shown_and_what_was_taken_back_is_undecided(shown: Shown) -> None:
    asset = shown.row("cat").asset
    shown.change_line(asset, review=Decision(decided=Decided.REJECTED, at=AT, reason="accent"))
    decision = shown.row("cat").decision
    assert decision is not None
    assert (decision.decided, decision.reason) == (Decided.REJECTED, "accent")
    shown.change_line(asset, review=Decision(decided=Decided.UNDECIDED, at=AT))
    assert shown.row("cat").decision is None


def test_what_is_wanted_is_chosen_as_everywhere(shown: Shown) -> None:
    assert len(shown.rows(kinds=(Kind.LISTENING,)).clips) == 1
    assert [row.text for row in shown.rows(ids=("c*",)).clips] == ["猫"]
    found = shown.rows(ids=("nobody",))
    assert (found.clips, "'nobody'" in (found.unmatched or "")) == ((), True)


def test_one_entry_is_that_one_whatever_is_in_its_id(shown: Shown) -> None:
    words = json.loads(Path("data/vocabulary.json").read_bytes())
    words.append({"id": "c*", "word": "犬", "reading": "いぬ"})
    Path("data/vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    generate_sync(shown.settings)
    one = partial(load_entry_rows, shown.settings, file="data/vocabulary.json")
    (row,) = anyio.run(partial(one, entry="c*")).clips
    assert (row.text, row.again) == ("犬", True)
    (row,) = anyio.run(partial(one, entry=HOSTILE)).clips
    assert row.uses[0].entry == HOSTILE


def test_what_cannot_be_heard_is_told(shown: Shown) -> None:
    words = json.loads(Path("data/vocabulary.json").read_bytes())
    words[0]["reading"] = "きょう"
    words.append({"id": "dog", "word": "犬"})
    Path("data/vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    Path("audio", shown.row("tired").asset).unlink()
    cat = Path("audio", shown.row("cat").asset)
    cat.write_bytes(cat.read_bytes()[:-1] + b"x")
    found = shown.rows()
    assert [row.uses[0].entry for row in found.clips] == ["1", HOSTILE]
    assert len(found.notes) == 4
    for words_of_it in (
        "1 clip is not generated yet",
        "1 clip is out of date",
        "1 clip is missing on disk",
        "1 sound is left out",
    ):
        assert any(note.startswith(words_of_it) for note in found.notes), words_of_it


def test_without_its_line_nothing_can_be_decided_of_a_sound(shown: Shown) -> None:
    Path("audio/ledger.jsonl").unlink()
    found = shown.rows()
    assert not found.clips
    assert "6 clips are not in the ledger" in found.notes[0]


def test_a_ledger_in_disorder_tells_the_same(shown: Shown) -> None:
    before = shown.rows().clips
    path = Path("audio/ledger.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(reversed(lines)) + lines[0][:50])
    assert shown.rows().clips == before


def test_pictures_are_drawn_once(shown: Shown) -> None:
    first = shown.rows()
    (album,) = Path(".temp-audio").rglob(NAME)
    kept = album.stat()
    assert shown.rows() == first
    assert album.stat() == kept
    # Those of sounds that are not wanted now are kept.
    shown.rows(ids=("cat",))
    assert album.stat() == kept
    album.write_bytes(b"x" * 100)
    assert shown.rows() == first


def test_progress_goes_on_to_the_last_sound(shown: Shown) -> None:
    told: list[tuple[int, int]] = []

    def on_progress(done: int, total: int) -> None:
        told.append((done, total))

    anyio.run(partial(load_rows, shown.settings, on_progress=on_progress))
    assert told[-1] == (5, 5)


async def test_it_runs_under_asyncio_and_trio(shown: Shown) -> None:
    assert len((await load_rows(shown.settings)).clips) == 5


def test_an_earlier_sound_is_found_where_it_was_kept(shown: Shown) -> None:
    now, other = shown.row("cat"), Path("audio", shown.row("bridge").asset)
    place = segment_cache.rejected_audio_dir_for(shown.settings.temp, shown.settings.output)
    segment_cache.keep_rejected_audio(
        place, other.name, atomic_files.Storage(other.parent), unless=""
    )
    sha256 = atomic_files.sha256(other)
    rejected = _decision(now.asset, sha256, "cat", reason="</script>")
    append_decisions(Path("audio"), [rejected, _decision(now.asset, now.sha256, "cat")])
    found = shown.rows(ids=("cat",))
    earlier = found.clips[0].earlier
    assert earlier is not None
    assert earlier.sound == f"earlier/{sha256}.mp3"
    assert found.sounds[earlier.sound].read_bytes() == other.read_bytes()
    assert (earlier.sha256, earlier.asset, earlier.phrases) == (sha256, now.asset, ())
    assert earlier.decision == rejected.decision
    assert earlier.peaks == shown.row("bridge").peaks
    assert earlier.seconds == pytest.approx(shown.row("bridge").seconds, abs=0.002)


def test_an_earlier_sound_is_found_under_its_own_name(shown: Shown) -> None:
    before = shown.row("bridge")
    append_decisions(Path("audio"), [_decision(before.asset, before.sha256, "bridge")])
    words = json.loads(Path("data/vocabulary.json").read_bytes())
    words[0] |= {"accent": 1}
    Path("data/vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    generate_sync(shown.settings)
    row = shown.row("bridge")
    assert row.asset != before.asset
    assert row.earlier is not None
    assert (row.earlier.sound, row.earlier.phrases) == (before.sound, before.phrases)
    Path("audio", before.asset).write_bytes(b"other bytes")
    assert shown.row("bridge").earlier is None
    Path("audio", before.asset).unlink()
    assert shown.row("bridge").earlier is None


def test_of_earlier_sounds_the_one_that_was_decided_last_is_shown(shown: Shown) -> None:
    now, first, second = shown.row("cat"), shown.row("bridge"), shown.row("tired")
    later = AT.replace("13:", "14:")
    journal = [
        _decision(second.asset, second.sha256, "cat", at=later),
        _decision(first.asset, first.sha256, "cat"),
        _decision(now.asset, now.sha256, "cat", at=AT.replace("13:", "15:")),
    ]
    append_decisions(Path("audio"), journal)
    earlier = shown.row("cat").earlier
    assert earlier is not None
    assert earlier.sha256 == second.sha256
    # The page need not tell the clips once more.
    undone = SoundDecision(
        asset=second.asset,
        sha256=second.sha256,
        decided=Decided.UNDECIDED,
        at=AT.replace("13:", "16:"),
    )
    append_decisions(Path("audio"), [undone])
    earlier = shown.row("cat").earlier
    assert earlier is not None
    assert earlier.sha256 == first.sha256
    assert shown.row("bridge").earlier is None


def test_a_journal_that_is_damaged_is_told(shown: Shown) -> None:
    Path("audio", JOURNAL_NAME).write_bytes(b"no decision\n")
    with pytest.raises(InputError, match=r"decisions\.jsonl"):
        shown.rows()


def test_what_a_reviewer_typed_is_told(shown: Shown) -> None:
    override = {
        "file": "data/vocabulary.json",
        "source": "built-in",
        "entry": "cat",
        "part": "word",
        "text": "猫",
        "say": {"speed": 0.8},
    }
    Path(shown.settings.overrides).write_text(json.dumps([override]), encoding="utf-8")
    generate_sync(shown.settings)
    row = shown.row("cat")
    assert row.override is not None
    assert (row.override.speed, row.override.text, row.speed) == (0.8, None, 0.8)
    assert shown.row("bridge").override is None


def test_names_that_are_no_text_can_be_written(shown: Shown) -> None:
    folder = os.fsdecode(b"n5-\xff")
    try:
        Path(folder).mkdir()
    except OSError:
        pytest.skip("this file system takes no such names")
    shutil.copy("data/vocabulary.json", f"{folder}/vocabulary.json")
    found = shown.rows(paths=(folder,))
    told = json.loads(build_payload(found, mode=PageMode.EXPORT, project=folder))
    assert told["project"] == "n5-\\udcff"
    assert told["clips"][0]["uses"][0]["file"] == "n5-\\udcff/vocabulary.json"
    assert told["clips"][2]["uses"][0]["level"] == "N5"


def test_a_text_of_many_characters_is_told_as_it_is(shown: Shown) -> None:
    text = "\u202e\u2066長い<b>" * 1_500
    shown.change_line(shown.row("tired").asset, text=text)
    told = json.loads(build_payload(shown.rows(), mode=PageMode.EXPORT, project=""))
    assert told["clips"][4]["text"] == text


def test_voices_that_make_their_own_accents_are_drawn_without_any(shown: Shown) -> None:
    shown.change_line(shown.row("bridge").asset, voice="nobody/anna")
    row = shown.row("bridge")
    assert [mora.high for mora in row.morae] == [0, 0]
