"""Three hundred clips from a service that has little room: how quick, how often refused, what it cost.

    python campaigns/services.py              # all scenarios, about ten minutes
    python campaigns/services.py alone busy   # some of them
    python campaigns/services.py --kills 20   # passages, killed so often while five requests are open

Each scenario is a run of the real command line against the simulator, in processes of their own. The
oracle knows at every moment how much room there is, needs no pauses, and meets no busy service: it
says the same clips, with the times that they really took, as early as there is room for them.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.simulator.running import Simulator, running
from tests.simulator.scenario import Scenario, voice_id

CLIPS = 300
CAP = 5
NEIGHBOUR = ((3, 10.0, 50.0),)
SHRINK = ((20.0, 4), (60.0, 3))
LATENCY: dict[str, Any] = {"cap": CAP, "latency_seconds": 1.3, "latency_sigma": 0.4, "seed": 7}
SCENARIOS = {
    "alone": Scenario(**LATENCY),
    "untold": Scenario(**LATENCY, tell_concurrency=False),
    "neighbour": Scenario(**LATENCY, neighbour=NEIGHBOUR),
    "shrinking": Scenario(**LATENCY, shrink=SHRINK),
    "busy": Scenario(**LATENCY, busy=0.1),
    "all": Scenario(**LATENCY, neighbour=((2, 10.0, 50.0),), shrink=SHRINK, busy=0.1),
}
COLUMNS = (
    "scenario",
    "made",
    "wall s",
    "oracle s",
    "x oracle",
    "of room",
    "refused",
    "busy",
    "twice",
)
KILL_COLUMNS = (
    "history",
    "kills",
    "sentences",
    "paid",
    "lost",
    "history requests",
    "paid twice",
    "booked credits",
    "files left",
)


def room(scenario: Scenario) -> Callable[[float], int]:
    """How many requests the service takes from us, by the seconds since the first one."""

    def of(seconds: float) -> int:
        cap = scenario.cap
        for since, smaller in scenario.shrink:
            cap = smaller if seconds >= since else cap
        held = sum(slots for slots, begin, end in scenario.neighbour if begin <= seconds < end)
        return max(0, cap - held)

    return of


def oracle(seconds: Sequence[float], room_at: Callable[[float], int]) -> float:
    """When the last of these is done, each begun as soon as there is room, in steps of 10 ms."""
    left, now = list(seconds), 0.0
    open_until: list[float] = []
    while left or open_until:
        open_until = [end for end in open_until if end > now]
        while left and len(open_until) < room_at(now):
            open_until.append(now + left.pop(0))
        now += 0.01
    return now


COMMAND = (
    *(sys.executable, "-m", "tts_assets", "generate", "--provider", "elevenlabs"),
    *("--voice", voice_id(1), "--output-format", "json", "--progress", "none"),
)


def environment(url: str) -> dict[str, str]:
    """The variables of a run against a simulator."""
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "ELEVENLABS_API_KEY": "sk_simulator",
        "TTS_ASSETS_ELEVENLABS_BASE_URL": url,
    }


def generate(folder: Path, url: str) -> dict[str, Any]:
    """The report of a run in an empty project; it ends well or the campaign does."""
    done = subprocess.run(
        COMMAND,
        cwd=folder,
        env=environment(url),
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0, (report["fatal"], report["failed"], report["problems"])
    return report


def turn(name: str, scenario: Scenario, clips: int = CLIPS) -> tuple[str, ...]:
    """A row of the table."""
    entries = [{"id": number, "word": f"{number}番線"} for number in range(1, clips + 1)]
    with tempfile.TemporaryDirectory() as folder, running(scenario) as simulator:
        (Path(folder) / "data").mkdir()
        (Path(folder) / "data/vocabulary.json").write_text(json.dumps(entries), "utf-8")
        report = generate(Path(folder), simulator.url)
        state = simulator.state()
    assert report["made"] == clips, (report["made"], report["failed"])
    bills = state["billing"]
    took = [bill["seconds"] for bill in bills]
    best = oracle(took, room(scenario))
    wall = state["last_seconds"]
    twice = sum(count - 1 for count in Counter(bill["text"] for bill in bills).values())
    refused = state["refused"]
    busy = state["outcomes"].get("system_busy", 0)
    return (
        name,
        str(report["made"]),
        f"{wall:.1f}",
        f"{best:.1f}",
        f"{wall / best:.3f}",
        f"{sum(took) / CAP / wall:.1%}" if name in ("alone", "untold") else "",
        f"{refused} ({refused / clips:.1%})",
        str(busy),
        str(twice),
    )


def write_passages(folder: Path, count: int) -> int:
    """A catalogue of passages of ten sentences, no two of them equal; how many sentences."""
    places = [f"{number}番線" for number in range(1, 10 * count + 1)]
    sentences = [f"{place}の電車は静かな駅をゆっくりと出て行きました。" for place in places]
    texts = ["".join(sentences[begin : begin + 10]) for begin in range(0, len(sentences), 10)]
    entries = [{"id": number, "text": text} for number, text in enumerate(texts, 1)]
    (folder / "data").mkdir()
    (folder / "data/reading.json").write_text(json.dumps(entries), "utf-8")
    return len(sentences)


def kill_run(folder: Path, simulator: Simulator, chance: random.Random) -> bool:
    """Kill a run at a random moment after it has opened five requests; False if it ended before."""
    process = subprocess.Popen(
        COMMAND,
        cwd=folder,
        env=environment(simulator.url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # What a killed run has open counts until its sound is made.
    while process.poll() is None and simulator.state()["active"]:
        time.sleep(0.01)
    while process.poll() is None and simulator.state()["active"] < CAP:
        time.sleep(0.01)
    time.sleep(chance.uniform(0.0, 1.0))
    is_killed = process.poll() is None
    if is_killed:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return is_killed


def kill_often(history: str, kills: int) -> tuple[str, ...]:
    """A row of the table: passages whose runs are killed, then made whole."""
    chance = random.Random(kills)
    scenario = Scenario(cap=CAP, latency_seconds=0.8, latency_sigma=0.4, seed=7, history=history)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as name, running(scenario) as simulator:
        folder = Path(name)
        sentences = write_passages(folder, kills)
        done = sum(kill_run(folder, simulator, chance) for _ in range(kills))
        generate(folder, simulator.url)
        bills = simulator.state()["billing"]
        lines = (folder / "audio/ledger.jsonl").read_text("utf-8").splitlines()
        left = [path for path in (folder / ".temp-audio").rglob("*") if path.is_file()]
        fetched = simulator.state()["outcomes"].get("history", 0)
    twice = sum(times - 1 for times in Counter(bill["text"] for bill in bills).values())
    booked = sum(json.loads(line).get("billed", 0.0) for line in lines)
    paid = sum(bill["credits"] for bill in bills)
    lost = sum(not bill["delivered"] for bill in bills)
    return (
        *(history, str(done), str(sentences), str(len(bills)), str(lost)),
        *(str(fetched), str(twice), f"{booked:g} of {paid:g}", str(len(left))),
    )


def print_table(columns: Sequence[str], rows: Iterator[tuple[str, ...]]) -> None:
    """Print rows as they come."""
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", nargs="*", help=f"of {', '.join(SCENARIOS)}; without any, all")
    parser.add_argument("--kills", type=int, help="kill runs of passages so often instead")
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    given = parser.parse_args()
    if given.smoke:
        given.scenario = list(SCENARIOS)[:1]
    if given.kills is not None:
        print_table(KILL_COLUMNS, (kill_often(history, given.kills) for history in ("on", "off")))
        return
    wanted = given.scenario or list(SCENARIOS)
    if unknown := [name for name in wanted if name not in SCENARIOS]:
        parser.error(f"there is no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    clips = 6 if given.smoke else CLIPS
    print_table(COLUMNS, (turn(name, SCENARIOS[name], clips) for name in wanted))


if __name__ == "__main__":
    main()
