"""Whisper models on this machine, in the form of CTranslate2: where one lies, and whether it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.engines.models.known_models import REPOSITORIES
from tts_assets.engines.models.model_cache import ModelCache
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from tts_assets.config.settings import ModelSettings


#: The file with the weights.
WEIGHTS = "model.bin"


#: Without one of each, the library would ask the hub, or fail.
_PARTS = ((WEIGHTS,), ("config.json",), ("tokenizer.json",), ("vocabulary.txt", "vocabulary.json"))


def folder_of(name: str, settings: ModelSettings) -> Path:
    """The folder of a model.

    Args:
        name: a size such as ``small``, or the path of a folder.
        settings: where fetched models lie.

    Raises:
        UsageError: it is not here.
    """
    if name not in REPOSITORIES:
        path = Path(name).expanduser()
        if path.is_dir():
            return path
        raise UsageError(
            f"there is no model {name!r}: name a folder that has {WEIGHTS}, or one of "
            f"{', '.join(REPOSITORIES)}"
        )
    fetched = ModelCache.of(settings).whisper_folder(name)
    if (fetched / WEIGHTS).is_file():
        return fetched
    if (cached := _in_cache(REPOSITORIES[name])) is not None:
        return cached
    raise UsageError(
        f"the model {name!r} is not here yet: tts-assets models fetch whisper-{name}, or name a "
        f"folder that has {WEIGHTS} as model in [transcribe]"
    )


def flaw(folder: Path) -> str | None:
    """What a folder lacks to be a model; None where it is whole."""
    lacking = [names[0] for names in _PARTS if not any((folder / name).is_file() for name in names)]
    if not lacking:
        return None
    return (
        f"{folder} is no whole Whisper model in the form of CTranslate2: it lacks "
        f"{', '.join(lacking)}; fetch or convert it again"
    )


def _in_cache(repository: str) -> Path | None:
    """Where the hub's own library has stored a model; nothing is asked for."""
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 - for this engine only

    found = try_to_load_from_cache(repository, WEIGHTS)
    return Path(found).parent if isinstance(found, str) else None
