"""The cost of a run, estimated and as charged; its limits; and clips that are paid for again."""

from __future__ import annotations

import time
from collections import Counter
from functools import reduce
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import anyio.to_thread

from tts_assets.build.events import Charges, Cost, Reason, Rebilled
from tts_assets.build.generate.work_items import find_missing_forms
from tts_assets.build.plan import output_folder, voice_selection
from tts_assets.build.plan.ledger_matcher import changes
from tts_assets.config.prices import find_price
from tts_assets.engines.protocol import Charge, Metered, Priced, Provider
from tts_assets.errors import UsageError
from tts_assets.store.ledger import origins

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Container, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from tts_assets.build.plan.planner import Job
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Balance
    from tts_assets.store.ledger import Provenance


_ROUNDING = 1e-9  #: the tolerance of cost limits: floating-point sums of prices are not exact
_UNKNOWN_FACTOR = 2.0  #: the factor on the expected cost of further clips before the first bill


class Limits:
    """The jobs of a run, those left for another run, and the limit that left them."""

    def __init__(self, settings: Settings) -> None:
        """Start the clock of ``--max-duration``."""
        self.taken: list[Job] = []  #: the jobs of this run, in the order of the catalogues
        self.left: list[Job] = []  #: the jobs for another run
        #: The setting that left them, with its value; None if nothing is left.
        self.bound: str | None = None
        self._clips = settings.max_clips
        self._seconds = settings.max_duration_seconds
        # Monotonic: the wall clock may be set during the run.
        self._begun = time.monotonic()

    def take(
        self, jobs: Sequence[Job], passed: Callable[[Job], str | None] | None = None
    ) -> list[Job]:
        """The first jobs that together exceed no limit.

        Args:
            jobs: the jobs in the order of the catalogues, so that successive runs finish; the
                first that exceeds a limit is left, and all after it.
            passed: the limit that a job would exceed in addition to those before it.
        """
        self.taken, self.left, self.bound = list(jobs), [], None
        if passed is None and self._clips is None and self._seconds is None:
            return list(self.taken)
        for number, job in enumerate(jobs):
            is_last = self._clips is not None and number >= self._clips
            bound = f"max-clips = {self._clips}" if is_last else self.late()
            bound = bound or (passed and passed(job))
            if bound is not None:
                self.leave(jobs[number:], bound)
                break
        return list(self.taken)

    async def dispatch(self, jobs: Sequence[Job]) -> AsyncGenerator[Job, None]:
        """The jobs one by one, until the run exceeds its duration."""
        for number, job in enumerate(jobs):
            if (bound := self.late()) is not None:
                self.leave(jobs[number:], bound)
                return
            yield job

    def late(self) -> str | None:
        """The duration limit, if the run has exceeded it."""
        if self._seconds is None or time.monotonic() - self._begun < self._seconds:
            return None
        return f"max-duration = {self._seconds:g} s"

    def leave(self, jobs: Sequence[Job], bound: str) -> None:
        """Move taken jobs to those left for another run."""
        recipes = {job.recipe for job in jobs}
        self.taken = [job for job in self.taken if job.recipe not in recipes]
        self.left = [*jobs, *self.left]
        self.bound = bound


class _Seller(Provider, Priced, Protocol):
    """An engine that charges."""


class CostTracker:
    """Tracks the charges of a run, from the plan to the last clip."""

    def __init__(self, settings: Settings, provider: _Seller) -> None:
        """Start without charges.

        Raises:
            UsageError: the cost is limited, and the price is unknown.
        """
        self.fresh: set[str] = set()  #: recipes of fresh clips
        self.rejected: Container[str] = ()  #: assets whose audio a reviewer rejected
        #: whether the clip of a recipe needs no new request
        self.is_paid: Callable[[str], bool] = lambda _: False
        self.limits = Limits(settings)  #: the jobs of this run, and those left for another
        self._settings = settings
        self._provider = provider
        self._price = find_price(settings.prices, provider.name, provider.model)
        if settings.max_cost is not None and self._price is None:
            raise UsageError(
                f"max-cost = {settings.max_cost:g}, but the price of {provider.name} for "
                f"{provider.model} is unknown: add [[price]] to the configuration, or limit "
                "the run with max-chars"
            )
        self._charges: dict[str, Charge] = {}
        self._due = Charges()
        self._unsayable: set[str] = set()
        self._rebilled: Rebilled | None = None
        self._balance: Balance | str | None = None
        self._meter: Metered | None = None
        self._dispatched = Charges()
        self._open: set[str] = set()
        self._billed: float | None = None
        self._expected = Charges()
        self._settled = self._accounted = 0.0
        #: The expected and the actual cost of the clips whose bills are known.
        self._known_expected = self._known_billed = 0.0
        self._changed = anyio.Event()

    async def estimate(self, jobs: Sequence[Job]) -> list[Job]:
        """Estimate the charges of jobs, and take those within the limits, as in `Limits.take`."""
        if not jobs:
            return []
        self._charges = await self._find_charges(jobs)
        taken = self._within(jobs)
        self._expected = self._bill(taken)
        self._rebilled = await anyio.to_thread.run_sync(self._find_repeat_charges, taken)
        return taken

    async def _find_charges(self, jobs: Sequence[Job]) -> dict[str, Charge]:
        """The charge of each job; for a resumed passage, that of its missing segments."""
        missing = await find_missing_forms(jobs, self._settings)
        forms = [missing.get(job.recipe, (job.form,)) for job in jobs]
        flat = [form for each in forms for form in each]
        charges = iter(await self._provider.charges(flat, self._settings.words))
        found = {}
        for job, parts in zip(jobs, forms, strict=True):
            results = list(islice(charges, len(parts)))
            sayable = [each for each in results if not isinstance(each, str)]
            if len(sayable) < len(results):
                self._unsayable.add(job.recipe)
            is_sent = len(sayable) == len(results) and not self.is_paid(job.recipe)
            sent = sayable if is_sent else []
            found[job.recipe] = Charge(
                sum(each.characters for each in sent), sum((each.credits for each in sent), 0.0)
            )
        return found

    async def ask_balance(self) -> None:
        """Query the balance of the account, if there is anything to pay."""
        if self.limits.taken or self.limits.left:
            self._balance = await self._provider.balance()

    async def dispatch(self, jobs: Sequence[Job], speaker: object) -> AsyncGenerator[Job, None]:
        """The jobs one by one, while the duration and the bills are within the limits.

        If the service charges more than expected, the last jobs wait for those in flight, and are
        left for another run if they exceed a limit.
        """
        if isinstance(speaker, Metered):
            self._meter = speaker
        for number, job in enumerate(jobs):
            while bound := self.limits.late() or self._find_bound_passed_with(
                self._charges[job.recipe]
            ):
                if not self._open:
                    self.limits.leave(jobs[number:], bound)
                    return
                # No timer for the duration limit: the run waits for the open jobs anyway.
                self._changed = anyio.Event()
                await self._changed.wait()
            self._open.add(job.recipe)
            self._dispatched = _plus(self._dispatched, self._charges[job.recipe])
            yield job

    def record_made(self, job: Job, billed: float | None) -> None:
        """Record a finished job; ``billed`` is the amount charged for its clip, if known."""
        charge = self._charges[job.recipe]
        self._due = _plus(self._due, charge)
        if billed is not None:
            self._billed = billed + (self._billed or 0.0)
            self._known_expected += charge.credits
            self._known_billed += billed
        self._settle(job, charge.credits if billed is None else billed)

    def record_failed(self, job: Job) -> None:
        """Record a failed job; the service may have charged for responses that were lost."""
        self._settle(job, self._charges[job.recipe].credits)

    def cost(self) -> Cost:
        """The cost so far."""
        return Cost(
            provider=self._provider.name,
            model=self._provider.model,
            price=self._price,
            expected=self._expected,
            left=self._bill(self.limits.left),
            bound=self.limits.bound,
            unsayable=len(self._unsayable - {job.recipe for job in self.limits.left}),
            due=self._due,
            billed=self._billed if self._meter is None else self._meter.billed_total,
            rebilled=self._rebilled,
            balance=self._balance,
        )

    def _settle(self, job: Job, credit_count: float) -> None:
        self._settled += self._charges[job.recipe].credits
        self._accounted += credit_count
        self._open.discard(job.recipe)
        self._changed.set()

    def _within(self, jobs: Sequence[Job]) -> list[Job]:
        """The first jobs that together exceed no limit."""
        total = Charges()

        def find_passed_bound(job: Job) -> str | None:
            nonlocal total
            total = _plus(total, self._charges[job.recipe])
            return self._find_bound_passed(total.characters, total.credits)

        return self.limits.take(jobs, find_passed_bound)

    def _find_bound_passed_with(self, charge: Charge) -> str | None:
        """The limit that one more charge would exceed, if the bills continue as before."""
        sent = _plus(self._dispatched, charge)
        in_flight = (sent.credits - self._settled) * self._factor
        credit_count = self._accounted + self._count_unexplained() + in_flight
        return self._find_bound_passed(sent.characters, credit_count)

    @property
    def _factor(self) -> float:
        """The ratio of billed to expected credits, at least 1."""
        if self._known_expected:
            return max(1.0, self._known_billed / self._known_expected)
        # Assume that a service that does not report its bills charges what is expected.
        return _UNKNOWN_FACTOR if self._open and not self._settled else 1.0

    def _count_unexplained(self) -> float:
        """The credits charged beyond those of the finished clips."""
        if self._meter is None:
            return 0.0
        return max(0.0, (self._meter.billed_total or 0.0) - self._accounted)

    def _find_bound_passed(self, characters: int, credit_count: float) -> str | None:
        """The limit that these amounts exceed."""
        most, cost = self._settings.max_chars, self._settings.max_cost
        if most is not None and characters > most:
            return f"max-chars = {most}"
        money = 0.0 if self._price is None else self._price.compute_cost(credit_count)
        if cost is not None and money > cost * (1 + _ROUNDING):
            return f"max-cost = {cost:g}"
        return None

    def _bill(self, jobs: Iterable[Job]) -> Charges:
        return reduce(_plus, (self._charges[job.recipe] for job in jobs), Charges())

    def _find_repeat_charges(self, jobs: Sequence[Job]) -> Rebilled | None:
        reasons = find_repeat_purchases(
            self._settings, self._provider, jobs, self.fresh, self.rejected
        )
        if not reasons:
            return None
        return Rebilled(
            bill=self._bill(job for job in jobs if job.recipe in reasons),
            out_of=len(jobs),
            reasons=tuple(Reason(*each) for each in Counter(reasons.values()).most_common()),
        )


def _plus(bill: Charges, charge: Charge) -> Charges:
    return Charges(
        bill.clips + 1, bill.characters + charge.characters, bill.credits + charge.credits
    )


# Texts that were paid for before, by the ledger, and the changes since.


def find_repeat_purchases(
    settings: Settings,
    provider: Provider,
    jobs: Iterable[Job],
    fresh: AbstractSet[str],
    rejected: Container[str] = (),
) -> dict[str, str]:
    """The reasons for paying the same service for the same text again, by recipe.

    Args:
        settings: the settings with the ledger to read.
        provider: the engine.
        jobs: the jobs.
        fresh: recipes of fresh clips: the same text in another voice was paid for only in theirs,
            and no other clip replaces them.
        rejected: the assets whose audio a reviewer rejected.
    """
    before: dict[tuple[str, str | None], list[Provenance]] = {}
    for origin in origins(output_folder.ledger_bytes(settings)):
        # A line without a text revokes the lines of an asset, which may have been paid for.
        is_own = origin.voice.partition("/")[0] == provider.name
        if origin.text and is_own and origin.recipe not in fresh:
            before.setdefault((origin.text, origin.reading), []).append(origin)
    builder = voice_selection.ProvenanceBuilder(settings, provider)
    found = {}
    for job in jobs:
        if earlier := before.get((job.form.text, job.form.reading)):
            current = builder.build(job.form, job.voice, job.recipe, job.speed)
            why = _why_again(job, rejected, forced=settings.force)
            found[job.recipe] = _reason(_nearest(earlier, current), current, why)
    return found


def _why_again(job: Job, rejected: Container[str], *, forced: bool) -> str:
    """Why an unchanged clip is regenerated."""
    if forced:
        return "of --force"
    if any(asset in rejected for asset in job.assets):
        return "a reviewer rejected them"
    return "their files are missing or damaged"


def _nearest(origins: Iterable[Provenance], now: Provenance) -> Provenance:
    """The line that has most in common with the current one."""
    fields = ("recipe", "voice", "engine", "speed", "accent", "sound")
    return max(
        origins,
        key=lambda origin: sum(getattr(origin, name) == getattr(now, name) for name in fields),
    )


def _reason(before: Provenance, now: Provenance, why_again: str) -> str:
    """The first change; ``why_again``: the reason if nothing changed."""
    if before.recipe == now.recipe:
        return why_again
    for what, was, is_now in changes(before, now):
        return f"{what} changed from {was or 'none'} to {is_now or 'none'}"
    return "their readings, the sound or the version of tts-assets changed"
