"""Words and sentences per second beside the plain library's: whole clips, from entry to stored file.

    python benchmarks/neural_speed.py --provider kokoro --model kokoro.onnx --voices voices.bin
        [--int8 kokoro.int8.onnx] [--words 60] [--sentences 10] [--repeat 3] [--workers 1,2,4,8]
    python benchmarks/neural_speed.py --provider piper --model FOLDER/ja_JP-random-medium.onnx
    python benchmarks/neural_speed.py --provider openjtalk --words 240 --sentences 40

random_kokoro.py and random_piper.py build models that cost what the real ones do. Words and example
sentences of data/ are said by all, with the same phonemes, the longest first. The ways take turns,
each in a process of its own; ratios are of each turn, medians are printed. The limit is what the
bare library says in one thread, times the cores. Memory is the most that was seen of a process and
those it started, looked at four times a second, its loading included. The speech counted is the
bare library's, before it is trimmed.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from neural_speed_turn import Turn, Work, settings_for

from tts_assets.build.generate.build_state import sort_longest_first
from tts_assets.build.plan import make_plan
from tts_assets.build.plan.planner import Job, list_jobs
from tts_assets.engines import registry
from tts_assets.japanese import engine_notation
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_resolver import resolve_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tts_assets.model import SpokenForm

ROOT = Path(__file__).resolve().parent.parent
# A look costs a millisecond of a core that is being measured.
_SAMPLE_SECONDS = 0.25
_MIB = 2**20
_BARE = "bare, 1 thread"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one way did in each turn, and how much memory it took at most, in MiB."""

    label: str
    work: Work
    turns: list[tuple[Turn, float]]

    def median(self, value: Callable[[Turn], float]) -> float:
        """The middle of a value of the turns."""
        return statistics.median(value(turn) for turn, _ in self.turns)

    def mib(self) -> float:
        """The middle of the memory's peaks."""
        return statistics.median(mib for _, mib in self.turns)

    def times(self, other: Row) -> float:
        """How many times as fast as another: the median of each turn's ratio."""
        pairs = zip(self.turns, other.turns, strict=True)
        return statistics.median(theirs.seconds / mine.seconds for (mine, _), (theirs, _) in pairs)


def main() -> None:
    """Measure, and print tables."""
    options = _options()
    os.chdir(ROOT)
    jobs = _jobs(options)
    with tempfile.TemporaryDirectory() as folder:
        rows = _rows(options, jobs, Path(folder))
        for turn in range(options.repeat):
            for row in rows:
                print(f"turn {turn + 1}: {row.label}", file=sys.stderr)
                row.turns.append(_measured(row.work, Path(folder)))
    is_sentence = [job.form.sentence for job in jobs]
    _print_table(rows, is_sentence, options.repeat)
    _print_verdicts(rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    parser.add_argument("--provider", choices=("kokoro", "piper", "openjtalk"), default="kokoro")
    parser.add_argument("--model", default="", help="the ONNX file")
    parser.add_argument("--voices", default="", help="Kokoro's file of voices")
    parser.add_argument("--int8", help="a quantised model, to be set beside the other")
    parser.add_argument("--format", default="mp3", help="what we encode to; default: %(default)s")
    parser.add_argument("--words", type=int, default=60)
    parser.add_argument("--sentences", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workers", default="1,2,4,8")
    options = parser.parse_args()
    if options.smoke:
        options.provider, options.words, options.sentences = "openjtalk", 4, 1
        options.repeat, options.workers = 1, "1"
    for name in ("model", "voices", "int8"):
        if getattr(options, name):
            setattr(options, name, str(Path(getattr(options, name)).resolve()))
    return options


def _jobs(options: argparse.Namespace) -> list[Job]:
    """Every so many of the words and of the example sentences, the longest first, as a run does."""
    settings = settings_for(options.provider, options.model, options.voices, options.format)
    provider = registry.load_engine(options.provider, settings)
    if problem := provider.problem():
        sys.exit(problem)
    found = list_jobs(make_plan.make_plan(settings, provider).planned)
    words = [job for job in found if job.clips[0].part == "word"]
    sentences = [job for job in found if job.form.sentence and len(job.form.text) < 60]
    return sort_longest_first(_some(words, options.words) + _some(sentences, options.sentences))


def _some(jobs: list[Job], count: int) -> list[Job]:
    return jobs[:: max(1, len(jobs) // count)][:count] if count else []


def _rows(options: argparse.Namespace, jobs: list[Job], folder: Path) -> list[Row]:
    pickled = folder / "jobs.pickle"
    pickled.write_bytes(pickle.dumps(jobs))
    dictionary = Dictionary()
    parts = [list(_parts(options.provider, job.form, dictionary)) for job in jobs]

    def row(label: str, way: str, workers: int, model: str = options.model) -> Row:
        work = Work(
            way=way, workers=workers, provider=options.provider, model=model,
            voices=options.voices, parts=parts, jobs=str(pickled), format=options.format,
        )  # fmt: skip
        return Row(label=label, work=work, turns=[])

    workers = [int(each) for each in options.workers.split(",")]
    cores = os.cpu_count() or 1
    rows = [row("plain, one by one", "plain", 1)]
    rows += [row(f"plain, {each} threads", "plain", each) for each in workers if each > 1]
    # Next to one another: some machines are 5 % faster or slower a minute later.
    rows.append(row(_BARE, "limit", 1))
    if options.provider != "openjtalk":
        # Whose synthesiser is no thread's but one's.
        rows.append(row(f"bare, {cores} threads", "limit", cores))
    rows += [row(f"ours, {each}", "ours", each) for each in workers]
    if options.int8:
        rows.append(row(f"ours, {cores}, int8", "ours", cores, options.int8))
    return rows


def _parts(provider: str, form: SpokenForm, dictionary: Dictionary) -> Iterator[Any]:
    """What our engine has its library say, sentence by sentence."""
    for nodes in resolve_reading(form, dictionary).parts:
        if provider == "kokoro":
            yield engine_notation.to_kokoro_phonemes(nodes, sentence=form.sentence).symbols
        elif provider == "piper":
            yield "".join(engine_notation.to_piper_phonemes(dictionary.make_labels(nodes)))
        else:
            yield nodes


def _measured(work: Work, folder: Path) -> tuple[Turn, float]:
    """A turn in a process of its own, and the peak of its memory, in MiB."""
    work_file = folder / "work.json"
    work_file.write_text(json.dumps(asdict(work)), "utf-8")
    script = Path(__file__).with_name("neural_speed_turn.py")
    command = [sys.executable, str(script), str(work_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peak = _Peak(process.pid)
        printed, _ = process.communicate()
        mib = peak.stop()
    if process.returncode:
        sys.exit(f"{work.way} with {work.workers} workers failed")
    return Turn(**json.loads(printed.splitlines()[-1])), mib


class _Peak:
    """Looks now and then at how much memory a process and its children have together."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        """The most there was, in MiB."""
        self._over.set()
        self._thread.join()
        return self._most / _MIB

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            self._most = max(self._most, self._now())

    def _now(self) -> int:
        try:
            family = [self._process, *self._process.children(recursive=True)]
            return sum(each.memory_info().rss for each in family)
        except psutil.NoSuchProcess:
            return 0


def _print_table(rows: list[Row], is_sentence: list[bool], repeat: int) -> None:
    cores = os.cpu_count() or 1
    plain = rows[0]
    bare = next(row for row in rows if row.label == _BARE)
    speech = sum(bare.turns[0][0].speech)
    sentences = sum(is_sentence)
    words = len(is_sentence) - sentences
    print(
        f"{rows[0].work.provider}: {words} words and {sentences} sentences, {speech:.0f} s of "
        f"speech, {repeat} turns, {cores} cores"
    )
    print(f"{'':20} words/s  sentences/s  clips/s  real-time  x plain  of limit  peak MiB")
    for row in rows:
        print(
            f"{row.label:20} {row.median(lambda turn: _rate(turn, is_sentence, wanted=False)):7.2f}  "
            f"{row.median(lambda turn: _rate(turn, is_sentence, wanted=True)):11.3f}  "
            f"{row.median(lambda turn: len(turn.busy) / turn.seconds):7.2f}  "
            f"{row.median(lambda turn: turn.seconds / speech):9.3f}  "
            f"{row.times(plain):7.2f}  {row.times(bare) / cores:8.1%}  {row.mib():8.0f}"
        )


def _rate(turn: Turn, is_sentence: list[bool], *, wanted: bool) -> float:
    """Words, or sentences, per second of the time that is theirs by what each clip took."""
    theirs = [
        took for took, sentence in zip(turn.busy, is_sentence, strict=True) if sentence is wanted
    ]
    if not theirs:
        return 0.0
    return len(theirs) / (turn.seconds * sum(theirs) / sum(turn.busy))


def _print_verdicts(rows: list[Row]) -> None:
    cores = os.cpu_count() or 1
    named = {row.label: row for row in rows}
    ours = [row for row in rows if row.work.way == "ours" and row.work.model == rows[0].work.model]
    one, most = ours[0], ours[-1]
    at_cores = named.get(f"ours, {cores}")
    if at_cores:
        beside = [row for row in rows if row.work.way == "plain"]
        said = ", ".join(f"{at_cores.times(row):.2f} x {row.label}" for row in beside)
        print(f"ours with {cores} workers: {said}")
    print(
        f"memory with {most.work.workers} workers: {most.mib() / one.mib():.2f} times that with "
        f"{one.work.workers}"
    )
    if one.turns[0][0].outside:
        time, processor = (one.median(lambda turn, at=at: turn.outside[at]) for at in (0, 1))
        print(
            f"outside the library, with 1 worker: {time:.1%} of the time, {processor:.1%} of the "
            "processors' time"
        )
    sums = [turn.sums for row in ours for turn, _ in row.turns]
    alike = "identical" if all(each == sums[0] for each in sums) else "NOT identical"
    print(f"assets at {', '.join(str(row.work.workers) for row in ours)} workers: {alike}")


if __name__ == "__main__":
    main()
