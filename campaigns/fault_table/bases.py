"""The kinds of projects that are disturbed: small, and quick to generate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from campaigns.fault_table.project import Base, Project, write_file
from tests.engines.models.served_models import CONFIGURATION, CONTENT
from tests.simulator.scenario import voice_id

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "en_US-lessac-medium"
_WORDS = [
    {"id": 1, "word": "犬", "audioUrl": None},
    {"id": 2, "word": "猫"},
    {"id": 3, "word": "鳥", "audioUrl": ""},
    {"id": 4, "word": "犬", "examples": []},
    {"id": 5, "word": "魚"},
]
_SLOW = [{"id": number, "word": f"遅い{number}番"} for number in range(1, 7)]
_SHOP = [{"id": number, "word": word} for number, word in enumerate("犬猫鳥花水山川木", 1)]
_PASSAGE = [
    {
        "id": 1,
        "text": "".join(
            f"{word}が静かな庭の中をゆっくりと歩いて行きました。"
            for word in ("犬", "猫", "鳥", "馬")
        ),
    }
]
_VOCABULARY = "data/vocabulary.json"


def _write_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _generate_shards(project: Project) -> None:
    for number in (1, 2):
        _prepare_by(project, "generate", "--shard", f"{number}/2")


def _generate_and_remove(project: Project) -> None:
    _prepare_by(project, "generate")
    _edit_entries(project, lambda entries: entries[:3])


def _generate_and_rename(project: Project) -> None:
    _prepare_by(project, "generate")
    write_file(project.folder / "tts-assets.toml", b'asset = "{kind}/{id}-{part}.{ext}"\n')


def _generate_and_change(project: Project) -> None:
    _prepare_by(project, "generate")
    _edit_entries(
        project, lambda entries: [*entries, {"id": 6, "word": "馬"}, {"id": 7, "word": "虎"}]
    )


def _generate_and_decide(project: Project) -> None:
    _prepare_by(project, "generate")
    lines = (project.folder / "audio/ledger.jsonl").read_bytes().splitlines()
    decisions = [
        {
            "asset": line["asset"], "sha256": line["sha256"], "decided": "approved",
            "at": "2026-11-22T12:00:00.000Z", "by": "Mia", "reason": "",
            "clips": [{"file": _VOCABULARY, "entry": "1", "part": "word"}],
        }
        for line in map(json.loads, lines)
    ]  # fmt: skip
    saved = {"version": 1, "decisions": decisions}
    write_file(project.folder / "decisions.json", json.dumps(saved).encode())


def _edit_entries(project: Project, change: object) -> None:
    path = project.folder / _VOCABULARY
    entries = change(json.loads(path.read_bytes()))  # type: ignore[operator]
    write_file(path, _write_json(entries).encode())


def _prepare_by(project: Project, *words: str) -> None:
    done = project.run(words)
    if done.code:
        raise RuntimeError(f"{words} ended with {done.code}: {done.output.decode()}")


def _lay_out_mirror(project: Project) -> None:
    for name, data in ((f"{MODEL}.onnx", CONTENT), (f"{MODEL}.onnx.json", CONFIGURATION)):
        write_file(project.top / "mirror/piper" / name, data)


BASES = {
    base.name: base
    for base in (
        Base(name="words", provider="telling", files={_VOCABULARY: _write_json(_WORDS)}),
        Base(name="openjtalk", provider="openjtalk", files={_VOCABULARY: _write_json(_WORDS)}),
        Base(name="slow", provider="tones", files={_VOCABULARY: _write_json(_SLOW)}),
        Base(
            name="passage",
            provider="telling",
            files={"data/reading.json": _write_json(_PASSAGE)},
        ),
        Base(
            name="grown",
            provider="telling",
            files={_VOCABULARY: _write_json(_WORDS)},
            prepare=_generate_and_change,
        ),
        Base(
            name="shard",
            provider="telling",
            files={_VOCABULARY: _write_json(_WORDS)},
            command=("generate", "--shard", "1/2"),
        ),
        Base(
            name="merge",
            provider="telling",
            files={_VOCABULARY: _write_json(_WORDS)},
            command=("merge",),
            prepare=_generate_shards,
        ),
        Base(
            name="prune",
            provider="telling",
            files={_VOCABULARY: _write_json(_WORDS)},
            command=("prune", "--yes"),
            prepare=_generate_and_remove,
        ),
        Base(
            name="migrate",
            provider="telling",
            files={_VOCABULARY: _write_json(_WORDS)},
            command=("migrate",),
            prepare=_generate_and_rename,
        ),
        Base(
            name="review",
            provider="telling",
            files={_VOCABULARY: _write_json(_WORDS)},
            command=("review", "apply", "decisions.json"),
            prepare=_generate_and_decide,
        ),
        Base(
            name="speak",
            provider="telling",
            files={"text.txt": _PASSAGE[0]["text"]},  # type: ignore[dict-item]
            command=("speak", "text.txt", "--output", "spoken.mp3"),
        ),
        Base(
            name="models",
            provider="telling",
            files={},
            command=("models", "fetch", MODEL, "--yes", "--progress", "none"),
            prepare=_lay_out_mirror,
            environment={"TTS_ASSETS_MODELS_FOLDER": "models"},
        ),
        Base(
            name="shop",
            provider="hasty",
            files={_VOCABULARY: _write_json(_SHOP)},
            command=("generate", "--voice", voice_id(1)),
            environment={
                "ELEVENLABS_API_KEY": "sk_simulator",
                "TTS_ASSETS_REMOTE_RATE_PER_SECOND": "1000",
                "TTS_ASSETS_CONCURRENCY": "4",
            },
            is_exact=False,
        ),
    )
}


def find_root(project: Project) -> Path:
    """The folder that a mirror serves for this project."""
    return project.top / "mirror"
