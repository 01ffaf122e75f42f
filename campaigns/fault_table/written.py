"""Faults in what people write: entries of catalogues, and the configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from campaigns.fault_table.fault import Fault, Plant

if TYPE_CHECKING:
    from collections.abc import Mapping

_INPUT = frozenset({0, 1, 2})
_PRUNE = (("prune", "--yes"),)
_DEEP = b"[" * 100_000 + b"]" * 100_000

#: What only an engine with a dictionary reads.
_READ_BY_ENGINE = ("accent", "reading", "tts", "word")

_ENTRIES: Mapping[str, dict[str, object]] = {
    "accent-2-to-64": {"word": "馬", "accent": 2**64},
    "accent-10-to-40": {"word": "馬", "accent": 10**40},
    "accent-below-0": {"word": "馬", "accent": -1},
    "accent-object": {"word": "馬", "accent": {"drop": [{}]}},
    "reading-number": {"word": "馬", "reading": 1e300},
    "tts-list": {"word": "馬", "tts": [[[]]]},
    "id-traversal": {"id": "../../../outside/new", "word": "馬"},
    "id-absolute": {"id": "/etc/passwd", "word": "馬"},
    "id-NUL": {"id": "a\0b", "word": "馬"},
    "id-long": {"id": "x" * 5000, "word": "馬"},
    "id-2-to-64": {"id": 2**64, "word": "馬"},
    "word-escapes": {"word": "\x1b[2J\x1b]0;title\x07\u202e馬\x9b31m"},
    "id-escapes": {"id": "\x1b[31mred\r\n::error::x", "word": 5},
    "word-markup": {"word": "<script>alert(1)</script>[/red]馬[link=x]"},
    "word-NUL": {"word": "馬\0虎"},
    "word-long": {"word": "馬" * 20_000},
    "word-emoji": {"word": "👩‍👩‍👧" * 50 + "é" * 50},
    "url-script": {"word": "馬", "audioUrl": "javascript:alert(1)"},
    "url-object": {"word": "馬", "audioUrl": {"$ref": "x"}},
}
_TEXTS = {
    "surrogate": rb'[{"id": 9, "word": "\ud800\udfff\ud800"}]',
    "deep": b'[{"id": 9, "word": ' + _DEEP + b"}]",
    "number-1e999": b'[{"id": 1e999, "word": "\xe9\xa6\xac"}]',
    "number-long": b'[{"id": 1, "word": "x", "accent": ' + b"9" * 5000 + b"}]",
    "NaN": b'[{"id": NaN, "word": "x", "accent": -Infinity}]',
    "key-twice": '[{"id": 1, "word": "馬", "word": "虎"}]'.encode(),
    "id-twice": '[{"id": 1, "word": "馬"}, {"id": 1, "word": "虎"}]'.encode(),
    "torn": '[{"id": 1, "word": "馬"'.encode(),
    "empty": b"",
    "not-UTF-8": b'[{"id": 1, "word": "\xff\xfe\xfd"}]',
    "UTF-16": '[{"id": 1, "word": "馬"}]'.encode("utf-16"),
    "byte-order-mark": b"\xef\xbb\xbf" + '[{"id": 1, "word": "馬"}]'.encode(),
    "binary": bytes(range(256)) * 64,
    "conflict": b"<<<<<<< HEAD\n[]\n=======\n[{}]\n>>>>>>> theirs\n",
    "no-list": b'{"a": [1, null, true, "x", 2.5, {"b": []}]}',
    "no-objects": b'[null, 1, [], true, "x", {}]',
}
_NAMES = {
    "name-not-UTF-8": "data/vocabulary_\udcff.json",
    "name-with-escapes": "data/vocabulary_\x1b[31m\n.json",
}
_CONFIGURATIONS = {
    "deep": b"a = " + b"[" * 20_000 + b"]" * 20_000,
    "deep-tables": b"a" + b".a" * 20_000 + b" = 1",
    "torn": b'paths = ["data"',
    "binary": bytes(range(256)) * 16,
    "not-UTF-8": b'voice = "\xff"',
    "NUL": b'output = "audio\\u0000x"',
    "number-400-digits": b"timeout = " + b"9" * 400,
    "number-5000-digits": b"max-clips = " + b"9" * 5000,
    "infinite": b"timeout = inf\nspeed = nan",
    "speed-2-to-64": b"speed = 18446744073709551616",
    "concurrency-2-to-64": b"concurrency = 18446744073709551616",
    "rate-2-to-64": b"[sound]\nrate = 18446744073709551616",
    "lead-10-to-18": b"[sound]\nlead = 1000000000000000000",
    "unknown-key": b"nonsense = true",
    "wrong-types": b"paths = 1\ntype = {}\nprovider = []\n[sound]\nformat = 1979-05-27",
    "output-file": b'output = "data/vocabulary.json"',
    "asset-traversal": b'asset = "../../outside/{recipe}.{ext}"',
    "asset-absolute": b'asset = "/tmp/{recipe}.{ext}"',
    "asset-without-name": b'asset = "{kind}/same.{ext}"',
    "asset-ledger": b'asset = "ledger.jsonl"',
    "key-inside": b'[elevenlabs]\napi-key = "sk_of_a_stranger"',
    "conflict": b"<<<<<<< HEAD\nspeed = 1\n=======\nspeed = 2\n>>>>>>> theirs\n",
    "pattern": b'[[source]]\nfiles = "(((((((((a+)+)+)+)+)+)+"\n',
}


def list_faults() -> list[Fault]:
    """The rows of this family of faults."""
    files = {name: _write([{"id": 9} | value]) for name, value in _ENTRIES.items()} | _TEXTS
    rows = {name: ("data/vocabulary_2.json", data) for name, data in files.items()} | {
        name: (path, _write([{"id": 9, "word": "馬"}])) for name, path in _NAMES.items()
    }
    entries = [
        Fault(
            name=f"entry-{name}",
            family="entries",
            base="openjtalk" if name.startswith(_READ_BY_ENGINE) else "words",
            plants=(Plant(path=path, content=data),),
            codes=_INPUT,
            finish=_PRUNE,
        )
        for name, (path, data) in rows.items()
    ]
    configurations = [
        Fault(
            name=f"configuration-{name}",
            family="configuration",
            base="grown",
            plants=(Plant(path="tts-assets.toml", content=data),),
            codes=frozenset({2}),
            finish=_PRUNE,
        )
        for name, data in _CONFIGURATIONS.items()
    ]
    return [*entries, *configurations]


def _write(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
