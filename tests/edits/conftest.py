"""A project that was made, to be edited."""

import shutil
from pathlib import Path

import pytest

from tests.edited import BY_RECIPE, GRAMMAR, NAMES, WORDS, Edited


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project that was made, once for each template."""
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        for template in NAMES.values():
            folders[template] = tmp_path_factory.mktemp("made")
            first = Edited(folders[template], patch, asset=template)
            first.write(WORDS)
            first.write(GRAMMAR, "grammar")
            first.generate()
    return folders


@pytest.fixture
def project(
    request: pytest.FixtureRequest,
    made: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Edited:
    """A copy of it to be edited."""
    template = getattr(request, "param", BY_RECIPE)
    shutil.copytree(made[template], tmp_path / "project")
    return Edited(tmp_path / "project", monkeypatch, asset=template)
