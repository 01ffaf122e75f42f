"""The command line in this process: through its own boundary, and without the wait for a start."""

import contextlib
import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Project, plugged_in
from tts_assets.__main__ import main

#: What the README says of commands that come to their end; 3 is a bug.
_EXPECTED = {0, 1, 2, 4, 6}


class Done(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str


class Bench:
    """A project whose files are as they were before each example."""

    def __init__(self, project: Project, spare: Path) -> None:
        self.folder = project.folder
        self.project = project
        self._spare = spare

    def keep(self) -> None:
        """What the project is like before each example."""
        shutil.rmtree(self._spare, ignore_errors=True)
        shutil.copytree(self.folder, self._spare)

    def restore(self) -> None:
        for each in self.folder.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        if self._spare.exists():
            shutil.copytree(self._spare, self.folder, dirs_exist_ok=True)

    def write(self, file: str, content: str | bytes) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        path.write_bytes(data)

    def run(self, *words: str) -> Done:
        """A command; it must end as the documents say, whatever the files hold."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        argv, sys.argv = sys.argv, ["tts-assets", *words]
        code = 0
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main()
        except SystemExit as exc:
            code = exc.code if isinstance(exc.code, int) else 0
        finally:
            sys.argv = argv
        done = Done(code, *(_text_of(stream) for stream in (out, err)))
        assert code in _EXPECTED, done.err[-3_000:]
        assert "Traceback" not in done.err + done.out
        # Nothing in a message rings the bell, or writes over other lines.
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", done.err)
        return done


def _text_of(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    project = plugged_in(tmp_path)
    for name in ("PYTHONPATH", "PYTHONWARNINGS"):
        monkeypatch.setenv(name, project.environment[name])
    monkeypatch.syspath_prepend(str(tmp_path / "plug-ins"))
    monkeypatch.chdir(project.folder)
    yield Bench(project, tmp_path / "spare")
    assert Path.cwd() == project.folder, os.environ["PYTHONPATH"]
