"""Cost, traffic and totals of a run and a status, as text for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tts_assets.build.plan.planner import TO_GENERATE, Judged, State
from tts_assets.cli.output.console_text import (
    format_megabytes,
    to_one_line,
    to_plain_data,
)
from tts_assets.engines.protocol import Balance
from tts_assets.errors import format_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.build.events import Charges, Cost, Orphan, Rebilled, Report, Standing
    from tts_assets.build.plan.planner import KeptClipGroup
    from tts_assets.engines.http.rate_limiter import Traffic


_MAX_REASONS = 3  #: more reasons for paying again are only counted
_MIN_MONEY = 0.01  #: smaller sums are shown as "less than"


def describe_repeat_charges(cost: Cost, rebilled: Rebilled) -> str:
    """A warning that clips already paid for are paid for again, with the reasons."""
    named = rebilled.reasons[:_MAX_REASONS]
    reasons = [
        each.words if len(rebilled.reasons) == 1 else f"{each.words} ({each.clips:,})"
        for each in named
    ]
    if more := len(rebilled.reasons) - len(named):
        reasons.append(f"{format_count(more, 'reason')} more")
    count = rebilled.bill.clips
    was, are = ("was", "is") if count == 1 else ("were", "are")
    return (
        f"{count:,} of {format_count(rebilled.out_of, 'clip')} {was} already paid for and "
        f"{are} regenerated because {', '.join(reasons)}: "
        f"{_format_credits(cost, rebilled.bill.credits)}"
    )


def describe_expected_cost(cost: Cost) -> str:
    """The expected cost of a run, in one line."""
    return (
        f"{cost.provider} {cost.model}: {_describe_charges(cost, cost.expected)} for {_format_clip_count(cost.expected)}"
        f"{_describe_unspeakable(cost)}"
    )


def format_cost_lines(cost: Cost, *, dry_run: bool, next_step: str = "") -> list[str]:
    """Lines of a summary; ``next_step`` says how to generate the clips that a limit left."""
    if dry_run:
        lines = [
            f"cost      {describe_expected_cost(cost)}",
            *_format_price_warning(cost),
            *_format_quota_lines(cost),
        ]
    else:
        lines = [*_format_billed_lines(cost), *_format_price_warning(cost)]
    if cost.left.clips:
        lines.append(
            f"left      {_format_clip_count(cost.left)} for another run, because of {cost.bound}: "
            f"{_format_credits(cost, cost.left.credits)}{next_step and f'; {next_step}'}"
        )
    return lines


def format_traffic_line(traffic: Traffic) -> str:
    """The requests to the service, in a line of a summary."""
    limits = sorted({limit for _, limit in traffic.limits})
    concurrency = f"; {' to '.join(map(str, dict.fromkeys((limits[0], limits[-1]))))} at once"
    return (
        f"service   {format_count(traffic.requests, 'request')}, {traffic.refusals:,} refused, "
        f"{traffic.retries:,} repeated{concurrency if limits else ''}; waited {traffic.waited_seconds:.0f} s"
    )


def format_lost_lines(traffic: Traffic) -> list[str]:
    """A line with the number of lost replies, whose cost is unknown; empty if there are none."""
    count = traffic.lost
    lost = f"{format_count(count, 'reply was', 'replies were')} lost and may have been billed"
    return [f"lost      {lost}"] if count else []


def to_traffic_data(traffic: Traffic) -> dict[str, Any]:
    """Traffic as plain data."""
    limits = [{"seconds": round(at, 3), "limit": limit} for at, limit in traffic.limits]
    return to_plain_data(traffic, limits=limits)


def to_cost_data(cost: Cost) -> dict[str, Any]:
    """The cost of a run as plain data; money is null if the price is unknown."""
    rebilled, price = cost.rebilled, cost.price
    plain = to_plain_data(
        cost,
        price=price
        and {
            "per_1000_credits": price.per_1000_credits,
            "currency": price.currency,
            "read": price.read.isoformat(),
            "old": price.is_old,
        },
        expected=_to_charges_data(cost, cost.expected),
        left={**_to_charges_data(cost, cost.left), "bound": cost.bound},
        due=_to_charges_data(cost, cost.due),
        billed=None if cost.billed is None else _to_sum_data(cost, cost.billed),
        rebilled=rebilled
        and {
            **_to_charges_data(cost, rebilled.bill),
            "out_of": rebilled.out_of,
            "reasons": [to_plain_data(each) for each in rebilled.reasons],
        },
        balance=_to_balance_data(cost),
    )
    del plain["bound"]
    return plain


def _to_balance_data(cost: Cost) -> dict[str, Any] | None:
    balance = cost.balance
    if not isinstance(balance, Balance):
        return None if balance is None else {"credits": None, "reason": balance}
    return {
        "credits": balance.credits,
        "resets": None if balance.resets is None else balance.resets.isoformat(),
        "too_few": max(0.0, cost.expected.credits - balance.credits),
    }


def _to_charges_data(cost: Cost, charges: Charges) -> dict[str, Any]:
    return {
        "clips": charges.clips,
        "characters": charges.characters,
        **_to_sum_data(cost, charges.credits),
    }


def _to_sum_data(cost: Cost, credit_count: float) -> dict[str, Any]:
    money = cost.money(credit_count)
    return {"credits": credit_count, "money": None if money is None else round(money, 6)}


def _format_billed_lines(cost: Cost) -> list[str]:
    """The billed cost next to the expected one; empty if nothing was generated or billed."""
    if cost.billed is None:
        expected = (
            f"{_format_credits(cost, cost.expected.credits)} expected{_describe_made_share(cost)}"
        )
        return [f"billed    {expected}; the service reports nothing"] if cost.due.clips else []
    if not (cost.billed or cost.due.clips):
        return []
    expected = f"{_format_number(cost.expected.credits)} were expected{_describe_made_share(cost)}"
    return [f"billed    {_format_credits(cost, cost.billed)}; {expected}"]


def _describe_made_share(cost: Cost) -> str:
    """The expected cost of the generated clips; empty if all were generated."""
    if cost.due.credits == cost.expected.credits:
        return ""
    return f", {_format_number(cost.due.credits)} of them for the generated clips"


def _format_price_warning(cost: Cost) -> list[str]:
    """A line with the date of the price, if the price is old."""
    price = cost.price
    if price is None or not price.is_old:
        return []
    age = f"read on {price.read}, {price.days} days ago"
    return [f"price     {age}: check that it still applies, then update [[price]]"]


def _format_quota_lines(cost: Cost) -> list[str]:
    balance = cost.balance
    if not isinstance(balance, Balance):
        return [] if balance is None else [f"quota     unknown: {balance}"]
    lacking = cost.expected.credits - balance.credits
    comparison = "enough" if lacking <= 0 else f"{_format_number(lacking)} too few"
    resets = f"; more on {balance.resets:%Y-%m-%d %H:%M %Z}".rstrip() if balance.resets else ""
    return [f"quota     {_format_number(balance.credits)} credits left: {comparison}{resets}"]


def _describe_unspeakable(cost: Cost) -> str:
    return (
        f"; {cost.unsayable:,} of them cannot be spoken and cost nothing" if cost.unsayable else ""
    )


def _describe_charges(cost: Cost, charges: Charges) -> str:
    return (
        f"{format_count(charges.characters, 'character')}, {_format_credits(cost, charges.credits)}"
    )


def _format_credits(cost: Cost, credit_count: float) -> str:
    """Credits and their price."""
    money = cost.money(credit_count)
    if money is None or cost.price is None:
        return f"{_format_number(credit_count)} credits, price unknown: add [[price]]"
    currency = cost.price.currency
    if 0 < money < _MIN_MONEY:
        return f"{_format_number(credit_count)} credits, less than {_MIN_MONEY} {currency}"
    return f"{_format_number(credit_count)} credits, {money:,.2f} {currency}"


def _format_number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _format_clip_count(charges: Charges) -> str:
    return format_count(charges.clips, "clip")


# The figures of a run and of a status, one per line, labelled in the first ten columns.


#: Columns of the label of a line.
LABEL_WIDTH = 10
_COMPARISON_TEXTS = {
    Judged.LEDGER: "the ledger alone, because there are no audio files",
    Judged.FILES: "names and sizes of the audio files; --deep reads them",
    Judged.BYTES: "the bytes of every file",
}


def format_report_lines(report: Report) -> list[str]:
    """The figures of a run; after a failed start, only the next step."""
    is_empty = report.unmatched is not None and not report.to_make
    lines = [] if is_empty or _has_never_started(report) else _format_figures(report)
    lines += [*_format_left(report), *_format_service(report)]
    if report.stopped:
        lines.append(f"stopped   {_describe_next_step(report)}")
    if report.fatal:
        lines.append(f"ended     early: fix the error, then {_describe_rerun(report)}")
    if report.credit and report.made:
        lines.append(f"credit    {to_one_line(report.credit)}")
    return lines


def _has_never_started(report: Report) -> bool:
    changed = report.made + report.moved + report.urls_written + report.timelines_written
    return report.fatal is not None and not (changed or report.failures)


def _format_figures(report: Report) -> list[str]:
    lines = _format_engine(report.chosen)
    if _is_up_to_date(report):
        return [*lines, _format_up_to_date(report.states)]
    lines += _format_dry_run(report) if report.dry_run else _format_made(report)
    if report.passed_over:
        lines.append(f"skipped   {format_count(report.passed_over, 'clip')} (--only)")
    lines += [*_format_kept(report.kept), *_format_unchanged(report.states)]
    lines += _format_unusable(len(report.unspoken), len(report.problems))
    if not report.dry_run:
        missed = f"; {describe_missed_urls(report)}" if report.urls_missed else ""
        where = "written" if report.shard is None else "kept for `tts-assets merge`"
        lines.append(f"URLs      {report.urls_written:,} {where}{missed}")
        if report.shard is not None:
            lines.append(f"shard     {to_one_line(report.shard)}")
    return lines


def _is_up_to_date(report: Report) -> bool:
    """Whether there was nothing to do or to report."""
    planned = report.to_make + report.to_move + report.urls_to_write + report.timelines_to_write
    done = report.made + report.moved + report.urls_written + report.timelines_written
    problems = report.failures or report.problems or report.urls_missed or report.stopped
    exceptions = report.passed_over or report.kept or report.unmatched or report.shard
    exceptions = exceptions or report.states.get(State.REJECTED)
    return bool(report.catalogues) and not (
        planned or done or problems or exceptions or report.fatal
    )


def _format_up_to_date(states: Mapping[State, int]) -> str:
    kept = states.get(State.LOCKED, 0)
    recordings = f", {format_count(kept, 'recording')} kept" if kept else ""
    return (
        f"everything is up to date: {format_count(states.get(State.FRESH, 0), 'clip')}{recordings}"
    )


def describe_missed_urls(report: Report) -> str:
    """The number of entries that did not get their URLs."""
    return f"{format_count(report.urls_missed, 'entry', 'entries')} changed meanwhile"


def format_status_lines(standing: Standing) -> list[str]:
    """The figures of a status."""
    states = standing.states
    # In the order of a clip's life, as in State.
    counts = [(state, states.get(state, 0)) for state in State if state in TO_GENERATE]
    named = ", ".join(f"{count:,} {state.value}" for state, count in counts if count)
    lines = _format_engine(standing.chosen)
    total = format_count(sum(count for _, count in counts), "clip")
    # Most voices would only repeat a rejected clip.
    due = sum(count for state, count in counts if state is not State.REJECTED)
    them = "it" if due == 1 else "them"
    advice = f"; `tts-assets generate` generates {them}" if due else ""
    lines.append(f"to make   {total}{named and ': '}{named}{advice}")
    if standing.urls_to_write:
        advice = "" if due else "; `tts-assets generate` writes them"
        lines.append(f"URLs      {standing.urls_to_write:,} of up-to-date clips to write{advice}")
    lines += _format_timelines(standing.timelines_to_write)
    lines += [
        *_format_kept(standing.kept),
        *_format_unchanged(states),
        *_format_decisions(standing),
    ]
    lines += _format_takes(standing)
    lines += _format_unusable(len(standing.unspoken), len(standing.problems))
    if standing.orphans:
        lines.append(f"orphans   {_describe_orphans(standing.orphans)}")
    lines.append(f"judged by {_COMPARISON_TEXTS[standing.judged_by]}")
    return lines


def _format_takes(standing: Standing) -> list[str]:
    count = Counter(each.opinion for each in standing.takes)
    if not count:
        return []
    from tts_assets.store.paid_journal import Opinion  # noqa: PLC0415 - few projects pay

    opinions = ", ".join(f"{count[each]:,} {each.value}" for each in Opinion if count[each])
    advice = "" if not count[Opinion.UNDECIDED] else "; listen with `tts-assets review`"
    return [
        f"takes     {format_count(len(standing.takes), 'refused take')} kept: {opinions}{advice}"
    ]


def _format_timelines(count: int) -> list[str]:
    return [f"timelines {count:,} of up-to-date passages to write"] if count else []


def _format_engine(reason: str | None) -> list[str]:
    return [] if reason is None else [f"engine    {to_one_line(reason)}"]


def _format_dry_run(report: Report) -> list[str]:
    lines = [f"to make   {format_count(report.to_make, 'clip')}; dry run, nothing was changed"]
    if report.to_move:
        lines.append(
            f"to move   {format_count(report.to_move, 'asset')} to other names, without synthesis"
        )
    if report.urls_to_write:
        lines.append(f"URLs      {report.urls_to_write:,} of up-to-date clips to write")
    return [*lines, *_format_timelines(report.timelines_to_write)]


def _format_made(report: Report) -> list[str]:
    duration = f" in {report.seconds:,.1f} s, {report.workers} at a time"
    sound = f", {report.audio_seconds:,.0f} s of speech" if report.made else ""
    lines = [
        f"generated {format_count(report.made, 'clip')}{sound}{duration}",
        f"failed    {len(report.failures):,}",
    ]
    if report.moved:
        lines.append(
            f"moved     {format_count(report.moved, 'asset')} to other names, without synthesis"
        )
    if report.flawed:
        flawed = format_count(len(report.flawed), "clip")
        lines.append(f"flawed    {flawed} failed the audio checks: see `tts-assets verify`")
    if report.timelines_written:
        lines.append(f"timelines {report.timelines_written:,} of up-to-date passages written")
    if report.doubts:
        doubts = format_count(len(report.doubts), "reading or accent", "readings or accents")
        lines.append(f"doubtful  {doubts}: see `tts-assets lint --verbose`")
    return lines


def _format_kept(kept: Iterable[KeptClipGroup]) -> list[str]:
    """Clips kept although the engine changed, and how to regenerate them."""
    lines = [
        (
            f"kept      {format_count(each.clips, 'clip')} of {to_one_line(each.before)}; it is "
            f"now {to_one_line(each.now)}"
        )
        for each in kept
    ]
    return [*lines, '          on-engine-change = "remake" regenerates them'] if lines else []


def _format_unchanged(states: Mapping[State, int]) -> list[str]:
    lines = [f"fresh     {states.get(State.FRESH, 0):,}"]
    if states.get(State.LOCKED):
        lines.append(
            f"locked    {states[State.LOCKED]:,} (URLs not managed by tts-assets; left unchanged)"
        )
    return lines


def count_decisions(standing: Standing) -> dict[str, int]:
    """The numbers of decisions on the sounds of up-to-date and rejected clips."""
    fresh = standing.states.get(State.FRESH, 0)
    return {
        "approved": standing.approved,
        "rejected": standing.states.get(State.REJECTED, 0),
        "undecided": fresh - standing.approved,
    }


def _format_decisions(standing: Standing) -> list[str]:
    """Lines with the decisions on sounds, if any, and the clips to approve."""
    counts = count_decisions(standing)
    lines = []
    if counts["approved"] or counts["rejected"]:
        decided = ", ".join(f"{count:,} {decision}" for decision, count in counts.items())
        lines.append(f"decided   {decided}")
    if standing.unapproved:
        clips = format_count(len(standing.unapproved), "clip")
        lines.append(f"approval  {clips} not approved: `tts-assets review`")
    return lines


def _format_unusable(unspoken: int, problems: int) -> list[str]:
    lines = (
        [f"unspoken  {format_count(unspoken, 'text')} with nothing to speak"] if unspoken else []
    )
    return (
        [*lines, f"errors    {problems:,} in catalogues, overrides or sources"]
        if problems
        else lines
    )


def _describe_orphans(orphans: tuple[Orphan, ...]) -> str:
    size = format_megabytes(sum(each.bytes for each in orphans))
    count = format_count(len(orphans), "asset")
    return f"{count} ({size}) that no catalogue refers to; tts-assets prune lists them"


def _format_left(report: Report) -> list[str]:
    """The clips left for another run; for a paid engine, the cost lines show them."""
    if not report.left or (report.cost is not None and report.cost.left.clips):
        return []
    clips = format_count(report.left, "clip")
    if report.dry_run:
        return [f"left      {clips} of these for another run, because of {report.bound}"]
    next_step = _describe_step_after_limit(report)
    return [f"left      {clips} for another run, because of {report.bound}; {next_step}"]


def _describe_step_after_limit(report: Report) -> str:
    # Without a higher limit, a run that generated nothing would stop at the same clips again.
    return _describe_next_step(report) if report.made or report.moved else "raise that limit"


def _describe_next_step(report: Report) -> str:
    again = _describe_rerun(report)
    return f"fix what failed, then {again}" if report.failures else again


def _describe_rerun(report: Report) -> str:
    if report.forced:
        return "run again: --force starts over; clips that it did not reach are unchanged"
    return "run the same command again to generate the rest"


def _format_service(report: Report) -> list[str]:
    lines = []
    if report.traffic is not None and report.traffic.requests:
        lines += [format_traffic_line(report.traffic), *format_lost_lines(report.traffic)]
    if report.cost is not None and report.to_make:
        next_step = "" if report.dry_run else _describe_step_after_limit(report)
        lines += format_cost_lines(report.cost, dry_run=report.dry_run, next_step=next_step)
    return lines
