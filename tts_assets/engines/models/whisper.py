"""The Whisper models that the makers of faster-whisper publish: where each lies, and in which files."""

from __future__ import annotations

_SYSTRAN = "Systran/faster-whisper-"
_TURBO = "mobiuslabsgmbh/faster-whisper-large-v3-turbo"


#: Those of version 3 tell how they hear, and have their words as JSON.
_SINCE_V3 = ("preprocessor_config.json", "vocabulary.json")


#: The names of the models, as faster-whisper has them, and their repositories at huggingface.co.
REPOSITORIES: dict[str, str] = {
    **{name: _SYSTRAN + name for name in ("tiny", "base", "small", "medium", "large-v2")},
    **{name: _SYSTRAN + name for name in ("tiny.en", "base.en", "small.en", "medium.en")},
    "large-v3": f"{_SYSTRAN}large-v3",
    "large": f"{_SYSTRAN}large-v3",
    "large-v3-turbo": _TURBO,
    "turbo": _TURBO,
}


def folder(name: str) -> str:
    """The folder of a model, below that of the store."""
    return f"faster-whisper/{REPOSITORIES[name].rpartition('/')[2]}"


def files(name: str) -> tuple[str, ...]:
    """The names of a model's files, the weights first."""
    rest = _SINCE_V3 if "large-v3" in REPOSITORIES[name] else ("vocabulary.txt",)
    return ("model.bin", "config.json", "tokenizer.json", *rest)
