"""What tests share: the folder of the project, engines in reach of child processes, backends."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _engines_in_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Child processes find the tests' engines, and no settings from outside."""
    import os

    for name in list(os.environ):
        if name.startswith("TTS_ASSETS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Everything asynchronous runs on both."""
    return str(request.param)


@pytest.fixture
def engine_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the tone engine writes what it was asked to say."""
    path = tmp_path / "spoken.log"
    monkeypatch.setenv("TEST_ENGINE_LOG", str(path))
    return path
