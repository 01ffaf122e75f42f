"""What `lint` makes of how readings are written, and the use case for programs."""

import json
from pathlib import Path
from typing import Any

import pytest

from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.catalogues.catalogue_reader import CatalogueReader
from tts_assets.config.settings import Settings
from tts_assets.config.source_table import parse_source
from tts_assets.quality.lint_catalogues import lint_catalogues
from tts_assets.quality.lint_rules import EntryReadings, find_mixed_script, is_latin
from tts_assets.quality.quality_reports import DEFAULT_SEVERITY, LintRule, Severity


def _given(rules: list[dict[str, Any]], records: object) -> list[str | None]:
    """The readings that the clips of a catalogue are given."""
    source = parse_source(
        {"files": "x.json", "kind": "vocabulary", "id": "key()", "records": "$[*]", "clip": rules},
        "test",
    )
    document = parse_document(json.dumps(records).encode(), file="x.json")
    reader = CatalogueReader(document, source)
    given = EntryReadings(reader)
    return [given.find_reading(clip) for clip in reader.iter_clips()]


def test_the_reading_of_a_record_is_found_as_it_is_written() -> None:
    rules = [{"text": "word", "reading": ["kana", "romaji[*]"], "to": False}]
    records = [{"word": "犬", "kana": "いヌ"}, {"word": "猫", "romaji": ["neko"]}, {"word": "鳥"}]
    assert _given(rules, records) == ["いヌ", "neko", None]


def test_the_readings_of_items_are_found_in_them_and_in_their_record() -> None:
    rules = [
        {"part": "item", "each": "items[*]", "text": "jp", "reading": "kana", "to": False},
        {"part": "other", "each": "items[*]", "text": "jp", "reading": "$.kana", "to": False},
    ]
    records = [
        {"kana": "いヌ", "items": [{"jp": "猫", "kana": "ねコ"}, {"jp": "鳥", "kana": "トり"}]}
    ]
    assert _given(rules, records) == ["ねコ", "トり", "いヌ", "いヌ"]


def test_every_clip_of_alternatives_has_the_reading_that_offers_them_all() -> None:
    rules = [{"text": "word", "reading": "kana", "alternatives": "all", "to": False}]
    records = [{"word": "日本", "kana": "にほん/にっぽん"}]
    assert set(_given(rules, records)) == {"にほん/にっぽん"}


def test_readings_that_are_joined_are_seen_joined() -> None:
    rules = [{"say": "sentence", "text": "jp[*]", "reading": "kana[*]", "join": "", "to": False}]
    records = [{"jp": ["犬がいる。", "猫もいる。"], "kana": ["いぬがいる。", "ねこもいる。"]}]
    assert _given(rules, records) == ["いぬがいる。ねこもいる。"]


@pytest.mark.parametrize(
    ("given", "reading", "text", "katakana"),
    [
        ("りンご", "リンゴ", "林檎", "ン"),
        ("ベんきょう", "ベンキョウ", "勉強", "ベ"),
        ("りんご", "リンゴ", "林檎", None),
        ("リンゴ", "リンゴ", "林檎", None),
        ("らーめん", "ラーメン", "拉麺", None),
        ("コピーする", "コピースル", "コピーする", None),
        ("テレビをみる", "テレビヲミル", "テレビを見る", None),
        ("アイ.する", "アイスル", "愛する", None),
        ("タベル/たべる", "タベル", "食べる", None),
        ("りんご／リんゴ", "リンゴ", "林檎", "リ"),
        ("ほがらか(ナ)", "ホガラカ", "朗らか", None),
    ],
)
def test_katakana_among_hiragana_is_odd_unless_the_spelling_has_it(
    given: str, reading: str, text: str, katakana: str | None
) -> None:
    assert find_mixed_script(given, reading, text) == katakana


@pytest.mark.parametrize(
    ("given", "latin"),
    [
        ("taberu", True),
        ("tōkyō", True),
        ("ＩＮＵ", True),
        ("たべる", False),
        ("たべる (v1)", False),
    ],
)
def test_a_reading_is_latin_where_its_letters_are(given: str, *, latin: bool) -> None:
    assert is_latin(given) is latin


def test_every_rule_has_a_severity() -> None:
    assert DEFAULT_SEVERITY.keys() == set(LintRule)


async def test_programs_get_a_report(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_text('[{"id": 1, "word": "開く", "reading": "あく"}]', encoding="utf-8")
    told: list[int] = []
    report = await lint_catalogues(Settings(paths=(str(path),)), on_read=told.append)
    (finding,) = report.findings
    assert (finding.rule, finding.severity) == (LintRule.READING_DIFFERS, Severity.NOTE)
    assert (finding.file, finding.line, finding.entry) == (str(path), 1, "1")
    assert (report.clips, report.count_findings(Severity.NOTE)) == (1, 1)
    assert told == [1]


@pytest.mark.parametrize(
    ("word", "reading", "message"),
    [
        ("回す", "まわる、まわす", "only マワス is spoken, not マワル:"),
        ("後", "のち、あと、ご", "only ノチ is spoken, not アト, ゴ:"),
        ("先生", "せん・せい", None),
        ("絨毯", "じゅうたん（カーペット）", None),
        ("猫", "ねこ", None),
    ],
)
async def test_readings_that_no_clip_says_are_named(
    tmp_path: Path, word: str, reading: str, message: str | None
) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_text(json.dumps([{"id": 1, "word": word, "reading": reading}]), encoding="utf-8")
    report = await lint_catalogues(Settings(paths=(str(path),)))
    named = [each.message for each in report.findings if each.rule is LintRule.READING_UNSAID]
    assert len(named) == (message is not None)
    assert message is None or message in named[0]


async def test_catalogues_without_clips_need_no_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_text("[]", encoding="utf-8")
    report = await lint_catalogues(Settings(paths=(str(path),)))
    assert (report.findings, report.catalogues, report.clips) == ((), 1, 0)
