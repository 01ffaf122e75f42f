"""Some of the clips of all catalogues, as long and as short as they come."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import cycle, islice
from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.generate_clips.pieces import cuts_of
from tts_assets.open_catalogues import Trouble, open_catalogues
from tts_assets.plan import Job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from tts_assets.settings import Settings

    #: A clip, and which of its pieces.
    Draw: TypeAlias = tuple[Job, int]

#: Always the same clips of the same catalogues.
_SAMPLE_SEED = 7
#: A passage counts as often as it has so many characters: about as many as a segment has.
_CHARACTERS_PER_SEGMENT = 30


class ClipSample:
    """Clips in random order, each as likely as any other; segments stand for passages."""

    def __init__(self, jobs: list[Job], notes: tuple[str, ...] = ()) -> None:
        """Hold what was drawn.

        Args:
            jobs: some clips, none of which has turns.
            notes: what is to be told of the catalogues.
        """
        self._jobs = jobs
        self.notes = notes

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self._jobs)

    def take_jobs(self, count: int) -> list[Job]:
        """That many, the longest first as in a run; where there are fewer, they come again."""
        some = islice(cycle(self._jobs), count)
        return sorted(some, key=lambda job: len(job.form.text), reverse=True)


async def draw_sample(settings: Settings, most: int) -> ClipSample:
    """A sample of so many clips at most.

    Raises:
        UsageError: a path or a source is wrong.
        FatalError: the dictionary, which cuts passages, cannot be used.
    """
    trouble = Trouble()
    draws = await anyio.to_thread.run_sync(_sample_reservoir, settings, most, trouble)
    passages = {job.recipe: job for job, _ in draws if job.form.turns}
    cuts = await cuts_of(list(passages.values()), settings)
    jobs = []
    for job, number in draws:
        found = cuts.get(job.recipe)
        if found is None:
            jobs.append(job)
        elif not isinstance(found, str):
            form = found[number % len(found)].form
            jobs.append(replace(job, form=form))
    return ClipSample(jobs, tuple(trouble.notes))


def _sample_reservoir(settings: Settings, most: int, trouble: Trouble) -> list[Draw]:
    """So many of all, in one pass (algorithm R of J. Vitter, Random Sampling with a Reservoir)."""
    chance = random.Random(_SAMPLE_SEED)
    kept: list[Draw] = []
    for seen, draw in enumerate(_iter_draws(settings, trouble)):
        if seen < most:
            kept.append(draw)
        elif (place := chance.randrange(seen + 1)) < most:
            kept[place] = draw
    chance.shuffle(kept)
    return kept


def _iter_draws(settings: Settings, trouble: Trouble) -> Iterator[Draw]:
    """Each different clip, and passages once for each piece that they may have."""
    known: set[int] = set()
    for reader in open_catalogues(settings, trouble):
        for clip in reader.clips():
            # A collision leaves out one clip of many millions.
            name = hash((clip.form, clip.voice, clip.speed))
            if name in known:
                continue
            known.add(name)
            pieces = 1 + len(clip.form.text) // _CHARACTERS_PER_SEGMENT if clip.form.turns else 1
            number = str(len(known))
            job = Job(
                recipe=number,
                form=clip.form,
                voice=clip.voice,
                speed=clip.speed,
                assets=(),
                clips=(),
            )
            yield from ((job, piece) for piece in range(pieces))
