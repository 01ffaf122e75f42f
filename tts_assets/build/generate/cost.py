"""How much a run begins: so many clips, until when, and at what cost; repeat purchases."""

from __future__ import annotations

import time
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import anyio.to_thread

from tts_assets.build.events import Charges, Cost, Reason, Rebilled
from tts_assets.build.generate.work_items import find_missing_forms
from tts_assets.build.plan import output_folder, plan_types
from tts_assets.build.plan.ledger_matcher import changes
from tts_assets.config.dictionary_words import price_for
from tts_assets.engines.protocol import Charge, Metered, Priced, Provider
from tts_assets.errors import UsageError
from tts_assets.store.ledger import origins

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Container, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from tts_assets.build.plan.planner import Job
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Balance
    from tts_assets.store.ledger import Provenance


#: Sums of prices are not exact: a bound that is met to this share is not passed.
_ROUNDING = 1e-9

#: What cannot be said is not sent.
_NOTHING = Charge(0, 0.0)

#: Before the first bill, a clip that is not alone must fit at so many times its expected cost.
_UNKNOWN_FACTOR = 2.0


class Limits:
    """What a run takes of its work, what it leaves, and by which bound.

    Attributes:
        taken: the jobs of this run, in the order of the catalogues.
        left: those for another run.
        bound: the setting that left them, with its value; None if nothing is left.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin: the run's time counts from here."""
        self.taken: list[Job] = []
        self.left: list[Job] = []
        self.bound: str | None = None
        self._clips = settings.max_clips
        self._seconds = settings.max_duration_seconds
        # The clock on the wall may be set while clips are made.
        self._begun = time.monotonic()

    def take(
        self, jobs: Sequence[Job], passed: Callable[[Job], str | None] = lambda _: None
    ) -> list[Job]:
        """The first jobs that together pass no bound.

        Args:
            jobs: in the order of the catalogues, so that runs that follow each other come to an
                end; the first that passes a bound is left, and all that come after it.
            passed: the bound that a job would pass in addition to those before it.
        """
        self.taken, self.left, self.bound = list(jobs), [], None
        for number, job in enumerate(jobs):
            bound = self._enough(number) or self.late() or passed(job)
            if bound is not None:
                self.leave(jobs[number:], bound)
                break
        return list(self.taken)

    def dispatch(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """The jobs one by one, until it is late."""
        for number, job in enumerate(jobs):
            if (bound := self.late()) is not None:
                self.leave(jobs[number:], bound)
                return
            yield job

    def late(self) -> str | None:
        """The bound that time has passed."""
        if self._seconds is None or time.monotonic() - self._begun < self._seconds:
            return None
        return f"max-duration = {self._seconds:g} s"

    def leave(self, jobs: Sequence[Job], bound: str) -> None:
        """Leave jobs that were taken for another run."""
        recipes = {job.recipe for job in jobs}
        self.taken = [job for job in self.taken if job.recipe not in recipes]
        self.left = [*jobs, *self.left]
        self.bound = bound

    def _enough(self, number: int) -> str | None:
        """The bound that one more clip than that would pass."""
        if self._clips is None or number < self._clips:
            return None
        return f"max-clips = {self._clips}"


class _Seller(Provider, Priced, Protocol):
    """An engine that charges."""


class CostTracker:
    """What a run is charged for, from the plan to the last clip."""

    def __init__(self, settings: Settings, provider: _Seller) -> None:
        """Begin with nothing.

        Raises:
            UsageError: what may be paid is bounded, and nobody knows the price.
        """
        self.fresh: set[str] = set()  #: recipes of clips that are as they should be
        self.rejected: Container[str] = ()  #: assets whose sounds somebody rejected
        #: whether the clip of a recipe needs no new request
        self.is_paid: Callable[[str], bool] = lambda _: False
        self.limits = Limits(settings)  #: what is taken, and what is left, by whatever bound
        self._settings = settings
        self._provider = provider
        self._price = price_for(settings.prices, provider.name, provider.model)
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
        self._handed_out = Charges()
        self._open: set[str] = set()
        self._told: float | None = None
        self._expected = Charges()
        self._settled = self._accounted = 0.0
        #: What clips were expected to cost whose bills are known, and what they did cost.
        self._known_expected = self._known_billed = 0.0
        self._changed = anyio.Event()

    async def estimate(self, jobs: Sequence[Job]) -> list[Job]:
        """Find out what jobs are charged for; those that fit within the bounds are this run's.

        Args:
            jobs: in the order in which they are taken; the first that does not fit is left, and
                all that come after it.

        Raises:
            FatalError: the dictionary, which tells what has to be sent, cannot be used.
        """
        if not jobs:
            return []
        self._charges = await self._find_charges(jobs)
        taken = self._within(jobs)
        self._expected = self._bill(taken)
        self._rebilled = await anyio.to_thread.run_sync(self._find_repeat_charges, taken)
        return taken

    async def _find_charges(self, jobs: Sequence[Job]) -> dict[str, Charge]:
        """The charge of each job; of a passage that is taken up again, that of missing segments."""
        missing = await find_missing_forms(jobs, self._settings)
        forms = [missing.get(job.recipe, (job.form,)) for job in jobs]
        flat = [form for each in forms for form in each]
        charges = iter(await self._provider.charges(flat, self._settings.words))
        found = {}
        for job, parts in zip(jobs, forms, strict=True):
            told = list(islice(charges, len(parts)))
            sayable = [each for each in told if not isinstance(each, str)]
            if len(sayable) < len(told):
                self._unsayable.add(job.recipe)
            is_sent = len(sayable) == len(told) and not self.is_paid(job.recipe)
            found[job.recipe] = _sum(sayable) if is_sent else _NOTHING
        return found

    async def ask_balance(self) -> None:
        """Find out what is left of what was paid for, where there is anything to pay."""
        if self.limits.taken or self.limits.left:
            self._balance = await self._provider.balance()

    async def dispatch(self, jobs: Sequence[Job], speaker: object) -> AsyncGenerator[Job, None]:
        """The jobs one by one, for as long as it is in time and what was billed passes no bound.

        Where the service charges more than expected, the last jobs wait for what is in flight, and
        are left for another run if they do not fit.
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
                # Time needs no alarm: the run lasts as long as what is open.
                self._changed = anyio.Event()
                await self._changed.wait()
            self._open.add(job.recipe)
            self._handed_out = _plus(self._handed_out, self._charges[job.recipe])
            yield job

    def record_made(self, job: Job, billed: float | None) -> None:
        """A job is done; ``billed`` is what its clip was charged, where that is known."""
        charge = self._charges[job.recipe]
        self._due = _plus(self._due, charge)
        if billed is not None:
            self._told = billed + (self._told or 0.0)
            self._known_expected += charge.credits
            self._known_billed += billed
        self._settle(job, charge.credits if billed is None else billed)

    def record_failed(self, job: Job) -> None:
        """A job is over without a clip; its replies may be lost, and charged for all the same."""
        self._settle(job, self._charges[job.recipe].credits)

    def cost(self) -> Cost:
        """How things stand."""
        return Cost(
            provider=self._provider.name,
            model=self._provider.model,
            price=self._price,
            expected=self._expected,
            left=self._bill(self.limits.left),
            bound=self.limits.bound,
            unsayable=len(self._unsayable - {job.recipe for job in self.limits.left}),
            due=self._due,
            billed=self._told if self._meter is None else self._meter.billed_total,
            rebilled=self._rebilled,
            balance=self._balance,
        )

    def _settle(self, job: Job, credit_count: float) -> None:
        self._settled += self._charges[job.recipe].credits
        self._accounted += credit_count
        self._open.discard(job.recipe)
        self._changed.set()

    def _within(self, jobs: Sequence[Job]) -> list[Job]:
        """The first jobs that together pass no bound."""
        total = Charges()

        def find_passed_bound(job: Job) -> str | None:
            nonlocal total
            total = _plus(total, self._charges[job.recipe])
            return self._find_bound_passed(total.characters, total.credits)

        return self.limits.take(jobs, find_passed_bound)

    def _find_bound_passed_with(self, charge: Charge) -> str | None:
        """The bound that one more charge would pass, if all goes on as it went so far."""
        sent = _plus(self._handed_out, charge)
        in_flight = (sent.credits - self._settled) * self._factor
        credit_count = self._accounted + self._count_unexplained() + in_flight
        return self._find_bound_passed(sent.characters, credit_count)

    @property
    def _factor(self) -> float:
        """How many times what is expected the service bills, at least 1."""
        if self._known_expected:
            return max(1.0, self._known_billed / self._known_expected)
        # A service that does not report what it bills is believed to bill what is expected.
        return _UNKNOWN_FACTOR if self._open and not self._settled else 1.0

    def _count_unexplained(self) -> float:
        """Credits that were charged, and for no clip that is known to be over."""
        if self._meter is None:
            return 0.0
        return max(0.0, (self._meter.billed_total or 0.0) - self._accounted)

    def _find_bound_passed(self, characters: int, credit_count: float) -> str | None:
        """The bound that so much would pass."""
        most, cost = self._settings.max_chars, self._settings.max_cost
        if most is not None and characters > most:
            return f"max-chars = {most}"
        money = 0.0 if self._price is None else self._price.of(credit_count)
        if cost is not None and money > cost * (1 + _ROUNDING):
            return f"max-cost = {cost:g}"
        return None

    def _bill(self, jobs: Iterable[Job]) -> Charges:
        bill = Charges()
        for job in jobs:
            bill = _plus(bill, self._charges[job.recipe])
        return bill

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


def _sum(charges: Iterable[Charge]) -> Charge:
    total = _NOTHING
    for each in charges:
        total = Charge(total.characters + each.characters, total.credits + each.credits)
    return total


def _plus(bill: Charges, charge: Charge) -> Charges:
    return Charges(
        bill.clips + 1, bill.characters + charge.characters, bill.credits + charge.credits
    )


# Which words were paid for before, and what changed since, by what the ledger says.


def find_repeat_purchases(
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
    before: dict[tuple[str, str | None], list[Provenance]] = {}
    for origin in origins(output_folder.ledger_bytes(settings)):
        # A line without a text takes back what was said of an asset: it may have been paid for.
        if origin.text and _is_of(provider, origin) and origin.recipe not in fresh:
            before.setdefault((origin.text, origin.reading), []).append(origin)
    now = plan_types.Origins(settings, provider)
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
        return "a reviewer rejected them"
    return "their files are missing or damaged"


def _is_of(provider: Provider, origin: Provenance) -> bool:
    return origin.voice.partition("/")[0] == provider.name


def _nearest(origins: Iterable[Provenance], now: Provenance) -> Provenance:
    """The one that has most in common with what is wanted now."""
    fields = ("recipe", "voice", "engine", "speed", "accent", "sound")
    return max(
        origins,
        key=lambda origin: sum(getattr(origin, name) == getattr(now, name) for name in fields),
    )


def _reason(before: Provenance, now: Provenance, why_again: str) -> str:
    """What changed first of all; ``why_again``: why it is made again if nothing did."""
    if before.recipe == now.recipe:
        return why_again
    for what, was, is_now in changes(before, now):
        return f"{what} changed from {was or 'none'} to {is_now or 'none'}"
    return "their readings, the sound or the version of tts-assets changed"
