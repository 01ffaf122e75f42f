"""One turn of neural_speed.py, in its own process to measure its memory: one way, once.

    python benchmarks/neural_speed_turn.py WORK.json

What to do stands in a file, a :class:`Work`; what was measured is printed, as a :class:`Turn`. The
ways are `limit` (the library's bare synthesis, one thread for each call), `plain` (the library as
people use it, with its own options, to a WAV file) and `ours` (from text to encoded, stored asset
and line in the ledger, with the engine loaded).
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from tts_assets import Settings
    from tts_assets.build.plan.planner import Job

#: Clips that are made before the clock starts.
_WARM = 3


@dataclass(frozen=True, kw_only=True)
class Work:
    """What to do in a turn.

    Args:
        way: `limit`, `plain` or `ours`.
        workers: clips at once.
        provider: the engine.
        model: its ONNX file; "" for an engine that has none.
        voices: Kokoro's file of voices.
        parts: of each clip, what the library is to say: Kokoro's symbols, Piper's phonemes,
            OpenJTalk's nodes, one for each sentence.
        jobs: a file with the same as pickled jobs, for `ours`.
        format: what `ours` encodes to.
    """

    way: str
    workers: int
    provider: str
    model: str
    voices: str
    parts: list[list[Any]]
    jobs: str
    format: str


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What was measured.

    Args:
        seconds: from the first clip's beginning to the last one's end.
        busy: what each clip took.
        speech: how long the speech of each is, in seconds.
        outside: which share of the time, and of the processors' time, was not spent inside the
            library; None where that was not measured.
        sums: the assets with their SHA-256; empty where there are none.
    """

    seconds: float
    busy: list[float]
    speech: list[float]
    outside: tuple[float, float] | None = None
    sums: dict[str, str] = field(default_factory=dict)


def main() -> None:
    """Measure, and print what was measured."""
    work = Work(**json.loads(Path(sys.argv[1]).read_text("utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        turn = _ours(work, Path(folder)) if work.way == "ours" else _library(work, Path(folder))
    print(json.dumps(asdict(turn)))


def _library(work: Work, folder: Path) -> Turn:
    speak = _LIBRARIES[work.provider](work)
    numbered = list(enumerate(work.parts))

    def make(item: tuple[int, list[Any]]) -> tuple[float, float]:
        begun = perf_counter()
        samples, rate_hz = speak(item[1])
        if work.way == "plain":
            import soundfile

            soundfile.write(folder / f"{item[0]}.wav", samples, rate_hz)
        return perf_counter() - begun, len(samples) / rate_hz

    with ThreadPoolExecutor(work.workers) as threads:
        list(threads.map(make, numbered[-_WARM:]))
        begun = perf_counter()
        made = list(threads.map(make, numbered))
        seconds = perf_counter() - begun
    busy, speech = zip(*made, strict=True)
    return Turn(seconds=seconds, busy=list(busy), speech=list(speech))


def _kokoro(work: Work) -> Callable[[list[str]], tuple[NDArray[np.float32], int]]:
    import numpy as np
    from kokoro_onnx import SAMPLE_RATE, Kokoro

    voice: Any = "jf_alpha"
    if work.way == "limit":
        library = Kokoro.from_session(_session(work.model), work.voices)
        voice = library.voices[voice]
    else:
        library = Kokoro(work.model, work.voices)

    def speak(parts: list[str]) -> tuple[NDArray[np.float32], int]:
        made = [library.create(part, voice, is_phonemes=True)[0] for part in parts]
        return np.concatenate(made), SAMPLE_RATE

    return speak


def _piper(work: Work) -> Callable[[list[str]], tuple[NDArray[np.float32], int]]:
    import numpy as np
    from piper import PiperConfig, PiperVoice

    if work.way == "limit":
        said = json.loads(Path(f"{work.model}.json").read_text("utf-8"))
        library = PiperVoice(session=_session(work.model), config=PiperConfig.from_dict(said))
    else:
        library = PiperVoice.load(work.model)

    def speak(parts: list[str]) -> tuple[NDArray[np.float32], int]:
        ids = [library.phonemes_to_ids(list(part)) for part in parts]
        made = [np.asarray(library.phoneme_ids_to_audio(each)).reshape(-1) for each in ids]
        return np.concatenate(made), library.config.sample_rate

    return speak


def _openjtalk(work: Work) -> Callable[[list[Any]], tuple[NDArray[np.int16], int]]:
    import numpy as np
    import pyopenjtalk
    from pyopenjtalk.htsengine import HTSEngine
    from pyopenjtalk.openjtalk import OpenJTalk

    if work.way == "limit":
        labels = OpenJTalk(dn_mecab=pyopenjtalk.OPEN_JTALK_DICT_DIR).make_label
        synthesiser = HTSEngine(pyopenjtalk.DEFAULT_HTS_VOICE)
        rate_hz = synthesiser.get_sampling_frequency()
        say = synthesiser.synthesize
    else:
        labels, rate_hz = pyopenjtalk.make_label, 48_000
        say = lambda found: pyopenjtalk.synthesize(found)[0]  # noqa: E731 - a name for a name

    def speak(parts: list[Any]) -> tuple[NDArray[np.int16], int]:
        return np.concatenate([say(labels(nodes)) for nodes in parts]).astype(np.int16), rate_hz

    return speak


_LIBRARIES: dict[str, Callable[[Work], Callable[[list[Any]], tuple[NDArray[Any], int]]]] = {
    "kokoro": _kokoro,
    "piper": _piper,
    "openjtalk": _openjtalk,
}


def _session(model: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def settings_for(provider: str, model: str, voices: str, encoding: str) -> Settings:
    """Those of a run with that engine, model and format."""
    from tts_assets import Settings
    from tts_assets.config.settings import KokoroSettings, PiperSettings
    from tts_assets.model import Format, Sound

    return Settings(
        output="does-not-exist",
        provider=provider,
        voice=Path(model).stem if provider == "piper" else None,
        kokoro=KokoroSettings(model=model, voices=voices),
        piper=PiperSettings(voices=str(Path(model).parent)),
        sound=Sound(format=Format(encoding)),
    )


def _ours(work: Work, folder: Path) -> Turn:
    import anyio

    jobs: list[Job] = pickle.loads(Path(work.jobs).read_bytes())
    return anyio.run(_make_all, work, jobs, folder)


async def _make_all(work: Work, jobs: list[Job], folder: Path) -> Turn:
    from clocked_engine import Clock

    from tts_assets.build.generate.clip import (
        FinishedClip,
        OutputTarget,
        create_context,
        make_clip,
    )
    from tts_assets.build.generate.executor import slot_count
    from tts_assets.build.pool import Pool
    from tts_assets.engines import registry as providers
    from tts_assets.store import atomic_files as storage

    settings = settings_for(work.provider, work.model, work.voices, work.format)
    provider = providers.load_engine(work.provider, settings)
    clock = Clock(folder / "inside") if work.workers == 1 else None
    if clock:
        clock.plant(provider)
    log = storage.AppendLog(folder / "ledger.jsonl")
    busy: dict[str, float] = {}
    async with provider.open(workers=work.workers, timeout_seconds=600.0) as speaker:
        context = create_context(settings, provider, speaker, work.workers)
        target = OutputTarget(storage=storage.Storage(folder), log=log)

        async def make(job: Job) -> FinishedClip:
            begun = perf_counter()
            made = await make_clip(job, context, target, restart_timer=lambda: None)
            busy[job.recipe] = perf_counter() - begun
            return made

        async with Pool(make, limit=work.workers) as warm:
            _ = [each async for each in warm.run(jobs[-_WARM:])]
        if clock:
            clock.start()
        begun = perf_counter()
        async with Pool(make, limit=slot_count(work.workers, speaker)) as pool:
            results = {each.job.recipe: each async for each in pool.run(jobs)}
        seconds = perf_counter() - begun
        outside = clock.outside() if clock else None
    log.close()
    bad = [result.error for result in results.values() if not result.ok]
    if bad:
        sys.exit(f"{len(bad)} clips failed: {bad[0]}")
    assets = [asset for job in jobs for asset in job.assets]
    return Turn(
        seconds=seconds,
        busy=[busy[job.recipe] for job in jobs],
        speech=[results[job.recipe].value.recording.seconds for job in jobs],
        outside=outside,
        sums={asset: storage.sha256((folder / asset).read_bytes()) for asset in assets},
    )


if __name__ == "__main__":
    main()
