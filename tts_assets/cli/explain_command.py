"""The command `explain`: what is said for one entry, how sure that is, and where it is stored."""

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from tts_assets.build.plan import make_plan, plan_types
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
    """Show each clip of the entries with that id; where there is none, of those with that text or reading.

    Args:
        settings: which catalogues, and which engine.
        entry: an id, a pattern of ids, a text or a reading.
        listen: recognize the accents in the clips, too.
    """
    show = CommandOutput(settings.output_format)
    provider = registry.choose_engine(settings).provider
    found = make_plan.make_plan(settings, provider)
    items = [item for item in found.planned if fnmatchcase(item.clip.entry, entry)]
    silent = [
        each for one in found.catalogues for each in one.unspoken if fnmatchcase(each.entry, entry)
    ]
    if not (items or silent):
        # As it stands in the data: 静か（な） is spoken as 静か.
        texts = {entry, *(form.text for form in _list_forms(entry))}
        items = [item for item in found.planned if _is_spoken(item.clip, texts)]
    problems = [each for each in found.trouble.problems if each.entry == f"entry {entry}"]
    rows = [
        *_build_clip_rows(items, settings, provider, found.overrides, listen=listen),
        *map(_build_silent_row, silent),
    ]
    if settings.output_format is OutputFormat.JSON:
        show.print_json(rows)
    else:
        for row in rows:
            for name, value in row.items():
                show.print_line(f"{name:<8}  {(value or '-').replace(chr(10), ' ')}")
            show.print_line("")
    for problem in problems:
        show.print_error(f"error: {problem}")
    if problems:
        return ExitCode.USAGE
    if not rows:
        files = ", ".join(dict.fromkeys(each.file for each in found.catalogues))
        ids = {item.clip.entry for item in found.planned}
        show.print_error(
            f"no entry has the id or the text {entry!r} in {files or 'any catalogue'}{suggest(entry, ids)}"
        )
        return ExitCode.NOTHING
    return ExitCode.OK


def _list_forms(text: str) -> tuple[SpokenForm, ...]:
    """What is spoken for a text as it stands in the data; nothing if it cannot be spoken."""
    try:
        forms = build_word_forms(text)
    except UnusableTextError:
        return ()
    return () if isinstance(forms, str) else forms


def _is_spoken(clip: Clip, texts: Collection[str]) -> bool:
    """Whether a clip has exactly one of these texts, or of these readings in either kana."""
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
    default = plan_types.find_voice(settings, provider)
    accents = provider.accents(default.name)
    forms = [item.clip.form for item in items]
    read = partial(reading_cache.read_forms, forms, settings.words)
    passages = [form for form in forms if form.turns]
    cut = partial(reading_cache.split_passages, passages, settings.pauses, settings.words)
    parts = dict(zip(passages, run_until_signal(cut), strict=True))
    recipes = plan_types.recipes(settings, provider)
    rows = []
    read_forms = run_until_signal(read)
    accents_found: list[dict[str, str]] = [{}] * len(items)
    if listen:
        accents_found = run_until_signal(
            partial(_recognize_accents, items, read_forms, settings, default)
        )
    for item, said, recognized in zip(items, read_forms, accents_found, strict=True):
        told = said if accents or isinstance(said, str) else drop_accents(said)
        form, voice, speed = item.clip.form, item.clip.voice, item.clip.speed
        speakers = recipes.speakers(form, voice, speed)
        parted = _describe_segments(parts.get(form), speakers)
        parted |= _describe_override(item, overrides) | recognized
        rows.append(_build_clip_row(item, told, parted))
    return rows


async def _recognize_accents(
    items: list[ClipPlan],
    expected: list[Pronunciation | str],
    settings: Settings,
    default: Voice,
) -> list[dict[str, str]]:
    """For each clip the accents that its sound has, or why they were not recognized."""
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
    """The accents of phrases as recognized, and where they differ from the expected ones."""
    from tts_assets.engines.accent_recognizer import is_contradiction  # noqa: PLC0415 - see above

    by_place = {each.place: each for each in found}
    parts = []
    for place, phrase in enumerate(phrases):
        expected = format_accent_phrases([phrase])
        one = by_place.get(place)
        if one is None:
            parts.append(f"{expected} cannot be told by its pitch")
        elif is_contradiction(one, voice):
            spoken = format_accent_phrases([phrase._replace(accent=one.accent)])
            parts.append(f"{spoken} instead of {expected} ({one.excess:.1f} semitones nearer)")
        else:
            parts.append(f"{expected} as expected")
    return ", ".join(parts)


def _describe_segments(
    segments: tuple[Segment, ...] | str | None, speakers: tuple[tuple[str, str, float], ...]
) -> dict[str, str | None]:
    """Of a passage, who speaks, and of how many segments it is made; of others nothing."""
    if segments is None:
        return {}
    told = ", ".join(f"{name or 'narrator'}={voice} {pace:g}" for name, voice, pace in speakers)
    return {
        "voices": told,
        "segments": segments if isinstance(segments, str) else f"{len(segments)}",
    }


def _describe_override(item: ClipPlan, overrides: OverrideSet) -> dict[str, str | None]:
    """What is said instead of the entry, where that stands, and who wrote it; or why it is not."""
    override = overrides.find_override(item.clip)
    if override is None:
        clip = item.clip
        why = overrides.outdated.get((clip.file, clip.source, clip.entry, clip.part))
        return {} if why is None else {"override": why}
    says = ", ".join(f"{name} = {value}" for name, value in override.say.to_json().items())
    wrote = ", ".join(each for each in (override.by, override.at, override.reason) if each)
    told = f"{overrides.path}:{override.line}: {says}"
    return {"override": f"{told} ({wrote})" if wrote else told}


def _build_clip_row(
    item: ClipPlan, said: Pronunciation | str, parted: dict[str, str | None]
) -> dict[str, str | None]:
    clip = item.clip
    return {
        "clip": f"{clip.kind} {clip.entry} {clip.part}",
        "file": clip.file,
        "text": clip.form.text,
        "reading": clip.form.reading,
        **_describe_pronunciation(said),
        **parted,
        "recipe": item.recipe,
        "asset": item.asset,
        "url": item.url,
        "in file": clip.url,
        "state": item.state.value,
        "reason": item.reason,
    }


def _describe_pronunciation(said: Pronunciation | str) -> dict[str, str | None]:
    """How the dictionary says it, high and low, and how sure that is."""
    if isinstance(said, str):
        return {"said": None, "pitch": None, "sure": None, "doubt": said, "ambiguous": None}
    return {
        "said": format_accent_phrases(said.phrases),
        "pitch": None
        if said.accent_basis is AccentBasis.ENGINE
        else format_pitch_line(said.phrases),
        "sure": f"reading: {said.basis}, accent: {said.accent_basis}",
        "doubt": said.doubt if said.near is None else f"{said.doubt}; did you mean {said.near}?",
        "ambiguous": describe_ambiguities(said.ambiguous) or None,
    }


def _build_silent_row(each: Unspoken) -> dict[str, str | None]:
    clip = f"{each.kind} {each.entry} {each.part}"
    return {"clip": clip, "file": each.file, "state": "unspoken", "reason": each.reason}
