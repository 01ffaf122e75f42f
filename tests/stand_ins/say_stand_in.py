"""A `say` as macOS has it, to be put into PATH: strict in its arguments, and it obeys commands in the text.

Each character sounds for a twentieth of a second. A text tells what happens to it: 眠る hangs together
with a process that it starts, 墜落 dies, 失敗 fails with words, 無音 writes no file, 空白 an empty one,
半分 half a file, 相手 waits until another call has begun, too. Each call leaves a line in the file named
by TEST_SAY_LOG. Needs only the standard library, so that it starts at once.
"""

import array
import getopt
import json
import math
import os
import re
import shlex
import subprocess
import sys
import time
import unicodedata
import wave
from pathlib import Path

#: Their names, locales and samples, as the systems of several countries list them.
VOICES = {
    "Alex": ("en_US", "Most people recognize me by my voice."),
    "Bad News": ("en_US", "The light you see at the end of the tunnel..."),
    "Eddy (English (UK))": ("en_GB", "Hello! My name is Eddy."),
    "Eddy (日本語（日本）)": ("ja_JP", "こんにちは! 私の名前はEddyです。"),
    "Fiona": ("en-scotland", "Hello, my name is Fiona."),
    "Grandma (Japanese (Japan))": ("ja_JP", "こんにちは! 私の名前はGrandmaです。"),
    "Kyoko (Enhanced)": ("ja_JP", "こんにちは! 私の名前はKyokoです。"),
    "Kyoko": ("ja_JP", "こんにちは! 私の名前はKyokoです。"),
    "Majed": ("ar_001", "مرحبًا! اسمي ماجد."),
    "Panpan (Premium)": ("zh_CN_U_SD@sd=cnsc", "你好！我叫盼盼。"),
}

_SECONDS_EACH = 0.05
_USUAL_RATE = 180
_FORMATS = ("AIFF", "caff", "m4af", "WAVE")
_LINEAR = re.compile(r"(BE|LE)?(?:F|U?I)(?:8|16|24|32|64)(?:@([0-9]+))?")
_LONG = ["voice=", "rate=", "output-file=", "input-file=", "file-format=", "data-format="]
_SHORT = {"--voice": "-v", "--rate": "-r", "--output-file": "-o", "--input-file": "-f"}


def put_into(folder: Path) -> Path:
    """Make an executable `say` in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "say"
    command = shlex.join([sys.executable, "-IS", __file__])
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def said_of(text: str) -> tuple[str, float, float]:
    """What is said of a text with commands: the words, seconds for each character, and of silence."""
    text = unicodedata.normalize("NFKC", text)
    words, each, silence = [], _SECONDS_EACH, 0.0
    opening, closing = "[[", "]]"
    while opening in text:
        before, _, rest = text.partition(opening)
        command, _, text = rest.partition(closing)
        words.append(before)
        name, *values = command.split() or [""]
        if name == "slnc":
            silence += float(values[0]) / 1000
        elif name == "rate":
            each = _SECONDS_EACH * _USUAL_RATE / float(values[0])
        elif name == "dlim":
            opening, closing = values
    return "".join([*words, text]), each, silence


def _main() -> int:
    options = _options(sys.argv[1:])
    if options.get("-v") == "?":
        _log(options, "")
        for name, (locale, sample) in VOICES.items():
            sys.stdout.buffer.write(f"{name:<19} {locale:<8} # {sample}\n".encode())
        return 0
    path, rate_hz = _output(options)
    source = options.get("-f", "-")
    data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    text = data.decode("utf-8")
    _log(options, text)
    if any(unicodedata.category(each) == "Cc" for each in text.rstrip("\n")):
        return _refuse("control characters in the text")
    words, each, silence = said_of(text)
    if "-r" in options:
        each *= _USUAL_RATE / int(options["-r"])
    return _write(path, rate_hz, words, len("".join(words.split())) * each, silence)


def _options(words: list[str]) -> dict[str, str]:
    try:
        found, rest = getopt.getopt(words, "v:r:o:f:", _LONG)
    except getopt.GetoptError as exc:
        sys.exit(
            _refuse(f"{exc.msg}\nusage: say [-v voice] [-r rate] [-o out.aiff] [-f in | text]")
        )
    options = {_SHORT.get(name, name): value for name, value in found}
    if rest:
        sys.exit(_refuse("no text may be an argument here"))
    if options.get("-v", "?") not in (*VOICES, "?"):
        sys.exit(_refuse(f"Voice `{options['-v']}' not found."))
    if not re.fullmatch("[1-9][0-9]*", options.get("-r", "1")):
        sys.exit(_refuse("the rate is not a whole number"))
    return options


def _output(options: dict[str, str]) -> tuple[str, int]:
    """Where the sound goes, and its rate; only what macOS can write as WAVE."""
    name = options.get("--file-format", "AIFF")
    linear = _LINEAR.fullmatch(options.get("--data-format", ""))
    if "-o" not in options:
        sys.exit(_refuse("no output file: it would play the text"))
    if name not in _FORMATS or linear is None or (name == "WAVE" and linear[1] != "LE"):
        sys.exit(_refuse("Opening output file failed: fmt?"))
    if name != "WAVE" or "LEI16" not in options["--data-format"]:
        sys.exit(_refuse("this stand-in writes 16-bit WAVE only"))
    return options["-o"], int(linear[2] or 22_050)


def _write(path: str, rate_hz: int, words: str, seconds: float, silence: float) -> int:
    if "眠る" in words:
        subprocess.run(["sleep", "3601"], check=False)
    if "墜落" in words:
        os.abort()
    if "失敗" in words:
        return _refuse("Speech synthesis failed\x1b[2J: " + "-241 " * 200)
    while "相手" in words and Path(os.environ["TEST_SAY_LOG"]).read_bytes().count(b"\n") < 2:
        time.sleep(0.01)
    if "無音" not in words:
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate_hz)
            file.writeframes(_tone(words, int(seconds * rate_hz), rate_hz).tobytes())
            file.writeframes(bytes(2 * int(silence * rate_hz)))
    if "空白" in words:
        os.truncate(path, 0)
    if "半分" in words:
        os.truncate(path, Path(path).stat().st_size // 2)
    return 0


def _tone(words: str, count: int, rate_hz: int) -> "array.array[int]":
    """A tone that depends on the words."""
    turn = 2 * math.pi * (200 + sum(map(ord, words)) % 800) / rate_hz
    samples = array.array("h", (int(9000 * math.sin(turn * number)) for number in range(count)))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _refuse(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return 1


def _log(options: dict[str, str], text: str) -> None:
    if path := os.environ.get("TEST_SAY_LOG"):
        line = json.dumps({"options": options, "text": text, "said": said_of(text)[0]})
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(_main())
