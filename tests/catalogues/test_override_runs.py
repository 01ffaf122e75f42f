"""Overrides at work: each changes its own clip in plans, recipes, reasons, lint and catalogues."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.catalogues.test_override_file import NAME, commit, git
from tests.edited import BY_ID, BY_RECIPE, Edited, told
from tests.plugin_engines import Telling
from tts_assets.build.generate.cost import find_repeat_purchases
from tts_assets.build.plan import make_plan
from tts_assets.build.plan.plan import Plan
from tts_assets.build.plan.planner import State, list_jobs
from tts_assets.build.plan.recipes import Recipes
from tts_assets.build.plan.shard_selection import PlanHashes, ShardSelection
from tts_assets.catalogues.override_file import write_override
from tts_assets.catalogues.review_edits import OverrideValues, form_to_text, make_override
from tts_assets.config.command_options import Shard
from tts_assets.config.load_settings import load
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.errors import InputError, UsageError
from tts_assets.model import Pauses, Sound, SpokenForm, Turn, Voice
from tts_assets.quality.lint_catalogues import lint_catalogues

WORDS: list[dict[str, Any]] = [
    {"id": 1, "word": "橋", "reading": "はし", "accent": 2},
    {"id": 2, "word": "犬", "reading": "いぬ"},
    {"id": 3, "word": "橋", "reading": "はし", "accent": 2},
]
LISTENING = [{"id": "l", "title": "朝", "text": "男：おはよう。\n女：今日はいい天気ですね。"}]


class ReviewedProject(Edited):
    """A project with a file of overrides."""

    @property
    def overrides(self) -> Path:
        return self.folder / NAME

    def say(self, name: str, **say: Any) -> None:
        """Say something else of a clip, as the review page does."""
        found = self.survey()
        clip = next(
            each.clip for each in found.planned if f"{each.clip.entry} {each.clip.part}" == name
        )
        earlier = found.overrides.find_override(clip)
        write_override(
            self.overrides,
            make_override(clip, OverrideValues(**say), self.overrides, earlier=earlier),
        )

    def survey(self) -> Plan:
        return make_plan.make_plan(self.settings, Telling(self.settings), may_lack_files=True)

    def states(self) -> dict[str, str]:
        return {name: told(item) for name, item in self.clips().items()}

    def sounds(self) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in self.audio.rglob("*.mp3")}

    def problems(self) -> list[str]:
        return [str(each) for each in self.survey().trouble.problems]

    def notes(self) -> list[str]:
        return self.survey().trouble.notes


class SlowOverrideEngine(Telling):
    """One whose voice is not quick."""

    def voices(self) -> tuple[VoiceInfo, ...]:
        return tuple(replace(each, speeds=(0.25, 2)) for each in super().voices())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReviewedProject:
    found = ReviewedProject(tmp_path, monkeypatch, overrides=str(tmp_path / NAME))
    found.write(WORDS)
    return found


FORMS = [
    SpokenForm("橋", "ハシ", 2),
    SpokenForm("角で待つ。", sentence=True),
    SpokenForm("はい。いいえ。", sentence=True, turns=(Turn(3, "男"), Turn(4, "女"))),
]


def _recipes() -> Recipes:
    return Recipes(
        voice=Voice(provider="openjtalk", name="mei"),
        engine=lambda name: f"engine=1 {name}",
        sound=Sound(),
        pauses=Pauses(),
    )


def test_recipes_without_speed_are_what_they_were_before_there_were_any() -> None:
    recipes = _recipes()
    found = [
        (recipes.hash_clip(form), recipes.hash_request(form), recipes.hash_clip(form, "mei-low"))
        for form in FORMS
    ]
    assert found == [
        ("3bf9ef93fd0b2bf700286a36", "14c65421f99c06fa4b0f20ff", "cfc4d5be97aadfbad9f3b421"),
        ("d9af9b01c4181da0df00e473", "e53dadf4313ff5cfba2bb9d3", "e624ba4c5b178e55519a5ee6"),
        ("36b7b592561a306bb789bb5b", "286d1bac4bb5cd88433c0d9c", "8f07496228ef24a57ff033b2"),
    ]


def test_a_speed_of_its_own_is_a_recipe_as_if_the_run_had_it() -> None:
    slow = Recipes(
        voice=Voice(provider="openjtalk", name="mei", speed=0.9),
        engine=lambda name: f"engine=1 {name}",
        sound=Sound(),
    )
    for form in FORMS:
        assert (
            _recipes().hash_clip(form, None, 0.9)
            == slow.hash_clip(form)
            != _recipes().hash_clip(form)
        )
        assert _recipes().hash_clip(form, "mei-low", 0.9) == slow.hash_clip(form, "mei-low")
        assert _recipes().hash_request(form, None, 0.9) == slow.hash_request(form)
        assert _recipes().speakers(form, None, 0.9) == slow.speakers(form)


def test_a_file_without_overrides_changes_nothing(project: ReviewedProject) -> None:
    project.generate()
    before = project.clips()
    for text in ("[]", '[{"version": 1}]'):
        project.overrides.write_text(text)
        assert project.clips() == before
    assert {item.state for item in before.values()} == {State.FRESH}


@pytest.mark.parametrize(
    ("say", "reason"),
    [
        ({"accent": 0}, "stale: accent 2 -> 0"),
        ({"reading": "バシ"}, "stale: reading ハシ -> バシ; accent 2 -> none"),
        (
            {"text": "箸", "reading": "はし", "accent": 1},
            "stale: text 橋 -> 箸; accent 2 -> 1",
        ),
        ({"voice": "telling/other"}, "stale: voice telling/sine -> telling/other"),
        ({"speed": 0.9}, "stale: speed 1 -> 0.9"),
        (
            {"voice": "telling/other", "speed": 1.5},
            "stale: voice telling/sine -> telling/other; speed 1 -> 1.5",
        ),
    ],
)
@pytest.mark.parametrize("asset", [BY_RECIPE, BY_ID])
def test_each_key_makes_its_own_clip_stale_and_tells_why(
    project: ReviewedProject, asset: str, say: dict[str, Any], reason: str
) -> None:
    project.set(asset=asset)
    project.generate()
    before = project.sounds()
    project.say("1 word", **say)
    fresh = {state for name, state in project.states().items() if name != "1 word"}
    assert project.states()["1 word"] == reason
    assert len(fresh) == 1
    report = project.generate()
    assert (report.made, report.urls_written, report.problems) == (1, asset == BY_RECIPE, ())
    assert set(project.clips()) == {"1 word", "2 word", "3 word"}
    assert {item.state for item in project.clips().values()} == {State.FRESH}
    line = next(
        each for each in project.lines() if each["asset"] == project.clips()["1 word"].asset
    )
    assert line["speed"] == say.get("speed", 1.0)
    assert line["voice"] == say.get("voice", "telling/sine")
    # Taken back, it is what it was.
    project.overrides.unlink()
    project.generate()
    assert project.sounds().items() >= before.items()


def test_what_is_typed_later_stands_beside_what_was_typed_before(project: ReviewedProject) -> None:
    project.say("1 word", reading="ばし")
    project.say("1 word", speed=1.5)
    clip = project.clips()["1 word"].clip
    assert (clip.form, clip.speed) == (SpokenForm("橋", "バシ"), 1.5)


def test_of_two_entries_that_say_the_same_only_one_is_overridden(project: ReviewedProject) -> None:
    project.generate()
    assert len({item.asset for item in project.clips().values()}) == 2
    project.say("3 word", accent=0)
    project.generate()
    clips = project.clips()
    assert clips["3 word"].clip.form.accent == 0
    assert len({item.asset for item in clips.values()}) == 3
    urls = [each["audioUrl"] for each in project.entries()]
    assert len(set(urls)) == 3


def test_an_entry_that_says_something_else_by_now_is_said_as_it_is(
    project: ReviewedProject,
) -> None:
    project.say("1 word", accent=0)
    project.entry(1, word="箸", reading="はし", accent=1)
    assert project.clips()["1 word"].clip.form == SpokenForm("箸", "ハシ", 1)
    (note,) = project.notes()
    assert note.startswith(f"{project.overrides}:2: the override of entry 1 (word): not applied")
    assert "'橋'" in note
    assert "'箸'" in note
    assert project.survey().overrides.find_override(project.clips()["1 word"].clip) is None


def test_a_word_that_is_spelled_alike_is_another_word(project: ReviewedProject) -> None:
    project.write([{"id": 1, "word": "市場", "reading": "いちば"}])
    project.say("1 word", accent=1, speed=0.9)
    assert project.clips()["1 word"].clip.form.accent == 1
    project.say("1 word", reading="いちーば", accent=2)
    assert project.clips()["1 word"].clip.form.reading == "イチーバ"
    # Its reading was taken over: what else was typed counts on.
    project.entry(1, reading="イチーバ")
    assert project.clips()["1 word"].clip.form.accent == 2
    assert project.notes() == []
    project.entry(1, reading="しじょう")
    clip = project.clips()["1 word"].clip
    assert (clip.form, clip.speed) == (SpokenForm("市場", "シジョウ"), None)
    assert (
        "'市場' ('イチバ'), but the entry's text is now '市場' ('シジョウ')" in project.notes()[0]
    )


def test_two_ways_to_one_file_are_told_where_they_are_for_one_clip(
    project: ReviewedProject,
) -> None:
    project.say("1 word", accent=0)
    text = project.overrides.read_text(encoding="utf-8")
    row = text.splitlines()[1].replace('"data/', '"./data/')
    project.overrides.write_text(text.replace("\n]", f"\n{row}\n]"), encoding="utf-8")
    with pytest.raises(InputError, match=r"line 2 is for the same clip, but names its file 'data/"):
        project.survey()
    # What the page writes takes the place of one that somebody has spelled otherwise.
    project.overrides.write_text(f"[{row[1:]}]", encoding="utf-8")
    project.say("1 word", speed=0.9)
    clip = project.clips()["1 word"].clip
    assert (clip.form.accent, clip.speed) == (0, 0.9)


def test_an_override_without_a_clip_is_told_where_all_was_looked_at(
    project: ReviewedProject,
) -> None:
    project.say("1 word", accent=0)
    project.say("2 word", speed=0.5)
    project.write(WORDS[1:])
    assert [note.partition(": ")[0] for note in project.notes()] == [f"{project.overrides}:2"]
    assert "it matches no clip of data/vocabulary.json in built-in: correct" in project.notes()[0]
    project.write(WORDS, "more-vocabulary")
    other = str(project.folder / "data" / "more-vocabulary.json")
    project.set(paths=(other,), partial=True)
    assert project.notes() == []


def test_overrides_of_a_file_that_cannot_be_read_wait(project: ReviewedProject) -> None:
    project.say("1 word", accent=0)
    project.file("vocabulary").write_bytes(b"[{")
    assert project.notes() == []
    assert len(project.problems()) == 1


def test_of_many_that_match_nothing_the_first_are_told(project: ReviewedProject) -> None:
    project.write([{"id": n, "word": "犬"} for n in range(9)])
    for number in range(9):
        project.say(f"{number} word", accent=0)
    project.write([])
    assert len(project.notes()) == 6
    assert "and 4 more such overrides" in project.notes()


@pytest.mark.parametrize(
    ("say", "words"),
    [
        ({"text": "！？"}, "nothing would be spoken"),
        ({"accent": 9}, "has only 2 morae"),
        (
            {"voice": "telling/nobody"},
            "telling has no voice 'telling/nobody'; it has: telling/sine",
        ),
    ],
)
def test_what_cannot_be_said_is_not_said_in_its_old_form(
    project: ReviewedProject, say: dict[str, Any], words: str
) -> None:
    project.say("1 word", **say)
    report = project.generate()
    assert report.made == 2
    (problem,) = report.problems
    assert problem.file == str(project.overrides)
    assert (problem.entry, problem.line) == ("entry 1", 2)
    assert words in problem.message
    assert "audioUrl" not in project.entries()[0]


def test_a_speed_that_a_voice_does_not_take_is_a_problem(project: ReviewedProject) -> None:
    project.say("1 word", speed=3)
    (problem,) = make_plan.make_plan(
        project.settings, SlowOverrideEngine(project.settings)
    ).trouble.problems
    assert (problem.file, problem.line) == (str(project.overrides), 2)
    assert "speed = 3: the voice sine takes 0.25 to 2" in problem.message


def test_voices_mean_nothing_to_another_engine(project: ReviewedProject) -> None:
    project.say("1 word", voice="openjtalk/mei", speed=0.5, accent=0)
    clip = project.clips()["1 word"].clip
    assert (clip.voice, clip.speed, clip.form.accent) == (None, None, 0)


def test_a_damaged_file_of_overrides_ends_the_run(project: ReviewedProject) -> None:
    project.overrides.write_bytes(b"[{]")
    with pytest.raises(InputError, match="this is not JSON"):
        project.generate()
    assert not project.audio.exists()


def test_passages_keep_their_speakers(project: ReviewedProject) -> None:
    project.write(LISTENING, "listening")
    name = next(name for name in project.clips() if name.startswith("l "))
    form = project.clips()[name].clip.form
    project.say(name, text=form_to_text(form).replace("いい天気", "寒い"), speed=1.25)
    clip = project.clips()[name].clip
    assert clip.form.text == "おはよう。今日は寒いですね。"
    assert [turn.speaker for turn in clip.form.turns] == ["男", "女"]
    assert project.generate().failures == ()
    (line,) = (line for line in project.lines() if line["text"] == clip.form.text)
    assert [(who, speed) for who, _, speed in line["speakers"]] == [("男", 1.25), ("女", 1.25)]
    assert project.clips()[name].state is State.FRESH


def test_the_file_of_overrides_is_no_catalogue(project: ReviewedProject) -> None:
    inside = project.folder / "data" / "vocabulary-overrides.json"
    project.set(overrides=str(inside))
    item = project.clips()["1 word"]
    write_override(inside, make_override(item.clip, OverrideValues(accent=0), inside))
    found = project.survey()
    assert (len(found.catalogues), found.trouble.problems, found.trouble.notes) == (1, [], [])
    assert project.clips()["1 word"].clip.form.accent == 0
    project.set(paths=(str(inside),))
    with pytest.raises(UsageError, match="it contains overrides and is not a catalogue"):
        project.survey()


def test_lint_looks_at_what_is_said(project: ReviewedProject) -> None:
    project.write([{"id": 1, "word": "橋", "reading": "ハし"}])
    assert [each.rule for each in anyio.run(lint_catalogues, project.settings).findings] == [
        "reading-mixed"
    ]
    project.say("1 word", reading="はし")
    assert anyio.run(lint_catalogues, project.settings).findings == ()
    project.say("1 word", accent=9)
    (finding,) = anyio.run(lint_catalogues, project.settings).findings
    assert (finding.rule, finding.file, finding.line) == ("entry", str(project.overrides), 2)


def test_what_was_paid_for_at_another_speed_is_told(project: ReviewedProject) -> None:
    project.generate()
    project.say("2 word", speed=0.75)
    due = list_jobs(project.survey().planned)
    found = find_repeat_purchases(project.settings, Telling(project.settings), due, frozenset())
    assert list(found.values()) == ["speed changed from 1 to 0.75"]


def test_shards_of_plans_without_speeds_are_what_they_were(project: ReviewedProject) -> None:
    def hash_plan() -> PlanHashes:
        shared = ShardSelection(Shard(index=1, count=1), str(project.audio))
        for item in project.clips().values():
            shared.add_clip(item)
        return shared.hash_plan()

    before = hash_plan()
    project.overrides.write_text("[]")
    assert hash_plan() == before
    project.say("1 word", speed=0.9)
    assert hash_plan().catalogues != before.catalogues


def test_since_a_revision_overrides_count(project: ReviewedProject) -> None:
    git(project.folder, "init", "--quiet", "--template=")
    project.say("1 word", accent=0)
    project.say("2 word", speed=0.9)
    commit(project.folder)
    project.set(since="HEAD")
    assert project.clips() == {}
    project.overrides.write_text(project.overrides.read_text().replace("0.9", "0.8"))
    assert list(project.clips()) == ["2 word"]
    project.overrides.unlink()
    assert list(project.clips()) == ["1 word", "2 word"]
    git(project.folder, "checkout", "--", NAME)
    project.entry(3, word="端")
    assert list(project.clips()) == ["3 word"]


def test_overrides_before_a_revision_could_be_read_all_count(project: ReviewedProject) -> None:
    git(project.folder, "init", "--quiet", "--template=")
    project.overrides.write_bytes(b"[")
    commit(project.folder)
    project.overrides.unlink()
    project.say("1 word", accent=0)
    project.set(since="HEAD")
    found = project.survey()
    assert [item.clip.entry for item in found.planned] == ["1"]
    assert "so all of it counts as changed" in found.trouble.notes[0]


def test_an_override_of_a_source_is_for_that_source_alone(
    project: ReviewedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    table = '[[source]]\nfiles = "data/vocabulary.json"\nkind = "vocabulary"\n'
    rule = '[[source.clip]]\npart = "{0}"\ntext = "word"\nreading = "reading"\nto = "{0}"\n'
    text = f'output = "audio"\n{table}{rule.format("a")}{table}{rule.format("b")}'
    (project.folder / "tts-assets.toml").write_text(text, encoding="utf-8")
    settings = load(flags={"provider": "telling"}, environment={}, folder=project.folder)
    assert settings.overrides == NAME
    project.settings = replace(settings, paths=())
    project.patch.setattr(type(project), "overrides", Path(NAME))
    project.say("1 b", speed=0.9)
    clips = project.clips()
    assert clips["1 b"].clip.speed == 0.9
    assert clips["1 a"].clip.speed is None
    (row,) = json.loads(Path(NAME).read_bytes())[1:]
    assert (row["source"], row["file"]) == ("source 2", "data/vocabulary.json")
