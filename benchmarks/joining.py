"""What joining the segments of a passage takes: time and memory, for passages of several lengths.

    python benchmarks/joining.py                          # 4 and 40 minutes in every format
    python benchmarks/joining.py --minutes 60,600 --format mp3

Twelve sentences of OpenJTalk lie in files, and are joined over and over, by two voices, each passage in
a process of its own. With --lufs -14 the limiter works all the time.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

TEXTS = (
    "今日はいい天気ですね。", "父は新聞を読みながらコーヒーを飲みます。", "駅まで歩いて十分かかります。",
    "昨日、友達と映画を見に行きました。", "すみません、図書館はどこですか。", "この本はとてもおもしろいです。",
    "来年、日本へ留学したいと思っています。", "朝ご飯を食べてから、学校へ行きます。", "雨が降っているので、傘を持っていきましょう。",
    "彼女は歌が上手で、みんなに人気があります。", "電車が遅れて、会議に間に合いませんでした。", "夏休みには、家族で海へ行くつもりです。",
)  # fmt: skip
RATE_HZ = 24_000
PAUSE_MS = 350


def say(folder: Path) -> None:
    """Leave each sentence as a file, its level as the name's last part."""
    import numpy as np
    import pyopenjtalk

    from tts_assets.audio.prepare import prepare_speech
    from tts_assets.model import Speech

    for number, text in enumerate(TEXTS):
        samples, rate_hz = pyopenjtalk.tts(text)
        speech = Speech(samples=(samples / 32_768).astype(np.float32), rate_hz=rate_hz)
        made = prepare_speech(speech, RATE_HZ)
        np.save(folder / f"{number:02} {made.level!r}.npy", made.samples)


def join_segments(folder: Path, minutes: float, format_: str, lufs: float) -> None:
    """Join as many as make so many minutes, and print what it took."""
    from functools import partial
    from itertools import cycle

    import numpy as np

    from tts_assets.audio.joining import Joint, join_segments
    from tts_assets.model import Format, Sound

    made = [(path, np.load(path).size) for path in sorted(folder.glob("*.npy"))]
    joints: list[Joint] = []
    left = minutes * 60 * RATE_HZ
    for path, frames in cycle(made):
        if left <= 0:
            break
        level = float(path.stem.split()[1])
        voice = ("a", "b")[len(joints) % 3 == 0]
        read = partial(np.load, path)
        joints.append(Joint(read=read, frames=frames, level=level, voice=voice, pause_ms=PAUSE_MS))
        left -= frames + PAUSE_MS * RATE_HZ / 1000
    start, start_cpu = time.perf_counter(), time.process_time()
    with (folder / "joined").open("w+b") as into:
        joined = join_segments(
            joints, Sound(format=Format(format_), rate_hz=RATE_HZ, lufs=lufs), into
        )
        size = into.seek(0, 2)
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    scale = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({
        "segments": len(joints), "took": seconds, "bytes": size,
        "cpu_ms": cpu * 1000 / joined.seconds,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale,
        "lufs": joined.lufs, "peak_dbtp": joined.peak_dbtp,
    }))  # fmt: skip


def in_a_process(*args: object) -> str:
    command = [sys.executable, __file__, *map(str, args)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(args: argparse.Namespace) -> None:
    minutes = [float(each) for each in args.minutes.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        in_a_process("--say", folder)
        print("format  minutes  segments  seconds  CPU ms/s  peak MiB  file MB   LUFS   dBTP")
        for format_ in args.format.split(","):
            for each in minutes:
                output = in_a_process("--join", folder, each, format_, args.lufs)
                found = json.loads(output)
                print(
                    f"{format_:6}  {each:7g}  {found['segments']:8}  {found['took']:7.1f}"
                    f"  {found['cpu_ms']:8.2f}"
                    f"  {found['peak'] / 2**20:8.1f}  {found['bytes'] / 1e6:7.1f}"
                    f"  {found['lufs']:5.2f}  {found['peak_dbtp']:5.2f}",
                    flush=True,
                )


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    parser.add_argument("--minutes", default="4,40", help="lengths, separated by commas")
    parser.add_argument("--format", default="mp3,opus,ogg,flac,wav", help="separated by commas")
    parser.add_argument("--lufs", type=float, default=-19.0, help="the loudness to reach")
    parser.add_argument("--say", help=argparse.SUPPRESS)
    parser.add_argument("--join", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.smoke:
        args.minutes, args.format = "0.2", "wav"
    return args


if __name__ == "__main__":
    asked = arguments()
    if asked.say:
        say(Path(asked.say))
    elif asked.join:
        where, how_long, which, how_loud = asked.join
        join_segments(Path(where), float(how_long), which, float(how_loud))
    else:
        main(asked)
