"""What the tests of our files for other people's CI share."""

import shlex
import sys
from pathlib import Path

import pytest

from tests.ci.workflow_jobs import WorkflowRepository
from tests.conftest import ROOT, Project


def install(repository: WorkflowRepository, *command: str) -> None:
    """Put a program where the action would install its own: it asks for no more then."""
    environment = repository.temporary / "tts-assets-"
    program = environment / "bin/tts-assets"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (environment / "installed").touch()


@pytest.fixture
def repository(project: Project, tmp_path: Path) -> WorkflowRepository:
    """An empty repository whose jobs run this very checkout, with the tests' engines."""
    folder = tmp_path / "github"
    folder.mkdir()
    paths = {
        "PYTHONPATH": project.environment["PYTHONPATH"],
        "PYTHONWARNINGS": "error",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    repository = WorkflowRepository(folder, ROOT, paths)
    install(repository, sys.executable, "-m", "tts_assets")
    return repository
