"""Speech recognition listens to some clips; what it heard is held against what was to be said."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from anyio import to_thread

from tts_assets import readings
from tts_assets.domain import Finding, SpokenForm
from tts_assets.errors import ClipError, FatalError
from tts_assets.japanese.normalise import UnusableTextError, build_text_forms
from tts_assets.japanese.notation import parse_accent_phrases
from tts_assets.pool import FailureRules, Pool, time_limit_restarter
from tts_assets.recognition import RATE_HZ, open_recognizer, provider_for
from tts_assets.verdicts import RECOGNITION
from tts_assets.verify.likeness import kana_error, text_error
from tts_assets.verify.windows import find_cuts, split_windows

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from tts_assets.domain import Pronunciation, Samples
    from tts_assets.ledger import Line
    from tts_assets.recognition import Recognizer, RecognizerProvider
    from tts_assets.settings import Settings

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
    opened = open_recognizer(provider, workers=settings.concurrency, timeout_seconds=patience)
    rules = FailureRules(failures=(ClipError,), fatal=(FatalError,))
    async with opened as recognizer:
        ear = _SampleRecognizer(recognizer)
        pool = Pool(ear.recognize_text, limit=recognizer.workers, timeout=patience, rules=rules)
        async with pool:
            async for result in pool.run(items):
                asset = result.job.line.asset
                if result.value is None:
                    notes.append(f"{asset} could not be listened to: {result.error}")
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
    from tts_assets.audio.blocks import mono_blocks  # noqa: PLC0415

    ends = [round(seconds * RATE_HZ) for seconds in find_cuts(item.line.cues)]
    yield from split_windows(mono_blocks(Path(item.path), RATE_HZ), ends)


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
    read = await readings.read(tuple(forms), settings.words)
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
        yield SpokenForm(
            text=line.text,
            reading=line.reading,
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
        f"speech recognition heard {compared.heard or 'nothing'} for {compared.said}",
    )
