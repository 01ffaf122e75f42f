"""Where URLs go: never into a field that is read, and never into one another."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.config.sources.path import Step
from tts_assets.config.sources.source import FIELDS, IdFrom
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.config.sources.path import Path, Steps
    from tts_assets.config.sources.source import ClipRule, Source


def check_targets(source: Source) -> None:
    """Look whether a URL could be written over something that is read, or over another URL's place.

    Raises:
        UsageError: it could; the message names the clip and both paths.
    """
    targets = list(_targets(source))
    for target in targets:
        for name, path, steps in paths_read(source):
            if steps[: len(target.steps)] == target.steps:
                raise UsageError(
                    f"{source.name}: the URL of {target.what} would be written over what is read "
                    f"as {name} ({path.text}): let `{target.key}` name a field of its own"
                )
    for one, other in permutations(targets, 2):
        within = other.steps[: len(one.steps)] == one.steps
        if within and (len(one.steps) < len(other.steps) or one.part == other.part):
            where = "lie within" if one.steps != other.steps else "take the place of"
            raise UsageError(
                f"{source.name}: the URL of {other.what} would {where} that of {one.what}: let "
                f"`{other.key}` name a field of its own"
            )


class _Target(NamedTuple):
    """Where a URL goes: the clip's part, whose URL it is, the key that says it, and its steps."""

    part: str
    what: str
    key: str
    steps: Steps


def _targets(source: Source) -> Iterator[_Target]:
    for rule in source.clips:
        for key, path in rule.targets.items():
            what = rule.part if path is rule.to else f"the time line of {rule.part}"
            yield _Target(rule.part, what, key, _from_record(path, rule))


def paths_read(source: Source) -> Iterator[tuple[str, Path, Steps]]:
    """Every path that is read, with what it is for and its steps from the record.

    An index in them is ``Step.ALL_FORMATS``, whichever it is.
    """
    if source.id.of is IdFrom.FIELD:
        yield from (("id", path, path.steps) for path in source.id.paths)
    for rule in source.clips:
        if rule.each is not None:
            yield "each", rule.each, _same(rule.each.steps)
        for name in FIELDS:
            for path in getattr(rule, name):
                yield name, path, _from_record(path, rule)
        for skip in rule.skip:
            # Left out where there is a URL is a condition that makes sense.
            if not skip.missing and skip.pattern is None:
                yield "skip", skip.field, _from_record(skip.field, rule)


def _from_record(path: Path, rule: ClipRule) -> Steps:
    """The steps from the record, with every index as any index."""
    before = () if path.from_record or rule.each is None else rule.each.steps
    return _same((*before, *path.steps))


def _same(steps: Steps) -> Steps:
    return tuple(step if isinstance(step, str) else Step.EVERY for step in steps)
