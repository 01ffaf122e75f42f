"""Clips drawn from catalogues."""

import json
from collections import Counter
from pathlib import Path

import anyio
import pytest

from tts_assets.build.benchmark import ClipSample, draw_sample
from tts_assets.config.settings import Settings
from tts_assets.model import Kind

LONG = "駅の前には、新しい店がたくさん並んでいます。" * 20


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Thirty words, of which ten are there twice, and a passage."""
    words = [{"id": number, "word": f"{number % 30}番"} for number in range(40)]
    passage = [{"id": 1, "title": "駅", "text": LONG}]
    for name, entries in (("vocabulary", words), ("reading", passage)):
        (tmp_path / f"{name}.json").write_text(json.dumps(entries))
    return Settings(paths=(str(tmp_path),))


def _texts(sample: ClipSample, count: int) -> list[str]:
    return [job.form.text for job in sample.take_jobs(count)]


def _drawn(settings: Settings, most: int) -> ClipSample:
    return anyio.run(draw_sample, settings, most)


def test_every_clip_is_there_once_and_a_passage_by_its_segments(settings: Settings) -> None:
    words = Counter(
        _texts(_drawn(Settings(paths=settings.paths, kinds=(Kind.VOCABULARY,)), 99), 30)
    )
    assert len(words) == 30
    segments = [text for text in _texts(_drawn(settings, 99), 46) if "駅" in text]
    assert len(segments) > 10
    assert max(map(len, segments)) <= 100


def test_a_small_sample_is_the_same_each_time_and_not_the_first_of_all(settings: Settings) -> None:
    one, other = _drawn(settings, 8), _drawn(settings, 8)
    assert _texts(one, 8) == _texts(other, 8)
    firsts = {f"{number}番" for number in range(8)}
    # Where there is room for all of them, too.
    for sample in (one, _drawn(settings, 99)):
        assert {text for text in _texts(sample, 8) if len(text) < 5} - firsts


def test_the_longest_come_first_and_where_there_are_few_they_come_again(
    settings: Settings,
) -> None:
    sample = _drawn(settings, 3)
    texts = _texts(sample, 7)
    assert len(texts) == 7
    assert len(set(texts)) <= 3
    assert texts == sorted(texts, key=len, reverse=True)


def test_a_catalogue_of_nothing_is_told(tmp_path: Path) -> None:
    sample = _drawn(Settings(paths=(str(tmp_path),)), 8)
    assert not sample.jobs
    assert "there is no catalogue" in sample.notes[0]
