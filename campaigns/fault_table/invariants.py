"""What holds after every fault: each function returns the harm that it finds."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from campaigns.fault_table.project import Done, Project, read_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SOUNDS = (".mp3", ".opus", ".ogg", ".flac", ".wav")
#: A URL member with the comma before or behind it, in JSON as people and tools write it.
_URL = re.compile(rb',\s*"audioUrl"\s*:\s*(?:null|"[^"]*")|"audioUrl"\s*:\s*(?:null|"[^"]*")\s*,?')
_URL_VALUE = re.compile(rb'"audioUrl"\s*:\s*"(/audio/[^"]*)"')
_SECRET = b"sk_simulator"
#: A line that says that a sound is about to get other bytes vouches for none of them.
_REPLACED = ""
_TRACEBACK = b"Traceback (most recent call last)"
#: What a re-run may write otherwise where a service is asked: bills and its request numbers.
_KEPT_KEYS = ("asset", "recipe", "brief", "text", "review")
#: How much longer a sound may be in another format, and how alike its waveform is at least.
_FORMAT_SAMPLES = 2_400
_SAME = 0.9


def check_run(done: Done, codes: frozenset[int]) -> Iterator[str]:
    """A run ends in time, with an expected code, and shows no traceback, escape or key."""
    if done.is_hung:
        yield f"it hung, and was killed after {done.seconds:.0f} s"
    elif done.code not in codes and _TRACEBACK not in done.output:
        yield f"exit code {done.code}, expected {sorted(codes)}: {_shorten(done.output)}"
    if _TRACEBACK in done.output:
        yield f"exit code {done.code} with a traceback: {_shorten(done.output)}"
    if b"\x1b" in done.output:
        yield "an escape sequence on the terminal"
    if _SECRET in done.output:
        yield "the key is in the output"


def check_project(
    project: Project, expected: Mapping[str, bytes], *, spoilt: str, may_add: bool
) -> Iterator[str]:
    """Sounds are whole and in the ledger, catalogues differ only in URLs, URLs have their files.

    Args:
        project: the project after the fault.
        expected: the files of an undisturbed run.
        spoilt: what the fault itself made unusable: ``ledger``, ``catalogue``, ``sounds``, or nothing.
        may_add: whether new files outside of the project are right.
    """
    files = read_files(project.folder)
    if spoilt != "sounds":
        is_exact = project.base.is_exact
        yield from _check_sounds(files, expected, in_ledger=spoilt != "ledger", is_exact=is_exact)
    if spoilt != "catalogue":
        yield from _check_catalogues(project, files, have_sounds=spoilt != "sounds")
    yield from _check_outside(project, may_add=may_add)
    if any(_SECRET in data for data in files.values()):
        yield "the key is in a file"
    if project.simulator is not None:
        yield from _check_bills(project)


def _check_outside(project: Project, *, may_add: bool) -> Iterator[str]:
    now = read_files(project.top / "outside")
    if may_add:
        now = {name: data for name, data in now.items() if name in project.outside}
    if now != project.outside:
        yield "a file outside of the project changed"


def _check_sounds(
    files: Mapping[str, bytes], expected: Mapping[str, bytes], *, in_ledger: bool, is_exact: bool
) -> Iterator[str]:
    for name, data in files.items():
        folder, _, asset = name.partition("/")
        if not folder.startswith("audio") or not name.endswith(_SOUNDS):
            continue
        if data.startswith((b"link to", b"special file")):
            continue
        if not is_same_sound(expected.get(name, data), data, is_exact=is_exact):
            yield f"{name} is another sound"
        elif not decodes(data):
            yield f"{name} is damaged"
        elif in_ledger and not _read_ledger(files.get(f"{folder}/ledger.jsonl", b"")) & {
            (asset, sha256(data).hexdigest()),
            (asset, _REPLACED),
        }:
            yield f"{name} has no line in the ledger"


def decodes(data: bytes) -> bool:
    """Whether bytes are a sound with at least one sample."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            return len(file.read()) > 0
    except soundfile.LibsndfileError:
        return False


def is_same_sound(wanted: bytes, data: bytes, *, is_exact: bool) -> bool:
    """Whether two files have the same bytes, or, not exactly, sound the same.

    What a service sends again comes out of its history, in another format.
    """
    if is_exact or wanted == data or not decodes(data):
        return not is_exact or wanted == data
    one, other = (soundfile.read(io.BytesIO(each), dtype="float64")[0] for each in (wanted, data))
    if abs(len(one) - len(other)) > _FORMAT_SAMPLES:
        return False
    size = 2 * max(len(one), len(other))
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    likeness = np.fft.irfft(spectrum).max() / np.sqrt((one @ one) * (other @ other))
    return bool(likeness > _SAME)


def _read_ledger(data: bytes) -> set[tuple[str, str]]:
    found = set()
    for line in data.splitlines():
        try:
            record = json.loads(line)
            found.add((record["asset"], record.get("sha256") or _REPLACED))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return found


def _check_catalogues(
    project: Project, files: Mapping[str, bytes], *, have_sounds: bool
) -> Iterator[str]:
    for name, before in project.originals.items():
        data = files.get(name)
        if data is None:
            yield f"{name} is gone"
        elif data != before and _URL.sub(b"", data) != _URL.sub(b"", before):
            yield f"{name} differs in more than its URLs"
        elif have_sounds:
            yield from _check_urls(name, data, files)


def _check_urls(name: str, data: bytes, files: Mapping[str, bytes]) -> Iterator[str]:
    for url in _URL_VALUE.findall(data):
        if url.decode().removeprefix("/") not in files:
            yield f"{name} has {url.decode()}, which has no file"


def _check_bills(project: Project) -> Iterator[str]:
    bills = project.simulator.state()["billing"]
    delivered = Counter(bill["text"] for bill in bills if bill["delivered"])
    if twice := [text for text, times in delivered.items() if times > 1]:
        yield f"paid twice: {', '.join(sorted(twice))}"


def check_end(project: Project, expected: Mapping[str, bytes]) -> Iterator[str]:
    """The project has the files of an undisturbed run, byte for byte, and none beside them."""
    files = _prepare(read_files(project.folder), is_exact=project.base.is_exact)
    wanted = _prepare(expected, is_exact=project.base.is_exact)
    if left := sorted(files.keys() - wanted.keys()):
        yield f"left over: {', '.join(left)}"
    if lost := sorted(wanted.keys() - files.keys()):
        yield f"missing: {', '.join(lost)}"
    if other := sorted(
        name for name in files.keys() & wanted.keys() if files[name] != wanted[name]
    ):
        yield f"other bytes: {', '.join(other)}"


def _prepare(files: Mapping[str, bytes], *, is_exact: bool) -> dict[str, bytes]:
    """The files as they are compared; of sounds that may differ in their bytes only the names."""
    # Sums of models are remembered once a file is two seconds old: a slow run remembers more.
    files = {name: data for name, data in files.items() if "/.sums/" not in name}
    if is_exact:
        return files
    return {
        name: b"" if name.endswith(_SOUNDS) else _keep_facts(name, data)
        for name, data in files.items()
    }


def _keep_facts(name: str, data: bytes) -> bytes:
    if not name.endswith("ledger.jsonl"):
        return data
    lines = [json.loads(line) for line in data.splitlines()]
    return json.dumps([[line.get(key) for key in _KEPT_KEYS] for line in lines]).encode()


def _shorten(output: bytes) -> str:
    text = output.decode("utf-8", "replace").strip()
    return text if len(text) < 600 else f"{text[:150]} ... {text[-450:]}"
