"""The chunks of many recordings, some recordings at a time, read only when somebody is free to hear."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from anyio import to_thread

from tts_assets.audio.blocks import mono_blocks
from tts_assets.errors import ClipError
from tts_assets.recognition import RATE_HZ
from tts_assets.transcribe.chunks import AudioChunk, split_chunks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from tts_assets.transcribe.recordings import RecordingFile


class ChunkJob(NamedTuple):
    """A chunk of a recording."""

    recording: RecordingFile
    chunk: AudioChunk


async def read_chunks(
    recordings: Sequence[RecordingFile],
    *,
    at_once: int,
    chunk_seconds: float,
    ended: Callable[[RecordingFile, int, str | None], None],
) -> AsyncIterator[ChunkJob]:
    """The chunks of all recordings, by turns from as many as are in hand.

    Args:
        recordings: in the order in which they are begun.
        at_once: how many are in hand.
        chunk_seconds: how long a chunk is at most.
        ended: called when a recording has no more chunks, with how many it had, and with a
            reason if it should have more.
    """
    waiting = deque(recordings)
    in_hand: deque[tuple[RecordingFile, Iterator[AudioChunk], int]] = deque()
    while waiting or in_hand:
        while waiting and len(in_hand) < at_once:
            recording = waiting.popleft()
            in_hand.append((recording, _split_recording(recording, chunk_seconds), 0))
        recording, parts, count = in_hand.popleft()
        try:
            chunk = await to_thread.run_sync(partial(next, parts, None))
        except ClipError as exc:
            ended(recording, count, str(exc))
            continue
        if chunk is None:
            ended(recording, count, None)
        else:
            in_hand.append((recording, parts, count + 1))
            yield ChunkJob(recording, chunk)


def _split_recording(recording: RecordingFile, seconds: float) -> Iterator[AudioChunk]:
    return split_chunks(mono_blocks(recording.path, RATE_HZ), seconds)
