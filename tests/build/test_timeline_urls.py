"""URLs of time lines in catalogues: written where a source names a place, and nobody else's lost."""

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tts_assets import Settings
from tts_assets.build.cleanup import References
from tts_assets.build.plan import make_plan, voice_selection
from tts_assets.build.plan.asset_names import Addresses
from tts_assets.build.plan.planner import (
    ClipPlan,
    Planner,
    State,
    lacks_url,
    timeline_url,
    urls_due,
)
from tts_assets.build.shards.shard_record import Patch, encode_urls, patch
from tts_assets.catalogues import catalogue_reader, write_back
from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.catalogues.catalogue_files import Catalogue
from tts_assets.config.catalogue_sources import OverwritePolicy, Source
from tts_assets.config.source_table import parse_source
from tts_assets.engines import registry
from tts_assets.errors import InputError, UsageError
from tts_assets.model import Clip, Format, Kind, Target

TEXT = "男：すみません。\n女：はい、どうぞ。"
CLIP = """
[[clip]]
part = "text"
say = "dialogue"
text = "text"
to = "audioUrl"
timeline = "timelineUrl"
"""


def _source(clip: str = CLIP, *, top: str = "") -> Source:
    table = tomllib.loads(f'files = "x"\nkind = "listening"\n{top}\n{clip}')
    return parse_source(table, "tts-assets.toml: source 1")


def _read(root: Any, source: Source | None = None, *, file: str = "x.json") -> Catalogue:
    data = json.dumps(root, ensure_ascii=False).encode()
    return catalogue_reader.read_catalogue(parse_document(data, file=file), source or _source())


def _clip(*, source: Source | None = None, **more: Any) -> Clip:
    (clip,) = _read([{"id": 1, "text": TEXT, **more}], source).clips
    return clip


class TestPlaces:
    def test_a_passage_has_one_where_its_rule_says_so(self) -> None:
        assert _clip(timelineUrl="/t").timeline == Target((0, "timelineUrl"), "/t")
        assert _clip(timelineUrl=" ").timeline == Target((0, "timelineUrl"), None)
        assert _clip(source=_source(CLIP.replace('timeline = "timelineUrl"', ""))).timeline is None

    def test_what_is_no_passage_has_none(self) -> None:
        rule = CLIP.replace("dialogue", "word")
        assert _clip(source=_source(rule, top=""), text="犬").timeline is None

    def test_without_a_place_for_the_clip_it_has_its_own(self) -> None:
        clip = _clip(source=_source(CLIP.replace('"audioUrl"', "false")))
        assert (clip.place, clip.timeline) == (None, Target((0, "timelineUrl"), None))

    def test_lists_may_run_parallel_to_texts(self) -> None:
        rule = CLIP.replace('"text"\nto', '"@"\neach = "lines[*]"\nto')
        rule = rule.replace('"audioUrl"', '"$.sounds[#]"').replace('"timelineUrl"', '"$.times[#]"')
        clips = _read([{"id": 1, "lines": [TEXT, TEXT]}], _source(rule)).clips
        assert [clip.timeline and clip.timeline.place for clip in clips] == [
            (0, "times", 0), (0, "times", 1)
        ]  # fmt: skip

    @pytest.mark.parametrize("value", [3, ["/t"], {"url": "/t"}])
    def test_what_cannot_give_way_is_told(self, value: object) -> None:
        (problem,) = _read([{"id": 1, "text": TEXT, "timelineUrl": value}]).problems
        assert "'timelineUrl' must contain text or null" in problem.message

    def test_a_text_that_is_no_address_never_gives_way(self) -> None:
        always = _source(top='overwrite = "always"')
        (problem,) = _read([{"id": 1, "text": TEXT, "timelineUrl": "two words"}], always).problems
        assert "a URL would replace 'two words'" in problem.message

    @pytest.mark.parametrize(
        ("timeline", "told"),
        [
            ("text", "the URL of the time line of text would overwrite the field read as text"),
            ("audioUrl", "the URL of the time line of text would replace that of text"),
            ("audioUrl.t", "the URL of the time line of text would lie within that of text"),
            ("lines[#]", "timeline = 'lines[#]' has [#], the index of an item"),
            ("lines[*]", "timeline = 'lines[*]': it must name one value"),
        ],
    )
    def test_a_place_that_cannot_be_is_refused(self, timeline: str, told: str) -> None:
        with pytest.raises(UsageError) as refused:
            _source(CLIP.replace("timelineUrl", timeline))
        assert told in str(refused.value)

    def test_in_a_table_it_is_a_column(self) -> None:
        source = _source(CLIP.replace('"timelineUrl"', '"time.url"'))
        with pytest.raises(InputError, match=r"clip text: timeline\) is not a column of a table"):
            catalogue_reader.read_catalogue(parse_document(b"id,text\n1,a\n", file="x.csv"), source)


class TestAddresses:
    @pytest.mark.parametrize(
        ("url", "asset", "expected"),
        [
            ("/audio/a/1%20b.mp3", "a/1 b.mp3", "/audio/a/1%20b.mp3.timeline.json"),
            ("/x?file=a/1.mp3&v=2", "a/1.mp3", "/x?file=a/1.mp3.timeline.json&v=2"),
            ("/a/1.mp3/a/1.mp3", "a/1.mp3", "/a/1.mp3/a/1.mp3.timeline.json"),
            ("https://x/play/1?v=2#t", "a/1.mp3", "https://x/play/1.timeline.json?v=2#t"),
        ],
    )
    def test_it_is_that_of_the_asset_with_more_to_its_name(
        self, url: str, asset: str, expected: str
    ) -> None:
        assert timeline_url(url, asset) == expected


RECIPE = "0123456789abcdef01234567"


def _planned(clip: Clip, *, keep: bool = True, before: str = "listening/old.mp3") -> ClipPlan:
    """A fresh clip of which an earlier asset is known."""
    addresses = Addresses("{kind}/{recipe}.{ext}", "/audio/{asset}", Format.MP3)
    settings = Settings(provider="openjtalk")
    planner = Planner(
        recipes=voice_selection.create_recipes(settings, registry.choose_engine(settings).provider),
        present={},
        recorded={before: (RECIPE, 9)},
    )
    asset = f"listening/{RECIPE}.mp3"
    item = ClipPlan(clip, RECIPE, asset, f"/audio/{asset}", State.FRESH, "it is there")
    return planner.with_timeline(item, addresses, keep_foreign=keep)


OWN = f"/audio/listening/{RECIPE}.mp3"


class TestWhichGiveWay:
    @pytest.mark.parametrize(
        "url",
        [
            None,
            f"{OWN}.timeline.json",
            "/audio/listening/old.mp3.timeline.json",
            f"https://before/{RECIPE}.mp3.timeline.json?v=1",
        ],
    )
    def test_ours_do(self, url: str | None) -> None:
        item = _planned(_clip(audioUrl=OWN, timelineUrl=url))
        assert item.timeline == f"{OWN}.timeline.json"
        assert lacks_url(item) is (url != item.timeline)

    @pytest.mark.parametrize("url", ["/mine.json", OWN, "/audio/listening/x.mp3.timeline.json"])
    def test_somebody_s_own_stays_unless_its_source_says_otherwise(self, url: str) -> None:
        clip = _clip(audioUrl=OWN, timelineUrl=url)
        assert not lacks_url(_planned(clip))
        assert lacks_url(_planned(clip, keep=False))

    def test_the_clip_and_its_time_line_are_two_urls(self) -> None:
        item = _planned(_clip())
        assert [(clip.part, url) for clip, url in urls_due(item)] == [
            ("text", OWN), ("text:timeline", f"{OWN}.timeline.json")
        ]  # fmt: skip

    def test_a_catalogue_that_names_its_own_time_line_keeps_no_other_asset(self) -> None:
        settings = Settings(asset="{kind}/{id}-{part}.{ext}")
        references = References(settings)
        item = replace(
            _planned(_clip()), asset="listening/1-text.mp3", timeline="/t/1-text.mp3.json"
        )
        references.add_clip(item)
        references.read(parse_document(b'["/t/1-text.mp3.json"]', file="x.json"))
        assert not references.leads_to("elsewhere/1-text.mp3", "")
        references.read(parse_document(b'["/u/1-text.mp3.json"]', file="x.json"))
        assert references.leads_to("elsewhere/1-text.mp3", "")


def _write(path: Path, source: Source, **urls: str) -> write_back.WriteBackResult:
    (clip,) = catalogue_reader.read_catalogue(
        parse_document(path.read_bytes(), file=str(path)), source
    ).clips
    wanted = {
        write_back.make_clip_address(each): write_back.make_pending_url(each, urls[key])
        for each, key in zip(clip.with_timeline(), ("sound", "times"), strict=True)
        if key in urls
    }
    return write_back.write_urls(str(path), [source], wanted, lambda: None)


class TestWriting:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("", ', "audioUrl": "/s", "timelineUrl": "/t"'),
            (', "timelineUrl": null, "x": 1', ', "timelineUrl": "/t", "x": 1, "audioUrl": "/s"'),
            (
                ', "timelineUrl" : "",\n "audioUrl":"/s"',
                ', "timelineUrl" : "/t",\n "audioUrl":"/s"',
            ),
        ],
    )
    def test_only_the_bytes_of_urls_change(self, tmp_path: Path, before: str, after: str) -> None:
        path = tmp_path / "x.json"
        text = json.dumps(TEXT, ensure_ascii=False)
        path.write_text(f'[{{"id": 1, "text": {text}{before}}}]', encoding="utf-8")
        _write(path, _source(), sound="/s", times="/t")
        assert path.read_text("utf-8") == f'[{{"id": 1, "text": {text}{after}}}]'

    def test_in_a_table_both_get_columns(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_bytes(f'id,text\n1,"{TEXT}"\n'.encode())
        assert _write(path, _source(), sound="/s", times="/t").urls == 2
        assert path.read_text("utf-8") == f'id,text,audioUrl,timelineUrl\n1,"{TEXT}",/s,/t\n'

    def test_what_came_meanwhile_is_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "x.json"
        path.write_text(json.dumps([{"id": 1, "text": TEXT, "timelineUrl": "/mine.json"}]))
        clip = _clip()
        wanted = {
            write_back.make_clip_address(each): write_back.PendingUrl("/t")
            for each in clip.with_timeline()
        }
        written = write_back.write_urls(str(path), [_source()], wanted, lambda: None)
        assert (written.urls, written.missed) == (1, 1)
        assert json.loads(path.read_bytes())[0]["timelineUrl"] == "/mine.json"

    def test_a_shard_tells_both_and_the_whole_passage(self) -> None:
        clip = _clip()
        told = [patch(each, "/u", "audio") for each in clip.with_timeline()]
        lines = encode_urls(told)
        assert [line.count(b'"turns"') for line in lines.splitlines()] == [1, 1]
        assert [each.address[1:] for each in told] == [
            ("1", "text", clip.form), ("1", "text:timeline", clip.form)
        ]  # fmt: skip
        assert msgspec.json.Decoder(Patch).decode_lines(lines) == told


def test_the_places_of_two_clips_are_never_one(tmp_path: Path) -> None:
    second = CLIP.replace('part = "text"', 'part = "again"').replace('"audioUrl"', '"other"')
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"id": 1, "text": TEXT}]))
    source = parse_source(
        {"files": str(path), "kind": Kind.LISTENING, **tomllib.loads(CLIP + second)}, "source 1"
    )
    assert source.overwrite is OverwritePolicy.OURS
    settings = Settings(sources=(source,), output=str(tmp_path / "audio"))
    found = make_plan.make_plan(settings, registry.choose_engine(settings).provider)
    assert "would replace that of text:timeline" in str(found.trouble.problems)
