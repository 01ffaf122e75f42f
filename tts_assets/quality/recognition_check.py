"""A passage in pieces that a recognizer hears at once, cut between its segments as it is read."""

from __future__ import annotations

import re
import unicodedata
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from anyio import to_thread

from tts_assets.audio.expected_length import Rule
from tts_assets.build.pool import FailureRules, Pool, time_limit_restarter
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
    from tts_assets.store.ledger_line import Line


#: Whisper hears 30 seconds at once (arXiv:2212.04356), and other recognizers need no more.
MAX_WINDOW_SECONDS = 28.0


def find_cuts(cues: Sequence[Cue]) -> tuple[float, ...]:
    """Where a passage is cut, in seconds: in the middle of pauses, as late as a piece may end.

    A segment that is longer than a piece may be is a piece of its own.
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
    """Blocks of samples, cut at these numbers of samples from the beginning; the last to the end.

    No more than one piece and one block are held at once.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and only needed where somebody listens

    wanted = iter(ends)
    end = next(wanted, None)
    held: list[Samples] = []
    begin = size = 0
    for block in blocks:
        held.append(block)
        size += block.size
        while end is not None and begin + size >= end:
            joined = np.concatenate(held)
            yield joined[: end - begin]
            # A copy: a view would keep all of the old samples.
            held = [joined[end - begin :].copy()]
            begin, size = end, held[0].size
            end = next(wanted, None)
    yield np.concatenate(held) if held else np.zeros(0, dtype=np.float32)


# How far what was heard is from what was to be said: the share of wrong morae.
_MARKS = re.compile(r"[\W_]+")


def kana_error(said: str, heard: str) -> float:
    """The share of morae that are wrong, by how they sound: homophones are equal.

    Args:
        said: the kana that were to be said.
        heard: the kana of what was heard.

    Returns:
        The edits from one to the other, over the number of morae to be said: 0 for all right; above
        1 where more was heard than there was to say.
    """
    return error_rate(split_morae(pronunciation_key(said)), split_morae(pronunciation_key(heard)))


def text_error(text: str, heard: str) -> float:
    """The same by characters as they are written, without marks and spaces."""
    return error_rate(_strip_marks(text), _strip_marks(heard))


def error_rate(said: Sequence[str], heard: Sequence[str]) -> float:
    """The least number of signs put in, left out or changed, over the number to be said."""
    return _edit_distance(said, heard) / max(1, len(said))


def _strip_marks(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text))


def _edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """The Levenshtein distance (1965), row by row; each row is one step of numpy."""
    import numpy as np  # noqa: PLC0415 - heavy, and only needed where somebody listens

    numbers = {sign: number for number, sign in enumerate({*one, *other})}
    columns = np.array([numbers[sign] for sign in other], dtype=np.int64)
    steps = np.arange(len(other) + 1)
    row = steps
    for index, sign in enumerate(one, 1):
        changed = row[:-1] + (columns != numbers[sign])
        best = np.concatenate(([index], np.minimum(changed, row[1:] + 1)))
        # What is put in costs one more than what stands before it, however far before.
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


# Speech recognition listens to some clips; what it heard is held against what was to be said.


#: What clips are said in.
_LANGUAGE = "ja"

#: The dictionary reads one sentence after the other: it has a longest text.
_SENTENCE = re.compile(r"[^。！？!?\n]{1,100}[。！？!?\n]*")


class ListenTask(NamedTuple):
    """An asset that somebody listens to: its file, and its line of the ledger."""

    path: str
    line: Line


class ListenResult(NamedTuple):
    """What listening has told.

    Args:
        findings: what is wrong, by asset.
        errors: the share of wrong morae in each clip that was heard, by asset.
        notes: clips that could not be heard, and why.
    """

    findings: dict[str, Finding]
    errors: dict[str, float]
    notes: list[str]


def choose_recognizer(settings: Settings) -> RecognizerProvider:
    """What listens, known to be usable here.

    Raises:
        UsageError: there is no such recognizer, or it knows no Japanese.
        FatalError: its package or its model is missing.
    """
    return provider_for(settings, language=_LANGUAGE)


async def listen_to_assets(items: Sequence[ListenTask], settings: Settings) -> ListenResult:
    """Listen to assets, and hold what was heard against what was to be said.

    Args:
        items: any number; only texts are kept until all are heard.
        settings: what listens, and how much it may mishear.

    Raises:
        UsageError: as in :func:`listener`.
        FatalError: what listens is missing, or gone.
    """
    provider = choose_recognizer(settings)
    texts: dict[str, str] = {}
    notes = []
    # Pieces are as long as chunks of a recording, however short the limit for clips is.
    patience = max(settings.timeout_seconds, settings.transcribe.chunk_timeout_seconds)
    workers = settings.concurrency or count_fitting_workers(provider)
    opened = provider.open(workers=workers, timeout_seconds=patience)
    rules = FailureRules(failures=(ClipError,), fatal=(FatalError,))
    async with opened as recognizer:
        ear = _SampleRecognizer(recognizer)
        pool = Pool(ear.recognize_text, limit=recognizer.workers, timeout=patience, rules=rules)
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
    """Listens to one file after the other."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    async def recognize_text(self, item: ListenTask) -> str:
        """All that is heard in a file, piece by piece, each with its own time limit."""
        restart = time_limit_restarter()
        texts = []
        with closing(_read_pieces(item)) as pieces:
            while (samples := await to_thread.run_sync(next, pieces, None)) is not None:
                restart()
                heard = await self._recognizer.recognize(
                    samples, language=_LANGUAGE, on_start=restart
                )
                texts.append(heard.text)
        # Pieces end where sentences do.
        return "。".join(texts)


def _read_pieces(item: ListenTask) -> Generator[Samples, None, None]:
    """A file in pieces that are heard at once.

    Raises:
        ClipError: it cannot be read, or is no sound.
    """
    # Heavy, and only needed where somebody listens.
    from tts_assets.audio.codec import read_mono_blocks  # noqa: PLC0415

    ends = [round(seconds * RATE_HZ) for seconds in find_cuts(item.line.cues)]
    yield from split_windows(read_mono_blocks(Path(item.path), RATE_HZ), ends)


class TextComparison(NamedTuple):
    """A text that was heard, and how far it is from what was to be said."""

    said: str
    heard: str
    error: float


async def compare_in_kana(
    lines: Sequence[Line], texts: Mapping[str, str], settings: Settings
) -> dict[str, TextComparison]:
    """What was heard against what was to be said, by asset; the dictionary reads both to kana.

    What is spelled as it was to be counts as right, too: one spelling may have two readings, and
    who listens writes both alike.
    """
    lines = [line for line in lines if line.asset in texts]
    forms = dict.fromkeys(
        form
        for line in lines
        for form in (*_forms_of_line(line), *_forms_of_text(texts[line.asset]))
    )
    read = await reading_cache.read_forms(tuple(forms), settings.words)
    kana = dict(zip(forms, map(_to_kana, read), strict=True))
    found = {}
    for line in lines:
        text = texts[line.asset]
        said = _ledger_kana(line) or "".join(kana[form] for form in _forms_of_line(line))
        told = "".join(kana[form] for form in _forms_of_text(text))
        error = min(kana_error(said, told), text_error(line.text, text))
        found[line.asset] = TextComparison(said, told or text, error)
    return found


def _ledger_kana(line: Line) -> str:
    return "".join(phrase.kana for phrase in parse_accent_phrases(line.spoken))


def _forms_of_line(line: Line) -> Iterator[SpokenForm]:
    """What the dictionary has to read where the engine did not tell how it said a clip."""
    if not line.spoken:
        yield _build_form(line)


def _build_form(line: Line) -> SpokenForm:
    return SpokenForm(
        text=line.text,
        reading=line.reading,
        accent=line.accent,
        sentence=line.sentence,
        readings=line.readings,
        boundaries=line.boundaries,
        romanized=line.romanized,
    )


def _forms_of_text(text: str) -> Iterator[SpokenForm]:
    """A text that was heard, sentence by sentence, with its numbers as they are said."""
    try:
        spoken = build_text_forms(text)
    except UnusableTextError:
        return
    if isinstance(spoken, str):
        return
    for sentence in _SENTENCE.findall(spoken[0].text):
        yield SpokenForm(sentence, sentence=True)


def _to_kana(said: Pronunciation | str) -> str:
    """How the dictionary says a form; nothing where it cannot."""
    return "" if isinstance(said, str) else "".join(phrase.kana for phrase in said.phrases)


def _create_finding(compared: TextComparison, limit: float) -> Finding:
    measured = f"{min(compared.error, 9.99):.0%}"
    return Finding(
        RECOGNITION,
        f"{measured} of its morae are wrong",
        f"{limit:.0%} (verify.cer)",
        (f"speech recognition recognized {compared.heard or 'nothing'} instead of {compared.said}"),
    )


# Accents are recognized in all clips that are not made of them.


#: A sound with one of these is not the one of its line.
_OTHER_SOUND = frozenset({MISSING, DAMAGED, Rule.UNDECODABLE, Rule.EMPTY, Rule.SILENT})

#: Its melody is computed from the accents.
_COMPUTED = "openjtalk/"


def has_recognizable_accents(line: Line, findings: Iterable[Finding]) -> bool:
    """Whether the accents of an asset are recognized, if its voice follows accents.

    Those of the embedded voice are not, whose melody is computed from them; nor those of passages, of
    clips that a reviewer approved, and of files that are not as generated.
    """
    return (
        bool(line.spoken)
        and not line.cues
        and not line.voice.startswith(_COMPUTED)
        and (line.review is None or line.review.decided is not Decided.APPROVED)
        and _OTHER_SOUND.isdisjoint(finding.rule for finding in findings)
    )


async def check_spoken_accents(
    items: Sequence[ListenTask], settings: Settings, on_progress: Callable[[int, int], None]
) -> tuple[dict[str, tuple[Finding, ...]], list[str]]:
    """Recognize the accents of assets, and compare them with the expected ones.

    Args:
        items: assets with a pronunciation in their lines of the ledger.
        settings: the time limit.
        on_progress: is called with how many are done, of how many.

    Returns:
        By asset the phrases with another accent, for all assets whose accents were recognized; and
        why the others were not.
    """
    if not items:
        return {}, []
    # Heavy, and rarely needed.
    from tts_assets.engines import accent_recognizer  # noqa: PLC0415

    found: dict[str, tuple[Finding, ...]] = {}
    failed: list[str] = []
    done = 0
    rules = FailureRules(failures=(ClipError,), fatal=(FatalError,))
    async with accent_recognizer.open_accent_recognizer(
        timeout_seconds=settings.timeout_seconds
    ) as recognizer:

        async def recognize_asset(item: ListenTask) -> tuple[Finding, ...]:
            line = item.line
            phrases = parse_accent_phrases(line.spoken)
            asking = find_questions(phrases, line.text)
            accents = await recognizer.recognize_accents(Path(item.path), phrases, line.voice)
            return tuple(
                _create_accent_finding(phrases[each.place], each)
                for each in accents
                # The end of a question rises whatever its accent is.
                if each.place not in asking and accent_recognizer.is_contradiction(each, line.voice)
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
                asset = result.job.line.asset
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
