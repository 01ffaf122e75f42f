"""The command `explain`: what is said for one entry, how sure that is, and where it is stored."""

from functools import partial

import anyio

from tts_assets import providers as engines
from tts_assets import readings
from tts_assets import survey as surveys
from tts_assets.cli.exit_code import ExitCode
from tts_assets.console import Show
from tts_assets.domain import AccentBasis, Pronunciation, Unspoken
from tts_assets.japanese.accent import notation, pitch_line, without_accents
from tts_assets.plan import Planned
from tts_assets.settings import OutputFormat, Settings


def explain(settings: Settings, entry: str) -> ExitCode:
    """Show each clip of the entries with that id, whatever their kind."""
    show = Show(settings.output_format)
    provider = engines.choose(settings).provider
    found = surveys.survey(settings, provider)
    items = [item for item in found.planned if item.clip.entry == entry]
    silent = [each for one in found.catalogues for each in one.unspoken if each.entry == entry]
    problems = [each for each in found.trouble.problems if each.entry == f"entry {entry}"]
    accents = provider.accents(surveys.voice(settings, provider).name)
    rows = [*_spoken(items, settings, accents=accents), *map(_silent, silent)]
    if settings.output_format is OutputFormat.JSON:
        show.data(rows)
    else:
        for row in rows:
            for name, value in row.items():
                show.line(f"{name:<8}  {(value or '-').replace(chr(10), ' ')}")
            show.line("")
    for problem in problems:
        show.error(f"error: {problem}")
    if problems:
        return ExitCode.USAGE
    if not rows:
        files = ", ".join(dict.fromkeys(each.file for each in found.catalogues))
        show.error(f"no entry has the id {entry!r} in {files or 'any catalogue'}")
        return ExitCode.NOTHING
    return ExitCode.OK


def _spoken(
    items: list[Planned], settings: Settings, *, accents: bool
) -> list[dict[str, str | None]]:
    if not items:
        return []
    read = partial(readings.read, [item.clip.form for item in items], settings.words)
    rows = []
    for item, said in zip(items, anyio.run(read), strict=True):
        told = said if accents or isinstance(said, str) else without_accents(said)
        rows.append(_explained(item, told))
    return rows


def _explained(item: Planned, said: Pronunciation | str) -> dict[str, str | None]:
    clip = item.clip
    return {
        "clip": f"{clip.kind} {clip.entry} {clip.part}",
        "file": clip.file,
        "text": clip.form.text,
        "reading": clip.form.reading,
        **_heard(said),
        "recipe": item.recipe,
        "asset": item.asset,
        "url": item.url,
        "in file": clip.url,
        "state": item.state.value,
        "reason": item.reason,
    }


def _heard(said: Pronunciation | str) -> dict[str, str | None]:
    """How the dictionary says it, high and low, and how sure that is."""
    if isinstance(said, str):
        return {"said": None, "pitch": None, "sure": None, "doubt": said}
    return {
        "said": notation(said.phrases),
        "pitch": None if said.accent_basis is AccentBasis.ENGINE else pitch_line(said.phrases),
        "sure": f"reading: {said.basis}, accent: {said.accent_basis}",
        "doubt": said.doubt if said.near is None else f"{said.doubt}; did you mean {said.near}?",
    }


def _silent(each: Unspoken) -> dict[str, str | None]:
    clip = f"{each.kind} {each.entry} {each.part}"
    return {"clip": clip, "file": each.file, "state": "unspoken", "reason": each.reason}
