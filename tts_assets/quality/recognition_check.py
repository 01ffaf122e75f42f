"""Check assets by speech recognition: compare the recognized text and accents with the expected."""

from __future__ import annotations

import re
import unicodedata
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from anyio import to_thread

from tts_assets.audio.expected_length import Rule
from tts_assets.build.pool import FailureRules, Pool, restart_time_limit
from tts_assets.engines import reading_cache
from tts_assets.engines.asr.hosted_recognizer import count_fitting_workers, provider_for
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ
from tts_assets.errors import ClipError, FatalError
from tts_assets.japanese.accent_notation import format_accent_phrases, parse_accent_phrases
from tts_assets.japanese.engine_notation import find_questions
from tts_assets.japanese.kana import UnusableTextError, pronunciation_key
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.model import Decided, Finding, SpokenForm, split_morae
from tts_assets.quality.quality_reports import DAMAGED, MISSING, RECOGNITION, SPOKEN_ACCENT

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from tts_assets.config.settings import Settings
    from tts_assets.engines.accent_recognizer import PhraseAccent
    from tts_assets.engines.asr.recognizer_protocol import Recognizer, RecognizerProvider
    from tts_assets.model import Cue, Phrase, Pronunciation, Samples
    from tts_assets.quality.assets_to_verify import MeasureTask
    from tts_assets.store.ledger_line import Line


#: Whisper's window is 30 seconds (arXiv:2212.04356); other recognizers need no more.
MAX_WINDOW_SECONDS = 28.0


def find_cuts(cues: Sequence[Cue]) -> tuple[float, ...]:
    """The cuts of a passage, in seconds: in the middle of pauses, as late as the window allows.

    A segment longer than the window is a piece of its own.
    """
    found: list[float] = []
    begin = 0.0
    edges = [(before.end + after.begin) / 2 for before, after in pairwise(cues)]
    for edge, end in pairwise([*edges, *(cue.end for cue in cues[-1:])]):
        if end - begin > MAX_WINDOW_SECONDS:
            begin = edge
            found.append(begin)
    return tuple(found)


def split_windows(blocks: Iterable[Samples], ends: Sequence[int]) -> Iterator[Samples]:
    """Split blocks of samples at these sample positions; the last piece ends with the blocks.

    At most one piece and one block are in memory.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and only needed for recognition

    remaining_ends = iter(ends)
    end = next(remaining_ends, None)
    pending: list[Samples] = []
    begin = size = 0
    for block in blocks:
        pending.append(block)
        size += block.size
        while end is not None and begin + size >= end:
            joined = np.concatenate(pending)
            yield joined[: end - begin]
            # A copy: a view would keep all of the old samples.
            pending = [joined[end - begin :].copy()]
            begin, size = end, pending[0].size
            end = next(remaining_ends, None)
    yield np.concatenate(pending) if pending else np.zeros(0, dtype=np.float32)


# The error rate of the recognized text: the share of wrong morae.
_MARKS = re.compile(r"[\W_]+")


def kana_error(expected: str, recognized: str) -> float:
    """The share of wrong morae, compared by pronunciation: homophones are equal.

    It is the edit distance over the number of expected morae: 0 if all are right, above 1 if more
    was recognized than expected.
    """
    return error_rate(
        split_morae(pronunciation_key(expected)), split_morae(pronunciation_key(recognized))
    )


def text_error(text: str, recognized: str) -> float:
    """The share of wrong characters, without marks and spaces."""
    return error_rate(_strip_marks(text), _strip_marks(recognized))


def error_rate(expected: Sequence[str], recognized: Sequence[str]) -> float:
    """The edit distance over the number of expected signs."""
    return _edit_distance(expected, recognized) / max(1, len(expected))


def _strip_marks(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text))


def _edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """The Levenshtein distance (1965), row by row; each row is vectorised."""
    import numpy as np  # noqa: PLC0415 - heavy, and only needed for recognition

    numbers = {sign: number for number, sign in enumerate({*one, *other})}
    columns = np.array([numbers[sign] for sign in other], dtype=np.int64)
    steps = np.arange(len(other) + 1)
    row = steps
    for index, sign in enumerate(one, 1):
        changed = row[:-1] + (columns != numbers[sign])
        best = np.concatenate(([index], np.minimum(changed, row[1:] + 1)))
        # Each insertion costs one more than the cell to its left, over any distance.
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


# Recognize the text of some clips, and compare it with the expected text.


_LANGUAGE = "ja"  #: the language of all clips

#: The dictionary reads one sentence at a time: it limits the length of a text.
_SENTENCE = re.compile(r"[^。！？!?\n]{1,100}[。！？!?\n]*")


class ListenTask(NamedTuple):
    """An asset to recognize: its file, and its ledger line."""

    path: str
    line: Line


class ListenResult(NamedTuple):
    """The results of recognition."""

    findings: dict[str, Finding]  #: assets with too many errors
    errors: dict[str, float]  #: the share of wrong morae in each recognized clip, by asset
    notes: list[str]  #: clips that could not be recognized, and why


def choose_recognizer(settings: Settings) -> RecognizerProvider:
    """The configured recognizer, checked to be usable on this machine.

    Raises:
        UsageError: there is no such recognizer, or it does not support Japanese.
        FatalError: its package or its model is missing.
    """
    return provider_for(settings, language=_LANGUAGE)


async def listen_to_assets(items: Sequence[ListenTask], settings: Settings) -> ListenResult:
    """Recognize assets, and compare the recognized texts with the expected ones.

    Args:
        items: any number; only their texts are kept.
        settings: the recognizer, and the accepted error rate.

    Raises:
        UsageError: as in :func:`choose_recognizer`.
        FatalError: the recognizer is missing, or has failed.
    """
    provider = choose_recognizer(settings)
    texts: dict[str, str] = {}
    notes = []
    # A piece may be as long as a chunk of a recording, so a short limit for clips does not apply.
    timeout = max(settings.timeout_seconds, settings.transcribe.chunk_timeout_seconds)
    workers = settings.concurrency or count_fitting_workers(provider)
    opened = provider.open(workers=workers, timeout_seconds=timeout)
    rules = FailureRules(failures=(ClipError,), fatal=(FatalError,))
    async with opened as recognizer:
        sample = _SampleRecognizer(recognizer)
        pool = Pool(sample.recognize_text, limit=recognizer.workers, timeout=timeout, rules=rules)
        async with pool:
            async for result in pool.run(items):
                asset = result.job.line.asset
                if result.value is None:
                    notes.append(f"{asset} could not be recognized: {result.error}")
                else:
                    texts[asset] = result.value
    if isinstance(pool.over, FatalError):
        raise pool.over
    compared = await compare_in_kana([item.line for item in items], texts, settings)
    limit = settings.verify.cer
    return ListenResult(
        {
            asset: _create_finding(each, limit)
            for asset, each in compared.items()
            if each.error > limit
        },
        {asset: each.error for asset, each in compared.items()},
        notes,
    )


class _SampleRecognizer:
    """Recognizes files with one recognizer."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    async def recognize_text(self, item: ListenTask) -> str:
        """The text of a file, recognized piece by piece, each with its own time limit."""
        restart = restart_time_limit()
        texts = []
        with closing(_read_pieces(item)) as pieces:
            while (samples := await to_thread.run_sync(next, pieces, None)) is not None:
                restart()
                recognized = await self._recognizer.recognize(
                    samples, language=_LANGUAGE, restart_timer=restart
                )
                texts.append(recognized.text)
        # Pieces end at the end of sentences.
        return "。".join(texts)


def _read_pieces(item: ListenTask) -> Generator[Samples, None, None]:
    """A file in pieces that each fit the recognizer's window.

    Raises:
        ClipError: it cannot be read, or is not audio.
    """
    # Heavy, and only needed for recognition.
    from tts_assets.audio.codec import read_mono_blocks  # noqa: PLC0415

    ends = [round(seconds * RATE_HZ) for seconds in find_cuts(item.line.cues)]
    yield from split_windows(read_mono_blocks(Path(item.path), RATE_HZ), ends)


class TextComparison(NamedTuple):
    """A recognized text, the expected one, and the error rate."""

    expected: str
    recognized: str
    error: float


async def compare_in_kana(
    lines: Sequence[Line], texts: Mapping[str, str], settings: Settings
) -> dict[str, TextComparison]:
    """Compare recognized texts with the expected ones, by asset; the dictionary turns both to kana.

    An equal spelling counts as right, too: it may have two readings, which the recognizer spells
    the same.
    """
    lines = [line for line in lines if line.asset in texts]
    forms = dict.fromkeys(
        form
        for line in lines
        for form in (*_forms_of_line(line), *_forms_of_text(texts[line.asset]))
    )
    readings = await reading_cache.read_forms(tuple(forms), settings.words)
    kana = dict(zip(forms, map(_to_kana, readings), strict=True))
    found = {}
    for line in lines:
        text = texts[line.asset]
        own = "".join(phrase.kana for phrase in parse_accent_phrases(line.spoken))
        expected = own or "".join(kana[form] for form in _forms_of_line(line))
        recognized = "".join(kana[form] for form in _forms_of_text(text))
        error = min(kana_error(expected, recognized), text_error(line.text, text))
        found[line.asset] = TextComparison(expected, recognized or text, error)
    return found


def _forms_of_line(line: Line) -> Iterator[SpokenForm]:
    """The form for the dictionary if the engine did not report the pronunciation."""
    if not line.spoken:
        yield line.form


def _forms_of_text(text: str) -> Iterator[SpokenForm]:
    """The sentences of a recognized text, with numbers as they are spoken."""
    try:
        spoken = build_text_forms(text)
    except UnusableTextError:
        return
    if isinstance(spoken, str):
        return
    for sentence in _SENTENCE.findall(spoken[0].text):
        yield SpokenForm(sentence, sentence=True)


def _to_kana(reading: Pronunciation | str) -> str:
    """The kana of a reading; "" if the dictionary has none."""
    return "" if isinstance(reading, str) else "".join(phrase.kana for phrase in reading.phrases)


def _create_finding(compared: TextComparison, limit: float) -> Finding:
    measured = f"{min(compared.error, 9.99):.0%}"
    return Finding(
        RECOGNITION,
        f"{measured} of its morae are wrong",
        f"{limit:.0%} (verify.cer)",
        (
            f"speech recognition recognized {compared.recognized or 'nothing'} instead of {compared.expected}"
        ),
    )


# Recognize accents, except in clips whose melody is computed from the accents.


#: A file with one of these findings does not contain the sound of its line.
_OTHER_SOUND = frozenset({MISSING, DAMAGED, Rule.UNDECODABLE, Rule.EMPTY, Rule.SILENT})

_COMPUTED_MELODY = "openjtalk/"  #: the prefix of voices whose melody is computed from the accents


class AccentTask(NamedTuple):
    """An asset whose accents to recognize."""

    path: str  #: its file
    asset: str  #: its name in verdicts
    text: str  #: what it says
    voice: str  #: provider and name; "" for a recording
    expected: tuple[Phrase, ...] | SpokenForm  #: its phrases, or the form that the dictionary reads


def create_accent_task(item: MeasureTask, findings: Iterable[Finding]) -> AccentTask | None:
    """What to recognize in a measured asset; None for nothing.

    Not the accents of the embedded voice, whose melody is computed from them, of passages, of approved
    clips, or of files that are not as generated.
    """
    line = item.line
    if item.gone or not _OTHER_SOUND.isdisjoint(finding.rule for finding in findings):
        return None
    if line is None:
        form = item.form
        return None if form is None else AccentTask(item.path, item.asset, form.text, "", form)
    is_approved = line.review is not None and line.review.decided is Decided.APPROVED
    if not line.spoken or line.cues or is_approved or line.voice.startswith(_COMPUTED_MELODY):
        return None
    expected = parse_accent_phrases(line.spoken) if item.expected.says_accents else item.form
    if expected is None:
        return None
    return AccentTask(item.path, item.asset, line.text, line.voice, expected)


async def check_spoken_accents(
    items: Sequence[AccentTask], settings: Settings, on_progress: Callable[[int, int], None]
) -> tuple[dict[str, tuple[Finding, ...]], list[str]]:
    """Recognize the accents of assets, and compare them with the expected ones.

    Args:
        items: assets with what they should say.
        settings: the time limit.
        on_progress: called with the number of finished assets, and of all.

    Returns:
        The findings of all assets whose accents were recognized; and notes why others were not.
    """
    if not items:
        return {}, []
    # Heavy, and rarely needed.
    from tts_assets.engines import accent_recognizer  # noqa: PLC0415

    found: dict[str, tuple[Finding, ...]] = {}
    failed: list[str] = []
    done = 0
    readings = await _read_expected(items, settings)
    rules = FailureRules(failures=(ClipError,), fatal=(FatalError,))
    async with accent_recognizer.open_accent_recognizer(
        timeout_seconds=settings.timeout_seconds
    ) as recognizer:

        async def recognize_asset(item: AccentTask) -> tuple[Finding, ...]:
            phrases = readings[item.asset]
            if isinstance(phrases, str):
                raise ClipError(phrases)
            questions = find_questions(phrases, item.text)
            accents = await recognizer.recognize_accents(Path(item.path), phrases, item.voice)
            return tuple(
                _create_accent_finding(phrases[each.place], each)
                for each in accents
                # The pitch rises at the end of a question, whatever the accent.
                if each.place not in questions
                and accent_recognizer.is_contradiction(each, item.voice)
            )

        pool = Pool(
            recognize_asset,
            limit=recognizer.workers,
            timeout=settings.timeout_seconds,
            rules=rules,
        )
        async with pool:
            async for result in pool.run(items):
                done += 1
                on_progress(done, len(items))
                asset = result.job.asset
                if result.value is not None:
                    found[asset] = result.value
                elif not isinstance(result.error, FatalError):
                    failed.append(f"{asset}: {result.error}")
    if isinstance(pool.over, FatalError):
        return found, [f"accents were not recognized: {pool.over}"]
    if not failed:
        return found, []
    more = f" (and {len(failed) - 1:,} more)" if len(failed) > 1 else ""
    return found, [f"accents were not recognized: {failed[0]}{more}"]


async def _read_expected(
    items: Sequence[AccentTask], settings: Settings
) -> dict[str, tuple[Phrase, ...] | str]:
    """The phrases of all assets, or why the dictionary cannot read them."""
    found: dict[str, tuple[Phrase, ...] | str] = {
        item.asset: item.expected for item in items if not isinstance(item.expected, SpokenForm)
    }
    unread = {item.asset: item.expected for item in items if isinstance(item.expected, SpokenForm)}
    if unread:
        readings = await reading_cache.read_forms(tuple(unread.values()), settings.words)
        for asset, reading in zip(unread, readings, strict=True):
            found[asset] = reading if isinstance(reading, str) else reading.phrases
    return found


def _create_accent_finding(phrase: Phrase, found: PhraseAccent) -> Finding:
    spoken, expected = (
        format_accent_phrases([each])
        for each in (
            phrase._replace(accent=found.accent, pause=False),
            phrase._replace(pause=False),
        )
    )
    return Finding(
        SPOKEN_ACCENT,
        spoken,
        expected,
        f"it is spoken as {spoken}, and {expected} fits its pitch {found.excess:.1f} semitones worse",
    )
