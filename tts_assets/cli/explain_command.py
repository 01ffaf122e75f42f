"""The command `explain`: the pronunciation of an entry, its certainty, and its assets."""

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from tts_assets.build.plan import make_plan, voice_selection
from tts_assets.build.plan.output_folder import open_downloads, open_storage
from tts_assets.build.plan.planner import ClipPlan
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.cli.exit_code import ExitCode, run_until_signal
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.engines import reading_cache, registry
from tts_assets.engines.protocol import Provider
from tts_assets.errors import ClipError, suggest
from tts_assets.japanese.accent_notation import (
    drop_accents,
    format_accent_phrases,
    format_pitch_line,
)
from tts_assets.japanese.homographs import describe_ambiguities
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.word_forms import build_word_forms
from tts_assets.model import (
    AccentBasis,
    Clip,
    Phrase,
    Pronunciation,
    Segment,
    SpokenForm,
    Unspoken,
    Voice,
    kana_to_katakana,
)

if TYPE_CHECKING:
    from tts_assets.engines.accent_recognizer import PhraseAccent


def run_explain(settings: Settings, entry: str, *, listen: bool = False) -> ExitCode:
    """Show the clips of the entries with this id, or else with this text or reading.

    Args:
        settings: the catalogues and the engine.
        entry: an id, a pattern of ids, a text or a reading.
        listen: recognize the accents in the clips, too.
    """
    show = CommandOutput(settings.output_format)
    provider = registry.choose_engine(settings).provider
    plan = make_plan.make_plan(settings, provider)
    items = [item for item in plan.planned if fnmatchcase(item.clip.entry, entry)]
    unspoken = [
        each for one in plan.catalogues for each in one.unspoken if fnmatchcase(each.entry, entry)
    ]
    if not (items or unspoken):
        # Also match the text as written in the data: 静か（な） is spoken as 静か.
        texts = {entry, *(form.text for form in _list_forms(entry))}
        items = [item for item in plan.planned if _is_spoken(item.clip, texts)]
    problems = [each for each in plan.trouble.problems if each.entry == f"entry {entry}"]
    rows = [
        *_build_clip_rows(items, settings, provider, plan.overrides, listen=listen),
        *map(_build_unspoken_row, unspoken),
    ]
    if settings.output_format is OutputFormat.JSON:
        show.print_json(rows)
    else:
        for row in rows:
            for name, value in row.items():
                show.print_line(f"{name:<9} {(value or '-').replace(chr(10), ' ')}")
            show.print_line("")
    for problem in problems:
        show.print_error(f"error: {problem}")
    if problems:
        return ExitCode.USAGE
    if not rows:
        files = ", ".join(dict.fromkeys(each.file for each in plan.catalogues))
        ids = {item.clip.entry for item in plan.planned}
        show.print_error(
            f"no entry has the id or the text {entry!r} in {files or 'any catalogue'}{suggest(entry, ids)}"
        )
        return ExitCode.NOTHING
    return ExitCode.OK


def _list_forms(text: str) -> tuple[SpokenForm, ...]:
    """The spoken forms of a text as written in the data; empty if it cannot be spoken."""
    try:
        forms = build_word_forms(text)
    except UnusableTextError:
        return ()
    return () if isinstance(forms, str) else forms


def _is_spoken(clip: Clip, texts: Collection[str]) -> bool:
    """Whether a clip has one of these texts, or readings in either kana."""
    return clip.form.text in texts or clip.form.reading in set(map(kana_to_katakana, texts))


def _build_clip_rows(
    items: list[ClipPlan],
    settings: Settings,
    provider: Provider,
    overrides: OverrideSet,
    *,
    listen: bool,
) -> list[dict[str, str | None]]:
    if not items:
        return []
    default = voice_selection.find_voice(settings, provider)
    accents = provider.accents(default.name)
    forms = [item.clip.form for item in items]
    read = partial(reading_cache.read_forms, forms, settings.words)
    passages = [form for form in forms if form.turns]
    split = partial(reading_cache.split_passages, passages, settings.pauses, settings.words)
    parts = dict(zip(passages, run_until_signal(split), strict=True))
    recipes = voice_selection.create_recipes(settings, provider)
    rows = []
    read_forms = run_until_signal(read)
    accent_rows: list[dict[str, str]] = [{}] * len(items)
    if listen:
        accent_rows = run_until_signal(
            partial(_recognize_accents, items, read_forms, settings, default)
        )
    for item, pronunciation, recognized in zip(items, read_forms, accent_rows, strict=True):
        spoken = (
            pronunciation
            if accents or isinstance(pronunciation, str)
            else drop_accents(pronunciation)
        )
        form, voice, speed = item.clip.form, item.clip.voice, item.clip.speed
        speakers = recipes.speakers(form, voice, speed)
        details = _describe_segments(parts.get(form), speakers)
        details |= _describe_override(item, overrides) | recognized
        rows.append(_build_clip_row(item, spoken, details))
    return rows


async def _recognize_accents(
    items: list[ClipPlan],
    expected: list[Pronunciation | str],
    settings: Settings,
    default: Voice,
) -> list[dict[str, str]]:
    """For each clip, the accents recognized in its sound, or why they were not recognized."""
    from tts_assets.engines import accent_recognizer  # noqa: PLC0415 - heavy, and rarely needed

    storage, downloads = open_storage(settings), open_downloads(settings)
    rows = []
    async with accent_recognizer.open_accent_recognizer(
        timeout_seconds=settings.timeout_seconds
    ) as recognizer:
        for item, spoken in zip(items, expected, strict=True):
            if isinstance(spoken, str) or item.clip.form.turns:
                rows.append({"heard": "the accents of passages are not recognized"})
                continue
            voice = f"{default.provider}/{item.clip.voice or default.name}"
            try:
                path = storage.fetch(item.asset, downloads)
                found = await recognizer.recognize_accents(path, spoken.phrases, voice)
            except ClipError as exc:
                rows.append({"heard": f"not recognized: {exc}"})
                continue
            rows.append({"heard": _describe_accents(spoken.phrases, found, voice)})
    return rows


def _describe_accents(
    phrases: Sequence[Phrase], found: "Sequence[PhraseAccent]", voice: str
) -> str:
    """The recognized accents of phrases, compared with the expected ones."""
    from tts_assets.engines.accent_recognizer import is_contradiction  # noqa: PLC0415 - see above

    by_place = {each.place: each for each in found}
    parts = []
    for place, phrase in enumerate(phrases):
        expected = format_accent_phrases([phrase])
        match = by_place.get(place)
        if match is None:
            parts.append(f"{expected} cannot be determined from its pitch")
        elif is_contradiction(match, voice):
            spoken = format_accent_phrases([phrase._replace(accent=match.accent)])
            parts.append(f"{spoken} instead of {expected} ({match.excess:.1f} semitones nearer)")
        else:
            parts.append(f"{expected} as expected")
    return ", ".join(parts)


def _describe_segments(
    segments: tuple[Segment, ...] | str | None, speakers: tuple[tuple[str, str, float], ...]
) -> dict[str, str | None]:
    """The speakers and the number of segments of a passage; empty for other clips."""
    if segments is None:
        return {}
    voices = ", ".join(f"{name or 'narrator'}={voice} {speed:g}" for name, voice, speed in speakers)
    return {
        "voices": voices,
        "segments": segments if isinstance(segments, str) else f"{len(segments)}",
    }


def _describe_override(item: ClipPlan, overrides: OverrideSet) -> dict[str, str | None]:
    """The override of a clip with its location and author, or why it is outdated."""
    override = overrides.find_override(item.clip)
    if override is None:
        clip = item.clip
        reason = overrides.outdated.get((clip.file, clip.source, clip.entry, clip.part))
        return {} if reason is None else {"override": reason}
    values = ", ".join(f"{name} = {value}" for name, value in override.say.to_json().items())
    origin = ", ".join(each for each in (override.by, override.at, override.reason) if each)
    text = f"{overrides.path}:{override.line}: {values}"
    return {"override": f"{text} ({origin})" if origin else text}


def _build_clip_row(
    item: ClipPlan, pronunciation: Pronunciation | str, details: dict[str, str | None]
) -> dict[str, str | None]:
    clip = item.clip
    return {
        "clip": f"{clip.kind} {clip.entry} {clip.part}",
        "file": clip.file,
        "text": clip.form.text,
        "reading": clip.form.reading,
        **_describe_pronunciation(pronunciation),
        **details,
        "recipe": item.recipe,
        "asset": item.asset,
        "url": item.url,
        "in file": clip.url,
        "state": item.state.value,
        "reason": item.reason,
    }


def _describe_pronunciation(pronunciation: Pronunciation | str) -> dict[str, str | None]:
    """The pronunciation, its pitch, and how certain it is."""
    if isinstance(pronunciation, str):
        return {
            "said": None,
            "pitch": None,
            "sure": None,
            "doubt": pronunciation,
            "ambiguous": None,
        }
    return {
        "said": format_accent_phrases(pronunciation.phrases),
        "pitch": None
        if pronunciation.accent_basis is AccentBasis.ENGINE
        else format_pitch_line(pronunciation.phrases),
        "sure": f"reading: {pronunciation.basis}, accent: {pronunciation.accent_basis}",
        "doubt": pronunciation.doubt
        if pronunciation.near is None
        else f"{pronunciation.doubt}; did you mean {pronunciation.near}?",
        "ambiguous": describe_ambiguities(pronunciation.ambiguous) or None,
    }


def _build_unspoken_row(each: Unspoken) -> dict[str, str | None]:
    clip = f"{each.kind} {each.entry} {each.part}"
    return {"clip": clip, "file": each.file, "state": "unspoken", "reason": each.reason}
