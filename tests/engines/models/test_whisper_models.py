"""Whisper models are fetched by name, like voices; what cannot be one is not trusted."""

from pathlib import Path

import pytest

from tests import whisper_model
from tts_assets.engines.models.known_models import REPOSITORIES, find_model
from tts_assets.engines.models.model_cache import ModelCache, ModelState, find_file_flaw
from tts_assets.errors import UsageError


@pytest.mark.parametrize("name", REPOSITORIES)
def test_every_name_has_files_that_a_store_takes(name: str, tmp_path: Path) -> None:
    model = find_model(f"whisper-{name}")
    store = ModelCache(tmp_path)
    assert store.file_path(model.files[0]) == store.whisper_folder(name) / "model.bin"
    assert all(
        file.url.startswith(f"https://huggingface.co/{REPOSITORIES[name]}/resolve/main/")
        for file in model.files
    )
    assert len(set(map(store.file_path, model.files))) == len(model.files) >= 4


def test_one_that_is_here_is_listed_once(tmp_path: Path) -> None:
    store = ModelCache(tmp_path)
    for file in find_model("whisper-large").files:
        store.file_path(file).parent.mkdir(parents=True, exist_ok=True)
        store.file_path(file).write_bytes(b"x")
    (listed,) = [model for model in store.list_models() if model.provider == "faster-whisper"]
    assert (listed.name, store.find_state(listed)) == ("whisper-large-v3", ModelState.HERE)


def test_a_size_that_does_not_exist_is_told_with_those_near() -> None:
    with pytest.raises(UsageError, match="did you mean whisper-small"):
        find_model("whisper-smal")


def test_a_whole_model_has_no_flaw(tmp_path: Path) -> None:
    folder = whisper_model.build(tmp_path)
    assert [find_file_flaw(file, file.name) for file in folder.iterdir()] == [None] * 4


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("model.bin", b"<html>", "it is not a Whisper model in CTranslate2 format"),
        ("model.bin", b"", "it is not a Whisper model in CTranslate2 format"),
        ("tokenizer.json", b"<html>", "it is not JSON"),
        ("config.json", b"version https://git-lfs", "it is not JSON"),
    ],
)
def test_what_cannot_be_one_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert find_file_flaw(tmp_path / name, name) == told
