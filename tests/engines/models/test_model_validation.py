"""What nobody pins is trusted only if it can be what it is called."""

from pathlib import Path

import pytest

from tests.engines.models.served_models import CONFIGURATION, CONTENT
from tests.stand_ins import piper_stand_in
from tts_assets.engines.models.model_cache import find_file_flaw

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:5efbf8e\nsize 76753841\n"


def _flaw(tmp_path: Path, name: str, content: bytes) -> str | None:
    (tmp_path / "file.part").write_bytes(content)
    return find_file_flaw(tmp_path / "file.part", name)


def test_a_voice_is_one(tmp_path: Path) -> None:
    model = piper_stand_in.voice(tmp_path, "en_US-a-medium")
    configuration = model.with_name(f"{model.name}.json")
    assert find_file_flaw(model, model.name) is None
    assert find_file_flaw(configuration, configuration.name) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        POINTER,
        b"<html>",
        b'{"error": "gone"}',
        CONTENT[:-1],
        CONTENT + b"\x3a",
        CONTENT + b"\x3a\x80",
        b"\x08\x08",
        b"\x3a" + b"\xff" * 20,
    ],
)
def test_what_is_no_whole_model_is_told(tmp_path: Path, content: bytes) -> None:
    assert _flaw(tmp_path, "a.onnx", content) == "it is not a complete ONNX model"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        POINTER,
        CONFIGURATION[:-1],
        b'{"audio": {}, "phoneme_id_map": 1}',
        b'{"x": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_configuration_is_told(tmp_path: Path, content: bytes) -> None:
    assert _flaw(tmp_path, "a.onnx.json", content) == "it is not the configuration of a voice"


def test_of_other_files_nothing_is_asked(tmp_path: Path) -> None:
    assert _flaw(tmp_path, "voices.bin", b"anything") is None
