"""The documents are true: the map, the options, the codes, and every block of code that can run."""

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project
from tts_assets.cli.exit_code import ExitCode
from tts_assets.config.option_table import OPTIONS
from tts_assets.config.settings import Settings
from tts_assets.engines import registry

README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
COMMANDS = (
    *(
        "generate",
        "speak",
        "bench",
        "verify",
        "transcribe",
        "lint",
        "init",
        "explain",
        "providers",
        "voices",
        "doctor",
    ),
    *("models list", "models fetch", "models path", "models remove"),
    *("auth set", "auth list", "auth remove"),
    *("review", "review apply"),
)
WORDS = [{"id": 1, "word": "犬", "reading": "いぬ"}, {"id": 2, "word": "猫", "reading": "ねこ"}]


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


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


def test_the_first_two_blocks_set_up_and_test() -> None:
    first, second = _blocks("sh")[:2]
    assert first.strip().endswith("tts-assets generate")
    assert second.strip().endswith("-m pytest")
    assert (ROOT / ".ci/run").read_text().count("README.md") == 3


def test_every_option_is_in_the_readme(project: Project) -> None:
    for command, shown in _helps(project).items():
        options = set(re.findall(r"(?<![\w-])--[a-z-]+", shown)) - {"--help"}
        assert f"{command} [OPTIONS]" in shown, command
        assert [option for option in options if option not in README] == [], command
        assert f"`{command}" in README or f"tts-assets {command}" in README


def _helps(project: Project) -> dict[str, str]:
    """What `--help` says of each command, all from one process."""
    script = (
        "import contextlib, io, json, sys\n"
        "from tts_assets.__main__ import main\n"
        "shown = {}\n"
        "for command in sys.argv[1:]:\n"
        "    sys.argv[1:] = [*command.split(), '--help']\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):\n"
        "        main()\n"
        "    shown[command] = out.getvalue()\n"
        "print(json.dumps(shown))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *COMMANDS],
        env=project.environment | {"COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    shown: dict[str, str] = json.loads(done.stdout)
    return shown


def test_every_setting_and_its_variable_are_in_the_readme() -> None:
    sections = re.split(r"^\[(\w+)\]\n", _blocks("toml")[1], flags=re.MULTILINE)
    tables = {"": sections[0], **dict(zip(sections[1::2], sections[2::2], strict=True))}
    for key in OPTIONS:
        table, _, name = key.rpartition(".")
        variable = "TTS_ASSETS_" + key.upper().replace(".", "_").replace("-", "_")
        assert re.search(rf"^{name} = .*# {variable}\b", tables[table], re.MULTILINE), key


def test_the_readme_s_configuration_is_accepted(tmp_path: Path) -> None:
    from tts_assets.config.load_settings import load

    blocks = _blocks("toml")
    (tmp_path / "tts-assets.toml").write_text(
        "\n".join([blocks[1], blocks[0], *blocks[2:]]), "utf-8"
    )
    settings = load(flags={}, environment={}, folder=tmp_path)
    assert settings.max_failures == 100
    assert [word.reading for word in settings.words] == ["ユウト"]
    assert [len(source.clips) for source in settings.sources] == [2]


@pytest.mark.parametrize("row", ["source", "source.clip", "dictionary"])
def test_every_key_of_a_table_is_in_the_readme(row: str) -> None:
    from tts_assets.config.dictionary_words import parse_dictionary_word
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
    section = README.split("### Your own dictionary")[1]
    shown = set(re.findall(r"^(?:\| )?`?([a-z]+)`?(?: =|`|,)", section, re.MULTILINE))
    shown |= set(re.findall(r"`([a-z]+)`", section)) | {"clip"}
    assert [key for key in known if key not in shown] == []


def test_every_exit_code_is_in_the_readme() -> None:
    table = README.split("### Exit codes")[1].split("###")[0]
    assert [code for code in ExitCode if not re.search(rf"\b{code.value}\b", table)] == []


def test_every_provider_of_ours_and_its_credits_are_in_the_readme() -> None:
    section = README.split("### Engines")[1].split("### Models")[0]
    for name in registry._BUILT_IN:
        assert f"\n| `{name}` |" in section
    for name in ("openjtalk", "kokoro"):
        for voice in registry.load_engine(name, Settings()).voices():
            assert not voice.credit or f"`{voice.name}`" in section
    assert "Nagoya Institute of Technology" in section
    assert "Koniwa" in section
    assert "GPL-3.0-or-later" in section


def test_the_commands_of_the_readme_run(project: Project) -> None:
    """All blocks but the set-up, the tests and the contributor's checks, in a project of two words."""
    project.write("data/vocabulary.json", WORDS)
    shutil.copy(project.folder / "data/vocabulary.json", project.folder / "words.json")
    shutil.copytree(project.folder / "data", project.folder / "content")
    blocks = [block for block in _blocks("sh") if ".venv" not in block]
    assert len(blocks) == 2
    for line in "".join(blocks).splitlines():
        name, *words = shlex.split(line, comments=True)
        assert name == "tts-assets"
        # Quoted or not, each word is to the shell what it is to us.
        assert not set("$`*?;&|<>(){}") & set("".join(words)), line
        done = project.run(*words, PYTHONWARNINGS="ignore")
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("number", range(len(_blocks("python"))))
def test_the_python_of_the_readme_runs(project: Project, number: int) -> None:
    project.write("data/vocabulary.json", WORDS)
    done = subprocess.run(
        [sys.executable, "-c", _blocks("python")[number]],
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
