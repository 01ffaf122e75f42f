"""Time lines beside assets: what is in them, and that they come and go with their assets."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has no types

from tests.plugin_engines import Telling
from tts_assets import Settings
from tts_assets.build.cleanup import prune
from tts_assets.build.plan import make_plan, planner, voice_selection
from tts_assets.build.plan.planner import State
from tts_assets.build.status import summarize_status
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output import published_schemas
from tts_assets.cli.status_command import run_check
from tts_assets.config.settings import OutputFormat
from tts_assets.engines import registry
from tts_assets.errors import InputError
from tts_assets.model import Cue, Kind
from tts_assets.store import ledger, timelines
from tts_assets.store.atomic_files import Storage, sha256
from tts_assets.store.ledger_line import LEDGER_NAME, Line, encode
from tts_assets.store.portable_names import is_asset_name, timelines_of
from tts_assets.store.timelines import Timeline

DIALOGUE = Timeline(
    asset="listening/1-text.mp3",
    seconds=4.25,
    cues=(
        Cue(0.1, 1.8004, "男", "すみません。"),
        Cue(2.3, 3.999, "女", "はい、どうぞ。"),
        Cue(3.999, 4.05, "", "おわり"),
    ),
)
#: What would break captions: their own signs, ends of lines, and what terminals act on.
HOSTILE = st.text(
    st.one_of(
        st.sampled_from("<>&-[]:0129.\n\r\v\x1c\x85\u2028\t 男v/"), st.characters(codec="utf-8")
    )
)


def _with(*cues: Cue) -> Timeline:
    return replace(DIALOGUE, cues=cues)


def _lines(data: bytes) -> list[str]:
    return data.decode().split("\n")


class TestWhatIsInThem:
    def test_the_json_has_all_of_it_in_milliseconds(self) -> None:
        assert json.loads(timelines.encode_document(DIALOGUE)) == {
            "version": 1,
            "asset": "listening/1-text.mp3",
            "seconds": 4.25,
            "cues": [
                {"begin": 0.1, "end": 1.8, "speaker": "男", "text": "すみません。"},
                {"begin": 2.3, "end": 3.999, "speaker": "女", "text": "はい、どうぞ。"},
                {"begin": 3.999, "end": 4.05, "speaker": "", "text": "おわり"},
            ],
        }

    def test_the_json_is_what_its_schema_says(self) -> None:
        validator = Draft202012Validator(published_schemas.build_schema("timeline"))
        told = json.loads(timelines.encode_document(DIALOGUE))
        assert list(validator.iter_errors(told)) == []
        assert not validator.is_valid(told | {"cues": [{"begin": 0}]})

    def test_the_webvtt_has_a_voice_for_each_speaker(self) -> None:
        assert timelines.webvtt(DIALOGUE).decode() == (
            "WEBVTT\n\n"
            "00:00:00.100 --> 00:00:01.800\n<v 男>すみません。\n\n"
            "00:00:02.300 --> 00:00:03.999\n<v 女>はい、どうぞ。\n\n"
            "00:00:03.999 --> 00:00:04.050\nおわり\n"
        )

    def test_the_lrc_has_a_line_for_each_cue_and_clears_the_last(self) -> None:
        assert timelines.lrc(DIALOGUE).decode() == (
            "[00:00.10]男：すみません。\n"
            "[00:02.30]女：はい、どうぞ。\n"
            "[00:03.99]おわり\n"
            "[00:04.05]\n"
        )

    def test_hours_are_told_and_minutes_of_lrc_go_on(self) -> None:
        late = _with(Cue(3_725.5, 3_726.0, "", "あ"))
        assert b"01:02:05.500 --> 01:02:06.000" in timelines.webvtt(late)
        assert timelines.lrc(late).startswith("[62:05.50]あ".encode())

    def test_signs_of_the_captions_are_escaped(self) -> None:
        cue = Cue(0, 1, "A & <B>", "1 --> 2\n\n<b>[00:01.00] & 終\x1b[2J")
        assert "<v A &amp; &lt;B&gt;>1 --&gt; 2\n&lt;b&gt;[00:01.00] &amp; 終[2J" in (
            timelines.webvtt(_with(cue)).decode()
        )
        assert _lines(timelines.lrc(_with(cue)))[0] == (
            "[00:00.00]A & ＜B＞：1 --＞ 2 ＜b＞［00:01.00］ & 終［2J"
        )

    @given(name=HOSTILE, text=HOSTILE)
    def test_whatever_is_said_a_cue_stays_one_cue(self, name: str, text: str) -> None:
        found = _with(Cue(0.5, 1, name, text), Cue(1, 2, "男", "犬"))
        blocks = timelines.webvtt(found).decode().split("\n\n")
        assert [block.count("-->") for block in blocks] == [0, 1, 1]
        assert blocks[1].count("<") == blocks[1].count(">") - 1 == blocks[1].count("<v ")
        assert [line[:10] for line in _lines(timelines.lrc(found))[:-1]] == [
            "[00:00.50]", "[00:01.00]", "[00:02.00]"
        ]  # fmt: skip
        assert timelines.lrc(found).count(b"[") == 3

    @given(begin=st.floats(allow_nan=False), end=st.floats(allow_nan=False))
    def test_a_cue_ends_after_it_begins_whatever_a_ledger_says(
        self, begin: float, end: float
    ) -> None:
        clock = _lines(timelines.webvtt(_with(Cue(begin, end, "", "犬"))))[2].split(" --> ")
        # 100:00:00.000 is later than 10:00:00.000.
        assert (len(clock[0]), clock[0]) < (len(clock[1]), clock[1])
        assert timelines.lrc(_with(Cue(begin, end, "", "犬")))

    @given(name=HOSTILE, text=HOSTILE)
    def test_the_json_is_read_back_as_it_was(self, name: str, text: str) -> None:
        found = _with(Cue(0.125, 2.5, name, text))
        assert timelines.read(timelines.encode_document(found), file="x") == found

    @pytest.mark.parametrize(
        "data", [b"", b"[]", b'{"version":1}', b"\xff", b'{"version":1,"asset":"a","cues":3}']
    )
    def test_what_is_no_time_line_is_told(self, data: bytes) -> None:
        with pytest.raises(InputError, match="this is not a time line"):
            timelines.read(data, file="x")

    def test_a_newer_one_is_told(self) -> None:
        with pytest.raises(InputError, match="version 2;"):
            timelines.read(b'{"version":2}', file="x")

    def test_the_files_of_two_formats_never_have_one_name(self) -> None:
        assert not set(timelines_of("a/1.mp3")) & set(timelines_of("a/1.wav"))
        assert not any(map(is_asset_name, timelines_of("a/1.mp3")))


@pytest.fixture(autouse=True, scope="module")
def _engine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry._BUILT_IN, "telling", f"{Telling.__module__}:Telling")
        yield


TEXTS = {"1": "男：すみません。\n女：はい、どうぞ。", "2": "A：今日は雨ですね。\nB：はい。"}
BY_ID = "{kind}/{id}-{part}.{ext}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue of dialogues, and one of words."""
    _write(tmp_path, TEXTS)
    words = [{"id": 1, "word": "犬"}]
    (tmp_path / "data/vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    return tmp_path


def _write(folder: Path, texts: dict[str, str]) -> None:
    (folder / "data").mkdir(exist_ok=True)
    entries = [{"id": name, "title": name, "text": text} for name, text in texts.items()]
    (folder / "data/listening.json").write_text(json.dumps(entries), encoding="utf-8")


def _settings(folder: Path, **more: Any) -> Settings:
    values: dict[str, Any] = {
        "paths": (str(folder / "data"),), "output": str(folder / "audio"), "update_json": False,
        "temp": str(folder / "temp"), "asset": BY_ID,
    }  # fmt: skip
    return Settings(provider="telling", **(values | more))


def _planned(settings: Settings) -> list[planner.ClipPlan]:
    return make_plan.make_plan(settings, registry.choose_engine(settings).provider).planned


def _store(settings: Settings) -> Path:
    """What is to be made stands in the output folder, as if a run had made it."""
    provider = registry.choose_engine(settings).provider
    store, origins = (
        Storage(Path(settings.output)),
        voice_selection.ProvenanceBuilder(settings, provider),
    )
    store.prepare()
    recipes = voice_selection.create_recipes(settings, provider)
    lines = []
    for item in _planned(settings):
        form = item.clip.form
        data = f"sound of {form.text}".encode()
        origin = msgspec.structs.asdict(origins.build(form, item.clip.voice, item.recipe))
        turns = enumerate(form.turns)
        line = Line(
            **origin
            | {
                "asset": item.asset,
                "brief": recipes.hash_request(form, item.clip.voice),
                "sha256": sha256(data),
                "bytes": len(data),
            },
            seconds=9.0,
            lufs=-19.0,
            peak_dbtp=-2.0,
            cues=tuple(Cue(n, n + 0.9, turn.speaker, form.text) for n, turn in turns),
        )
        timelines.delete_outdated(line, store)
        store.put(item.asset, data)
        timelines.store_timeline(line, store)
        lines.append(line)
    ordered = sorted(lines, key=lambda line: line.asset)
    store.replace(LEDGER_NAME, b"".join(map(encode, ordered)))
    return store.root


def _names(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def _line(root: Path, asset: str) -> Line:
    return next(ledger.passages((root / LEDGER_NAME).read_bytes(), {asset}))


ONE = "listening/1-text.mp3"
TWO = "listening/2-text.mp3"


class TestBesideAssets:
    def test_passages_have_them_and_words_have_none(self, folder: Path) -> None:
        root = _store(_settings(folder))
        assert _names(root) == {
            "ledger.jsonl", "vocabulary/1-word.mp3", ONE, TWO, *timelines_of(ONE), *timelines_of(TWO)
        }  # fmt: skip
        found = timelines.read((root / timelines_of(ONE)[0]).read_bytes(), file="x")
        assert [cue.speaker for cue in found.cues] == ["男", "女"]

    def test_with_all_of_them_nothing_is_stale(self, folder: Path) -> None:
        _store(_settings(folder))
        for deep in (False, True):
            found = summarize_status(_settings(folder, deep=deep), find_orphans=True)
            assert (found.stale, found.orphans, found.notes) == (False, (), ())

    @pytest.mark.parametrize("ending", timelines_of(""))
    def test_one_that_is_gone_or_empty_is_to_be_written(self, folder: Path, ending: str) -> None:
        path = _store(_settings(folder)) / (ONE + ending)
        path.write_bytes(b"")
        assert summarize_status(_settings(folder)).timelines_to_write == 1
        path.unlink()
        assert summarize_status(_settings(folder)).timelines_to_write == 1
        assert summarize_status(_settings(folder)).stale
        assert summarize_status(_settings(folder, kinds=(Kind.VOCABULARY,))).timelines_to_write == 0

    def test_the_check_ends_with_1_and_says_so_to_everybody(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (_store(_settings(folder)) / timelines_of(ONE)[0]).unlink()
        for form, told in (
            (OutputFormat.TEXT, "timelines 1 of up-to-date passages to write"),
            (OutputFormat.JSON, '"timelines_to_write": 1'),
            (OutputFormat.JUNIT, "1 time line to be written"),
        ):
            settings = _settings(folder, output_format=form)
            assert run_check(settings, report=None) is ExitCode.FINDINGS
            assert told in capsys.readouterr().out

    def test_one_that_somebody_changed_is_found_where_every_byte_is_looked_at(
        self, folder: Path
    ) -> None:
        path = _store(_settings(folder)) / timelines_of(TWO)[1]
        path.write_bytes(path.read_bytes().replace(b"00", b"01"))
        assert summarize_status(_settings(folder)).timelines_to_write == 0
        assert summarize_status(_settings(folder, deep=True)).timelines_to_write == 1

    def test_they_are_written_from_the_ledger(self, folder: Path) -> None:
        root = _store(_settings(folder))
        before = {name: (root / name).read_bytes() for name in _names(root)}
        (root / timelines_of(ONE)[0]).unlink()
        (root / timelines_of(TWO)[2]).write_bytes(b"mine")
        assert timelines.write_missing(Storage(root), {ONE, TWO}) == 2
        assert {name: (root / name).read_bytes() for name in _names(root)} == before
        assert timelines.write_missing(Storage(root), {ONE, TWO}) == 0

    def test_where_no_audio_is_here_none_is_missed(self, folder: Path) -> None:
        root = _store(_settings(folder))
        shutil.rmtree(root / "listening")
        shutil.rmtree(root / "vocabulary")
        assert not summarize_status(_settings(folder)).stale

    def test_what_the_ledger_does_not_tell_is_noted_and_not_waited_for(self, folder: Path) -> None:
        settings = _settings(folder, asset="{kind}/{recipe}.{ext}")
        root = _store(settings)
        (root / LEDGER_NAME).unlink()
        assert summarize_status(settings).notes == ()
        for path in root.rglob("*.vtt"):
            path.unlink()
        found = summarize_status(settings)
        assert (found.stale, found.states[State.FRESH]) == (False, 3)
        assert "the ledger does not contain either: 2; --force regenerates them" in found.notes[0]

    def test_a_line_that_is_not_that_of_the_asset_tells_nothing(self, folder: Path) -> None:
        root = _store(_settings(folder))
        (root / timelines_of(ONE)[0]).unlink()
        old = msgspec.structs.replace(_line(root, ONE), recipe="0" * 24, text="old")
        text = (root / LEDGER_NAME).read_bytes()
        (root / LEDGER_NAME).write_bytes(encode(old) + text)
        # Of two lines that of the file's hash would count; here both have it, and the last does.
        assert summarize_status(_settings(folder)).timelines_to_write == 1


class TestComingAndGoing:
    def test_before_an_asset_is_replaced_an_old_one_goes(self, folder: Path) -> None:
        root = _store(_settings(folder))
        line = _line(root, ONE)
        timelines.delete_outdated(line, Storage(root))
        assert set(timelines_of(ONE)) <= _names(root)
        longer = msgspec.structs.replace(line, cues=(*line.cues, Cue(3, 4, "男", "え")))
        timelines.delete_outdated(longer, Storage(root))
        assert not set(timelines_of(ONE)) & _names(root)

    def test_what_is_no_passage_any_more_loses_it(self, folder: Path) -> None:
        root = _store(_settings(folder))
        line = msgspec.structs.replace(_line(root, ONE), cues=())
        kept = root / timelines_of(ONE)[2]
        kept.write_bytes(b"somebody's own")
        timelines.delete_outdated(line, Storage(root))
        assert set(timelines_of(ONE)) & _names(root) == {timelines_of(ONE)[2]}
        assert not timelines.store_timeline(line, Storage(root))

    def test_a_strange_file_beside_a_word_stays(self, folder: Path) -> None:
        root = _store(_settings(folder))
        strange = root / timelines_of("vocabulary/1-word.mp3")[0]
        strange.write_bytes(timelines.encode_document(DIALOGUE))
        line = msgspec.structs.replace(_line(root, ONE), asset="vocabulary/1-word.mp3", cues=())
        timelines.delete_outdated(line, Storage(root))
        assert strange.exists()

    def test_an_orphan_is_told_with_its_time_line(self, folder: Path) -> None:
        root = _store(_settings(folder))
        _write(folder, {"2": TEXTS["2"]})
        sizes = [(root / file).stat().st_size for file in (ONE, *timelines_of(ONE))]
        found = summarize_status(_settings(folder), find_orphans=True).orphans
        assert [(each.asset, each.bytes) for each in found or ()] == [(ONE, sum(sizes))]

    def test_it_is_deleted_with_its_asset(self, folder: Path) -> None:
        root = _store(_settings(folder))
        _write(folder, {"2": TEXTS["2"]})
        found = prune(_settings(folder), delete=True)
        assert ([each.asset for each in found.deleted], found.spared) == ([ONE], ())
        assert _names(root) == {
            "ledger.jsonl", "vocabulary/1-word.mp3", TWO, *timelines_of(TWO), ".gitattributes"
        } - {".gitattributes"}  # fmt: skip

    def test_what_somebody_changed_is_spared(self, folder: Path) -> None:
        root = _store(_settings(folder))
        _write(folder, {"2": TEXTS["2"]})
        (root / timelines_of(ONE)[1]).write_bytes(b"mine")
        found = prune(_settings(folder), delete=True)
        assert [each.asset for each in found.spared] == [timelines_of(ONE)[1]]
        assert ({ONE, *timelines_of(ONE)} & _names(root)) == {timelines_of(ONE)[1]}

    def test_an_asset_that_is_spared_keeps_it(self, folder: Path) -> None:
        root = _store(_settings(folder))
        _write(folder, {"2": TEXTS["2"]})
        (root / ONE).write_bytes(b"mine")
        assert [each.asset for each in prune(_settings(folder), delete=True).spared] == [ONE]
        assert {ONE, *timelines_of(ONE)} <= _names(root)

    def test_one_without_its_asset_is_nobody_s_orphan(self, folder: Path) -> None:
        root = _store(_settings(folder))
        (root / "listening/9.mp3.vtt").write_bytes(b"WEBVTT")
        assert summarize_status(_settings(folder), find_orphans=True).orphans == ()

    def test_a_name_that_leaves_no_room_for_it_is_refused(self, folder: Path) -> None:
        settings = _settings(folder, asset=f"{'x' * 40}{{id}}-{{part}}.{{ext}}")
        for length, problems in ((192, 0), (193, 1)):
            _write(folder, {"x" * length: TEXTS["1"]})
            assert len(summarize_status(settings).problems) == problems
        assert "gives a file name of more than 255 bytes" in str(
            summarize_status(settings).problems
        )
