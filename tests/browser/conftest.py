"""A real Chromium, a project that has spoken, its page as files, and its page from a server."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from tests.browser import opening
from tests.conftest import Project
from tts_assets.model import Finding
from tts_assets.review.html_page import REVIEW_LAYOUT
from tts_assets.review.html_page import build_page as assembled
from tts_assets.store import ledger
from tts_assets.store.ledger_line import LEDGER_NAME, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from tests.browser.visits import Visit

WORDS = [
    {"id": "n5-1", "word": "橋", "reading": "はし", "level": "N5"},
    {"id": "n5-2", "word": "犬", "reading": "いぬ", "level": "N5"},
    {"id": "n5-3", "word": "猫", "reading": "ねこ", "level": "N5"},
    {"id": "n4-1", "word": "雨", "reading": "あめ", "level": "N4"},
    {"id": "n4-2", "word": "魚", "reading": "さかな", "level": "N4"},
]
GRAMMAR = [{"id": "g1", "title": "〜がいる", "examples": [{"japanese": "犬がいる。"}]}]
#: What the planted finding says, and of which word.
FLAGGED = "雨"
FINDING = Finding("accent", "falls after 2", "falls after 1", "the pitch falls after 2, not 1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots", type=Path, help="Keep pictures of what browsers showed in this folder."
    )


@pytest.fixture(scope="session")
def screenshots(pytestconfig: pytest.Config) -> Path | None:
    """The folder that gets pictures; None for none."""
    folder: Path | None = pytestconfig.getoption("--screenshots", default=None)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a worker; each visits it as somebody else."""
    pytest.importorskip("playwright")
    try:
        with opening.chromium() as browser:
            yield browser
    except opening.NoChromiumError as exc:
        pytest.skip(str(exc))


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens addresses in tabs of one person; what a page must not do fails the test at its end."""
    from tests.browser.visits import Visit

    contexts, visits = [], []

    def opened(address: str, *, in_tab_of: Visit | None = None, **options: object) -> Visit:
        if in_tab_of is not None:
            context = in_tab_of.page.context
        else:
            options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"} | options
            context = chromium.new_context(**options)  # type: ignore[arg-type]
            contexts.append(context)
        visits.append(Visit(context.new_page()))
        return visits[-1].open(address)

    yield opened
    wrong = [each for one in visits for each in one.wrong]
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def _spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project with a few clips, really spoken, one of them with a finding."""
    folder = tmp_path_factory.mktemp("spoken") / "project"
    folder.mkdir()
    made = Project(folder, folder.parent)
    made.write("data/vocabulary.json", WORDS)
    made.write("data/grammar.json", GRAMMAR)
    done = made.run("generate")
    assert done.returncode == 0, done.stderr
    path = folder / "audio" / LEDGER_NAME
    lines = [
        msgspec.structs.replace(line, findings=(FINDING,)) if line.text == FLAGGED else line
        for line in ledger.whole_lines(path.read_bytes())
    ]
    path.write_bytes(b"".join(map(encode, lines)))
    return folder


@pytest.fixture
def spoken(_spoken: Path, project: Project) -> Project:
    """A project of the test's own that has spoken."""
    shutil.copytree(_spoken, project.folder, dirs_exist_ok=True)
    return project


@pytest.fixture
def page_file(spoken: Project) -> str:
    """The address of the exported page of that project, as a file."""
    return exported(spoken)


def exported(project: Project, target: str = "review", *words: str) -> str:
    """Export the page; the address of its file."""
    done = project.run("review", "--export", target, *words)
    assert done.returncode == 0, done.stderr
    path = project.folder / target
    return (path if path.is_file() else path / "index.html").as_uri()


def altered(page_file: str, alter: Callable[[dict[str, Any]], None]) -> str:
    """The same page with other data, beside it; the address of its file."""
    path = Path(unquote(urlsplit(page_file).path))
    found = re.search(rb'id="review-data">(.*?)</script>', path.read_bytes(), re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    alter(data)
    other = path.with_name("altered.html")
    embedded = {"review-data": json.dumps(data).encode()}
    other.write_bytes(assembled(REVIEW_LAYOUT, title="altered", data=embedded, connect=False).html)
    return other.as_uri()


@contextmanager
def served(project: Project, *words: str) -> Iterator[str]:
    """Serve the page of a project; its address."""
    command = project.command("review", "--serve", "--no-open", *words)
    environment = project.environment | {"PYTHONWARNINGS": "default", "PYTHONUNBUFFERED": "1"}
    with opening.serving(command, project.folder, environment) as address:
        yield address
