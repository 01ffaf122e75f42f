"""What was said in a recording: utterances in their order, and gaps where nothing could be heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tts_assets.engines.asr.recognizer_protocol import Utterance

if TYPE_CHECKING:
    from tts_assets.errors import InputError


class TranscriptGap(NamedTuple):
    """A stretch that could not be transcribed, in seconds from the beginning of the recording."""

    begin: float
    end: float
    reason: str


TranscriptPiece: TypeAlias = Utterance | TranscriptGap


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said in one recording.

    Args:
        file: its path, as it was given or found.
        name: the path that its transcript has in an output folder, without its ending.
        seconds: its length.
        language: what was spoken.
        recognizer: who heard it.
        model: with which model, where it has several.
        pieces: what was said, in its order.
        chunks: in how many parts it was heard.
        failed: how many of them are gaps.
        problem: why it ends before the recording does; None where it does not.
    """

    file: str
    name: str
    seconds: float
    language: str
    recognizer: str
    model: str
    pieces: tuple[TranscriptPiece, ...]
    chunks: int
    failed: int
    problem: str | None = None


# What a transcription tells while it goes on, and what it says at its end: plain, typed data.


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionStarted:
    """The recognizer is about to hear.

    Args:
        recordings: how many there are.
        seconds: how long they sound; those that do not tell are left out.
        workers: how many chunks are heard at once.
    """

    recordings: int
    seconds: float
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRecognized:
    """A chunk is done with.

    Args:
        file: its recording.
        begin: when it begins there, in seconds.
        end: when it ends.
        letters: how many were heard.
        seconds: how long that took, with all attempts.
        attempts: how often it was tried.
        error: why it is a gap; None where it is none.
    """

    file: str
    begin: float
    end: float
    letters: int
    seconds: float
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyReduced:
    """Much fails, or goes well again: so many chunks are heard at once from now on."""

    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingTranscribed:
    """A recording is done; ``number`` is its place among all of them, from 0."""

    number: int
    transcript: Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingUnusable:
    """A file that cannot be transcribed, or only in part."""

    problem: InputError


TranscriptionEvent: TypeAlias = (
    TranscriptionStarted
    | ChunkRecognized
    | ConcurrencyReduced
    | RecordingTranscribed
    | RecordingUnusable
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionReport:
    """What was done.

    Args:
        recordings: how many were transcribed.
        audio_seconds: how long they sound.
        chunks: in how many parts they were heard.
        failed: how many of them are gaps.
        problems: files that cannot be transcribed, or only in part.
        workers: how many chunks were heard at once.
        seconds: how long it took.
    """

    recordings: int
    audio_seconds: float
    chunks: int
    failed: int
    problems: tuple[InputError, ...]
    workers: int
    seconds: float

    @property
    def success_rate(self) -> float:
        """The part of the chunks that were heard, 0 to 1."""
        return 1.0 if not self.chunks else (self.chunks - self.failed) / self.chunks
