"""Fetches one model in a process of its own: ``python -m tests.engines.models.child URL FOLDER SHA256 BYTES``.

It prints how many bytes are here after each piece, then ``ready``; a failure in words otherwise. With
a fifth argument no file of it may grow beyond so many bytes, as on a full disk.
"""

import resource
import sys
from functools import partial
from pathlib import Path

import anyio

from tts_assets.config.settings import ModelSettings
from tts_assets.engines.models.download import download_models
from tts_assets.engines.models.known_models import (
    Advanced,
    Event,
    ModelFile,
    SpeechModel,
    WaitingForDownload,
)
from tts_assets.engines.models.model_cache import ModelCache
from tts_assets.engines.models.model_server import DownloadRetryPolicy
from tts_assets.errors import FatalError

NAME = "kokoro/small.onnx"


def _tell(event: Event) -> None:
    match event:
        case Advanced(done=done):
            print(done, flush=True)
        case WaitingForDownload():
            print("waiting", flush=True)
        case _:
            pass


def main() -> None:
    url, folder, sha256, size, *most = sys.argv[1:]
    if most:
        # A module that is first loaded here would be cut, too, and break every later import.
        sys.dont_write_bytecode = True
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most[0]), int(most[0])))
    file = ModelFile(name=NAME, url=url, bytes=int(size), sha256=sha256)
    model = SpeechModel(name="small", provider="test", files=(file,), licence="none", about="")
    run = partial(
        download_models,
        [model],
        ModelCache(Path(folder)),
        ModelSettings(),
        on_event=_tell,
        retry_policy=DownloadRetryPolicy(pauses_seconds=()),
    )
    try:
        anyio.run(run)
    except FatalError as exc:
        print(exc)
        sys.exit(4)
    print("ready")


if __name__ == "__main__":
    main()
