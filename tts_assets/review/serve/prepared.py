"""A clip that is to be made again: looked up, what was typed for it checked, and written down."""

from __future__ import annotations

import glob
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from tts_assets import overrides, providers, survey
from tts_assets.domain import Kind
from tts_assets.errors import TtsAssetsError
from tts_assets.review.serve.orders import PageRequestError, RegenerateRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.domain import Clip
    from tts_assets.review.row import ClipUse, ReviewRow
    from tts_assets.settings import Settings

_GONE_MESSAGE = "its entry is not there any more, or has another id: reload the page"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegenerateJob:
    """A clip that waits to be made again.

    Args:
        number: what the pages call it.
        row: what they show of it.
        heard: the hash of the sound that was there when it was ordered.
        use: which of its clips.
        is_take: it is said once more as it is, by a voice that does not repeat itself.
        by: who asked.
        reason: why.
    """

    number: str
    row: ReviewRow
    heard: str
    use: ClipUse
    is_take: bool
    by: str = ""
    reason: str = ""


def narrow_settings(settings: Settings, uses: Iterable[ClipUse]) -> Settings:
    """Settings for these clips' entries and no others; all are of one catalogue and one kind."""
    every = list(uses)
    return replace(
        settings,
        paths=(every[0].file,),
        kinds=(Kind(every[0].kind),),
        ids=tuple(dict.fromkeys(glob.escape(use.entry) for use in every)),
        only=(),
        since=None,
        partial=True,
        force=False,
        deep=False,
    )


def prepare_job(
    settings: Settings, number: str, row: ReviewRow, order: RegenerateRequest
) -> RegenerateJob:
    """Check an order, and write what was typed into the overrides; blocks.

    Raises:
        RefusedError: it cannot be done; nothing was written.
    """
    if not 0 <= order.use < len(row.uses):
        raise PageRequestError("the sound has no such clip any more: reload the page")
    use = row.uses[order.use]
    job = RegenerateJob(
        number=number,
        row=row,
        heard=row.sha256,
        use=use,
        is_take=not order.say,
        by=order.by,
        reason=order.reason,
    )
    try:
        _JobPreparation(narrow_settings(settings, [use]), job).apply_request(order)
    except TtsAssetsError as problem:
        # The engine, the file of overrides, the ledger or the settings.
        raise PageRequestError(str(problem), HTTPStatus.CONFLICT) from problem
    return job


class _JobPreparation:
    """The clip as it stands in its catalogue now."""

    def __init__(self, settings: Settings, job: RegenerateJob) -> None:
        self._settings = settings
        self._job = job
        self._provider, _ = providers.choose(settings)
        self._found = survey.survey(settings, self._provider)

    def apply_request(self, order: RegenerateRequest) -> None:
        """Check what was typed, and write it."""
        clip = self._find_clip()
        if self._job.is_take:
            self._check_take(clip)
            return
        try:
            written = self._build_override(clip, order)
        except ValueError as problem:
            raise PageRequestError(str(problem)) from problem
        speaking = survey.speaking(self._settings, self._provider)
        heard = "".join(phrase.kana for phrase in self._job.row.phrases)
        wrong = overrides.problem_with(clip, written.say, speaking, heard)
        if wrong is not None:
            raise PageRequestError(wrong)
        overrides.write(self._settings.overrides, written)

    def _build_override(self, clip: Clip, order: RegenerateRequest) -> overrides.Override:
        """The override for what was typed.

        Raises:
            ValueError: what is wrong with it, in words.
        """
        made = overrides.made(
            clip,
            overrides.Say.of(order.say),
            self._settings.overrides,
            earlier=self._found.overrides.of(clip),
            by=order.by,
            at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            reason=order.reason,
        )
        # What cannot be read again would keep every later command from its work.
        return overrides.Override.of(made.values())

    def _find_clip(self) -> Clip:
        use = self._job.use
        for item in self._found.planned:
            clip = item.clip
            if (clip.file, clip.source, clip.entry, clip.part) == (
                use.file,
                use.source,
                use.entry,
                use.part,
            ):
                return clip
        why = self._found.trouble.problems
        raise PageRequestError(str(why[0]) if why else _GONE_MESSAGE, HTTPStatus.CONFLICT)

    def _check_take(self, clip: Clip) -> None:
        """Refuse to have the same said once more by voices that would say it in the same way."""
        if all(self._provider.repeats(name) for name in self._collect_voices(clip)):
            raise PageRequestError(
                "nothing was changed, and this voice always says the same in the same way: give "
                "another text, reading, accent, voice or speed"
            )

    def _collect_voices(self, clip: Clip) -> set[str]:
        own = survey.voice(self._settings, self._provider)
        if clip.voice is not None:
            own = replace(own, name=clip.voice)
        cast = survey.cast(self._settings, self._provider)
        return {each.name for each in cast(clip.form, own).values()} or {own.name}
