"""Ledgers that are lost, torn, edited by hand, merged, or of somebody else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.edited import (
    ALL,
    BY_ID,
    Edited,
    added,
    all_moved,
    backwards,
    becomes_clean,
    by_both,
    by_id,
    by_recipe,
    spoken,
    to_make,
    told,
    words,
)
from tts_assets.build.plan.planner import State
from tts_assets.errors import InputError


@by_recipe
def test_without_the_ledger_names_are_believed_that_tell_recipes(
    project: Edited, engine_log: Path
) -> None:
    project.ledger.unlink()
    standing = project.status(deep=True)
    assert not standing.stale
    assert "names" in str(standing.notes)
    project.entry(2, word="鳥")
    (item,) = project.status().planned
    assert (item.state, item.clip.form.text) == (State.STALE, "鳥")
    assert project.generate().made == 1
    assert spoken(engine_log) == ["鳥"]
    assert not project.status().stale


@by_id
def test_without_the_ledger_files_are_kept_that_are_named_by_ids(
    project: Edited, engine_log: Path
) -> None:
    project.ledger.unlink()
    standing = project.status()
    assert (standing.stale, standing.states[State.LOCKED]) == (False, len(ALL))
    assert project.generate().made == 0
    project.set(force=True)
    project.generate()
    assert len(spoken(engine_log)) == len(ALL) - 1
    project.set(force=False)
    assert not project.status(deep=True).stale
    assert project.wrong() == []


def _torn(data: bytes) -> bytes:
    return data[:-20]


def _of_windows(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def _with_blank_lines(data: bytes) -> bytes:
    return b"\n" + data.replace(b"\n", b"\n \n\n")


@by_both
@pytest.mark.parametrize(
    "harm",
    [
        _of_windows,
        _with_blank_lines,
        backwards,
        lambda data: data + data,
        lambda data: data + b"{",
    ],
    ids=["line ends", "blank lines", "order", "doubled", "half a line more"],
)
def test_a_ledger_that_says_the_same_otherwise_is_made_tidy(
    harm: Callable[[bytes], bytes], project: Edited, engine_log: Path
) -> None:
    before = project.ledger.read_bytes()
    project.ledger.write_bytes(harm(before))
    assert not project.status(deep=True).stale
    project.entry(2, word="鳥")
    plan = words("2", because="stale: text 猫 -> 鳥")
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)
    project.entry(2, word="猫")
    project.generate()
    lines = project.ledger.read_bytes().splitlines()
    assert set(before.splitlines()) <= set(lines)
    assert lines == sorted(lines)


@by_recipe
def test_a_ledger_that_is_torn_has_its_last_name_believed(
    project: Edited, engine_log: Path
) -> None:
    project.ledger.write_bytes(_torn(project.ledger.read_bytes()))
    standing = project.status(deep=True)
    assert not standing.stale
    assert "1 files are not in the ledger" in str(standing.notes)
    added({"id": 9, "word": "鳥"})(project)
    assert project.generate().made == 1
    assert spoken(engine_log) == ["鳥"]
    assert not project.status().stale


@by_id
def test_a_ledger_that_is_torn_has_its_last_file_kept(project: Edited, engine_log: Path) -> None:
    project.ledger.write_bytes(_torn(project.ledger.read_bytes()))
    standing = project.status()
    assert (standing.stale, standing.states[State.LOCKED]) == (False, 1)
    project.generate()
    assert spoken(engine_log) == []


def _conflict(lines: list[bytes]) -> list[bytes]:
    return [lines[0], b"<<<<<<< HEAD\n", *lines[1:], b"=======\n", b">>>>>>> other\n"]


def _newer(lines: list[bytes]) -> list[bytes]:
    newer = json.loads(lines[1]) | {"version": 99}
    return [lines[0], json.dumps(newer).encode() + b"\n"]


def _outside(lines: list[bytes]) -> list[bytes]:
    outside = json.loads(lines[1]) | {"asset": "../vocabulary/1.mp3"}
    return [lines[0], json.dumps(outside).encode() + b"\n"]


@by_both
@pytest.mark.parametrize("blank", [[], [b"\n"]])
@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_conflict, "is a conflict"),
        (_newer, "a newer tts-assets wrote this line .ledger version 99"),
        (_outside, "outside the output folder"),
        (lambda lines: [lines[0], b"oops\n"], "not a line of a ledger"),
        (lambda lines: [lines[0], b"[]\n"], "not a line of a ledger"),
    ],
    ids=["conflict", "newer", "outside", "no JSON", "no line"],
)
def test_a_ledger_that_cannot_be_trusted_stops_everything_and_is_left_as_it_is(
    blank: list[bytes],
    harm: Callable[[list[bytes]], list[bytes]],
    message: str,
    project: Edited,
    engine_log: Path,
) -> None:
    lines = project.ledger.read_bytes().splitlines(keepends=True)
    bad = b"".join([*blank, *harm(lines)])
    project.ledger.write_bytes(bad)
    with pytest.raises(InputError, match=message) as caught:
        project.status()
    assert (caught.value.file, caught.value.line) == (str(project.ledger), 2 + len(blank))
    with pytest.raises(InputError, match=message):
        project.generate()
    assert (project.ledger.read_bytes(), spoken(engine_log)) == (bad, [])


def _line(project: Edited, fields: dict[str, Any]) -> None:
    """Edit the line of a word by hand."""
    project.write_lines(
        *(line | (fields if line["text"] == "猫" else {}) for line in project.lines())
    )


@by_both
@pytest.mark.parametrize(
    ("fields", "by_recipe_is", "by_id_is"),
    [
        pytest.param(
            {"recipe": "0" * 24},
            "damaged: its recipe in the ledger differs from that in its name",
            None,
            id="recipe",
        ),
        pytest.param(
            {"recipe": "0" * 24, "brief": "0" * 24},
            "damaged: its recipe in the ledger differs from that in its name",
            f"stale: its input changed since {'0' * 24}",
            id="recipe and brief",
        ),
        pytest.param(
            {"bytes": 9},
            "damaged: its file has SIZE bytes instead of 9",
            "damaged: its file has SIZE bytes instead of 9",
            id="bytes",
        ),
        pytest.param({"brief": "0" * 24}, None, None, id="brief"),
        pytest.param({"text": "犬も", "engine": "x=1"}, None, None, id="text and engine"),
    ],
)
def test_a_line_that_was_edited_by_hand_makes_no_other_clip_stale(
    fields: dict[str, Any],
    by_recipe_is: str | None,
    by_id_is: str | None,
    project: Edited,
) -> None:
    _line(project, fields)
    reason = by_id_is if project.settings.asset == BY_ID else by_recipe_is
    size = str(project.asset(2).stat().st_size)
    plan = {} if reason is None else words("2", because=reason.replace("SIZE", size))
    assert to_make(project) == plan
    assert project.generate().made == len(plan)
    assert not project.status().stale


@by_both
def test_a_hash_that_was_edited_by_hand_is_found_by_a_deep_look(project: Edited) -> None:
    _line(project, {"sha256": "0" * 64})
    assert to_make(project) == {}
    (item,) = project.status(deep=True).planned
    assert (item.clip.entry, item.state) == ("2", State.DAMAGED)


def _union(project: Edited, *, ours_last: bool) -> None:
    """The lines of this branch beside those of another that said it with another voice."""
    ours = project.ledger.read_bytes()
    other = [
        line | {"recipe": f"{n:024x}", "sha256": f"{n:064x}"}
        for n, line in enumerate(project.lines())
    ]
    project.write_lines(*other)
    theirs = project.ledger.read_bytes()
    project.ledger.write_bytes(theirs + ours if ours_last else ours + theirs)


@by_both
@pytest.mark.parametrize("ours_last", [True, False])
def test_of_lines_that_git_took_from_both_sides_the_file_tells_which_is_right(
    ours_last: bool,  # noqa: FBT001 - a parameter of the test
    project: Edited,
    engine_log: Path,
) -> None:
    before = project.ledger.read_bytes()
    _union(project, ours_last=ours_last)
    assert not project.status().stale
    assert not project.status(deep=True).stale
    becomes_clean(project, engine_log, {})
    assert project.ledger.read_bytes() == before


@by_both
@pytest.mark.parametrize("ours_last", [True, False])
def test_what_git_took_from_both_sides_is_moved_by_the_line_of_its_file(
    ours_last: bool,  # noqa: FBT001 - a parameter of the test
    project: Edited,
    engine_log: Path,
) -> None:
    _union(project, ours_last=ours_last)
    project.set(asset=f"v2/{project.settings.asset}")
    plan = all_moved(project)
    becomes_clean(project, engine_log, plan)


@by_both
def test_lines_of_both_sides_vouch_for_nothing_without_their_file(
    project: Edited, engine_log: Path
) -> None:
    _union(project, ours_last=True)
    project.asset(2).unlink()
    assert [told(item).partition(":")[0] for item in project.status().planned] == ["missing"]
    becomes_clean(project, engine_log, words("2", because="missing"))
