"""The command `transcribe`, as strangers type it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import english, recognizers, whisper_model
from tests.conftest import Project
from tests.recognizers import FAILS, spoken, tone, words
from tts_assets.cli.transcribe_command import run_transcribe
from tts_assets.config.command_options import TranscribeSettings
from tts_assets.config.settings import Progress, Settings
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ
from tts_assets.errors import FatalError

TONES = ("--recognizer", "tones", "--chunk-seconds", "6", "-j", "2")


@pytest.fixture
def studio(project: Project) -> Project:
    """A project with two recordings, and the tones as a plug-in."""
    recognizers.register(project.folder.parent / "plug-ins")
    soundfile.write(project.folder / "b.flac", spoken(range(12)), RATE_HZ)
    still = np.zeros(RATE_HZ, dtype=np.float32)
    broken = np.concatenate([spoken(range(20, 25)), tone(FAILS, 1.0), still, spoken(range(30, 36))])
    soundfile.write(project.folder / "a.wav", broken, RATE_HZ)
    return project


def test_transcripts_are_printed_in_order_and_all_else_is_told_beside(studio: Project) -> None:
    (studio.folder / "fake.mp3").write_bytes(b"no sound" * 99)
    done = studio.run("transcribe", "fake.mp3", "b.flac", *TONES)
    assert done.returncode == 2, done.stderr
    assert done.stdout.split() == words(range(12))
    told = done.stderr.splitlines()
    assert any(line.startswith("error: fake.mp3: its audio format is unknown") for line in told)
    assert sum(line.startswith("b.flac 00:") for line in told) == 3
    assert told[-1] == "chunks      3 of 3 recognized (100.0%)"


def test_a_folder_gets_a_whole_file_for_each_and_gaps_are_findings(studio: Project) -> None:
    options = ("--format", "json", "--output", "out", "--jobs", "2", "--progress", "none")
    done = studio.run("transcribe", "*.flac", ".", *TONES, *options)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "failed: a.wav 00:0" in done.stderr
    assert "the recognizer was told to fail (3 attempts)" in done.stderr
    assert sorted(path.name for path in (studio.folder / "out").iterdir()) == ["a.json", "b.json"]
    found = json.loads((studio.folder / "out/a.json").read_bytes())
    assert [each["inaudible"] for each in found["segments"]].count(True) == 1
    assert found["text"].split()[-1] == "w35"


def test_the_file_and_the_environment_say_how(studio: Project) -> None:
    (studio.folder / "tts-assets.toml").write_text(
        '[transcribe]\nrecognizer = "tones"\nparallel = true\njobs = 2\nchunk-seconds = 500\n'
    )
    done = studio.run(
        *("transcribe", "b.flac", "--format", "vtt", "--chunk-timeout", "9"),
        TTS_ASSETS_TRANSCRIBE_CONCURRENCY="2",
        TTS_ASSETS_TRANSCRIBE_CHUNK_SECONDS="6",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:00.")
    assert "chunks      3 of 3" in done.stderr
    assert "2 workers" in done.stderr


def test_a_folder_that_cannot_be_written_is_told_before_anybody_listens(
    studio: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(studio.folder.parent / "plug-ins"))
    heard, taken = studio.folder / "heard.log", studio.folder / "taken"
    monkeypatch.setenv("TEST_ENGINE_LOG", str(heard))
    taken.write_bytes(b"")
    settings = Settings(transcribe=TranscribeSettings(recognizer="tones"), progress=Progress.NONE)
    with pytest.raises(FatalError, match="cannot write"):
        run_transcribe(
            settings, [str(studio.folder / "b.flac")], format_name="text", output=str(taken)
        )
    assert not heard.exists()


def test_subtitles_of_several_recordings_need_a_folder(studio: Project) -> None:
    done = studio.run("transcribe", "a.wav", "b.flac", *TONES, "--format", "srt")
    assert done.returncode == 2
    assert "give --output DIR" in done.stderr


def test_a_model_that_is_missing_ends_the_run(studio: Project) -> None:
    done = studio.run(
        *("transcribe", "b.flac", "--model", "tiny"),
        HF_HUB_CACHE=str(studio.folder),
        TTS_ASSETS_MODELS_FOLDER=str(studio.folder),
    )
    assert done.returncode == 4
    assert done.stderr.startswith("error: faster-whisper: the model 'tiny' is not installed")


def test_whisper_hears_the_same_alone_and_in_parallel(studio: Project, tmp_path: Path) -> None:
    model = whisper_model.build(tmp_path / "model")
    speech = english.speech("she read the book in the morning and went to school")
    soundfile.write(studio.folder / "speech.wav", np.tile(speech, 3), RATE_HZ)
    options = ("--model", str(model), "--chunk-seconds", "5", "--format", "json")
    alone = studio.run("transcribe", "speech.wav", "b.flac", *options, "--no-parallel")
    together = studio.run("transcribe", "speech.wav", "b.flac", *options, "-j", "3")
    assert alone.returncode == together.returncode == 0, alone.stderr
    assert alone.stdout == together.stdout
    heard, tones = json.loads(alone.stdout)["recordings"]
    assert (heard["file"], tones["file"]) == ("speech.wav", "b.flac")
    assert heard["text"]
    # The tones are no voice.
    assert tones["text"] == ""
