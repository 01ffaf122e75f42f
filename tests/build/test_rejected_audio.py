"""Sounds that somebody rejected: who makes them again, and what the earlier ones become."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.edited import BY_ID, NAMES, PARTS, WORDS, told
from tests.passages import LongText
from tests.wandering import EVENING, MORNING, NOON, Listened
from tts_assets import Settings, generate_sync
from tts_assets.build import migrate
from tts_assets.build.plan.planner import Judged, State
from tts_assets.build.shards import merge_shards
from tts_assets.build.status import summarize_status
from tts_assets.config.command_options import Shard
from tts_assets.config.settings import OnEngineChange, Only
from tts_assets.engines import registry
from tts_assets.model import Decided
from tts_assets.quality import verify_assets
from tts_assets.quality.quality_reports import VerifyReport
from tts_assets.review import review_items
from tts_assets.store import atomic_files, decisions, segment_cache
from tts_assets.store.decisions import SoundDecision
from tts_assets.store.ledger_line import encode_replacement

APPROVED, REJECTED, UNDECIDED = Decided.APPROVED, Decided.REJECTED, Decided.UNDECIDED
WORDS_ALONE = WORDS[:4]

by_both = pytest.mark.parametrize("project", NAMES.values(), ids=NAMES, indirect=True)


@pytest.fixture
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Listened:
    """Four words that were made; those named by ids where that is asked for."""
    asset = getattr(request, "param", NAMES["by recipe"])
    found = Listened(tmp_path / "project", monkeypatch, asset=asset)
    found.write(WORDS_ALONE)
    found.generate()
    return found


def _earlier(project: Listened, sha256: str) -> Path | None:
    place = segment_cache.rejected_audio_dir_for(project.settings.temp, project.settings.output)
    return segment_cache.find_rejected_audio(place, sha256)


@by_both
def test_a_rejected_clip_is_told_with_who_rejected_it_and_why(project: Listened) -> None:
    project.decide(2, REJECTED, reason="the accent\nis wrong")
    standing = project.status()
    assert [told(item) for item in standing.planned] == [
        "rejected: rejected by somebody: the accent\nis wrong"
    ]
    assert standing.planned[0].line == 10
    assert (standing.states[State.REJECTED], standing.states[State.FRESH]) == (1, 3)
    assert standing.stale
    assert project.status(deep=True).planned == standing.planned


@by_both
def test_a_voice_that_repeats_itself_is_asked_again_only_if_told_to(
    project: Listened, engine_log: Path
) -> None:
    made = project.decide(2, REJECTED)
    project.entry(2, audioUrl=None)
    before, entries = project.ledger.read_bytes(), project.entries()
    report = project.generate()
    assert (report.made, report.to_make, report.states[State.REJECTED]) == (0, 0, 1)
    assert any("1 rejected clip was not regenerated" in note for note in report.notes)
    assert not engine_log.exists()
    assert project.ledger.read_bytes() == before
    project.set(only=(Only.REJECTED,))
    report = project.generate()
    assert (report.made, engine_log.read_text()) == (1, "猫\n")
    assert any("with exactly the rejected audio" in note for note in report.notes)
    assert project.ledger.read_bytes() == before
    # Who does not have its URL is not given what somebody rejected.
    assert (report.urls_written, project.entries()) == (0, entries)
    assert project.item(2).state is State.REJECTED
    assert _earlier(project, made.sha256) is None


@by_both
def test_a_voice_that_wanders_says_it_anew_and_both_sounds_can_be_compared(
    project: Listened, engine_log: Path
) -> None:
    project.wander()
    engine_log.unlink()
    made = project.decide(2, REJECTED)
    other = project.decide(3, APPROVED)
    before = (project.audio / made.asset).read_bytes()
    project.take(2)
    report = project.generate()
    assert (report.made, engine_log.read_text()) == (1, "猫\n")
    assert not any("rejected" in note for note in report.notes)
    assert (project.audio / made.asset).read_bytes() != before
    kept = _earlier(project, made.sha256)
    assert kept is not None
    assert (kept.read_bytes(), kept.suffix) == (before, ".mp3")
    # What is new is undecided, and all else is as it was.
    assert project.reviews() == {"東京": "approved"}
    standing = project.status(deep=True)
    assert (standing.stale, standing.approved) == (False, 1)
    # The next run keeps what is still to be compared, and deletes it once that is done.
    project.generate()
    project.set(force=True)
    project.generate()
    assert _earlier(project, made.sha256) == kept
    project.decide(2, APPROVED, EVENING)
    project.generate()
    assert _earlier(project, made.sha256) is None
    assert not (project.folder / ".temp-audio").exists()
    assert _earlier(project, other.sha256) is None


@by_both
def test_only_chooses_rejected_clips_and_passes_over_them(project: Listened) -> None:
    project.wander()
    project.decide(2, REJECTED)
    project.entry(3, word="大阪", reading="おおさか")
    project.set(only=(Only.CHANGED,))
    report = project.generate()
    assert (report.made, report.passed_over) == (1, 1)
    assert project.item(2).state is State.REJECTED
    project.entry(1, word="馬", reading="うま")
    project.take(2)
    project.set(only=(Only.REJECTED,))
    report = project.generate()
    assert (report.made, report.passed_over) == (1, 1)
    assert (project.item(1).state, project.item(2).state) == (State.STALE, State.FRESH)


@by_both
def test_what_an_entry_says_otherwise_by_now_is_stale_whatever_was_decided(
    project: Listened,
) -> None:
    made = project.decide(2, REJECTED)
    project.decide(1, APPROVED)
    project.entry(2, reading="びょう")
    project.entry(1, reading="けん")
    assert [told(item) for item in project.status().planned] == [
        "stale: reading イヌ -> ケン",
        "stale: reading ネコ -> ビョウ",
    ]
    assert project.generate().made == 2
    standing = project.status(deep=True)
    assert (standing.stale, standing.approved) == (False, 0)
    if project.settings.asset == BY_ID:
        assert project.reviews() == {}
        assert _earlier(project, made.sha256) is not None
    else:
        # The earlier asset is still there, under the name of its own recipe.
        assert atomic_files.sha256(project.audio / made.asset) == made.sha256


@by_both
def test_an_undone_decision_is_none(project: Listened) -> None:
    project.decide(1, APPROVED, MORNING)
    project.decide(2, REJECTED, MORNING)
    for number in (1, 2):
        project.decide(number, UNDECIDED, NOON)
    standing = project.status()
    assert (standing.stale, standing.approved) == (False, 0)
    assert set(project.reviews().values()) == {"undecided"}


@by_both
def test_what_another_engine_made_and_somebody_rejected_is_made_by_this_one(
    project: Listened, engine_log: Path
) -> None:
    project.decide(1, APPROVED)
    made = project.decide(2, REJECTED)
    project.engine("tones=2 model=b")
    standing = project.status()
    assert {item.clip.entry: item.state for item in standing.planned} == {"2": State.REJECTED}
    assert (standing.states[State.FRESH], standing.approved) == (3, 1)
    report = project.generate()
    assert (report.made, engine_log.read_text()) == (1, "猫\n")
    item = project.item(2)
    assert (item.state, item.asset == made.asset) == (
        State.FRESH,
        project.settings.asset == BY_ID,
    )
    assert not project.status(deep=True).stale
    assert project.reviews().get("犬") == "approved"


@by_both
def test_the_remake_of_all_of_another_engine_asks_for_new_decisions(project: Listened) -> None:
    project.decide(1, APPROVED)
    project.decide(2, REJECTED)
    project.engine("tones=2 model=b")
    project.set(on_engine_change=OnEngineChange.REMAKE)
    assert project.generate().made == 4
    standing = project.status(deep=True)
    assert (standing.stale, standing.approved) == (False, 0)
    project.engine(PARTS)


def test_another_entry_that_says_the_same_is_decided_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Listened(tmp_path / "project", monkeypatch, asset=BY_ID)
    project.write(WORDS_ALONE)
    project.generate()
    project.decide(1, APPROVED)
    project.decide(2, REJECTED)
    same = [dict(entry, id=entry["id"] + 10) for entry in WORDS_ALONE[:2]]
    project.write([*project.entries(), *same])
    report = project.generate()
    # The approved sound is taken for the other entry, too; the rejected one is not.
    assert (report.moved, report.made) == (1, 1)
    states = {each: project.item(each).state for each in (1, 2, 11, 12)}
    assert states == {1: State.FRESH, 2: State.REJECTED, 11: State.FRESH, 12: State.FRESH}
    assert project.status().approved == 1


@pytest.mark.parametrize("template", ["{kind}/{recipe}.{ext}", "{id}-{part}.{ext}"])
@by_both
def test_assets_that_get_other_names_keep_what_was_decided(
    project: Listened, template: str
) -> None:
    project.decide(1, APPROVED)
    project.decide(2, REJECTED, reason="low")
    before, before_template = project.reviews(), project.settings.asset
    names = {line["asset"] for line in project.lines()}
    # As git merges it with a branch that decided earlier.
    (line,) = (line for line in project.lines() if line["text"] == "犬")
    line["review"] = {"decided": "rejected", "at": MORNING}
    project.write_lines(*project.lines(), line)
    project.set(asset=template)
    migrated = migrate_sync(project.settings)
    assert migrated.report.made == 0
    is_moved = names.isdisjoint(line["asset"] for line in project.lines())
    assert is_moved is (before_template != template)
    assert project.reviews() == before == {"犬": "approved", "猫": "rejected"}
    standing = project.status(deep=True)
    assert (standing.approved, standing.states[State.REJECTED]) == (1, 1)


def migrate_sync(settings: Settings) -> migrate.Migrated:
    return anyio.run(migrate.migrate, settings)


@by_both
def test_without_audio_the_ledger_alone_tells_what_is_approved(project: Listened) -> None:
    for number in (1, 2, 3):
        project.decide(number, APPROVED)
    project.decide(4, REJECTED)
    for path in project.audio.rglob("*.mp3"):
        path.unlink()
    standing = summarize_status(project.settings, require_approved=True)
    assert standing.judged_by is Judged.LEDGER
    assert (standing.approved, standing.unapproved) == (3, ())
    assert [item.state for item in standing.planned] == [State.REJECTED]


@by_both
def test_approval_is_required_of_every_fresh_clip_and_of_no_recording(project: Listened) -> None:
    project.decide(1, APPROVED)
    project.decide(2, REJECTED)
    project.entry(3, audioUrl="https://example.org/somebody.mp3")
    for deep in (False, True):
        project.set(deep=deep)
        standing = summarize_status(project.settings, require_approved=True)
        assert [(each.clip.entry, each.line) for each in standing.unapproved or ()] == [("4", 23)]
        assert [each.clip.entry for each in standing.planned] == ["2"]
    project.decide(4, APPROVED)
    assert summarize_status(project.settings, require_approved=True).unapproved == ()
    assert summarize_status(project.settings).unapproved is None


@by_both
def test_a_clip_whose_file_somebody_changed_is_damaged_and_no_longer_what_was_decided_on(
    project: Listened,
) -> None:
    made = project.decide(1, APPROVED)
    project.decide(2, REJECTED)
    for number in (1, 2):
        path = project.audio / project.item(number).asset
        path.write_bytes(b"x" * path.stat().st_size)
    assert [item.state for item in project.status(deep=True).planned] == [State.DAMAGED] * 2
    project.set(deep=True)
    project.generate()
    # The same bytes were made again.
    assert atomic_files.sha256(project.audio / made.asset) == made.sha256
    assert project.reviews() == {"犬": "approved", "猫": "rejected"}


@by_both
def test_what_was_rejected_is_measured_like_all_else(project: Listened) -> None:
    made = project.decide(2, REJECTED)
    report = verify_sync(project.settings)
    assert (report.checked, report.ungenerated) == (4, 0)
    # What another engine makes by now under another name is not made yet, and no file is missing.
    project.engine("tones=2 model=b")
    report = verify_sync(project.settings)
    is_unmade = project.item(2).asset != made.asset
    assert (report.checked, report.ungenerated) == ((3, 1) if is_unmade else (4, 0))
    assert report.verdicts == ()
    provider, _ = registry.choose_engine(project.settings)
    history = review_items.SoundHistory((), project.settings)
    shown = review_items.collect_review_items(project.settings, provider, history)
    told = "1 rejected clip is not generated again yet: run `generate`"
    assert list(shown.list_notes()) == ([told] if is_unmade else [])


def verify_sync(settings: Settings) -> VerifyReport:
    return anyio.run(verify_assets.verify_assets, settings)


# Runs that were killed.


@by_both
def test_a_run_killed_while_it_makes_a_rejected_clip_again_leaves_nothing_that_passes(
    project: Listened,
) -> None:
    made = project.decide(2, REJECTED)
    before = project.ledger.read_bytes()
    with project.ledger.open("ab") as file:
        file.write(encode_replacement(made.asset))
    assert project.item(2).state is State.DAMAGED
    # Another run makes the ledger tidy, and does not come to it.
    project.set(only=(Only.NEW,))
    project.generate()
    assert project.item(2).state is State.DAMAGED
    project.set(only=())
    assert project.generate().made == 1
    assert project.ledger.read_bytes() == before
    assert project.item(2).state is State.REJECTED


@pytest.mark.parametrize("moment", ["after the mark", "after the file"])
@by_both
def test_new_bytes_under_an_old_name_are_vouched_for_only_when_they_are_there(
    project: Listened, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.wander()
    made = project.decide(2, REJECTED)
    project.take(2)

    class RejectionKilledError(BaseException):
        """A signal, as far as the run is concerned."""

    real = atomic_files.Storage.put

    def put(store: atomic_files.Storage, asset: str, data: Any) -> None:
        if moment == "after the file":
            real(store, asset, data)
        raise RejectionKilledError

    with monkeypatch.context() as patch:
        patch.setattr(atomic_files.Storage, "put", put)
        with pytest.raises(RejectionKilledError):
            project.generate()
    assert _earlier(project, made.sha256) is not None
    assert project.item(2).state is State.DAMAGED
    project.generate()
    assert not project.status(deep=True).stale
    assert project.reviews() == {}


# Shards.


@by_both
def test_what_shards_make_again_takes_the_place_of_what_was_rejected(project: Listened) -> None:
    project.wander()
    project.decide(1, APPROVED)
    made = project.decide(2, REJECTED, reason="low")
    project.take(2)
    before = {line["asset"]: line for line in project.lines()}
    for index in (1, 2):
        report = generate_sync(_shard(project, index))
        assert report.states[State.REJECTED] + report.states[State.FRESH] > 0
    # What a shard has made is not what was decided on.
    project.take(3)
    for index in (1, 2):
        report = generate_sync(_shard(project, index))
        assert (report.made, report.states[State.REJECTED]) == (0, 0)
    merged = merge_shards.merge(project.settings)
    assert (merged.copied, merged.changed) == (1, ())
    assert project.reviews() == {"犬": "approved"}
    now = {line["asset"]: line for line in project.lines()}
    assert now.keys() == before.keys()
    assert [asset for asset in now if now[asset] != before[asset]] == [made.asset]
    assert _earlier(project, made.sha256) is not None
    assert not project.status(deep=True).stale
    # Merged once more, nothing changes, not even what was decided meanwhile.
    project.decide(2, REJECTED, EVENING)
    again = project.ledger.read_bytes()
    assert merge_shards.merge(project.settings).copied == 0
    assert project.ledger.read_bytes() == again


@by_both
def test_what_shards_make_again_alike_stays_rejected(project: Listened) -> None:
    project.decide(1, APPROVED)
    project.decide(2, REJECTED)
    project.set(only=(Only.REJECTED,))
    before = project.ledger.read_bytes()
    for index in (1, 2):
        generate_sync(_shard(project, index))
    merge_shards.merge(project.settings)
    assert project.ledger.read_bytes() == before


@by_both
def test_what_a_shard_makes_anew_is_approved_no_more(project: Listened) -> None:
    project.wander()
    for number in (1, 2, 3, 4):
        project.decide(number, APPROVED)
    project.take(2)
    project.set(force=True)
    shards = [_shard(project, index) for index in (1, 2)]
    assert sum(generate_sync(shard).made for shard in shards) == 4
    found = [summarize_status(replace(shard, force=False)) for shard in shards]
    assert [each.approved for each in found] == [0, 0]
    assert sum(each.states[State.FRESH] for each in found) == 4


def _shard(project: Listened, index: int) -> Settings:
    return replace(project.settings, shard=Shard(index=index, count=2))


# Passages.


async def test_a_passage_that_was_rejected_is_said_anew_with_its_time_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = LongText(tmp_path, monkeypatch)
    await text.generate()
    (line,) = text.lines()
    made = SoundDecision(asset=line["asset"], sha256=line["sha256"], decided=REJECTED, at=NOON)
    decisions.record_decisions(atomic_files.Storage(tmp_path / "audio"), [made])
    before = text.assets
    report = await text.generate()
    assert (report.made, report.states[State.REJECTED]) == (0, 1)
    report = await text.generate(only=(Only.REJECTED,))
    assert report.made == 1
    assert any("exactly the rejected audio" in note for note in report.notes)
    assert text.assets == before
