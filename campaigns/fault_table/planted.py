"""Faults in files: links, special files, ledgers, parts, decisions, overrides, models and sounds."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

from campaigns.fault_table.fault import ANY_END, Fault, Kind, Plant
from tests.engines.models.served_models import CONTENT

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFUSED = frozenset({2, 4})
_PROFILE = b"../../outside/profile"
_FOLDER = b"../../outside/folder"
_PRUNE = (("prune", "--yes"),)
_CONFIGURATION = "tts-assets.toml"
_OVERRIDES = "tts-assets.overrides.json"
_PART = "audio-shard-1-of-2"
_ASSET = "audio/vocabulary/*.mp3"
#: What cannot be right while one of these is a special file.
_SPOILT = {
    "ledger": "ledger",
    "catalogue": "catalogue",
    "asset": "sounds",
    "part-asset": "sounds",
    "part-ledger": "sounds",
}
_DEEP = b"[" * 100_000 + b"]" * 100_000


def _plant(path: str, kind: Kind, content: bytes = b"") -> tuple[Plant, ...]:
    return (Plant(path=path, kind=kind, content=content),)


def _links() -> list[Fault]:
    """Places, what they lead to, and the project; ``None`` stands for any end."""
    rows: Mapping[str, tuple[str, bytes, str]] = {
        "ledger-new": ("audio/ledger.jsonl", _PROFILE, "words"),
        "ledger-missing": ("audio/ledger.jsonl", b"../../outside/new", "words"),
        "failures": ("audio/failures.jsonl", _PROFILE, "grown"),
        "git-attributes": ("audio/.gitattributes", _PROFILE, "words"),
        "lock": ("audio/.tts-assets.lock", _PROFILE, "grown"),
        "lock-of-catalogue": ("data/.vocabulary.json.tts-assets.lock", _PROFILE, "grown"),
        "decisions": ("audio/decisions.jsonl", _PROFILE, "review"),
        "decisions-missing": ("audio/decisions.jsonl", b"../../outside/new", "review"),
        "lock-of-decisions": ("audio/.tts-assets-decisions.lock", _PROFILE, "review"),
        "ledger-review": ("audio/ledger.jsonl", _PROFILE, "review"),
        "asset": (_ASSET, _PROFILE, "grown"),
        "asset-folder": ("audio/vocabulary", _FOLDER, "words"),
        "asset-folder-loop": ("audio/vocabulary", b"vocabulary", "words"),
        "output-folder": ("audio", b"../outside/folder", "words"),
        "temp-folder": (".temp-audio", b"../outside/folder", "passage"),
        "temp-file": (".temp-audio", b"../outside/profile", "passage"),
        "part-ledger": (f"{_PART}/ledger.jsonl", _PROFILE, "merge"),
        "part-urls": (f"{_PART}/urls.jsonl", _PROFILE, "merge"),
        "part-header": (f"{_PART}/shard.json", _PROFILE, "merge"),
        "shard-folder": (_PART, b"../outside/folder", "shard"),
        "shard-file": (_PART, b"../outside/profile", "shard"),
        "spoken": ("spoken.mp3", b"../outside/profile", "speak"),
        "models": ("models", b"../outside/folder", "models"),
        "models-inside": ("models/piper", _FOLDER, "models"),
    }
    links = [
        Fault(
            name=f"link-{name}",
            family="links",
            base=base,
            plants=_plant(path, "link", target),
            spoilt="ledger" if path.endswith("ledger.jsonl") else "",
            may_add_outside=target.endswith(b"folder"),
            # A link in its place is left alone, and nothing new is there for git afterwards.
            finish=(("generate", "--force"),) if name == "git-attributes" else (),
        )
        for name, (path, target, base) in rows.items()
    ]
    hard = [
        Fault(
            name=f"hard-link-{name}",
            family="links",
            base=base,
            plants=_plant(path, "hard link", _PROFILE),
            spoilt="ledger" if name == "ledger" else "",
        )
        for name, path, base in (
            ("ledger", "audio/ledger.jsonl", "words"),
            ("failures", "audio/failures.jsonl", "grown"),
            ("decisions", "audio/decisions.jsonl", "review"),
        )
    ]
    return [*links, *hard]


def _special_files() -> list[Fault]:
    places = {
        "ledger": ("audio/ledger.jsonl", "words"),
        "failures": ("audio/failures.jsonl", "grown"),
        "catalogue": ("data/vocabulary_2.json", "words"),
        "configuration": (_CONFIGURATION, "words"),
        "overrides": (_OVERRIDES, "words"),
        "decisions": ("audio/decisions.jsonl", "review"),
        "decisions-file": ("decisions.json", "review"),
        "part-ledger": (f"{_PART}/ledger.jsonl", "merge"),
        "part-header": (f"{_PART}/shard.json", "merge"),
        "part-asset": (f"{_PART}/vocabulary/*.mp3", "merge"),
        "text": ("text.txt", "speak"),
        "temp": (".temp-audio", "passage"),
        "asset": (_ASSET, "grown"),
    }
    by_kind: Mapping[Kind, tuple[str, ...]] = {
        "fifo": tuple(places),
        "device": ("ledger", "catalogue", "configuration", "overrides", "decisions-file", "text"),
        "socket": ("ledger", "catalogue", "configuration", "overrides", "decisions", "asset"),
        "folder": ("ledger", "failures", "configuration", "overrides", "decisions", "asset"),
    }
    return [
        Fault(
            name=f"{kind}-{name}",
            family="special",
            base=places[name][1],
            plants=_plant(places[name][0], kind, b"/dev/zero" if kind == "device" else b""),
            spoilt=_SPOILT.get(name, ""),
            wrap=("prlimit", "--as=4000000000", "--"),
            limit_seconds=30,
        )
        for kind, names in by_kind.items()
        for name in names
    ]


def _ledgers() -> list[Fault]:
    line: dict[str, object] = {
        "asset": "vocabulary/0123456789abcdef01234567.mp3", "version": 2,
        "recipe": "0123456789abcdef01234567", "brief": "0123456789abcdef01234567", "text": "馬",
        "reading": None, "spoken": "x", "basis": "unchecked", "voice": "telling/sine", "speed": 1.0,
        "sound": "format=mp3", "engine": "tones=1", "sha256": "0" * 64, "bytes": 5, "seconds": 0.5,
        "lufs": -19.0, "peak_dbtp": -2.0,
    }  # fmt: skip
    changed: Mapping[str, dict[str, object]] = {
        "bytes-2-to-64": {"bytes": 2**64},
        "seconds-10-to-40": {"seconds": 10**40},
        "bytes-text": {"bytes": "many"},
        "asset-traversal": {"asset": "../../outside/profile"},
        "asset-absolute": {"asset": "/etc/passwd"},
        "asset-NUL": {"asset": "a\0b.mp3"},
        "version-10-to-40": {"version": 10**40},
        "version-next": {"version": 99},
        "text-escapes": {"text": "\x1b[2J\u202e"},
        "recipe-list": {"recipe": []},
    }
    texts = {name: _write(line | value) + b"\n" for name, value in changed.items()} | {
        "torn": b'{"asset":"vocabulary/01234567',
        "binary": bytes(range(256)) * 16,
        "conflict": b"<<<<<<< HEAD\n=======\n>>>>>>> theirs\n",
        "deep": _DEEP + b"\n",
        "number-long": b'{"asset":"x","bytes":' + b"9" * 5000 + b"}\n",
        "NUL": bytes(4096),
        "long-line": b'{"asset":"' + b"x" * 5_000_000 + b'"}\n',
        "not-objects": b'null\n1\n[]\n"x"\n',
        "blank-lines": b"\n\n   \n\t\n",
        "carriage-returns": b"{}\r\n\r\n",
    }
    return [
        Fault(
            name=f"ledger-{name}",
            family="ledgers",
            base="grown",
            plants=_plant("audio/ledger.jsonl", "append", data),
            finish=_PRUNE,
        )
        for name, data in texts.items()
    ]


def _parts() -> list[Fault]:
    rows: Mapping[str, tuple[str, Kind, bytes]] = {
        "header-torn": ("shard.json", "file", b'{"version":'),
        "header-deep": ("shard.json", "file", _DEEP),
        "header-count": ("shard.json", "file", b'{"version":1,"index":10000000000,"count":0}'),
        "ledger-torn": ("ledger.jsonl", "append", b'{"asset":"voc'),
        "ledger-traversal": (
            "ledger.jsonl",
            "append",
            b'{"asset":"../../outside/profile","sha256":"' + b"0" * 64 + b'","bytes":29}\n',
        ),
        "ledger-binary": ("ledger.jsonl", "append", bytes(range(256))),
        "ledger-empty": ("ledger.jsonl", "file", b""),
        "urls-traversal": (
            "urls.jsonl",
            "append",
            b'{"file":"../../outside/profile","entry":"1","url":"x"}\n',
        ),
        "urls-deep": ("urls.jsonl", "append", _DEEP + b"\n"),
        "urls-torn": ("urls.jsonl", "append", b'{"file":"data/voc'),
        "asset-torn": ("vocabulary/*.mp3", "file", b"\xff\xf3\x84"),
    }
    return [
        Fault(
            name=f"part-{name}",
            family="parts",
            base="merge",
            plants=_plant(f"{_PART}/{path}", kind, content),
            spoilt="sounds" if name.startswith(("ledger", "asset")) else "",
        )
        for name, (path, kind, content) in rows.items()
    ]


def _decisions() -> list[Fault]:
    entry: dict[str, object] = {
        "asset": "vocabulary/0123456789abcdef01234567.mp3", "sha256": "0" * 64,
        "decided": "approved", "at": "2026-11-22T12:00:00.000Z", "by": "Mia", "reason": "",
        "clips": [],
    }  # fmt: skip
    changed: Mapping[str, dict[str, object]] = {
        "traversal": {"asset": "../../outside/profile"},
        "absolute": {"asset": "/etc/passwd"},
        "escapes": {"decided": "\x1b[2J", "reason": "\x1b]0;x\x07"},
        "time-absurd": {"at": "999999999-99-99T99:99:99.999Z"},
        "decided-number": {"decided": 10**40},
        "sum-list": {"sha256": [[]]},
    }
    texts = {
        name: _write({"version": 1, "decisions": [entry | value]})
        for name, value in changed.items()
    } | {
        "deep": _DEEP,
        "torn": b'{"version": 1, "decisions": [',
        "binary": bytes(range(256)),
        "version": b'{"version": 1e999, "decisions": []}',
        "empty": b"",
    }
    rows = {f"decisions-{name}": ("decisions.json", data) for name, data in texts.items()} | {
        "journal-deep": ("audio/decisions.jsonl", _DEEP + b"\n"),
        "journal-conflict": ("audio/decisions.jsonl", b"<<<<<<< HEAD\n"),
    }
    return [
        Fault(name=name, family="decisions", base="review", plants=_plant(path, "file", data))
        for name, (path, data) in rows.items()
    ]


def _overrides() -> list[Fault]:
    entry: dict[str, object] = {
        "file": "data/vocabulary.json", "source": "built-in", "entry": "1", "part": "word",
        "text": "犬", "say": {"accent": 0},
    }  # fmt: skip
    changed: Mapping[str, dict[str, object]] = {
        "speed-absurd": {"say": {"speed": 10**40}},
        "accent-absurd": {"say": {"accent": 2**64}},
        "file-traversal": {"file": "../../../outside/profile"},
        "text-escapes": {"text": "\x1b[2J"},
        "say-list": {"say": [[]]},
        "unknown-key": {"nonsense": 1},
    }
    texts = {name: _write([{"version": 1}, entry | value]) for name, value in changed.items()} | {
        "deep": _DEEP,
        "torn": b'[{"version":1}\n,{"file"',
        "binary": bytes(range(256)),
        "version": b'[{"version":18446744073709551616}]',
    }
    return [
        Fault(
            name=f"overrides-{name}",
            family="overrides",
            base="grown",
            plants=_plant(_OVERRIDES, "file", data),
            finish=_PRUNE,
        )
        for name, data in texts.items()
    ]


def _models() -> list[Fault]:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("jf_alpha.npy", bytes(64 << 20))
    outside_tensor = CONTENT[:400] + b"\x0a\x08location\x12\x16../../outside/profile"
    rows = {
        "zip-bomb": (CONTENT, zipped.getvalue()),
        "script": (b"#!/bin/sh\n", b"PK"),
        "empty": (b"", b""),
        "torn": (b"\x08\x08\x12\x07pytorch:\xff\xff\xff\x7f", zipped.getvalue()[:100]),
        "data-outside": (outside_tensor, zipped.getvalue()),
    }
    return [
        Fault(
            name=f"model-{name}",
            family="models",
            plants=(
                Plant(path="model.onnx", content=model),
                Plant(path="voices.bin", content=voices),
            ),
            words=("generate", "--provider", "kokoro"),
            environment={
                "TTS_ASSETS_KOKORO_MODEL": "model.onnx",
                "TTS_ASSETS_KOKORO_VOICES": "voices.bin",
            },
            codes=_REFUSED,
            wrap=("prlimit", "--as=3000000000", "--"),
        )
        for name, (model, voices) in rows.items()
    ]


def _sounds() -> list[Fault]:
    rows: Mapping[str, tuple[str, str, frozenset[int]]] = {
        "asset-folder-is-a-file": ("audio/vocabulary", "words", ANY_END),
        "output-is-a-file": ("audio", "words", _REFUSED),
        "temp-is-a-file": (".temp-audio", "passage", ANY_END),
        "asset-empty": (_ASSET, "grown", frozenset({0})),
        "asset-without-sound": (_ASSET, "grown", frozenset({0})),
    }
    return [
        Fault(
            name=name,
            family="sounds",
            base=base,
            plants=_plant(path, "file", b"" if name == "asset-empty" else b"x"),
            codes=codes,
        )
        for name, (path, base, codes) in rows.items()
    ]


def _write(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def list_faults() -> list[Fault]:
    """The rows of this family of faults."""
    return [
        *_links(),
        *_special_files(),
        *_ledgers(),
        *_parts(),
        *_decisions(),
        *_overrides(),
        *_models(),
        *_sounds(),
    ]
