"""Which words were paid for before, and what changed since, by what the ledger says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets import ledger
from tts_assets import survey as surveys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from tts_assets.ledger import Origin
    from tts_assets.plan import Job
    from tts_assets.providers import Provider
    from tts_assets.settings import Settings


def paid_before(
    settings: Settings, provider: Provider, jobs: Iterable[Job], fresh: AbstractSet[str]
) -> dict[str, str]:
    """Why jobs whose words the same service was paid for before are made again, by their recipes.

    Args:
        settings: whose ledger to read, and what the clips are to be like now.
        provider: the engine.
        jobs: what is to be made.
        fresh: recipes of clips that stay as they are: what is said in several voices was paid for
            in one of them, and no other clip takes its place.
    """
    before: dict[tuple[str, str | None], list[Origin]] = {}
    for origin in ledger.origins(_ledger(settings)):
        # A line without a text takes back what was said of an asset: it may have been paid for.
        if origin.text and _is_of(provider, origin) and origin.recipe not in fresh:
            before.setdefault((origin.text, origin.reading), []).append(origin)
    own = surveys.voice(settings, provider).name
    found = {}
    for job in jobs:
        if origins := before.get((job.form.text, job.form.reading)):
            now = _now(settings, provider, job, own)
            accents = provider.accents(job.voice or own)
            found[job.recipe] = _reason(
                _nearest(origins, now), now, forced=settings.force, accents=accents
            )
    return found


def _ledger(settings: Settings) -> bytes:
    try:
        return (Path(settings.output) / ledger.NAME).read_bytes()
    except OSError:
        return b""


def _is_of(provider: Provider, origin: Origin) -> bool:
    return origin.voice.partition("/")[0] == provider.name


def _now(settings: Settings, provider: Provider, job: Job, own: str) -> Origin:
    """What the ledger will say of a job."""
    voice = job.voice or own
    return ledger.Origin(
        recipe=job.recipe,
        text=job.form.text,
        reading=job.form.reading,
        accent=job.form.accent,
        voice=f"{provider.name}/{voice}",
        speed=settings.speed,
        engine=provider.engine(voice),
    )


def _nearest(origins: Iterable[Origin], now: Origin) -> Origin:
    """The one that has most in common with what is wanted now."""
    fields = ("recipe", "voice", "engine", "speed", "accent")
    return max(
        origins,
        key=lambda origin: sum(getattr(origin, name) == getattr(now, name) for name in fields),
    )


def _reason(before: Origin, now: Origin, *, forced: bool, accents: bool) -> str:
    """What changed first of all."""
    if before.recipe == now.recipe:
        return "of --force" if forced else "their files are gone or damaged"
    if before.voice != now.voice:
        return f"voice changed from {_name(before)} to {_name(now)}"
    if before.speed != now.speed:
        return f"speed changed from {before.speed:g} to {now.speed:g}"
    if before.engine != now.engine:
        return f"engine changed from {_parts(before, now)} to {_parts(now, before)}"
    if before.accent != now.accent and accents:
        return "their accents changed"
    return "sound, dictionary or the version of tts-assets changed"


def _name(origin: Origin) -> str:
    return origin.voice.partition("/")[2]


def _parts(one: Origin, other: Origin) -> str:
    """Those parts of an engine that the other has not."""
    own = Counter(one.engine.split()) - Counter(other.engine.split())
    return " ".join(own) or "nothing"
