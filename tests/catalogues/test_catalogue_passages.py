"""Passages of a catalogue: which texts are, who says their lines, and with which voices."""

import json
import tomllib
from typing import Any

import pytest

from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.catalogues.catalogue_reader import read_catalogue
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.config.source_table import parse_source
from tts_assets.model import Clip, Kind, Turn

TALK = [
    {"who": "男", "jp": "はい。\nそうです。"},
    {"who": "女", "jp": "ええ。"},
    {"jp": "二人は帰った。"},
]


def clips(root: Any, clip: str, *, kind: str = "listening") -> tuple[Clip, ...]:
    """The clips of a document that a source reads."""
    toml = f'files = "x"\nkind = "{kind}"\nid = "key()"\nvoices = {{ "男" = "Mei" }}\n[[clip]]\n{clip}\nto = "mp3"'
    data = json.dumps(root, ensure_ascii=False).encode()
    found = read_catalogue(
        parse_document(data, file="x.json"), parse_source(tomllib.loads(toml), "source 1")
    )
    assert not found.problems
    return tuple(found.clips)


@pytest.mark.parametrize(
    ("kind", "passage"), [(Kind.READING, True), (Kind.LISTENING, True), (Kind.GRAMMAR, False)]
)
def test_the_running_text_of_reading_and_listening_is_a_passage(
    kind: Kind, *, passage: bool
) -> None:
    record = {"id": 1, "title": "題", "text": "犬です。", "examples": [{"japanese": "犬です。"}]}
    found = read_catalogue(
        parse_document(json.dumps([record]).encode(), file="x.json"), BUILT_IN[kind]
    )
    assert [bool(clip.form.turns) for clip in found.clips] == [passage]


def test_a_sources_voices_are_those_of_the_speakers_in_its_texts() -> None:
    (clip,) = clips([{"jp": "男：はい。\n女：ええ。"}], 'say = "dialogue"\ntext = "jp"')
    assert clip.form.turns == (Turn(3, "男", "Mei"), Turn(3, "女"))


@pytest.mark.parametrize("kind", ["listening", "vocabulary"])
def test_speakers_beside_the_texts_that_are_joined_are_those_of_the_lines(kind: str) -> None:
    paths = 'say = "dialogue"\njoin = "\\n"\ntext = "talk[*].jp"\nspeaker = "talk[*].who"'
    (clip,) = clips([{"talk": TALK}], paths, kind=kind)
    assert clip.form.text == "はい。そうです。ええ。二人は帰った。"
    assert clip.voice is None
    assert clip.form.turns == (Turn(3, "男", "Mei"), Turn(5, "男", "Mei"), Turn(3, "女"), Turn(7))


def test_speakers_may_lie_in_a_list_of_their_own_or_around_their_texts() -> None:
    paths = 'say = "dialogue"\njoin = "\\n"\ntext = "jp[*]"\nspeaker = "who[*]"'
    (clip,) = clips([{"jp": ["はい。", "ええ。"], "who": ["男", "女"]}], paths)
    assert [turn.speaker for turn in clip.form.turns] == ["男", "女"]
    paths = 'say = "dialogue"\njoin = "\\n"\ntext = "part[*].jp[*]"\nspeaker = "part[*].who"'
    (clip,) = clips(
        [{"part": [{"who": "男", "jp": ["はい。", "ええ。"]}, {"jp": ["犬。"]}]}], paths
    )
    assert [turn.speaker for turn in clip.form.turns] == ["男", "男", ""]


def test_a_line_that_is_a_clip_of_its_own_is_said_by_its_speaker() -> None:
    found = clips(
        [{"talk": TALK}], 'say = "sentence"\neach = "talk[*]"\ntext = "jp"\nspeaker = "who"'
    )
    assert [clip.voice for clip in found] == ["Mei", None, None]
    assert [clip.form.turns[0].speaker for clip in found] == ["男", "女", ""]
