"""Let at least sixty kinds of faults happen to small projects, and check the same after each.

    python campaigns/faults.py [--kills 1000] [--jobs 2] [--only 'link-*'] [--smoke] [--list]

Needs Linux and the development packages; rows that need strace, libfaketime or root (for mounts)
are skipped without. Each trial is a run of the real command line in a project of its own. After the
fault, sounds that have their final name are whole and in the ledger, catalogues differ only in URLs,
every URL has its file, nothing outside of the project changed, no process is left, nothing is paid
twice; a plain run then ends with 0 and in the bytes of an undisturbed run, with nothing left over.
The exit code is 1 if any of this does not hold.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from campaigns.fault_table import (
    company,
    interruptions,
    planted,
    surroundings,
    written,
)
from campaigns.fault_table.trial import Result, Workplace, list_trials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaigns.fault_table.fault import Fault

SMOKE = ("kill-words-at-calls", "kill-words-at-moments", "link-ledger-new", "locale-C")
_WIDTHS = (34, 10, 6, 6, 6, 8)
_COLUMNS = ("fault", "family", "tries", "kills", "harm", "seconds", "exit codes")
_MOUNTS = "TTS_FAULT_MOUNTS"


def list_faults() -> list[Fault]:
    """All rows of the table."""
    return [
        *surroundings.list_faults(),
        *interruptions.list_faults(),
        *planted.list_faults(),
        *written.list_faults(),
        *company.list_faults(),
    ]


def main() -> int:
    """Print the table; 1 if a fault did harm."""
    options = _parse_options()
    faults = _select_faults(options.only, is_smoke=options.smoke)
    if options.list:
        print("\n".join(f"{fault.name:<34}{fault.family}" for fault in faults))
        return 0
    _enter_mount_namespace()
    _receive_signals()
    work = Path(tempfile.mkdtemp(prefix="faults-"))
    # A run as another user has to reach its project.
    work.chmod(0o755)
    begin = time.monotonic()
    workplace = Workplace(work)
    try:
        results = _run_all(workplace, faults, options)
    finally:
        workplace.close()
        shutil.rmtree(work)
    return _print_totals(results, time.monotonic() - begin)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", action="append", default=[], help="only these rows, as globs; may be repeated"
    )
    parser.add_argument("--kills", type=int, default=200, help="how many kills in all")
    parser.add_argument("--smoke", action="store_true", help="a few rows, in a few seconds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trials at once")
    parser.add_argument("--seed", type=int, default=1, help="of random moments")
    parser.add_argument("--list", action="store_true", help="only the names of the rows")
    return parser.parse_args()


def _select_faults(patterns: Sequence[str], *, is_smoke: bool) -> list[Fault]:
    names = [*patterns, *(SMOKE if is_smoke else ())]
    faults = [
        fault
        for fault in list_faults()
        if not names or any(fnmatch.fnmatchcase(fault.name, name) for name in names)
    ]
    if not faults:
        sys.exit(f"no fault is named {', '.join(names)}; --list shows all")
    return faults


def _enter_mount_namespace() -> None:
    """As root, start again where mounts are private and end with the campaign."""
    if os.geteuid() or _MOUNTS in os.environ or shutil.which("unshare") is None:
        return
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode == 0:
        os.environ[_MOUNTS] = "1"
        os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])


def _receive_signals() -> None:
    """Undo what nohup and shells in the background do: runs would ignore signals, too."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _run_all(
    workplace: Workplace, faults: Sequence[Fault], options: argparse.Namespace
) -> list[Result]:
    """All trials of all rows, and a line for each row as soon as it is complete."""
    _print_row(_COLUMNS)
    with ThreadPoolExecutor(options.jobs) as threads:
        try:
            rows = _start_trials(threads, workplace, faults, options)
            return [_finish_row(fault, trials) for fault, trials in rows]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _start_trials(
    threads: ThreadPoolExecutor,
    workplace: Workplace,
    faults: Sequence[Fault],
    options: argparse.Namespace,
) -> list[tuple[Fault, list[Future[Result]]]]:
    kills = 3 if options.smoke else options.kills
    share = sum(fault.kills for fault in faults) or 1.0
    chance = random.Random(options.seed)
    rows = []
    for fault in faults:
        count = max(1, round(kills * fault.kills / share)) if fault.kills else 0
        trials = []
        if not surroundings.find_missing(fault.needs):
            trials = list_trials(workplace, fault, count, chance)
        rows.append((fault, [threads.submit(trial) for trial in trials]))
    return rows


def _finish_row(fault: Fault, trials: Sequence[Future[Result]]) -> Result:
    result = Result()
    for trial in trials:
        result.add(trial.result())
    if not trials:
        missing = surroundings.find_missing(fault.needs)
        result.skipped = f"skipped: needs {missing}" if missing else "skipped: no such call"
    _print_result(fault, result)
    return result


def _print_result(fault: Fault, result: Result) -> None:
    codes = ", ".join(
        f"{code}" if times == 1 else f"{code} x {times}"
        for code, times in sorted(result.codes.items())
    )
    numbers = (result.tries, result.kills, len(result.harm), f"{result.seconds:.1f}")
    _print_row((fault.name, fault.family, *map(str, numbers), result.skipped or codes))
    for harm in result.harm:
        print(f"    HARM {harm}", flush=True)


def _print_row(cells: Sequence[str]) -> None:
    widths = (*_WIDTHS, 0)
    print(
        " ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip(),
        flush=True,
    )


def _print_totals(results: Sequence[Result], seconds: float) -> int:
    done = [result for result in results if not result.skipped]
    harm = sum(len(result.harm) for result in done)
    print(
        f"{len(done)} kinds of faults, {sum(result.tries for result in done)} trials,"
        f" {sum(result.kills for result in done)} kills, {harm} times harm,"
        f" {len(results) - len(done)} kinds skipped, {seconds:.0f} s"
    )
    return 1 if harm or not done else 0


if __name__ == "__main__":
    sys.exit(main())
