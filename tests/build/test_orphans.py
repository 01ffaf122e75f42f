"""Orphans: assets that neither the plan nor a URL in a catalogue leads to."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tts_assets.build.cleanup import References, orphans
from tts_assets.build.events import Orphan
from tts_assets.build.plan.planner import ClipPlan, State
from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.config.settings import Settings
from tts_assets.model import Clip, Kind, SpokenForm
from tts_assets.store import ledger, ledger_line

RECIPE = "0123456789abcdef01234567"
OTHER = "89abcdef0123456789abcdef"
OLD = f"vocabulary/{RECIPE}.mp3"


def _planned(
    asset: str = "vocabulary/now.mp3", state: State = State.FRESH, **clip: Any
) -> ClipPlan:
    said = Clip(
        kind=Kind.VOCABULARY, file="words.json", entry="1", part="word", place=(0, "audioUrl"),
        form=SpokenForm(text="犬"),
    )._replace(**clip)  # fmt: skip
    return ClipPlan(said, OTHER, asset, f"/audio/{asset}", state, "")


def _line(asset: str, recipe: str = RECIPE, text: str = "猫") -> bytes:
    return ledger_line.encode(
        ledger_line.Line(
            asset=asset, recipe=recipe, text=text, reading=None, voice="tones/sine", speed=1.0,
            engine="tones=1", sha256="00", bytes=9, seconds=0.5, lufs=-19.0, peak_dbtp=-3.0,
        )
    )  # fmt: skip


def _orphans(
    *items: ClipPlan,
    present: tuple[str, ...] = (OLD,),
    lines: bytes = b"",
    texts: Any = (),
    **settings: Any,
) -> list[Orphan]:
    references = References(Settings(**settings))
    urls = [item.clip.url for item in items]
    for item in items:
        references.add_clip(item)
    references.read(parse_document(json.dumps([*urls, *texts]).encode(), file="words.json"))
    return orphans(
        references,
        present=dict.fromkeys(present, 9),
        recorded=ledger.read_ledger(lines, file="l").recorded,
        lines=lines,
    )


def test_an_asset_that_no_clip_wants_is_an_orphan() -> None:
    assert _orphans(_planned(), lines=_line(OLD)) == [Orphan(OLD, 9, ours=True)]


def test_the_asset_of_a_planned_clip_is_none_whatever_its_state() -> None:
    for state in State:
        assert _orphans(_planned(OLD, state), lines=_line(OLD)) == []


def test_the_asset_that_a_clip_is_moved_from_is_none() -> None:
    item = replace(_planned(state=State.STALE), held=OLD)
    assert _orphans(item, lines=_line(OLD)) == []


def test_a_line_without_its_file_is_an_orphan_without_bytes() -> None:
    assert _orphans(_planned(), present=(), lines=_line(OLD)) == [Orphan(OLD, 0, ours=True)]


@pytest.mark.parametrize(
    "url",
    [
        f"/audio/{OLD}",
        f"https://cdn.example/v1/{OLD}?v=2#t=0",
        f"/by-recipe/{RECIPE}",
        f"/play?sound={RECIPE}",
    ],
)
def test_what_the_url_of_a_stale_clip_leads_to_is_none(url: str) -> None:
    assert _orphans(_planned(state=State.STALE, url=url), lines=_line(OLD)) == []


def test_an_asset_named_by_an_id_is_found_by_the_url_of_an_earlier_template() -> None:
    asset = "vocabulary/100%25 犬-word.mp3"
    url = "https://old.example/sound/100%2525%20%E7%8A%AC-word.mp3"
    item = _planned(state=State.STALE, url=url)
    assert _orphans(item, present=(asset,), lines=_line(asset)) == []


@pytest.mark.parametrize(
    "text",
    [
        "/play?file=1-word.mp3",
        "/play?file=vocabulary/1-word.mp3&volume=1",
        "[sound:1-word.mp3]",
        "<p>山</p><audio src='/audio/vocabulary/1-word.mp3'></audio>",
        "say other.mp3 and 1-Word.MP3.",
        "audio\\vocabulary\\1-word.mp3",
        "vocabulary%2F1-word.mp3",
    ],
)
@pytest.mark.parametrize("shape", ["text", "member", "key"])
def test_a_text_that_names_its_file_leads_to_an_asset(text: str, shape: str) -> None:
    asset = "vocabulary/1-word.mp3"
    root = {"text": text, "member": {"any": [{"audio": text}]}, "key": {text: 1}}[shape]
    assert _orphans(present=(asset,), lines=_line(asset), texts=[root]) == []


@pytest.mark.parametrize("url", ["/play/{id}/{part}", "/play?{kind}-{id}-{part}-{id}"])
def test_a_url_of_ids_leads_to_the_asset_that_is_named_by_them(url: str) -> None:
    asset = "vocabulary/a%2Fb 犬-word.mp3"
    other = "vocabulary/b-word.mp3"
    quoted = url.format(kind="vocabulary", id="a%2Fb%20%E7%8A%AC", part="word")
    found = _orphans(
        present=(asset,), lines=_line(asset) + _line(other), texts=[quoted], url=url,
        asset="{kind}/{id}-{part}.{ext}",
    )  # fmt: skip
    assert [each.asset for each in found] == [other]


def test_a_name_with_blanks_and_several_endings_is_found_in_a_sentence() -> None:
    asset = "vocabulary/the dog.mp3 (1)-word.mp3"
    assert _orphans(present=(asset,), lines=_line(asset), texts=[f"see {asset} twice"]) == []


@pytest.mark.parametrize("url", ["/audio/{asset}", "/play/{recipe}"])
def test_a_url_that_a_clip_is_to_have_leads_to_its_own_asset_only(url: str) -> None:
    moved = f"words/{RECIPE}.mp3"
    own = url.format(asset=moved, recipe=RECIPE)
    item = replace(_planned(moved, url=own), url=own)
    lines = _line(OLD) + _line(moved)
    assert _orphans(item, present=(OLD, moved), lines=lines, url=url) == [Orphan(OLD, 9, ours=True)]


def test_a_recording_that_is_written_into_the_catalogue_leads_nowhere() -> None:
    data = f"data:audio/mpeg;base64,{'ab+' * 10_000}/{RECIPE}.mp3"
    item = _planned(state=State.LOCKED, url=data)
    assert _orphans(item, lines=_line(OLD)) == [Orphan(OLD, 9, ours=True)]


def test_an_asset_whose_text_is_still_to_be_made_is_waited_for() -> None:
    pending = _planned(state=State.NEW, form=SpokenForm(text="猫"))
    other = f"vocabulary/{OTHER}.mp3"
    lines = _line(OLD, text="猫") + _line(other, OTHER, text="鳥")
    assert _orphans(pending, lines=lines) == [Orphan(other, 0, ours=True)]


def test_a_name_that_differs_only_in_case_may_be_the_same_file() -> None:
    lines = _line("vocabulary/Dog-word.mp3")
    item = _planned("vocabulary/dog-word.mp3")
    assert _orphans(item, present=("vocabulary/Dog-word.mp3",), lines=lines) == []


def test_a_sound_that_the_ledger_does_not_know_is_somebody_elses() -> None:
    assert _orphans(_planned(), present=("vocabulary/mine.wav",)) == [
        Orphan("vocabulary/mine.wav", 9, ours=False)
    ]


def test_files_that_are_no_sounds_are_nobodys_business() -> None:
    names = (
        ".gitattributes", "ledger.jsonl", "failures.jsonl", "report.json", "notes.txt", "cover.png",
        "vocabulary/._ab.mp3", "vocabulary/.tts-assets-1-2.part", "mp3",
    )  # fmt: skip
    assert _orphans(_planned(), present=names) == []


def test_they_come_in_the_order_of_their_paths() -> None:
    names = ("b/1.mp3", "a/2.mp3", "a/10.mp3")
    found = _orphans(present=(*names, "a/3.mp3"), lines=b"".join(map(_line, names)))
    assert [each.asset for each in found] == ["a/10.mp3", "a/2.mp3", "a/3.mp3", "b/1.mp3"]
