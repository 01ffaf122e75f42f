"""Which sounds a reviewer is shown: those of the clips of the catalogues, with their whole lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts_assets import kept_takes
from tts_assets import survey as surveys
from tts_assets.plan import State
from tts_assets.verify.assets import read_ledger_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tts_assets.domain import Clip
    from tts_assets.kept_takes import DoubtfulTake
    from tts_assets.ledger import Line
    from tts_assets.providers import Provider
    from tts_assets.settings import Settings

#: The states of clips that have a sound to listen to, whatever was decided of it.
_SHOWN_STATES = frozenset({State.FRESH, State.REJECTED})

#: What is told of the others, and what to do.
_HIDDEN_NOTES = (
    ({State.NEW, State.FAILED}, "{} not made yet: `generate` makes them"),
    ({State.STALE}, "{} made from something else than their entries say now: `generate` first"),
    ({State.MISSING}, "{} gone from the disk: `generate` makes them again"),
    ({State.DAMAGED}, "{} damaged on the disk: `generate` makes them again"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItems:
    """What is to be shown.

    Args:
        found: what the look at everything told.
        clips: the clips of each asset, in the order of the catalogues.
        lines: what the ledger says of each of these assets.
        others: what it says of other assets that somebody asked for.
        sums: the hashes of all assets that the ledger knows.
        takes: sounds that were paid for and refused, with the clips that want them.
    """

    found: surveys.Survey
    clips: dict[str, list[Clip]]
    lines: dict[str, Line]
    others: dict[tuple[str, str], Line]
    sums: set[str]
    takes: list[tuple[DoubtfulTake, list[Clip]]]

    def list_notes(self) -> Iterator[str]:
        """What is not shown, and why."""
        found = self.found
        yield from found.trouble.notes
        for states, told in _HIDDEN_NOTES:
            if count := sum(found.states[state] for state in states):
                yield told.format(format_count_clause(count, "clip"))
        unknown = self.clips.keys() - self.lines.keys()
        # What this engine makes in the place of what another did, and somebody rejected.
        if unmade := sum(len(self.clips[asset]) for asset in unknown - found.present.keys()):
            yield f"{format_count_clause(unmade, 'rejected clip')} not made again yet: `generate` makes them"
        if lost := sum(len(self.clips[asset]) for asset in unknown & found.present.keys()):
            yield (
                f"{format_count_clause(lost, 'clip')} unknown to the ledger, which keeps decisions: "
                "`generate --force` makes them anew"
            )


def collect_review_items(
    settings: Settings,
    provider: Provider,
    asked: Callable[[list[Clip]], set[tuple[str, str]]],
) -> ReviewItems:
    """Find out what is to be shown; nothing is changed.

    Args:
        settings: which catalogues, what sound, which folder.
        provider: the engine that the clips are for.
        asked: given all clips, the assets and hashes of other sounds whose lines are wanted, too.

    Raises:
        UsageError: a path, the voice or a template is wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed.
    """
    takes = kept_takes.find_takes(settings.temp, settings.output)
    recipes = {take.purchase.sent.recipe for take in takes}
    found = surveys.survey(
        settings, provider, lambda item: item.state in _SHOWN_STATES or item.recipe in recipes
    )
    clips: dict[str, list[Clip]] = {}
    of_takes: dict[str, list[Clip]] = {}
    for item in found.planned:
        if item.state in _SHOWN_STATES:
            clips.setdefault(item.asset, []).append(item.clip)
        if item.recipe in recipes:
            of_takes.setdefault(item.recipe, []).append(item.clip)
    others = asked([clip for each in clips.values() for clip in each])
    known = ReviewItems(
        found=found,
        clips=clips,
        lines={},
        others={},
        sums=set(),
        takes=[
            (take, of_takes[take.purchase.sent.recipe])
            for take in takes
            if take.purchase.sent.recipe in of_takes
        ],
    )
    for line in read_ledger_lines(settings, tidy=not found.untidy):
        known.sums.add(line.sha256)
        if line.asset in clips and found.recorded.get(line.asset) == (line.recipe, line.bytes):
            known.lines[line.asset] = line
        if (line.asset, line.sha256) in others:
            known.others[line.asset, line.sha256] = line
    return known


def format_count_clause(count: int, what: str) -> str:
    """So many, as the beginning of a sentence on them."""
    return f"1 {what} is" if count == 1 else f"{count:,} {what}s are"
