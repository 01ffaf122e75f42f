"""Time lines in words: from the times of a service, through trimming, joining and resumed runs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.simulator.running import Simulator, running
from tests.simulator.scenario import Scenario, voice_id
from tts_assets import Settings, generate_sync
from tts_assets.audio.codec import decode
from tts_assets.build.events import Report
from tts_assets.config.keys import Secret
from tts_assets.config.settings import ElevenLabsSettings, RemoteSettings
from tts_assets.config.source_table import parse_source
from tts_assets.model import Cue, WordTime
from tts_assets.store.segment_cache import cache_dir_for
from tts_assets.store.timelines import place_words, time_words

MAN = "今日は、雨ですね。傘を、持って行きましょう。"
WOMAN = "はい、そうですね。駅前の店で、開くのを待ちます。"
WORDS = {
    "男": ["今日は、", "雨ですね。", "傘を、", "持って行きましょう。"],
    "女": ["はい、", "そうですね。", "駅前の", "店で、", "開くのを", "待ちます。"],
}
#: Between a sound in the file and the time of the service: trimming and weak sounds at the edges.
TOLERANCE_SECONDS = 0.12


@pytest.fixture(scope="module")
def started() -> Iterator[Simulator]:
    with running(Scenario(speech="openjtalk", refuse_seconds=0.02)) as simulator:
        yield simulator


@pytest.fixture
def simulator(started: Simulator) -> Simulator:
    started.change(faults=[], timestamps=True)
    return started


def settings_for(simulator: Simulator, folder: Path, **asked: Any) -> Settings:
    (folder / "data").mkdir(exist_ok=True)
    file = folder / "data/listening.json"
    entry = {"id": "a", "title": "t", "text": f"男：{MAN}\n女：{WOMAN}"}
    if not file.exists():
        file.write_text(json.dumps([entry], ensure_ascii=False), encoding="utf-8")
    rule = {"part": "text", "say": "dialogue", "text": "text", "to": "url"}
    if asked.pop("has_target", True):
        rule["timeline"] = "times"
    table = {"files": str(file), "kind": "listening", "clip": [rule]}
    return Settings(
        paths=(str(folder / "data"),),
        output=str(folder / "audio"),
        temp=str(folder / "temp"),
        sources=(parse_source(table, "c.toml: source 1"),),
        provider="elevenlabs",
        voice=voice_id(1),
        keys={"elevenlabs": Secret("sk_simulator")},
        remote=RemoteSettings(rate_per_second=10_000),
        elevenlabs=ElevenLabsSettings(base_url=simulator.url, voices=(voice_id(2),), **asked),
    )


def run(settings: Settings) -> Report:
    report = generate_sync(settings)
    assert (report.fatal, report.problems) == (None, ())
    return report


@pytest.fixture(scope="module")
def finished(started: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose dialogue was generated with words in its time line."""
    folder = tmp_path_factory.mktemp("finished")
    before = len(started.requests())
    run(settings_for(started, folder))
    assert paths_of(started, before) == ["with-timestamps"] * 2
    return folder


def cues_in(folder: Path) -> list[dict[str, Any]]:
    (file,) = (folder / "audio").rglob("*.timeline.json")
    cues: list[dict[str, Any]] = json.loads(file.read_bytes())["cues"]
    return cues


def paths_of(simulator: Simulator, before: int) -> list[str]:
    return [each["path"].rpartition("/")[2] for each in simulator.requests()[before:]]


def sounds_in(folder: Path) -> list[tuple[float, float]]:
    """Where the asset is loud, between silences of 200 ms or more: what anybody would measure."""
    (file,) = (folder / "audio").rglob("*.mp3")
    samples, rate_hz = decode(file.read_bytes())
    hop = rate_hz // 100
    frames = samples[: samples.size // hop * hop].reshape(-1, hop)
    energies = np.einsum("ij,ij->i", frames, frames)
    (loud,) = np.nonzero(energies > energies.max() * 10**-3.5)
    (gaps,) = np.nonzero(np.diff(loud) > 20)
    begins = [loud[0], *loud[gaps + 1]]
    ends = [*loud[gaps], loud[-1]]
    return [(begin / 100, (end + 1) / 100) for begin, end in zip(begins, ends, strict=True)]


def test_words_of_real_speech_begin_and_end_where_they_are_heard(finished: Path) -> None:
    cues = cues_in(finished)
    assert [(cue["speaker"], cue["text"]) for cue in cues] == [
        (name, word) for name, words in WORDS.items() for word in words
    ]
    for one, other in pairwise(cues):
        assert 0 < one["begin"] < one["end"] <= other["begin"]
    # A pause stands behind each word that ends with a mark, and nowhere else.
    groups: list[list[dict[str, Any]]] = [[]]
    for cue in cues:
        groups[-1].append(cue)
        if cue["text"][-1] in "、。":
            groups.append([])
    heard = sounds_in(finished)
    assert len(heard) == len(groups[:-1])
    for group, (begin, end) in zip(groups, heard, strict=False):
        assert group[0]["begin"] == pytest.approx(begin, abs=TOLERANCE_SECONDS)
        assert group[-1]["end"] == pytest.approx(end, abs=TOLERANCE_SECONDS)


def test_the_ledger_keeps_segments_and_words_and_the_asset_is_the_same(
    simulator: Simulator, tmp_path: Path, finished: Path
) -> None:
    before = len(simulator.requests())
    run(settings_for(simulator, tmp_path, has_target=False))
    assert paths_of(simulator, before) == [voice_id(1), voice_id(2)]
    timed, plain = (
        json.loads((folder / "audio/ledger.jsonl").read_bytes()) for folder in (finished, tmp_path)
    )
    assert len(timed.pop("word_cues")) == len(cues_in(finished))
    assert timed == plain
    assert [cue["text"] for cue in cues_in(tmp_path)] == [MAN, WOMAN]


def test_a_time_line_with_words_that_is_lost_comes_back_from_the_ledger(
    simulator: Simulator, finished: Path
) -> None:
    (file,) = (finished / "audio").rglob("*.timeline.json")
    data = file.read_bytes()
    file.unlink()
    assert run(settings_for(simulator, finished)).timelines_written == 1
    assert file.read_bytes() == data


def test_a_resumed_run_has_the_words_of_segments_that_were_paid_for(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.change(faults=[{"kind": "unprocessable", "marker": "駅前"}])
    assert len(run(settings_for(simulator, tmp_path)).failures) == 1
    simulator.change(faults=[])
    before = len(simulator.requests())
    run(settings_for(simulator, tmp_path))
    assert paths_of(simulator, before) == ["with-timestamps"]
    assert len(cues_in(tmp_path)) == 10


def test_a_segment_from_before_stays_whole_and_is_not_bought_again(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.change(faults=[{"kind": "unprocessable", "marker": "駅前"}])
    run(settings_for(simulator, tmp_path, has_target=False))
    simulator.change(faults=[])
    before = len(simulator.requests())
    run(settings_for(simulator, tmp_path))
    assert paths_of(simulator, before) == ["with-timestamps"]
    assert [cue["text"] for cue in cues_in(tmp_path)] == [MAN, *WORDS["女"]]


def test_a_lost_reply_has_its_words_from_the_history(simulator: Simulator, tmp_path: Path) -> None:
    simulator.change(faults=[{"kind": "reset_body", "marker": "駅前", "count": 1}])
    before = len(simulator.state()["billing"])
    run(settings_for(simulator, tmp_path))
    assert len(simulator.state()["billing"]) == before + 2
    assert "audio" in paths_of(simulator, 0)
    assert [cue["text"] for cue in cues_in(tmp_path)] == [*WORDS["男"], *WORDS["女"]]


def test_a_kept_sound_has_its_words_in_the_next_run(
    simulator: Simulator, tmp_path: Path, finished: Path
) -> None:
    settings = replace(settings_for(simulator, tmp_path), concurrency=1)
    recipe = json.loads((finished / "audio/ledger.jsonl").read_bytes())["recipe"]
    # No segment can be stored, though the sounds are kept.
    blocked = cache_dir_for(settings.temp, settings.folder) / recipe
    blocked.parent.mkdir(parents=True)
    blocked.write_bytes(b"")
    assert generate_sync(settings).fatal is not None
    blocked.unlink()
    before = len(simulator.requests())
    run(settings)
    assert len(paths_of(simulator, before)) < 2
    assert cues_in(tmp_path) == cues_in(finished)


def test_words_have_the_times_of_what_is_spoken_of_them() -> None:
    spans = [(0.3, 0.5), (0.5, 0.6), (0.6, 1.4), (1.4, 1.6), (1.6, 1.9), (1.9, 2.5)]
    found = time_words(["今日、", "雨！"], spans[:5], cut_seconds=0.2, seconds=1.5)
    assert [each.text for each in found] == ["今日、", "雨！"]
    assert found[0][1:] == pytest.approx((0.1, 0.4))
    assert found[1][1:] == pytest.approx((1.2, 1.4))
    cut = time_words(["今日、", "雨！"], spans[:5], cut_seconds=0.55, seconds=0.9)
    assert cut[0][1:] == pytest.approx((0.0, 0.05))
    assert cut[1][1:] == pytest.approx((0.85, 0.9))
    assert time_words(["今日"], spans, cut_seconds=0.0, seconds=2.0) == ()
    assert time_words([], spans, cut_seconds=0.0, seconds=2.0) == ()
    assert time_words(["今日"], [], cut_seconds=0.0, seconds=2.0) == ()


def test_words_lie_where_their_segment_is_heard() -> None:
    words = [WordTime("今日", 0.0, 0.4), WordTime("は", 0.4, 0.9)]
    assert place_words(words, Cue(2.02, 2.8, "男", "今日は"), 2.0) == [
        Cue(2.02, 2.4, "男", "今日"),
        Cue(2.4, 2.8, "男", "は"),
    ]
