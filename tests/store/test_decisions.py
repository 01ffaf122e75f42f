"""Decisions: read as they were saved, kept in the journal, and bound to their bytes in the ledger."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import ROOT
from tests.wandering import EVENING, MORNING, NOON
from tts_assets.errors import InputError
from tts_assets.model import Decided, Decision
from tts_assets.store import atomic_files, decisions, ledger, segment_cache
from tts_assets.store.atomic_files import Storage
from tts_assets.store.decisions import (
    JOURNAL_NAME,
    SoundDecision,
    Use,
    append_decisions,
    load,
    parse,
    read_journal,
)
from tts_assets.store.ledger import Ledger, compact_ledger, read_ledger
from tts_assets.store.ledger_line import ATTRIBUTES, LEDGER_NAME, Line, encode, encode_replacement

ONE, TWO = "1" * 64, "2" * 64
APPROVED, REJECTED, UNDECIDED = Decided.APPROVED, Decided.REJECTED, Decided.UNDECIDED


def _made(asset: str = "a.mp3", sha256: str = ONE, **more: Any) -> SoundDecision:
    return SoundDecision(
        **{"asset": asset, "sha256": sha256, "decided": APPROVED, "at": NOON} | more
    )


def _saved(*made: SoundDecision, version: int = 1) -> bytes:
    return msgspec.json.encode({"version": version, "decisions": made})


def _journal(*made: SoundDecision) -> bytes:
    return b"".join(msgspec.json.encode(each) + b"\n" for each in made)


def _decision(decided: Decided = APPROVED, at: str = NOON, **more: str) -> Decision:
    return Decision(decided=decided, at=at, **more)


def _line(asset: str = "a.mp3", sha256: str = ONE, **more: Any) -> bytes:
    known: dict[str, Any] = {
        "asset": asset, "version": 2, "recipe": "ab", "brief": "cd", "text": "犬", "reading": None,
        "voice": "tones/sine", "speed": 1.0, "engine": "tones=1", "sha256": sha256, "bytes": 9,
        "seconds": 0.5, "lufs": -19.0, "peak_dbtp": -3.0,
    }  # fmt: skip
    return encode(Line(**known | more))


def _review(data: bytes, asset: str = "a.mp3") -> Decision | None:
    lines = {line.asset: line for line in ledger.whole_lines(compact_ledger(data, file="l"))}
    return lines[asset].review


# What the page saves, and what stands in journals.

FULL = _made(
    by="誰か",
    reason="<b>低い</b>\n\u202e",
    # What the page saves has a key that is called so.
    clips=(Use(file="d.json", entry="decisions", part="asset"),),
)


@pytest.mark.parametrize(
    "data",
    [
        _saved(FULL, _made("b/c.opus")),
        b"\xef\xbb\xbf" + _saved(FULL, _made("b/c.opus")),
        json.dumps(json.loads(_saved(FULL, _made("b/c.opus"))), indent=2).encode(),
        _journal(FULL, _made("b/c.opus")),
        _journal(FULL, _made("b/c.opus")).replace(b"\n", b"\r\n\n"),
        _journal(FULL, _made("b/c.opus"))[:-1],
        _journal(FULL, _made("b/c.opus"), _made("torn.mp3"))[:-9],
    ],
    ids=["page", "with a mark", "indented", "journal", "of Windows", "no last line feed", "torn"],
)
def test_decisions_are_read_as_the_page_saves_them_and_as_the_journal_has_them(data: bytes) -> None:
    assert parse(data, file="f") == [FULL, _made("b/c.opus")]


@pytest.mark.parametrize("data", [b"", b"\n", b'{"version":1,"decisions":[]}'])
def test_nothing_was_decided_where_nothing_stands(data: bytes) -> None:
    assert parse(data, file="f") == []


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2026-11-22T13:00:00.123Z", "2026-11-22T13:00:00.123Z"),
        ("2026-11-22T13:00:00.123999+00:00", "2026-11-22T13:00:00.123Z"),
        ("2026-11-22T13:00:00Z", "2026-11-22T13:00:00.000Z"),
        ("0999-01-01T00:00:00Z", "0999-01-01T00:00:00.000Z"),
    ],
)
def test_moments_are_written_alike_so_that_they_compare_as_texts(told: str, at: str) -> None:
    (found,) = parse(_saved(_made(at=told)), file="f")
    assert found.at == at


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"asset": "../a.mp3"}, "'../a.mp3' is not the path of an asset"),
    ({"asset": "/a.mp3"}, "'/a.mp3' is not the path"),
    ({"asset": "a/../b.mp3"}, "is not the path"),
    ({"asset": "a\\..\\b.mp3"}, "is not the path"),
    ({"asset": "a\0.mp3"}, "is not the path"),
    ({"asset": "ledger.jsonl"}, "is not the path"),
    ({"asset": ""}, "is not the path"),
    ({"sha256": "1" * 63}, "sha256"),
    ({"sha256": "X" * 64}, "sha256"),
    ({"decided": "perhaps"}, "perhaps"),
    ({"at": "yesterday"}, "must be a time in UTC such as"),
    ({"at": "2026-11-22T13:00:00"}, "must be a time in UTC such as"),
    ({"at": "2026-11-22T13:00:00+09:00"}, "must be a time in UTC such as"),
    ({"by": "x" * 201}, "200"),
    ({"reason": "x" * 2_001}, "2000"),
    ({"clips": [{"file": "x"}]}, "entry"),
    ({"clips": 7}, "clips"),
    ({"asset": 7}, "asset"),
]


@pytest.mark.parametrize(("harm", "words"), WRONG)
def test_a_decision_that_is_none_is_refused_with_its_place(
    harm: dict[str, Any], words: str
) -> None:
    bad = json.loads(msgspec.json.encode(_made())) | harm
    document = json.dumps({"version": 1, "decisions": [_plain(_made()), bad]}).encode()
    with pytest.raises(InputError) as caught:
        parse(document, file="saved.json")
    assert words in caught.value.message
    assert str(caught.value).startswith("saved.json: decision 2: this is not a decision")
    lines = _journal(_made()) + json.dumps(bad).encode() + b"\n" + _journal(_made())
    with pytest.raises(InputError) as caught:
        parse(lines, file="decisions.jsonl")
    assert words in caught.value.message
    assert str(caught.value).startswith("decisions.jsonl:2: this line is not a decision")


def _plain(made: SoundDecision) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(msgspec.json.encode(made))
    return found


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_saved(_made(), version=2), "page of another tts-assets"),
        (b'{"decisions":[]}', "the page did not save this"),
        (_saved(_made())[:-5], "the page did not save this"),
        (b"<html>", "the page did not save this"),
        (b"\xff\xfe", "the page did not save this"),
        (b"[" * 100_000, "the page did not save this"),
        (b'[{"asset":"a.mp3"}]\n', "this line is not a decision"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(InputError, match=words):
        load(tmp_path / "file")


def test_a_file_that_nobody_can_have_saved_is_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_assets.store.decisions.LONGEST_BYTES", 10)
    (tmp_path / "file").write_bytes(_saved(_made()))
    with pytest.raises(InputError, match="limit of 10 bytes"):
        load(tmp_path / "file")
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "nothing")


# The journal.


def test_the_journal_only_grows_and_has_each_decision_once(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_NAME
    assert read_journal(tmp_path) == []
    assert append_decisions(tmp_path, [FULL, _made(), _made()]) == 2
    before = path.read_bytes()
    assert append_decisions(tmp_path, [_made(), FULL]) == 0
    assert path.read_bytes() == before
    assert append_decisions(tmp_path, [_made(), _made(decided=REJECTED)]) == 1
    assert path.read_bytes().startswith(before)
    assert read_journal(tmp_path) == [FULL, _made(), _made(decided=REJECTED)]
    assert [each.name for each in tmp_path.iterdir()] == [JOURNAL_NAME]


@pytest.mark.parametrize("cut", [1, 40], ids=["its line feed", "half of it"])
def test_a_line_that_was_torn_is_cut_off_and_can_be_said_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / JOURNAL_NAME
    path.write_bytes(_journal(_made("a.mp3"), _made("b.mp3"))[:-cut])
    assert read_journal(tmp_path) == [_made("a.mp3")]
    assert append_decisions(tmp_path, [_made("b.mp3")]) == 1
    assert path.read_bytes() == _journal(_made("a.mp3"), _made("b.mp3"))


@pytest.mark.parametrize(
    "damage",
    [b"<<<<<<< HEAD", b"{}", _journal(_made())[:-3], _journal(_made(at="yesterday"))[:-1]],
    ids=["conflict", "nothing", "torn", "must be a time"],
)
def test_a_damaged_line_within_is_told_and_nothing_is_added(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / JOURNAL_NAME
    damaged = _journal(_made()) + damage + b"\n" + _journal(_made("b.mp3", TWO))
    path.write_bytes(damaged)
    with pytest.raises(InputError) as caught:
        append_decisions(tmp_path, [_made("c.mp3")])
    assert (caught.value.file, caught.value.line) == (str(path), 2)
    assert path.read_bytes() == damaged


WRITER = """
import sys
from pathlib import Path
from tts_assets.store import decisions
from tts_assets.store.decisions import SoundDecision
from tts_assets.model import Decided
for number in range(25):
    decisions.append_decisions(Path(sys.argv[1]), [
        SoundDecision(
            asset=f"{sys.argv[2]}-{number}.mp3", sha256="1" * 64, decided=Decided.APPROVED,
            at="2026-11-22T12:00:00.000Z", reason=sys.argv[2] * 1_000,
        )
    ])
"""


def test_two_processes_that_write_at_once_tear_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], cwd=ROOT)
        for name in "xy"
    ]
    assert [each.wait(60) for each in writers] == [0, 0]
    found = [each.asset for each in read_journal(tmp_path)]
    wanted = [f"{name}-{number}.mp3" for name in "xy" for number in range(25)]
    assert sorted(found) == sorted(wanted)
    assert not list(tmp_path.glob(".*"))


def test_who_writes_into_the_journal_waits_for_who_does_so_already(tmp_path: Path) -> None:
    class GaveUpError(Exception):
        """Whoever waits may."""

    def give_up() -> None:
        raise GaveUpError

    path = tmp_path / ".tts-assets-decisions.lock"
    with atomic_files.lock(path, lambda: None), pytest.raises(GaveUpError):
        append_decisions(tmp_path, [_made()], on_wait=give_up)
    # A run in the output folder is no reason to wait.
    with Storage(tmp_path).lock(lambda: None):
        assert append_decisions(tmp_path, [_made()], on_wait=give_up) == 1


# Earlier sounds, which are kept as long as they can be compared.


def _kept(place: Path, *sounds: bytes) -> list[str]:
    """Keep sounds, each as it gives way to another; their hashes."""
    file = place.parent / "a.mp3"
    for each in sounds:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(each)
        assert not segment_cache.keep_rejected_audio(
            place, file.name, Storage(file.parent), unless=""
        )
    return list(map(atomic_files.sha256, sounds))


def test_an_earlier_sound_is_found_by_its_hash_and_by_nothing_else(tmp_path: Path) -> None:
    place = segment_cache.rejected_audio_dir_for(str(tmp_path / "temp"), str(tmp_path / "audio"))
    (one,) = _kept(place, b"one")
    found = segment_cache.find_rejected_audio(place, one)
    assert found is not None
    assert found.read_bytes() == b"one"
    for strange in ("", "../a", TWO, f"../{place.name}/{one}"):
        assert segment_cache.find_rejected_audio(place, strange) is None
    file = place.parent / "a.mp3"
    assert segment_cache.keep_rejected_audio(place, file.name, Storage(file.parent), unless=one)
    file.unlink()
    assert not segment_cache.keep_rejected_audio(place, file.name, Storage(file.parent), unless=TWO)
    assert len(list(place.iterdir())) == 1


def test_earlier_sounds_go_when_nobody_compares_them_any_more(tmp_path: Path) -> None:
    place = tmp_path / "earlier"
    here, there = (Use(file="d.json", entry=entry, part="word") for entry in "12")
    rejected = {"decided": REJECTED, "at": MORNING}
    unknown, open_, by_asset, by_clip, half = _kept(place, b"0", b"1", b"2", b"3", b"4")
    journal = [
        _made("open.mp3", open_, clips=(here,), **rejected),
        _made("approved.mp3", by_asset, **rejected),
        # Said otherwise, it has another name.
        _made("before.mp3", by_clip, clips=(there,), **rejected),
        _made("now.mp3", ONE, at=EVENING, clips=(there,)),
        _made("half.mp3", half, clips=(here, there), **rejected),
    ]
    strange = place / "somebody's.mp3"
    strange.write_bytes(b"")
    segment_cache.sweep_rejected_audio(place, reversed(journal), {"approved.mp3"})
    left = {path.stem for path in place.iterdir()}
    assert left == {open_, half, strange.stem}
    assert unknown not in left
    strange.unlink()
    segment_cache.sweep_rejected_audio(place, [], ())
    assert not place.exists()


# The ledger: what is bound to which bytes.


def _orders(*lines: bytes) -> Iterable[bytes]:
    return map(b"".join, itertools.permutations(lines))


def test_of_two_branches_that_decided_of_the_same_bytes_the_later_counts() -> None:
    one = _line(review=_decision(APPROVED, MORNING))
    two = _line(review=_decision(REJECTED, NOON, reason="低い"))
    for data in _orders(one, two, _line()):
        assert _review(data) == _decision(REJECTED, NOON, reason="低い")
        known = read_ledger(data, file="l")
        assert (known.approved, known.rejected) == (
            set(),
            {"a.mp3": _decision(REJECTED, NOON, reason="低い")},
        )


def test_nothing_is_approved_where_nobody_knows_which_bytes_an_asset_has() -> None:
    for data in _orders(_line(review=_decision()), _line(sha256=TWO)):
        for there, approved in ((None, set()), (ONE, {"a.mp3"}), (TWO, set())):
            known = read_ledger(data, file="l", hash_of={"a.mp3": there}.get)
            assert known.approved == approved


def test_of_two_decisions_of_one_moment_the_one_counts_that_has_people_listen_again() -> None:
    lines = [_line(review=_decision(decided)) for decided in (APPROVED, UNDECIDED)]
    assert {_review(data) for data in _orders(*lines)} == {_decision(UNDECIDED)}
    lines.append(_line(review=_decision(REJECTED)))
    assert {_review(data) for data in _orders(*lines)} == {_decision(REJECTED)}


def test_a_merge_does_not_bring_back_what_was_taken_back() -> None:
    approved = _line(review=_decision(APPROVED, MORNING))
    undone = _line(review=_decision(UNDECIDED, NOON))
    for data in _orders(approved, undone):
        assert _review(data) == _decision(UNDECIDED, NOON)
        assert read_ledger(data, file="l").approved == set()


@pytest.mark.parametrize("between", [b"", encode_replacement("a.mp3")], ids=["line", "mark"])
@pytest.mark.parametrize(
    ("made_again", "kept"),
    [
        (_line(), True),
        (_line(recipe="other"), True),
        (_line(sha256=TWO), False),
        (_line(recipe="other", brief="other", text="端"), False),
        (_line(recipe="other", brief=""), False),
    ],
    ids=["the same", "of another engine", "other bytes", "another word", "of an unknown word"],
)
def test_what_is_made_again_keeps_a_decision_only_with_the_bytes_and_the_words(
    made_again: bytes, between: bytes, *, kept: bool
) -> None:
    decision = _decision(REJECTED, by="somebody")
    before = _line(review=decision)
    once = compact_ledger(before + between, file="l")
    # A run that was killed in between may have had its ledger made tidy by another.
    ways = [before + between + made_again] + ([once + made_again] if between else [])
    for data in ways:
        known = read_ledger(data, file="l", hash_of=lambda _: json.loads(made_again)["sha256"])
        assert known.rejected == ({"a.mp3": decision} if kept else {})
        whole = compact_ledger(data, file="l", hash_of=lambda _: json.loads(made_again)["sha256"])
        assert whole.count(b"\n") == 1
        line = next(ledger.whole_lines(whole))
        assert line.review == (decision if kept else None)
        assert msgspec.structs.replace(line, review=None) == next(ledger.whole_lines(made_again))


def test_lines_that_do_not_tell_what_was_asked_for_are_the_same_by_their_recipe_alone() -> None:
    before = _line(brief="", review=_decision())
    for recipe, kept in (("ab", True), ("other", False)):
        data = before + encode_replacement("a.mp3") + _line(brief="", recipe=recipe)
        assert (_review(data) is not None) is kept


def test_what_is_being_replaced_is_not_what_was_decided_on() -> None:
    data = _line(review=_decision()) + encode_replacement("a.mp3")
    once = compact_ledger(data, file="l")
    for each in (data, once):
        known = read_ledger(each, file="l")
        assert (known.approved, known.recorded["a.mp3"].recipe) == (set(), "")
    assert compact_ledger(once, file="l") == once
    assert read_ledger(once, file="l").tidy
    assert list(ledger.whole_lines(once)) == []


def test_a_million_lines_need_not_be_looked_at_one_by_one_for_the_decisions_of_some() -> None:
    lines = [
        _line("a.mp3", review=_decision()), _line("b.mp3"), _line("c.mp3", text='"review"'),
        _line("d.mp3", review=_decision(REJECTED)), _line("e.mp3", review=_decision(UNDECIDED)),
    ]  # fmt: skip
    known = read_ledger(b"".join(lines), file="l")
    assert known.tidy
    assert known.approved == {"a.mp3"}
    assert known.rejected == {"d.mp3": _decision(REJECTED)}
    assert read_ledger(b"".join(reversed(lines)), file="l") == _not_in_order(known)


def _not_in_order(known: Ledger) -> Ledger:
    """The same of a ledger that is not in order."""
    return replace(known, tidy=False)


# From the journal into the ledger.


def _store(folder: Path, *lines: bytes) -> Storage:
    (folder / LEDGER_NAME).write_bytes(b"".join(lines))
    return Storage(folder)


def test_decisions_are_written_into_the_lines_of_their_sounds_and_nowhere_else(
    tmp_path: Path,
) -> None:
    # As another version may have written it: with a key that we do not know.
    strange = _line("b.mp3").replace(b'"text"', b'"later":[1.50, {}],"text"')
    store = _store(tmp_path, _line("a.mp3"), strange, _line("c.mp3", TWO))
    made = [
        _made("c.mp3", TWO, decided=REJECTED, reason="低い", by="誰か"),
        _made("c.mp3", ONE, at=EVENING),
        _made("x.mp3"),
    ]
    settled = decisions.record_decisions(store, made)
    assert settled == ((made[0],), (), (made[1], made[2]))
    lines = (tmp_path / LEDGER_NAME).read_bytes().splitlines(keepends=True)
    assert lines[:2] == [_line("a.mp3"), strange]
    assert lines[2] == _line("c.mp3", TWO, review=made[0].decision)
    again = decisions.record_decisions(store, made)
    assert again == ((), (made[0],), (made[1], made[2]))
    assert (tmp_path / LEDGER_NAME).read_bytes().splitlines(keepends=True) == lines


@pytest.mark.parametrize("audio", [True, False])
@pytest.mark.parametrize("blank", [b"\n", b" \t\r\n", b"\x0b\n"])
def test_blank_lines_of_a_ledger_hold_up_no_decision(
    tmp_path: Path, blank: bytes, *, audio: bool
) -> None:
    store = _store(tmp_path, blank, _line("a.mp3"), blank, _line("b.mp3"), blank)
    if audio:
        (tmp_path / "a.mp3").write_bytes(b"")
    made = _made("b.mp3")
    assert decisions.record_decisions(store, [made]).written == (made,)
    lines = (tmp_path / LEDGER_NAME).read_bytes().splitlines(keepends=True)
    assert lines == [_line("a.mp3"), _line("b.mp3", review=made.decision)]


def test_the_latest_decision_counts_whichever_way_it_comes(tmp_path: Path) -> None:
    one, two, three = (
        _made(decided=decided, at=at)
        for decided, at in ((APPROVED, MORNING), (REJECTED, NOON), (UNDECIDED, EVENING))
    )
    # What another branch decided is taken back, too, when both are merged.
    store = _store(tmp_path, _line())
    assert decisions.record_decisions(store, [three]).written == (three,)
    data = (tmp_path / LEDGER_NAME).read_bytes() + _line(review=one.decision)
    assert read_ledger(data, file="l").approved == set()
    store = _store(tmp_path, _line())
    assert decisions.record_decisions(store, [two, one]).written == (two,)
    assert decisions.record_decisions(store, [one]).known == (one,)
    assert decisions.record_decisions(store, [one, three, two]).written == (three,)
    (line,) = ledger.whole_lines((tmp_path / LEDGER_NAME).read_bytes())
    assert line.review == three.decision


def test_a_ledger_that_is_not_tidy_is_made_so_first(tmp_path: Path) -> None:
    torn = _line("b.mp3")[:-30]
    store = _store(tmp_path, _line("c.mp3"), _line("a.mp3", TWO), _line("c.mp3"), torn)
    (tmp_path / "a.mp3").write_bytes(b"")
    made = _made("c.mp3")
    assert decisions.record_decisions(store, [made]).written == (made,)
    assert (tmp_path / LEDGER_NAME).read_bytes() == (
        _line("a.mp3", TWO) + _line("c.mp3", review=made.decision)
    )


def test_without_audio_nothing_is_chosen_of_what_git_merged(tmp_path: Path) -> None:
    ours, theirs = _line(), _line(sha256=TWO, recipe="other", brief="other")
    store = _store(tmp_path, ours, theirs, b"\n")
    made = _made(decided=REJECTED)
    assert decisions.record_decisions(store, [made]) == ((made,), (), ())
    assert (tmp_path / LEDGER_NAME).read_bytes() == _line(review=made.decision) + theirs
    assert decisions.record_decisions(store, [made]) == ((), (made,), ())
    # Who has the file finds what was decided of it.
    (tmp_path / "a.mp3").write_bytes(b"")
    data = (tmp_path / LEDGER_NAME).read_bytes()
    assert read_ledger(data, file="l", hash_of=lambda _: ONE).rejected == {"a.mp3": made.decision}


def test_where_nothing_was_made_every_decision_is_stale(tmp_path: Path) -> None:
    assert decisions.record_decisions(Storage(tmp_path), [_made()]).stale == (_made(),)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, ATTRIBUTES),
        (b"*.mp3 binary", b"*.mp3 binary\ndecisions.jsonl merge=union\n"),
        (b"decisions.jsonl text\n", b"decisions.jsonl text\n"),
    ],
)
def test_git_is_told_how_to_merge_the_journal(
    tmp_path: Path, before: bytes | None, after: bytes
) -> None:
    if before is not None:
        (tmp_path / ".gitattributes").write_bytes(before)
    decisions.record_decisions(_store(tmp_path, _line()), [_made()])
    assert (tmp_path / ".gitattributes").read_bytes() == after
