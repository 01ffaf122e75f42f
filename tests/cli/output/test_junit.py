"""JUnit XML: read back by a parser, whatever the texts are."""

from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from tests.cli.output.conftest import HOSTILE, Words
from tests.cli.output.samples import REPORT, STANDING, failed, planned, standing
from tts_assets import generate_sync
from tts_assets.cli.output.ci_output import to_report_xml, to_status_xml


def _outcomes(xml: str) -> dict[str, str]:
    """What became of each case, by its name."""
    return {
        case.attrib["name"]: next((each.tag for each in case if each.tag), "passed")
        for case in ET.fromstring(xml).iter("testcase")
    }


def test_a_clip_that_is_to_be_made_fails_with_its_reason_and_place() -> None:
    root = ET.fromstring(to_status_xml(standing(planned())))
    case = root.find("testsuite[@name='a.json']/testcase")
    assert case is not None
    assert case.attrib == {
        "classname": "vocabulary", "name": "1 word 猫", "file": "a.json", "line": "3"
    }  # fmt: skip
    assert [(each.tag, each.attrib) for each in case] == [
        ("failure", {"message": "text 犬 -> 猫", "type": "stale"})
    ]


def test_each_catalogue_is_a_suite_and_all_is_counted() -> None:
    items = (planned(), planned("犬"), planned(file="c.json"))
    root = ET.fromstring(to_status_xml(standing(*items)))
    counts = {
        suite.attrib["name"]: [suite.attrib[each] for each in ("tests", "failures", "errors")]
        for suite in (root, *root)
        if suite is not root
    }
    assert counts == {
        "tts-assets": ["1", "1", "0"],
        "b.json": ["1", "0", "1"],
        "a.json": ["2", "2", "0"],
        "c.json": ["1", "1", "0"],
    }
    assert [root.attrib[each] for each in ("tests", "failures", "errors")] == ["5", "4", "1"]


def test_where_nothing_is_stale_one_case_passes() -> None:
    assert _outcomes(to_status_xml(STANDING)) == {"URLs": "passed"}


def test_the_figures_of_a_standing_are_properties() -> None:
    root = ET.fromstring(to_status_xml(standing(planned())))
    figures = {each.attrib["name"]: each.attrib["value"] for each in root.iter("property")}
    expected = {"stale": "1", "fresh": "7", "kept": "4", "orphans": "1", "urls_to_write": "2"}
    assert figures.items() >= expected.items()


def test_a_run_has_the_clips_that_it_made_and_those_that_failed(words: Words) -> None:
    report = generate_sync(words("一番", "例外"))
    assert _outcomes(to_report_xml(report)) == {
        "run": "passed", "URLs": "passed", "1 word 一番": "passed", "2 word 例外": "failure"
    }  # fmt: skip


def test_a_dry_run_skips_what_it_would_make() -> None:
    report = replace(REPORT, dry_run=True, planned=(planned(),))
    assert _outcomes(to_report_xml(report))["1 word 猫"] == "skipped"


def test_of_a_run_that_was_cut_short_no_clip_is_said_to_be_made() -> None:
    report = replace(failed(planned(), planned("犬")), fatal="the disk is full")
    assert _outcomes(to_report_xml(report)) == {
        "run": "error", "URLs": "passed", "1 word 猫": "failure"
    }  # fmt: skip


def test_urls_that_a_run_missed_fail() -> None:
    assert _outcomes(to_report_xml(replace(REPORT, urls_missed=2)))["URLs"] == "failure"


@given(st.text(max_size=30))
@example("\x00\ud800\ufffe\U0010ffff")
def test_any_text_gives_xml_that_can_be_read(text: str) -> None:
    item = planned(text, file=text, entry=text)
    root = ET.fromstring(to_status_xml(standing(item)).encode())
    assert len(list(root.iter("testcase"))) == 3


def test_what_xml_cannot_hold_is_shown_as_an_escape() -> None:
    xml = to_status_xml(standing(planned(HOSTILE)))
    name = ET.fromstring(xml).findall("testsuite/testcase")[-1].attrib["name"]
    assert name.startswith("1 word \\u001b]0;x\\u0007 \\u0023#[warning]<b>&|]]>\\u202e\\ufffe")
