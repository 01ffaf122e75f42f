"""Generates one passage: its segments, joined when the last one is finished."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from anyio import to_thread

from tts_assets.audio.audio_checks import check_level, check_samples
from tts_assets.build.generate.clip import (
    ClipExecutor,
    FinishedClip,
    best_take,
    store,
    to_clip_error,
)
from tts_assets.engines.protocol import Contextual, TimestampSpeaker
from tts_assets.errors import ClipError, TtsAssetsError, truncate_text
from tts_assets.japanese.accent_notation import join_pronunciations
from tts_assets.model import Cue, Recording
from tts_assets.store import segment_cache, timelines
from tts_assets.store.atomic_files import translate_os_errors
from tts_assets.store.paid_speech import sum_billed
from tts_assets.store.segment_cache import CachedSegment, SegmentCache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.audio.joining import Joint
    from tts_assets.audio.prepare import PreparedSpeech
    from tts_assets.build.generate.clip import BuildContext, OutputTarget, SegmentTake
    from tts_assets.build.plan.planner import Job
    from tts_assets.engines.protocol import Speaker
    from tts_assets.model import Finding, Pronunciation, Samples, Segment, Speech, SpokenForm, Voice


_JOINED = "joined"  #: the name of the joined file while it is written


class _Part(NamedTuple):
    """A segment of a passage, its voice, the texts around it, and its name in the cache."""

    segment: Segment
    voice: Voice
    around: tuple[str, str]
    name: str


class Passage:
    """A passage in progress."""

    def __init__(self, job: Job, segments: Sequence[Segment], context: BuildContext) -> None:
        """Start without finished segments."""
        self.job = job
        self._context = context
        self._parts = _parts(job, segments, context)
        self._cache = SegmentCache(context.temp, job.recipe)
        self._finished: dict[int, CachedSegment] = {}
        #: The credits charged in this run alone.
        self._billed: float | None = None

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def is_whole(self) -> bool:
        """Whether all segments are finished."""
        return len(self._finished) == len(self._parts)

    def has(self, number: int) -> bool:
        """Whether a segment is finished."""
        return number in self._finished

    async def find_missing_segments(self) -> list[int]:
        """Load the segments that an earlier run cached, and list the missing ones."""

        def read_cached() -> list[CachedSegment | None]:
            return [self._cache.find(part.name) for part in self._parts]

        found = await to_thread.run_sync(read_cached, limiter=self._context.threads)
        self._finished = {number: each for number, each in enumerate(found) if each is not None}
        return [number for number, each in enumerate(found) if each is None]

    def characters(self, number: int) -> int:
        """The length of a segment's text or reading, whichever is longer."""
        form = self._parts[number].segment.form
        return max(len(form.text), len(form.reading or ""))

    def pause_ms(self, number: int) -> int:
        """The silence after a segment."""
        return self._parts[number].segment.pause_ms

    @property
    def voices(self) -> list[str]:
        """The names of the voices, each once."""
        return list(dict.fromkeys(part.voice.name for part in self._parts))

    @property
    def credits(self) -> list[str]:
        """The credit lines of the segments, each once."""
        segments = (self._finished[number] for number in sorted(self._finished))
        return list(dict.fromkeys(each.credit for each in segments if each.credit))

    def describe_segment(self, number: int) -> str:
        """A readable name of a segment, for messages."""
        text = self._parts[number].segment.form.text
        return f"segment {number + 1} of {len(self)} ({truncate_text(text, 20)})"

    async def speak(self, number: int, *, restart_timer: Callable[[], None]) -> None:
        """Generate a segment, and cache it until all are finished."""
        (speech, sound), findings = await self.take(number, restart_timer=restart_timer)
        cached = CachedSegment(
            frames=sound.samples.size,
            check=0,
            level=sound.level,
            pronunciation=speech.pronunciation,
            billed=sum_billed(speech.billed),
            credit=speech.credit,
            findings=findings,
            words=timelines.time_words(
                self._parts[number].segment.phrases,
                speech.character_times,
                cut_seconds=sound.cut_seconds,
                seconds=sound.samples.size / self._context.sound.rate_hz,
            ),
        )
        if speech.billed is not None:
            self._billed = speech.billed + (self._billed or 0.0)
        keep = partial(self._cache.store_segment, self._parts[number].name, sound.samples, cached)
        self._finished[number] = await to_thread.run_sync(keep, limiter=self._context.threads)

    async def take(self, number: int, *, restart_timer: Callable[[], None]) -> SegmentTake:
        """Generate a segment without caching it.

        Returns:
            The engine's speech, the prepared audio, and its failed checks.
        """
        part = self._parts[number]
        return await record_segment(
            part.segment.form,
            part.voice,
            part.around,
            self._context,
            timed=bool(part.segment.phrases),
            restart_timer=restart_timer,
        )

    async def finish(self, target: OutputTarget) -> FinishedClip:
        """Join all segments, and store the asset under each of its names."""

        def finish() -> FinishedClip:
            clip = store(self.job, self._context, target, self.join_segments())
            self.clear()
            return clip

        return await to_thread.run_sync(finish, limiter=self._context.threads)

    def join_segments(self) -> FinishedClip:
        """Join all segments in one file in the cache, which exists until `clear`; blocks."""
        from tts_assets.audio.joining import join_segments  # noqa: PLC0415 - heavy, see make_clip

        path = self._cache.file(_JOINED)
        with translate_os_errors(f"cannot write {path}"), self._cache.create_file(_JOINED) as into:
            joined = join_segments(self._joints(), self._context.sound, into)
        own = self._context.own_voice(self.job)
        of_whole = check_level(joined.lufs, joined.peak_dbtp, self._context.expect(own, None))
        recording = Recording(
            data=b"",
            seconds=joined.seconds,
            lufs=joined.lufs,
            peak_dbtp=joined.peak_dbtp,
            pronunciation=self._pronunciation,
            billed=self._billed,
            credit="; ".join(self.credits),
            findings=(*of_whole, *self._findings),
        )
        cues = tuple(
            Cue(begin, end, part.segment.speaker, part.segment.form.text)
            for part, (begin, end) in zip(self._parts, joined.spans, strict=True)
        )
        billed = [each.billed for each in self._in_order if each.billed is not None]
        return FinishedClip(
            recording=recording,
            file=path,
            billed=sum(billed) if billed else None,
            cues=cues,
            word_cues=self._word_cues(cues, joined.starts),
        )

    def _word_cues(self, cues: Sequence[Cue], starts: Sequence[float]) -> tuple[Cue, ...]:
        """The time line by words; a segment without word times is one cue."""
        if not any(part.segment.phrases for part in self._parts):
            return ()
        if not any(each.words for each in self._in_order):
            return ()
        found: list[Cue] = []
        for cue, start, each in zip(cues, starts, self._in_order, strict=True):
            found += timelines.place_words(each.words, cue, start) if each.words else (cue,)
        return tuple(found)

    def clear(self) -> None:
        """Delete the cached segments, which are not needed any more."""
        self._cache.clear()

    def _joints(self) -> list[Joint]:
        from tts_assets.audio.joining import Joint  # noqa: PLC0415 - see joined

        return [
            Joint(
                read=partial(self._samples, number),
                frames=self._finished[number].frames,
                level=self._finished[number].level,
                voice=f"{part.voice.name} {part.voice.speed}",
                pause_ms=part.segment.pause_ms,
            )
            for number, part in enumerate(self._parts)
        ]

    def _samples(self, number: int) -> Samples:
        samples = self._cache.samples(self._parts[number].name)
        if samples is None:
            raise ClipError(
                f"{self.describe_segment(number)} is missing from {self._cache.file('')}: run again"
            )
        return samples

    @cached_property
    def _in_order(self) -> list[CachedSegment]:
        return [self._finished[number] for number in range(len(self))]

    @property
    def _findings(self) -> tuple[Finding, ...]:
        return tuple(
            finding._replace(message=f"{self.describe_segment(number)}: {finding.message}")
            for number, segment in enumerate(self._in_order)
            for finding in segment.findings
        )

    @property
    def _pronunciation(self) -> Pronunciation | None:
        """The pronunciation of the whole; None if that of a segment is unknown."""
        known = [each.pronunciation for each in self._in_order if each.pronunciation is not None]
        if len(known) < len(self):
            return None
        doubts = (
            each.doubt and f"{self.describe_segment(n)}: {each.doubt}"
            for n, each in enumerate(known)
        )
        return join_pronunciations(
            [
                replace(each, doubt=doubt, ambiguous=())
                for each, doubt in zip(known, doubts, strict=True)
            ]
        )


async def record_segment(
    form: SpokenForm,
    voice: Voice,
    around: tuple[str, str],
    context: BuildContext,
    *,
    timed: bool,
    restart_timer: Callable[[], None],
) -> SegmentTake:
    """Generate a segment of a passage; ``around`` are the texts before and after it.

    ``timed`` requests the time of each character, if the service reports it.

    Returns:
        The engine's speech, the prepared audio, and its failed checks.
    """
    speaker = context.speaker
    if isinstance(speaker, ClipExecutor):
        return await speaker.record_segment(form, voice, around, timed=timed)

    async def take() -> SegmentTake:
        speech = await _speak_segment(form, voice, around, speaker, timed, restart_timer)
        finished = partial(_finish_segment, speech, voice, context)
        sound, findings = await to_thread.run_sync(finished, limiter=context.threads)
        return (speech, sound), findings

    try:
        return await best_take(take, context, voice)
    except TtsAssetsError:
        raise
    except Exception as exc:
        raise to_clip_error(exc) from exc


async def _speak_segment(
    form: SpokenForm,
    voice: Voice,
    around: tuple[str, str],
    speaker: Speaker,
    timed: bool,  # noqa: FBT001 - private, and called once
    restart_timer: Callable[[], None],
) -> Speech:
    if timed and isinstance(speaker, TimestampSpeaker):
        return await speaker.speak_timed(form, voice, around, restart_timer=restart_timer)
    if isinstance(speaker, Contextual):
        return await speaker.speak_within(form, voice, around, restart_timer=restart_timer)
    return await speaker.speak(form, voice, restart_timer=restart_timer)


def _finish_segment(
    speech: Speech, voice: Voice, context: BuildContext
) -> tuple[PreparedSpeech, tuple[Finding, ...]]:
    from tts_assets.audio.prepare import prepare_speech  # noqa: PLC0415 - heavy, see make_clip

    rate_hz = context.sound.rate_hz
    sound = prepare_speech(speech, rate_hz)
    expected = context.expect(voice, speech.pronunciation, is_segment=True)
    return sound, check_samples(sound.samples, rate_hz, expected)


def _parts(job: Job, segments: Sequence[Segment], context: BuildContext) -> list[_Part]:
    own = context.own_voice(job)
    voices = context.assign_voices(job.form, own)
    in_context = isinstance(context.speaker, Contextual)
    parts: list[_Part] = []
    for number, segment in enumerate(segments):
        voice = voices.get(segment.speaker, own)
        around = _around(segments, number) if in_context else ("", "")
        recipe = context.recipes.hash_segment(segment.form, voice, around)
        # Cache repeats separately: some voices are not deterministic.
        parts.append(_Part(segment, voice, around, segment_cache.name_of(number, recipe)))
    return parts


def _around(segments: Sequence[Segment], number: int) -> tuple[str, str]:
    """The texts before and after a segment, if the same speaker says them; else ""."""
    speaker = segments[number].speaker
    before = segments[number - 1] if number else None
    behind = segments[number + 1] if number + 1 < len(segments) else None
    return tuple(  # type: ignore[return-value] # two of them
        each.form.text if each is not None and each.speaker == speaker else ""
        for each in (before, behind)
    )
