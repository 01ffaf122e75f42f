"""Recognizers are found by name, those of other packages among them."""

from pathlib import Path

import pytest

from tests import recognizers
from tts_assets.config.settings import Settings
from tts_assets.engines.asr.recognizer_protocol import list_recognizer_names, load_recognizer
from tts_assets.errors import UsageError


@pytest.fixture
def plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recognizers.register(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("plugged_in")
def test_the_built_in_ones_come_first() -> None:
    assert list_recognizer_names() == ("faster-whisper", "pocketsphinx", "broken", "tones")


@pytest.mark.usefixtures("plugged_in")
def test_one_of_another_package_is_made_with_the_settings() -> None:
    assert isinstance(load_recognizer("tones", Settings()), recognizers.ToneRecognizer)


def test_a_name_that_is_nearly_right_is_told() -> None:
    with pytest.raises(UsageError, match="'fast-whisper'; did you mean faster-whisper"):
        load_recognizer("fast-whisper", Settings())


@pytest.mark.usefixtures("plugged_in")
def test_a_broken_one_is_told_with_what_is_wrong() -> None:
    with pytest.raises(UsageError, match=r"'broken' \(tests.recognizers:missing\).*AttributeError"):
        load_recognizer("broken", Settings())
