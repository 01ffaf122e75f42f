"""Which words were paid for before, and what changed since, by what the ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.build.survey import files, voices
from tts_assets.build.survey.earlier import changes
from tts_assets.store.ledger.origin import origins

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from collections.abc import Set as AbstractSet

    from tts_assets.build.plan.jobs import Job
    from tts_assets.config.model import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.store.ledger.origin import Origin


def paid_before(
    settings: Settings,
    provider: Provider,
    jobs: Iterable[Job],
    fresh: AbstractSet[str],
    rejected: Container[str] = (),
) -> dict[str, str]:
    """Why jobs whose words the same service was paid for before are made again, by their recipes.

    Args:
        settings: whose ledger to read, and what the clips are to be like now.
        provider: the engine.
        jobs: what is to be made.
        fresh: recipes of clips that stay as they are: what is said in several voices was paid for
            in one of them, and no other clip takes its place.
        rejected: the assets whose sounds somebody rejected.
    """
    before: dict[tuple[str, str | None], list[Origin]] = {}
    for origin in origins(files.ledger_bytes(settings)):
        # A line without a text takes back what was said of an asset: it may have been paid for.
        if origin.text and _is_of(provider, origin) and origin.recipe not in fresh:
            before.setdefault((origin.text, origin.reading), []).append(origin)
    now = voices.Origins(settings, provider)
    found = {}
    for job in jobs:
        if earlier := before.get((job.form.text, job.form.reading)):
            wanted = now.of(job.form, job.voice, job.recipe, job.speed)
            why = _why_again(job, rejected, forced=settings.force)
            found[job.recipe] = _reason(_nearest(earlier, wanted), wanted, why)
    return found


def _why_again(job: Job, rejected: Container[str], *, forced: bool) -> str:
    """Why what did not change is made again."""
    if forced:
        return "of --force"
    if any(asset in rejected for asset in job.assets):
        return "somebody rejected their sounds"
    return "their files are gone or damaged"


def _is_of(provider: Provider, origin: Origin) -> bool:
    return origin.voice.partition("/")[0] == provider.name


def _nearest(origins: Iterable[Origin], now: Origin) -> Origin:
    """The one that has most in common with what is wanted now."""
    fields = ("recipe", "voice", "engine", "speed", "accent", "sound")
    return max(
        origins,
        key=lambda origin: sum(getattr(origin, name) == getattr(now, name) for name in fields),
    )


def _reason(before: Origin, now: Origin, why_again: str) -> str:
    """What changed first of all; ``why_again``: why it is made again if nothing did."""
    if before.recipe == now.recipe:
        return why_again
    for what, was, is_now in changes(before, now):
        return f"{what} changed from {was or 'none'} to {is_now or 'none'}"
    return "their readings, the sound or the version of tts-assets changed"
