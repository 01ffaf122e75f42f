"""What lies where, what is here, what can go; and that no name leads out of the folder."""

import hashlib
from pathlib import Path

import pytest

from tts_assets.config.settings import ModelSettings
from tts_assets.engines.models.known_models import (
    GROUPS,
    KNOWN,
    ModelFile,
    SpeechModel,
    choose_models,
    find_model,
)
from tts_assets.engines.models.model_cache import ModelCache, ModelState
from tts_assets.errors import FatalError, UsageError

VOICE = "en_US-lessac-medium"


def _never() -> None:
    raise AssertionError("nobody else is at it")


def _model(*names: str, size: int | None = 3) -> SpeechModel:
    files = tuple(ModelFile(name=name, url="", bytes=size, sha256=None) for name in names)
    return SpeechModel(name="m", provider="p", files=files, licence="", about="")


def _put(store: ModelCache, name: str, content: bytes = b"abc") -> Path:
    path = store.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def store(tmp_path: Path) -> ModelCache:
    return ModelCache(tmp_path / "models")


def test_the_settings_name_the_folder_or_it_is_the_user_s_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert tmp_path in ModelCache.from_settings(ModelSettings()).folder.parents
    assert ModelCache.from_settings(ModelSettings(folder="here")).folder == Path("here")
    assert not any(tmp_path.iterdir())


def test_a_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert ModelCache.from_settings(ModelSettings(folder="~/models")).folder == tmp_path / "models"
    with pytest.raises(UsageError, match="without a home"):
        ModelCache.from_settings(ModelSettings(folder="~nobody-of-that-name/models"))


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "kokoro/../../evil",
        "/etc/passwd",
        "",
        ".",
        "kokoro/",
        "kokoro//a",
        ".hidden",
        "C:evil",
        "a\\..\\b",
        "a\0b",
        "a\nb",
        "a ",
        "a.",
        "~root",
        "-rf",
        "が",
    ],
)
def test_no_name_leads_out_of_the_folder(store: ModelCache, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be named"):
        store.file_path(_model(name).files[0])


@pytest.mark.parametrize(
    "name",
    [
        "../en_US-lessac-medium",
        "en_US-../../x-medium",
        "en_US-a/b-medium",
        "en_US-lessac-medium\n",
        "en_us-lessac-medium",
        "en_US-lessac-best",
        "en_US--medium",
        "https://example.invalid/x",
        "",
    ],
)
def test_no_name_makes_a_voice_of_something_else(name: str) -> None:
    with pytest.raises(UsageError, match="there is no model"):
        find_model(name)


def test_a_model_is_here_with_all_of_its_files(store: ModelCache) -> None:
    model = _model("a/one", "a/two")
    assert store.find_state(model) is ModelState.ABSENT
    path = _put(store, "a/one.part")
    assert store.find_state(model) is ModelState.PARTLY
    path.rename(store.folder / "a/one")
    assert store.find_state(model) is ModelState.PARTLY
    _put(store, "a/two")
    assert (store.find_state(model), store.has_model(model)) == (ModelState.HERE, True)
    _put(store, "a/two", b"abcd")
    assert (store.find_state(model), store.has_model(model)) == (ModelState.DAMAGED, False)


def test_an_empty_file_is_no_model(store: ModelCache) -> None:
    model = _model("a/one", size=None)
    _put(store, "a/one", b"")
    assert store.find_state(model) is ModelState.DAMAGED
    assert store.find_fault(model.files[0]) == "it has 0 bytes"


def test_a_folder_is_no_model(store: ModelCache) -> None:
    (store.folder / "a/one").mkdir(parents=True)
    assert store.find_state(_model("a/one")) is ModelState.ABSENT


def test_what_is_removed_is_ours_and_counted(store: ModelCache) -> None:
    for name in ("a/one", "a/one.part", "a/one.part.json", "a/one.rejected"):
        _put(store, name)
    kept = [_put(store, name) for name in ("a/one.sha256", "a/one.mine", "a/other", "one")]
    assert store.remove_model(_model("a/one"), _never) == 12
    assert sorted(path for path in store.folder.rglob("*") if path.is_file()) == sorted(kept)
    assert store.remove_model(_model("a/one"), _never) == 0
    assert store.remove_model(_model("b/none"), _never) == 0


def test_what_killed_runs_left_of_notes_is_removed(store: ModelCache) -> None:
    kept = _put(store, "a/.tts-assets-00000000-1.part")
    for name in (b"one.part.json", b"one.sha256"):
        _put(store, f"a/.tts-assets-{hashlib.sha256(name).hexdigest()[:8]}-1.part")
    store.remove_model(_model("a/one"), _never)
    assert [path for path in store.folder.rglob("*") if path.is_file()] == [kept]


def test_what_cannot_be_removed_is_told(store: ModelCache) -> None:
    (store.folder / "a/one/inner").mkdir(parents=True)
    with pytest.raises(FatalError, match="cannot remove"):
        store.remove_model(_model("a/one"), _never)


@pytest.mark.parametrize("record", [b"\xff", b"", b"nonsense  one\n", b"A" * 64])
def test_a_record_that_is_none_is_told(store: ModelCache, record: bytes) -> None:
    _put(store, "a/one")
    _put(store, "a/one.sha256", record)
    with pytest.raises(UsageError, match="does not contain a SHA-256; delete it"):
        store.find_fault(_model("a/one").files[0])


def test_other_voices_are_listed_once_they_are_begun(store: ModelCache) -> None:
    assert store.list_models() == KNOWN
    _put(store, f"piper/{VOICE}.onnx.part")
    _put(store, f"piper/{VOICE}.onnx.json")
    _put(store, "piper/mine.onnx")
    _put(store, "piper/de_DE-gone-low.onnx.rejected")
    assert [model.name for model in store.list_models()[len(KNOWN) :]] == [VOICE]


def test_piper_voices_lie_together(store: ModelCache) -> None:
    model = find_model(VOICE)
    assert [store.file_path(file) for file in model.files] == [
        store.piper_voices_folder() / f"{VOICE}.onnx",
        store.piper_voices_folder() / f"{VOICE}.onnx.json",
    ]


def test_a_piper_voice_has_the_address_of_its_name() -> None:
    model = find_model("pt_BR-some_one-x_low")
    assert model.files[0].url == (
        "https://huggingface.co/rhasspy/piper-voices/resolve/main"
        "/pt/pt_BR/some_one/x_low/pt_BR-some_one-x_low.onnx"
    )
    assert model.licence.endswith("/blob/main/pt/pt_BR/some_one/x_low/MODEL_CARD")
    assert model.total_bytes is None


def test_all_known_models_are_pinned_and_safe(store: ModelCache) -> None:
    for model in KNOWN:
        assert find_model(model.name) == model
        for file in model.files:
            assert (len(file.sha256 or ""), (file.bytes or 0) > 0) == (64, True)
            assert file.url.startswith("https://")
            assert file.url.endswith(store.file_path(file).name)
    names = [file.name for model in KNOWN for file in model.files]
    assert len(names) == len(set(names))


def test_what_may_not_be_sold_says_so() -> None:
    assert "NOT FOR COMMERCIAL USE" in find_model("ja_JP-hi_fi_captain-medium").licence


def test_groups_are_what_an_engine_needs() -> None:
    assert [model.name for model in choose_models(["kokoro", "kokoro-v1.0", "piper"])] == [
        *GROUPS["kokoro"],
        *GROUPS["piper"],
    ]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("kokoro-v1", "kokoro-v1.0"),
        ("kokkoro", "kokoro"),
        ("ja_JP-hi-fi-captain-medium", "ja_JP-hi_fi_captain-medium"),
        ("zzz", "there are: kokoro, piper"),
    ],
)
def test_an_unknown_name_is_told_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UsageError, match=near):
        find_model(name)
