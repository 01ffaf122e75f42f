"""Which clips a run is for: by id, by revision, by state."""

import json
import os
import re
import subprocess
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugin_engines import Paid
from tts_assets import generate_sync
from tts_assets.build.plan.make_plan import Selection
from tts_assets.build.plan.planner import TO_GENERATE, State
from tts_assets.catalogues.catalogue_reader import CatalogueReader
from tts_assets.catalogues.open_catalogues import parse_catalogue
from tts_assets.cli.generate_command import _get_generate_exit_code
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.config.load_settings import load
from tts_assets.config.settings import Only, Settings
from tts_assets.engines import registry
from tts_assets.errors import UsageError
from tts_assets.model import Kind

WHO = ("-c", "user.name=A", "-c", "user.email=a@example.org")
IDS = ("n5-1", "n5-2", "n4-1", "12", "112", "N5-3", "か゛", "a[1]", "a1", "*")


def _reader(ids: Sequence[str], path: str = "vocabulary.json", word: str = "犬") -> CatalogueReader:
    source = BUILT_IN[Kind.VOCABULARY]
    entries = [{"id": each, "word": word} for each in ids]
    return CatalogueReader(parse_catalogue(json.dumps(entries).encode(), path, source), source)


def _chosen(selection: Selection, reader: CatalogueReader) -> list[str]:
    takes = selection.build_clip_filter(reader)
    entries = [clip.entry for clip in reader.iter_clips() if takes is None or takes(clip)]
    selection.finish_catalogue(reader.finish())
    return entries


def _by_id(*globs: str) -> tuple[list[str], str | None]:
    with Selection(Settings(ids=globs)) as selection:
        return _chosen(selection, _reader(IDS)), selection.describe_unmatched()


def test_where_nothing_is_said_no_clip_is_asked_about() -> None:
    with Selection(Settings(only=(Only.NEW,))) as selection:
        assert selection.build_clip_filter(_reader(IDS)) is None
        assert selection.describe_unmatched() is None


@pytest.mark.parametrize(
    ("globs", "chosen"),
    [
        (["12"], ["12"]),
        (["n5-*"], ["n5-1", "n5-2"]),
        (["n5-*", "12"], ["n5-1", "n5-2", "12"]),
        (["?5-[!1]"], ["n5-2", "N5-3"]),
        (["*-1"], ["n5-1", "n4-1"]),
        (["a[1]"], ["a[1]", "a1"]),
        (["a[[]1]"], ["a[1]"]),
        (["[*]"], ["*"]),
    ],
)
def test_ids_are_chosen_by_globs_of_all_of_them(globs: list[str], chosen: list[str]) -> None:
    assert _by_id(*globs) == (chosen, None)


def test_no_glob_chooses_by_a_part_of_an_id_or_by_another_case() -> None:
    chosen, nothing = _by_id("1", "N5-1", "n5")
    assert chosen == []
    assert nothing == (
        "no id matches --id '1', 'N5-1', 'n5' (full match, case-sensitive; use *); `tts-assets explain TEXT` shows the id of a text"
    )


def test_globs_that_match_nothing_are_named_beside_those_that_match() -> None:
    chosen, nothing = _by_id("12", "n6-*", *(f"x{number}" for number in range(9)), "\x1b[2J")
    assert chosen == ["12"]
    assert nothing is not None
    assert "--id 'n6-*', 'x0', 'x1', 'x2', 'x3' and 6 more (full" in nothing
    assert "\x1b" not in nothing


def test_a_composed_letter_finds_its_parts_and_the_other_way_round() -> None:
    with Selection(Settings(ids=("が*", "は\u3099"))) as selection:
        assert _chosen(selection, _reader(["か\u3099-1", "ば"])) == ["か\u3099-1", "ば"]
        assert selection.describe_unmatched() is None


def test_an_entry_that_says_nothing_is_an_entry_all_the_same() -> None:
    with Selection(Settings(ids=("7",))) as selection:
        assert _chosen(selection, _reader(["7"], word="")) == []
        assert selection.describe_unmatched() is None


@given(st.text(alphabet="[]*?!-^\\&|~a1", max_size=12), st.text(max_size=5))
def test_no_glob_breaks_anything(glob: str, entry: str) -> None:
    if not glob.strip():
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _by_id(glob, f"{glob}{entry}")


def test_a_glob_of_many_stars_takes_no_time() -> None:
    with Selection(Settings(ids=("*a" * 50 + "b",))) as selection:
        assert _chosen(selection, _reader(["a" * 190])) == []


@pytest.mark.parametrize(
    ("only", "made"),
    [
        ([], set(TO_GENERATE)),
        (["new"], {State.NEW}),
        (["missing"], {State.NEW, State.MISSING, State.DAMAGED}),
        (["changed"], {State.STALE}),
        (["failed"], {State.FAILED}),
        (["changed", "failed"], {State.STALE, State.FAILED}),
    ],
)
def test_only_some_of_what_is_to_be_made_is_made(
    tmp_path: Path, only: list[str], made: set[State]
) -> None:
    settings = load(flags={"only": only}, environment={}, folder=tmp_path)
    with Selection(settings) as selection:
        assert TO_GENERATE - selection.passed_over == made
        assert not selection.passed_over & {State.FRESH, State.LOCKED}


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"only": ["approved"]}, "--only is 'approved', but must be"),
        ({"id": [" "]}, "--id is ' ', but must be texts that are not empty"),
        ({"since": ""}, "--since is '', but must be text that is not empty"),
        ({"max-clips": "-1"}, "--max-clips is '-1', but must be a whole number"),
        ({"max-clips": "1.5"}, "--max-clips is '1.5', but must be a whole number"),
        ({"max-duration": "30 minutes"}, "must be seconds, such as 90, or a number with its unit"),
        ({"max-duration": "infh"}, "must be seconds, such as 90, or a number with its unit"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, flags: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        load(flags=flags, environment={}, folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), (0, 0), (30, 30)]
)
def test_a_length_of_time_has_a_unit_or_is_in_seconds(
    tmp_path: Path, text: object, seconds: float
) -> None:
    settings = load(flags={"max-duration": text}, environment={}, folder=tmp_path)
    assert settings.max_duration_seconds == seconds


@pytest.mark.parametrize("wrong", [{"only": ("new",)}, {"ids": "12"}, {"ids": ("",)}])
def test_programs_are_refused_the_same(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="settings out of bounds"):
        Settings(**wrong)  # type: ignore[arg-type]


def test_a_selection_stands_in_no_file_and_in_no_environment(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="TTS_ASSETS_ONLY"):
        load(flags={}, environment={"TTS_ASSETS_ONLY": "new"}, folder=tmp_path)
    (tmp_path / "tts-assets.toml").write_text('since = "HEAD"\n')
    with pytest.raises(UsageError, match="there is no setting 'since'"):
        load(flags={}, environment={}, folder=tmp_path)


@pytest.fixture
def committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A catalogue under git that has all ids but the first in its commit."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    path = tmp_path / "vocabulary.json"
    path.write_text(json.dumps([{"id": each, "word": "犬"} for each in IDS[1:]]))
    commit: tuple[str, ...] = (*WHO, "commit", "-q", "-m", "all but the first")
    for words in (("init", "-q"), ("add", "."), commit):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return str(path)


def test_a_revision_and_ids_choose_what_both_choose(committed: str) -> None:
    with Selection(Settings(ids=("n5-*", "12"), since="HEAD")) as selection:
        assert _chosen(selection, _reader(IDS, committed)) == ["n5-1"]
        # 12 is there, and did not change: nobody mistyped it.
        assert selection.describe_unmatched() is None


def test_a_revision_alone_chooses_what_changed_since(committed: str) -> None:
    with Selection(Settings(since="HEAD")) as selection:
        assert _chosen(selection, _reader(IDS, committed)) == ["n5-1"]
        assert selection.notes() == ()


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Three words, the second of which cannot be said, and an engine in this process."""
    monkeypatch.setitem(registry._BUILT_IN, "paid", f"{Paid.__module__}:Paid")
    path = tmp_path / "vocabulary.json"
    _write(path, "犬", "失敗", "鳥")
    return Settings(paths=(str(path),), provider="paid", output=str(tmp_path / "audio"))


def _write(path: Path, *words: str) -> None:
    path.write_text(json.dumps([{"id": n, "word": word} for n, word in enumerate(words, 1)]))


def _with_urls(settings: Settings) -> list[int]:
    entries = json.loads(Path(settings.paths[0]).read_bytes())
    return [entry["id"] for entry in entries if entry.get("audioUrl")]


def _assets(settings: Settings) -> list[Path]:
    return sorted(Path(settings.output, "vocabulary").iterdir())


def test_nothing_but_the_chosen_entries_is_made_or_gets_a_url(three: Settings) -> None:
    generate_sync(replace(three, update_json=False))
    report = generate_sync(replace(three, ids=("1",)))
    assert (report.made, report.states[State.FRESH], _with_urls(three)) == (0, 1, [1])


def test_what_is_fresh_is_remade_for_the_chosen_entries_alone(three: Settings) -> None:
    generate_sync(three)
    assert generate_sync(replace(three, ids=("3",), force=True)).made == 1


def test_what_is_chosen_by_its_state_is_made_and_fresh_clips_get_their_urls(
    three: Settings,
) -> None:
    generate_sync(replace(three, update_json=False))
    _write(Path(three.paths[0]), "犬", "失敗", "鳥", "魚")
    _assets(three)[0].unlink()
    report = generate_sync(replace(three, only=(Only.FAILED,)))
    assert (report.made, len(report.failures), len(_with_urls(three))) == (0, 1, 1)
    report = generate_sync(replace(three, only=(Only.MISSING,)))
    assert (report.made, len(report.failures), _with_urls(three)) == (2, 0, [1, 3, 4])


def test_failures_that_a_run_is_not_for_are_remembered(three: Settings) -> None:
    generate_sync(three)
    _write(Path(three.paths[0]), "犬", "失敗", "魚")
    generate_sync(replace(three, ids=("3",)))
    assert generate_sync(three, dry_run=True).states[State.FAILED] == 1


def test_a_run_since_a_revision_makes_what_changed_since(three: Settings, committed: str) -> None:
    _write(Path(committed), "犬", "猫", "鳥")
    entries = json.loads(Path(committed).read_bytes())
    Path(committed).write_text(json.dumps([*entries, {"id": "12", "word": "犬"}]))
    report = generate_sync(replace(three, paths=(committed,), since="HEAD"))
    # 12 said the same before.
    assert (report.made, _with_urls(three)) == (3, [1, 2, 3])


def test_an_id_that_no_entry_has_is_told_and_the_rest_is_made(three: Settings) -> None:
    report = generate_sync(replace(three, ids=("1", "n5-*")))
    assert (report.made, _get_generate_exit_code(report, None)) == (1, 6)
    assert report.unmatched is not None
    assert "no id matches --id 'n5-*'" in report.unmatched


def test_an_entry_without_a_clip_is_no_mistake(three: Settings) -> None:
    _write(Path(three.paths[0]), "犬", "")
    assert generate_sync(replace(three, ids=("2",))).unmatched is None


def test_that_an_earlier_file_cannot_be_read_is_told(three: Settings, committed: str) -> None:
    path = Path(committed).with_name("broken-vocabulary.json")
    path.write_text("[")
    folder = path.parent
    for words in (("add", "."), (*WHO, "commit", "-q", "-m", "a mistake")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    _write(path, "犬")
    report = generate_sync(replace(three, paths=(str(path),), since="HEAD"))
    assert report.made == 1
    (note,) = report.notes
    assert "cannot be read at 'HEAD' and counts as changed" in note


def test_a_revision_since_which_nothing_changed_is_no_mistake(
    three: Settings, committed: str
) -> None:
    report = generate_sync(replace(three, paths=(committed,), since="HEAD"))
    assert (report.made, _get_generate_exit_code(report, None)) == (0, 0)


def test_an_entry_that_cannot_be_used_is_there_all_the_same(three: Settings) -> None:
    entries = [{"id": 1, "word": "犬"}, {"id": 2, "word": ["猫"]}]
    Path(three.paths[0]).write_text(json.dumps(entries))
    report = generate_sync(replace(three, ids=("2",)))
    assert len(report.problems) == 1
    assert report.unmatched is None


def test_what_is_made_anew_whole_cannot_be_some_of_it() -> None:
    with pytest.raises(UsageError, match="--force regenerates all clips and --only some"):
        Settings(force=True, only=(Only.FAILED,))
