"""Clips, standings and reports for tests of how they are told, without any being made."""

from dataclasses import replace

from tts_assets.build.events import Failure, Orphan, Report, Standing
from tts_assets.build.metrics import Histogram, RunHistory, SlowestClip
from tts_assets.build.plan.planner import Aspect, Change, ClipPlan, Judged, KeptClipGroup, State
from tts_assets.errors import InputError
from tts_assets.model import Clip, Kind, SpokenForm

STANDING = Standing(
    states=dict.fromkeys(State, 0),
    planned=(),
    urls_to_write=0,
    kept=(),
    orphans=None,
    judged_by=Judged.FILES,
    catalogues=1,
    unspoken=(),
    problems=(),
    notes=(),
    unmatched=None,
    provider="tones",
    chosen=None,
    seconds=0.5,
)
REPORT = Report(
    dry_run=False,
    states=dict.fromkeys(State, 0),
    to_make=0,
    passed_over=0,
    made=0,
    to_move=0,
    moved=0,
    kept=(),
    left=0,
    bound=None,
    catalogues=1,
    failures=(),
    doubts=(),
    flawed=(),
    planned=(),
    unspoken=(),
    problems=(),
    notes=(),
    unmatched=None,
    urls_to_write=0,
    urls_written=0,
    shard=None,
    urls_missed=0,
    seconds=0.5,
    audio_seconds=0.0,
    workers=1,
    fatal=None,
    forced=False,
    stopped=False,
    provider="tones",
    chosen=None,
    credit="",
    traffic=None,
    cost=None,
)


def planned(
    text: str = "猫", *, file: str = "a.json", entry: str = "1", line: int | None = 3
) -> ClipPlan:
    """A clip that is stale since its text changed."""
    return ClipPlan(
        Clip(Kind.VOCABULARY, file, entry, "word", None, SpokenForm(text)),
        "0" * 24,
        "vocabulary/0.mp3",
        "/audio/vocabulary/0.mp3",
        State.STALE,
        "text 犬 -> 猫",
        (Change(Aspect.TEXT, "犬", text),),
        lines={} if line is None else {(): line},
    )


#: What would do something if it were taken for anything but text.
HOSTILE = "</script><script>alert(1)</script>\u2028\u202e\x1b[31m<img src=x onerror=alert(1)>\ud800"
HISTORY = RunHistory(
    begun_seconds=0.2,
    seconds=1.01,
    step_seconds=0.5,
    made=(1, 2, 1),
    failed=(0, 1, 0),
    audio_seconds=(1.0, 3.0, 0.25),
    in_hand=(2.0, 3.0, 1.0),
    lengths=Histogram(edges=(0.4, 0.8, 1.6), counts=(3, 1)),
    loudness=Histogram(edges=(-19.05, -18.95, -18.85), counts=(3, 1)),
    wanted_lufs=-19.0,
    tolerance_lu=1.0,
    slowest=(SlowestClip(planned().clip, 0.9, 1.2),),
)


def standing(*items: ClipPlan) -> Standing:
    """A standing in which these are to be made, and one entry cannot be used."""
    return replace(
        STANDING,
        states=dict.fromkeys(State, 0) | {State.STALE: len(items), State.FRESH: 7},
        planned=items,
        problems=(InputError("the id is missing", file="b.json", entry="entry 2", line=9),),
        kept=(KeptClipGroup("tones=1", "tones=2", 4),),
        orphans=(Orphan("vocabulary/9.mp3", 1_500_000, ours=True),),
        urls_to_write=2,
    )


def failed(*items: ClipPlan, reason: str = "the engine was told to fail") -> Report:
    """A report of a run in which the first of these failed, and the others were made."""
    failures = tuple(Failure(clip=item.clip, reason=reason) for item in items[:1])
    return replace(
        REPORT, planned=items, failures=failures, to_make=len(items), made=len(items) - 1
    )
