"""Files that the tool wrote, and others changed: each is refused with its name, or is used."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.conftest import Bench
from tests.fuzz.hostile import BROKEN, EXAMPLES, PROFILE, Raw, json_values, places_in, put, written

_TONES = ("--provider", "tones")
_BYTES = (
    *(
        b"",
        b" \n",
        b"\0" * 100,
        b"\xff\xfe[\0]\0",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbf{}\n",
    ),
    *(
        b"\xed\xa0\x80\n",
        b"\x8c\xa2",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"{\n",
        b'{"a":1,"a":2}\n',
        b"\r",
    ),
    *(b"[" * 100_000, b'{"a":' * 100_000 + b"\n", b"<<<<<<< HEAD\n", b"\x0b\n", b"9" * 5_000),
)
_WHOLE = json_values | st.sampled_from([*map(Raw, BROKEN)])


class _HostileFile:
    """A file of a project, and the commands that read it."""

    def __init__(
        self, path: str, commands: list[tuple[str, ...]], *, around: tuple[str, str] = ("", "\n")
    ) -> None:
        self.path = path
        self.commands = commands
        self.around = around

    def fill(self, value: Any) -> str:
        return self.around[0] + written(value) + self.around[1]


_STATUS, _DRY = ("status", *_TONES), ("generate", *_TONES, "--dry-run")
_FILES = [
    _HostileFile("audio/ledger.jsonl", [_STATUS, _DRY, ("verify", *_TONES), ("prune",)]),
    _HostileFile("audio/decisions.jsonl", [_STATUS, _DRY]),
    _HostileFile("audio/failures.jsonl", [("generate", *_TONES, "-n", "--only", "failed")]),
    _HostileFile("tts-assets.overrides.json", [_STATUS, _DRY], around=("[", "\n]")),
    _HostileFile("saved.json", [("review", "apply", "saved.json")]),
    *(
        _HostileFile(f"audio-shard-{name}", [("merge",)])
        for name in (
            *("1-of-2/shard.json", "1-of-2/urls.jsonl", "1-of-2/ledger.jsonl"),
            "2-of-2/replaced.jsonl",
        )
    ),
]


def _fill_project(bench: Bench) -> None:
    """A project with each of the files."""
    bench.project.words("犬", "猫", "鳥", "失敗")
    for share in (("--shard", "1/2"), (), ("--shard", "2/2", "--force")):
        bench.run("generate", *_TONES, *share)
    line = json.loads((bench.folder / "audio/ledger.jsonl").read_bytes().splitlines()[0])
    decision = {
        "asset": line["asset"], "sha256": line["sha256"], "decided": "rejected",
        "at": "2026-11-22T13:00:00.123Z", "by": "me", "reason": "bad",
        "clips": [{"file": "data/vocabulary.json", "entry": "1", "part": "word"}],
    }  # fmt: skip
    say = {"text": "狐", "reading": "きつね", "accent": 0, "voice": "tones/other", "speed": 1.5}
    override = {
        "file": "data/vocabulary.json", "source": "built-in", "entry": "1", "part": "word",
        "text": "犬", "reading": "", "say": say, "by": "me", "at": "2026-11-22T13:00:00Z", "reason": "r",
    }  # fmt: skip
    bench.write("audio/decisions.jsonl", json.dumps(decision) + "\n")
    bench.write("saved.json", json.dumps({"version": 1, "decisions": [decision]}) + "\n")
    bench.write("tts-assets.overrides.json", f"[{json.dumps(override)}]")


#: The files of a filled project: generated once.
_FILLED: dict[str, bytes] = {}


@pytest.fixture
def filled(bench: Bench) -> Bench:
    if not _FILLED:
        _fill_project(bench)
        paths = (path for path in bench.folder.rglob("*") if path.is_file())
        _FILLED.update({str(path.relative_to(bench.folder)): path.read_bytes() for path in paths})
    for file, data in _FILLED.items():
        bench.write(file, data)
    bench.keep()
    return bench


def _read(bench: Bench, file: _HostileFile) -> Any:
    """The value of the file, or that of its first line."""
    data = (bench.folder / file.path).read_bytes()
    value = json.loads(data.splitlines()[0] if file.path.endswith(".jsonl") else data)
    return value[0] if file.around[0] else value


def _check(
    bench: Bench, file: _HostileFile, content: str | bytes, command: tuple[str, ...]
) -> None:
    bench.restore()
    bench.write(file.path, content)
    done = bench.run(*command)
    assert done.code != 2 or Path(file.path).parts[0][:11] in done.err, done.err


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.path)
def test_any_value_in_any_place_of_a_file_is_refused_with_its_name(
    filled: Bench, file: _HostileFile
) -> None:
    good = _read(filled, file)
    places = [(), *places_in(good)]

    @PROFILE
    @given(place=st.sampled_from(places), value=_WHOLE, command=st.sampled_from(file.commands))
    def change(place: tuple[str | int, ...], value: Any, command: tuple[str, ...]) -> None:
        _check(filled, file, file.fill(put(good, place, value)), command)

    change()


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.path)
def test_any_bytes_in_a_file_are_refused_with_its_name(filled: Bench, file: _HostileFile) -> None:
    good = (filled.folder / file.path).read_bytes()
    altered = [good[:-3], good + good[: len(good) // 2], good * 2]
    contents = [*altered, *_BYTES]
    for number, content in enumerate(contents if EXAMPLES else contents[::4]):
        _check(filled, file, content, file.commands[number % len(file.commands)])
