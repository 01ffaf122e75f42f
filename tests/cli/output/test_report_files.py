"""Reports in a folder: four files, each whole, and one error where that cannot be."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.output.samples import REPORT, failed, planned, standing
from tts_assets.build.events import Charges, Cost
from tts_assets.cli.output.command_output import prepare_report_folder, write_report_files
from tts_assets.errors import UsageError


def test_a_report_is_written_for_programs_for_tests_and_for_people(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    write_report_files(folder, failed(planned()))
    assert sorted(each.name for each in folder.iterdir()) == [
        "junit.xml", "report.html", "report.json", "summary.md"
    ]  # fmt: skip
    assert json.loads((folder / "report.json").read_bytes())["failed"][0]["line"] == 3
    assert ET.parse(folder / "junit.xml").getroot().attrib["failures"] == "1"
    assert (folder / "summary.md").read_text("utf-8").startswith("### tts-assets generate\n")


def test_a_standing_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    write_report_files(tmp_path, standing())
    write_report_files(
        tmp_path, standing(planned(), planned("\ud800", file="\udcff.json", entry="\ud800"))
    )
    assert len(json.loads((tmp_path / "report.json").read_bytes())["planned"]) == 2
    assert len(list(tmp_path.iterdir())) == 4


def test_what_is_no_text_is_written_as_escapes(tmp_path: Path) -> None:
    none = Charges()
    cost = Cost(
        provider="tones",
        model="m\udcff",
        price=None,
        expected=none,
        left=none,
        bound=None,
        unsayable=0,
        due=none,
        billed=None,
        rebilled=None,
        balance=None,
    )
    write_report_files(tmp_path, replace(REPORT, dry_run=True, to_make=1, cost=cost))
    assert json.loads((tmp_path / "report.json").read_bytes())["cost"]["model"] == "m\\udcff"
    assert "udcff" in (tmp_path / "summary.md").read_text("utf-8")


def _written(folder: str) -> None:
    write_report_files(Path(folder), standing())


@pytest.mark.parametrize("act", [prepare_report_folder, _written])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, act: object) -> None:
    (tmp_path / "file").write_text("x")
    assert callable(act)
    with pytest.raises(
        UsageError, match=r"--report: .*file.* cannot be written: .*; name a folder"
    ):
        act(str(tmp_path / "file"))
    with pytest.raises(UsageError, match="--report: "):
        act(str(tmp_path / "file" / "in it"))
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="only Linux has such a folder")
def test_a_folder_that_takes_no_files_is_known_before_a_run() -> None:
    with pytest.raises(UsageError, match="--report: /proc/self cannot be written"):
        prepare_report_folder("/proc/self")


def test_a_folder_that_is_prepared_is_there_and_empty(tmp_path: Path) -> None:
    assert prepare_report_folder(str(tmp_path / "report")) == tmp_path / "report"
    assert list((tmp_path / "report").iterdir()) == []
