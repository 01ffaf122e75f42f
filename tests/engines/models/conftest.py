"""What the tests of the model store share: a server, a store, and models of their own."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.models.served_models import CONTENT, ModelServer
from tts_assets.config.settings import ModelSettings
from tts_assets.engines.models.download import download_models
from tts_assets.engines.models.known_models import (
    Event,
    ModelFile,
    ModelReady,
    Retrying,
    SpeechModel,
)
from tts_assets.engines.models.model_cache import ModelCache
from tts_assets.engines.models.model_server import DownloadRetryPolicy

NAME = "kokoro/small.onnx"
#: Short enough for tests, with two further tries.
BRIEF = DownloadRetryPolicy(connect_seconds=5.0, silence_seconds=5.0, pauses_seconds=(0.0, 0.0))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A server that runs, and no proxy between."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ModelServer().running() as running:
        yield running


class Fetching:
    """A store of one small model on the server, and what was told while it was fetched."""

    def __init__(self, server: ModelServer, folder: Path) -> None:
        self.server = server
        self.store = ModelCache(folder)
        self.settings = ModelSettings()
        self.events: list[Event] = []
        self.path = folder / NAME

    def model(
        self,
        *,
        content: bytes | None = CONTENT,
        size: int | None = None,
        path: str = "/small.onnx",
        name: str = NAME,
    ) -> SpeechModel:
        """A model whose sum and size are those of the content; None for one that nobody pins."""
        file = ModelFile(
            name=name,
            url=self.server.url + path,
            bytes=size or (None if content is None else len(content)),
            sha256=None if content is None else hashlib.sha256(content).hexdigest(),
        )
        return SpeechModel(name="small", provider="test", files=(file,), licence="none", about="")

    async def __call__(
        self, model: SpeechModel | None = None, *, retry_policy: DownloadRetryPolicy = BRIEF
    ) -> None:
        await download_models(
            [model or self.model()],
            self.store,
            self.settings,
            on_event=self.events.append,
            retry_policy=retry_policy,
        )

    def names(self) -> list[str]:
        """Every file of the store, but what is remembered of sums."""
        folder = self.store.folder
        return sorted(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and ".sums" not in path.parts
        )

    def ready(self) -> list[ModelReady]:
        return [event for event in self.events if isinstance(event, ModelReady)]

    def retries(self) -> list[Retrying]:
        return [event for event in self.events if isinstance(event, Retrying)]

    def reasons(self) -> list[str]:
        return [retry.reason for retry in self.retries()]


@pytest.fixture
def fetching(server: ModelServer, tmp_path: Path) -> Fetching:
    """Nothing is here yet, and nothing on the server."""
    return Fetching(server, tmp_path / "models")
