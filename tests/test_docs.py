"""The documents are true: the map, the options, the codes, and every block of code that can run."""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tests.conftest import ROOT, Project
from tts_assets.cli.app import app
from tts_assets.cli.exit_code import ExitCode
from tts_assets.config.load_settings import load
from tts_assets.config.option_table import OPTIONS
from tts_assets.config.settings import Settings
from tts_assets.engines import registry

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
README = PAGES["README.md"]
ARCHITECTURE = PAGES["docs/architecture.md"]
#: The most that a reader of the front page is given to read, in bytes.
MOST_README_BYTES = 9000
WORDS = [{"id": 1, "word": "犬", "reading": "いぬ"}, {"id": 2, "word": "猫", "reading": "ねこ"}]


def _blocks(language: str, page: str = "README.md") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL)


def _packages() -> dict[str, str]:
    """Each package and top-level module, and the first paragraph of its docstring."""
    found = {}
    for path in sorted((ROOT / "tts_assets").iterdir()):
        file = path / "__init__.py" if path.is_dir() else path
        if file.suffix == ".py" and file.exists() and not path.name.startswith("__"):
            text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            found[path.name] = " ".join(text.split("\n\n")[0].split())
    return found


def test_the_architecture_has_a_row_for_each_package_with_its_docstring() -> None:
    rows = dict(re.findall(r"^\| \d \| `([\w.]+)` \| (.*?) \|$", ARCHITECTURE, re.MULTILINE))
    assert rows == _packages()


def test_every_guard_that_the_invariants_name_exists() -> None:
    guards = re.findall(r"`((?:tests|campaigns)/[\w/.]*)`", ARCHITECTURE)
    assert len(guards) > 10
    assert [guard for guard in guards if not (ROOT / guard).exists()] == []


def test_every_file_that_the_pages_for_developers_name_exists() -> None:
    folders = "|".join(path.name for path in (ROOT / "tts_assets").iterdir() if path.is_dir())
    for page in ("docs/architecture.md", "docs/contributing.md"):
        named = re.findall(rf"`((?:{folders})/[\w/]+\.py)`", PAGES[page])
        assert len(named) > 3
        assert [name for name in named if not (ROOT / "tts_assets" / name).exists()] == [], page


def test_the_readme_is_short() -> None:
    assert len(README.encode()) <= MOST_README_BYTES


def test_the_first_two_blocks_set_up_and_test() -> None:
    first, second = _blocks("sh")[:2]
    assert "tts-assets generate demo" in first
    assert second.strip().endswith("-m pytest")
    assert (ROOT / ".ci/run").read_text().count("README.md") == 3


def test_the_site_is_built_strictly(tmp_path: Path) -> None:
    """Links and anchors are checked, every page is reached, and the API reference resolves."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    commands = (tmp_path / "reference/commands/index.html").read_text(encoding="utf-8")
    assert "--on-engine-change" in commands
    assert "models fetch" in commands
    settings = (tmp_path / "reference/configuration/index.html").read_text(encoding="utf-8")
    missing = [key for key in OPTIONS if f"<code>{key}</code>" not in settings]
    assert missing == []


def test_the_pictures_are_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "docs/make_pictures.py"))
    recorded = json.loads((ROOT / "docs/pictures/sources.json").read_text("utf-8"))
    assert recorded == script["hash_sources"](), (
        "run python docs/make_pictures.py, and look at them"
    )


def test_every_exit_code_is_documented() -> None:
    table = PAGES["docs/reference/states.md"].split("## Exit codes")[1].split("##")[0]
    assert [code for code in ExitCode if not re.search(rf"\b{code.value}\b", table)] == []


def test_every_command_and_option_that_the_pages_name_exists() -> None:
    root = get_command(app)
    for page, text in PAGES.items():
        for line in re.findall(r"(?:^\$ |^|`)tts-assets ([a-z][^`\n#]*)", text, re.MULTILINE):
            command: Any = root
            words = line.split()
            while words and words[0] in getattr(command, "commands", {}):
                command = command.commands[words.pop(0)]
            assert command is not root, (page, line)
            options = {
                option for each in command.params for option in (*each.opts, *each.secondary_opts)
            }
            used = set(re.findall(r"(?<!\S)--[a-z-]+", line)) - {"--help"}
            assert used <= options, (page, line)


def test_the_tables_of_the_guides_are_accepted(tmp_path: Path) -> None:
    """Every block of TOML on the site is a configuration that loads."""
    seen = 0
    for page in PAGES:
        for block in _blocks("toml", page):
            file = tmp_path / f"{seen}.toml"
            file.write_text(block, "utf-8")
            load(flags={}, environment={}, folder=tmp_path, config=file)
            seen += 1
    assert seen > 5


@pytest.mark.parametrize("row", ["source", "source.clip", "dictionary"])
def test_every_key_of_a_table_is_documented(row: str) -> None:
    from tts_assets.config.option_table import parse_dictionary_word
    from tts_assets.config.source_table import parse_source
    from tts_assets.errors import UsageError

    wrong = "q" * 30
    clip = {"text": "a", "to": "b"} | ({wrong: 1} if row == "source.clip" else {})
    source = {"files": "x", "kind": "kanji", "clip": [clip]} | (
        {wrong: 1} if row == "source" else {}
    )
    word = {"surface": "x", "reading": "あ", wrong: 1}
    with pytest.raises(UsageError) as refused:
        parse_dictionary_word(word, "") if row == "dictionary" else parse_source(source, "")
    known = str(refused.value).split("there are: ")[1].split(", ")
    section = PAGES["docs/guides/catalogues.md"] + PAGES["docs/guides/readings.md"]
    shown = set(re.findall(r"^(?:\| )?`?([a-z]+)`?(?: =|`|,)", section, re.MULTILINE))
    shown |= set(re.findall(r"`([a-z]+)`", section)) | {"clip"}
    assert [key for key in known if key not in shown] == []


def test_every_provider_of_ours_and_its_credits_are_documented() -> None:
    section = PAGES["docs/guides/services.md"]
    for name in registry._BUILT_IN:
        assert f"\n| `{name}` |" in section
        assert f"\n| `{name}`" in README
    for name in ("openjtalk", "kokoro"):
        for voice in registry.load_engine(name, Settings()).voices():
            assert not voice.credit or f"`{voice.name}`" in section
    assert "Nagoya Institute of Technology" in section
    assert "Koniwa" in section
    assert "GPL-3.0-or-later" in section


#: Pages with commands, which run as they stand in a project that has what they name.
_COMMAND_PAGES = tuple(page for page in PAGES if _blocks("console", page))
#: What a test cannot run: it waits for a person, plays sound, downloads, or needs what it would install.
_NOT_RUN = re.compile(
    r"--serve|provider kokoro|^pip |install-completion|--play|ffplay|--sample|models (fetch|remove)"
    r"|setup (asr|kokoro-ja)|transcribe|apply decisions.json|\.venv"
)
_DECK = "#separator:tab\n#columns:Expression\tReading\tMeaning\tAudio\n犬\tいぬ\tdog\t\n食[た]べる\tたべる\teat\t\n"


@pytest.mark.parametrize("page", _COMMAND_PAGES)
def test_the_commands_of_the_pages_run(project: Project, page: str) -> None:
    """In their order, with two words in the place of the sample data; findings are no failure."""
    for folder in ("data", "content", "public/audio/vocabulary"):
        project.write(f"{folder}/vocabulary.json", WORDS)
    (project.folder / "chapter.txt").write_text("犬がいます。猫もいます。")
    if page.endswith("anki.md"):
        shutil.rmtree(project.folder / "content")
        (project.folder / "deck.txt").write_text(_DECK)
    lines = [
        line.removeprefix("$ ").split(" #")[0].rstrip()
        for block in _blocks("console", page)
        for line in block.splitlines()
        if line.startswith("$ ")
    ]
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    for line in lines:
        if _NOT_RUN.search(line):
            continue
        # The sample has entry 197, and a minute is much for a test.
        line = line.replace("explain 197", "explain 1").replace("--seconds 30", "--seconds 0")  # noqa: PLW2901
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=project.folder,
            env=project.environment | {"PATH": path, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode in {0, 1, 6}, f"{line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
    if page.endswith("anki.md"):
        assert "[sound:" in (project.folder / "deck.txt").read_text()


@pytest.mark.parametrize("page", [page for page in PAGES if _blocks("json", page)])
def test_the_json_of_the_pages_is_json(page: str) -> None:
    for block in _blocks("json", page):
        json.loads(block)


#: Habits of an earlier style of this project, which no page and no help may take up again.
_BAD_WORDS = re.compile(
    r"\b(anew|(is|are|was|were) told|tells that|whoever|made again|what is said|half made|goes on)\b",
    re.IGNORECASE,
)


def test_pages_and_help_are_in_plain_english() -> None:
    found = [
        (page, match[0])
        for page, text in PAGES.items()
        # Notes of earlier decisions stay as they were written.
        if page != "docs/decisions.md"
        for match in _BAD_WORDS.finditer(text)
    ]
    assert found == []
    root: Any = get_command(app)
    commands = [root, *root.commands.values()]
    texts = [
        text for each in commands for text in (each.help, *(p.help for p in each.params)) if text
    ]
    assert [text for text in texts if _BAD_WORDS.search(text)] == []


@pytest.mark.parametrize("number", range(len(_blocks("python", "docs/reference/api.md"))))
def test_the_python_of_the_reference_runs(project: Project, number: int) -> None:
    project.write("data/vocabulary.json", WORDS)
    done = subprocess.run(
        [sys.executable, "-c", _blocks("python", "docs/reference/api.md")[number]],
        cwd=project.folder,
        env=project.environment | {"PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_the_engine_of_the_contributors_guide_speaks(project: Project) -> None:
    guide = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    plug_ins = project.folder.parent / "plug-ins"
    (plug_ins / "morse.py").write_text(code, encoding="utf-8")
    info = plug_ins / "test_engines-1.0.dist-info/entry_points.txt"
    info.write_text(info.read_text() + "morse = morse:Morse\n")
    project.write("data/vocabulary.json", WORDS)
    done = project.run("generate", "--provider", "morse")
    assert (done.returncode, len(list(project.folder.glob("audio/**/*.mp3")))) == (0, 2), (
        done.stderr
    )
