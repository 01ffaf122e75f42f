"""Accents that the page of `review --serve` asks for: recognized once, and kept with the previews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.review.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.review.conftest import Shown
    from tests.review.serving import Served


def _ask(served: Served, row: dict[str, Any], **changes: str) -> dict[str, Any]:
    order = {"asset": row["asset"], "sha256": row["sha256"]} | changes
    done = served.client.post("accents", json=order)
    assert done.status_code == 200, done.text
    answer: dict[str, Any] = done.json()
    return answer


def test_accents_are_recognized_when_they_are_asked_for_and_kept(made: Path) -> None:
    with serving(made) as served:
        row = served.row("tired")
        assert row["accents"] is None
        answer = _ask(served, row)
        assert answer["problem"] == ""
        assert [(kana, expected) for kana, expected, _, _ in answer["accents"]] == [
            (kana, accent) for kana, accent, _ in row["phrases"]
        ]
        recognized = [each for each in answer["accents"] if each[2] is not None]
        assert recognized
        assert all(expected == heard for _, expected, heard, _ in recognized)
        assert all(margin > 0 for _, _, _, margin in recognized)
        assert served.row("tired")["accents"] == answer["accents"]
        assert served.row("cat")["accents"] is None
    with serving(made) as served:
        assert served.row("tired")["accents"] == answer["accents"]


def test_another_accent_than_the_ledger_has_is_shown_with_its_margin(shown: Shown) -> None:
    shown.change_line(shown.row("cat").asset, spoken="ネコ")
    with serving(shown.folder) as served:
        (match,) = _ask(served, served.row("cat"))["accents"]
        assert match[:3] == ["ネコ", 0, 1]
        assert match[3] > 0.3


def test_a_sound_that_is_no_longer_shown_has_no_accents(served: Served) -> None:
    row = served.row("bridge")
    for changes in ({"sha256": "0" * 64}, {"asset": "vocabulary/none.mp3"}, {"asset": "../x.mp3"}):
        answer = _ask(served, row, **changes)
        assert (answer["accents"], answer["problem"]) == (None, "the sound has been replaced")
    assert served.client.post("accents", json={"asset": 1}).status_code == 400


def test_accents_of_other_bytes_are_not_kept_for_a_sound(shown: Shown) -> None:
    path = shown.folder / "audio" / shown.row("tired").asset
    right = path.read_bytes()
    with serving(shown.folder) as served:
        row = served.row("tired")
        path.write_bytes((shown.folder / "audio" / shown.row("bridge").asset).read_bytes())
        assert _ask(served, row)["problem"] == "the sound has been replaced"
        assert served.row("tired")["accents"] is None
        path.write_bytes(right)
        assert [each[2] for each in _ask(served, row)["accents"]] != [None, None, None]


def test_a_lost_cache_of_previews_costs_no_picture(shown: Shown) -> None:
    with serving(shown.folder) as served:
        row = served.row("tired")
        for cache in shown.folder.rglob("pictures.jsonl"):
            cache.unlink()
        assert _ask(served, row)["accents"]
    with serving(shown.folder) as served:
        again = served.row("tired")
        assert {name: again[name] for name in row if name != "accents"} == {
            name: row[name] for name in row if name != "accents"
        }


def test_passages_have_no_accents_to_ask_for(served: Served) -> None:
    passage = next(row for row in served.rows() if row["cues"])
    assert passage["accents"] == []
    assert _ask(served, passage) == {"accents": [], "problem": ""}
