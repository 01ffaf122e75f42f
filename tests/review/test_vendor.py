"""Libraries of others are as they were published, with their licences, in the wheel, too."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tts_assets.review import html_page
from tts_assets.review.html_page import REPORT_LAYOUT, REVIEW_LAYOUT

VENDOR = Path(html_page.__file__).parent / "web/vendor"
KNOWN = json.loads((VENDOR / "vendor.json").read_bytes())

#: A page of each kind, by what lies in the wheel alone.
_PROBE = """
import sys
import sysconfig
sys.path.insert(0, sys.argv[1])
from tts_assets.review import html_page as pages
assert pages.__file__.startswith(sys.argv[1]), pages.__file__
for layout in (pages.REVIEW_LAYOUT, pages.REPORT_LAYOUT):
    sys.stdout.buffer.write(pages.build_page(layout, title="t", data={}).html)
"""


def test_every_file_has_the_sum_that_is_written_down_and_there_are_no_others() -> None:
    wanted = {name: sum_ for package in KNOWN for name, sum_ in package["files"].items()}
    there = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "vendor.json"
    }
    assert there == wanted


def test_every_library_has_its_licence_its_origin_and_a_word_in_the_readme() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    for package in KNOWN:
        folder = f"{package['package']}-{package['version']}"
        assert (VENDOR / folder / "LICENSE").is_file()
        assert package["integrity"].startswith("sha512-")
        assert package["license"] in project
        assert package["package"].lower() in readme.lower()
    used = {
        each.script.split("/")[1]
        for layout in (REVIEW_LAYOUT, REPORT_LAYOUT)
        for each in layout.libraries
    }
    assert used == {f"{each['package']}-{each['version']}" for each in KNOWN}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, folder], cwd=ROOT, check=True, timeout=60)
    (built,) = folder.iterdir()
    return built


def test_the_wheel_has_the_pages_their_libraries_and_the_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        told = archive.read(metadata).decode()
    package = VENDOR.parent
    files = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert {
        f"tts_assets/review/web/{path.relative_to(package).as_posix()}" for path in files
    } <= names
    assert "License-Expression: MIT AND BSD-3-Clause\n" in told
    for known in KNOWN:
        folder = f"{known['package']}-{known['version']}"
        assert f"License-File: tts_assets/review/web/vendor/{folder}/LICENSE\n" in told


@pytest.mark.parametrize("command", [("twine", "check", "--strict"), ("check-wheel-contents",)])
def test_the_wheel_is_ready_for_the_package_index(wheel: Path, command: tuple[str, ...]) -> None:
    program = shutil.which(command[0], path=sysconfig.get_path("scripts"))
    assert program, f"{command[0]} is missing: install the extra dev"
    done = subprocess.run(
        [program, *command[1:], wheel], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_are_made_of_what_lies_in_the_wheel(wheel: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    made = subprocess.run(
        [sys.executable, "-c", _PROBE, wheel],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=True,
        timeout=60,
    )
    here = b"".join(
        html_page.build_page(each, title="t", data={}).html
        for each in (REVIEW_LAYOUT, REPORT_LAYOUT)
    )
    assert made.stdout.replace(b"\r\n", b"\n") == here
