"""The events, transcripts and report of a transcription."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tts_assets.engines.asr.recognizer_protocol import Utterance

if TYPE_CHECKING:
    from tts_assets.errors import InputError


class TranscriptGap(NamedTuple):
    """A section that could not be transcribed, in seconds from the beginning of the recording."""

    begin: float
    end: float
    reason: str


TranscriptPiece: TypeAlias = Utterance | TranscriptGap


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The transcript of one recording."""

    file: str  #: its path, as given or found
    name: str  #: the path of its transcript in an output folder, without the suffix
    seconds: float  #: its length
    language: str  #: the spoken language
    recognizer: str  #: the name of the recognizer
    model: str  #: its model, if it has several
    pieces: tuple[TranscriptPiece, ...]  #: utterances and gaps, in order
    chunks: int  #: the number of chunks
    failed: int  #: the number of chunks that are gaps
    problem: str | None = None  #: why it ends before the recording does; None if it is complete


# The events of a transcription, and its report.


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionStarted:
    """The recognizer starts."""

    recordings: int  #: the number of recordings
    seconds: float  #: their total length, without those of unknown length
    workers: int  #: the number of chunks recognized in parallel


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRecognized:
    """A chunk was recognized, or has failed."""

    file: str  #: its recording
    begin: float  #: its start in the recording, in seconds
    end: float  #: its end
    letters: int  #: the number of recognized letters
    seconds: float  #: how long recognition took, with all attempts
    attempts: int  #: the number of attempts
    error: str | None  #: why it is a gap; None if it is none


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyReduced:
    """Many chunks fail, or succeed again: the new number of chunks recognized in parallel."""

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
    """The report of a transcription."""

    recordings: int  #: the number of transcribed recordings
    audio_seconds: float  #: their total length
    chunks: int  #: the number of their chunks
    failed: int  #: the number of chunks that are gaps
    problems: tuple[InputError, ...]  #: files that cannot be transcribed, or only in part
    workers: int  #: the number of chunks recognized in parallel
    seconds: float  #: how long it took

    @property
    def success_rate(self) -> float:
        """The share of recognized chunks, 0 to 1."""
        return 1.0 if not self.chunks else (self.chunks - self.failed) / self.chunks
