"""Keys: where they come from, what wins, and that nothing shows them."""

import copy
import dataclasses
import json
import os
import pickle
import sys
import traceback
from pathlib import Path
from urllib.parse import quote

import keyring
import msgspec
import pytest
from keyring.core import load_keyring

from tts_assets.config import keys
from tts_assets.config.keys import Secret, find, redact
from tts_assets.config.load_settings import load
from tts_assets.config.settings import Settings
from tts_assets.errors import FatalError, TtsAssetsError, UsageError

KEY = "sk_0123/45+6789=abcdef"
OTHER = "sk_other0123456789abcdef"


@pytest.fixture(autouse=True)
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A keyring in a file, in place of this machine's own."""
    path = tmp_path / "keyring.json"
    monkeypatch.setenv("TEST_KEYRING", str(path))
    _use("tests.keyrings.InFile", monkeypatch)
    return path


def _use(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", load_keyring(name))


def _file(tmp_path: Path, content: bytes, name: str = "key.txt") -> str:
    (tmp_path / name).write_bytes(content)
    return str(tmp_path / name)


def _load(folder: Path, **environment: str) -> Settings:
    return load(flags={}, environment=environment, folder=folder)


@pytest.mark.parametrize(
    "shown",
    [repr, str, "{}".format, "{!r:>40}".format, "{:>9}".format, "%s %r".__mod__, ascii],
)
def test_a_secret_is_never_shown(shown: object) -> None:
    assert callable(shown)
    secret = Secret(KEY)
    words = shown((secret, secret) if shown == "%s %r".__mod__ else secret)
    assert "***" in words
    assert KEY not in words


def test_settings_show_no_key() -> None:
    settings = Settings(keys={"openai": Secret(KEY, "environment (OPENAI_API_KEY)")})
    assert KEY not in repr(settings)
    assert KEY not in repr(dataclasses.asdict(settings))
    assert "environment (OPENAI_API_KEY)" in repr(settings)


def test_a_traceback_shows_no_key() -> None:
    secret = Secret(KEY)
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError(secret, Settings(keys={"openai": secret}))
    shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    assert KEY not in "".join(shown.format())


def test_what_reveals_is_asked_for_by_name() -> None:
    assert Secret(f" {KEY}\r\n").reveal() == KEY


def test_secrets_are_compared() -> None:
    assert Secret(KEY) == Secret(f"{KEY}\n", "elsewhere")
    assert Secret(KEY) != Secret(OTHER)
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY), Secret(OTHER)}) == 2


@pytest.mark.parametrize("holder", [Secret(KEY), Settings(keys={"openai": Secret(KEY)})])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_crosses_into_no_other_process(holder: object, protocol: int) -> None:
    with pytest.raises(TypeError, match="stays in its own process"):
        pickle.dumps(holder, protocol)


@pytest.mark.parametrize("encode", [json.dumps, msgspec.json.encode, msgspec.msgpack.encode, vars])
def test_a_secret_becomes_no_plain_data(encode: object) -> None:
    assert callable(encode)
    with pytest.raises(TypeError):
        encode(Secret(KEY))


def test_a_copy_of_settings_has_the_keys() -> None:
    settings = Settings(keys={"openai": Secret(KEY)})
    assert copy.deepcopy(settings) == copy.copy(settings) == settings
    assert hash(settings) == hash(Settings())


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("sk_ab cd", "contains a space or a line break"),
        ("sk_ab\ncd", "contains a space or a line break"),
        ("sk_ab\r\nX-Header: cd", "contains a space or a line break"),
        ("sk_あcd", "characters that are not printable ASCII"),
        ("sk_\x7fcd", "characters that are not printable ASCII"),
        ("sk_\x00cd", "characters that are not printable ASCII"),
        ("c" * 1_001, "longer than 1,000 characters"),
        ("ELEVENLABS_API_KEY=sk_cd", "keep only the part after the =, without quotes"),
        ('"sk_cd"', "is in quotes: remove them"),
        ("'sk_cd'", "is in quotes"),
    ],
)
def test_what_cannot_be_a_key_is_told_by_its_source(value: str, fault: str) -> None:
    for ask in (
        lambda: Secret(value, "environment (X)").reveal(),
        lambda: find("openai", file=None, environment_key=Secret(value, "environment (X)")),
    ):
        with pytest.raises(UsageError, match=r"^environment \(X\): ") as refused:
            ask()
        assert fault in str(refused.value)
        assert "cd" not in str(refused.value)


def test_the_longest_key_is_one() -> None:
    assert len(Secret("k" * 1_000).reveal()) == 1_000


@pytest.mark.parametrize("key", ["c2stb25l", "c2stb25lYQ==", "c2s=", "sk-a=b", "a.b=c"])
def test_a_key_may_have_equals_signs(key: str) -> None:
    assert Secret(key).reveal() == key


def test_the_environment_has_a_key_for_each_provider() -> None:
    found = keys.from_environment({"ELEVENLABS_API_KEY": KEY, "OPENAI_API_KEY": " ", "X": OTHER})
    assert found == {"elevenlabs": Secret(KEY)}
    assert found["elevenlabs"].source == "environment (ELEVENLABS_API_KEY)"
    assert keys.from_environment({"OPENAI_API_KEY": OTHER}) == {"openai": Secret(OTHER)}


def test_the_file_wins_over_the_environment_over_the_keyring(tmp_path: Path) -> None:
    assert find("openai", file=None, environment_key=None) is None
    keys.store("openai", Secret("stored"))
    stored = find("openai", file=None, environment_key=None)
    assert stored is not None
    assert (stored.reveal(), stored.source) == ("stored", "keyring")
    assert find("openai", file=None, environment_key=Secret("given")) == Secret("given")
    file = _file(tmp_path, b"filed")
    filed = find("openai", file=file, environment_key=Secret("given"))
    assert filed is not None
    assert (filed.reveal(), filed.source) == ("filed", f"file ({file})")


@pytest.mark.parametrize(
    "content", [b"KEY", b"KEY\n", b"  KEY\r\n\r\n", b"\xef\xbb\xbfKEY\n", b"\tKEY"]
)
def test_blanks_around_a_key_in_a_file_are_no_part_of_it(tmp_path: Path, content: bytes) -> None:
    file = _file(tmp_path, content.replace(b"KEY", KEY.encode()))
    assert find("elevenlabs", file=file, environment_key=None) == Secret(KEY)


def test_a_file_that_others_may_read_is_read(tmp_path: Path) -> None:
    file = _file(tmp_path, KEY.encode())
    Path(file).chmod(0o666)
    assert find("elevenlabs", file=file, environment_key=None) == Secret(KEY)


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _file(tmp_path, KEY.encode())
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert find("elevenlabs", file="~/key.txt", environment_key=None) == Secret(KEY)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"sk_one\nsk_two\n", "a space or a line break"),
        (b'{"key": "sk_one"}', "a space or a line break"),
        ("sk_one".encode("utf-16"), "not printable ASCII"),
        (b"\x00\xffsk_one", "not printable ASCII"),
        (b"sk_one" * 10**6, "longer than 1,000 characters"),
        (b"ELEVENLABS_API_KEY=sk_one\n", "NAME=KEY, as in an .env file"),
        (b'export ELEVENLABS_API_KEY="sk_one"', "NAME=KEY, as in an .env file"),
        (b"# keys\r\nA=1\r\nOPENAI_API_KEY = 'sk_one'\r\n", "NAME=KEY, as in an .env file"),
        (b'$env:OPENAI_API_KEY = "sk_one"', "NAME=KEY, as in an .env file"),
        (b"set OPENAI_API_KEY=sk_one", "NAME=KEY, as in an .env file"),
        (b"elevenlabs_api_key=" + b"sk_one" * 10**3, "NAME=KEY, as in an .env file"),
        (b'"sk_one"\n', "is in quotes"),
    ],
)
def test_a_file_without_a_key_is_told_by_its_path(
    tmp_path: Path, content: bytes, fault: str
) -> None:
    file = _file(tmp_path, content)
    with pytest.raises(UsageError) as refused:
        find("elevenlabs", file=file, environment_key=Secret(KEY))
    assert str(refused.value).startswith(f"file ({file}): ")
    assert fault in str(refused.value)
    assert "sk_" not in _everything(refused.value)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("none.txt", "No such file"),
        ("folder", "it is not a regular file"),
        ("pipe", "it is not a regular file"),
        ("key.txt/x", "Not a directory"),
        ("nul\0", "this is not a valid path"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_by_its_path(
    tmp_path: Path, name: str, fault: str
) -> None:
    _file(tmp_path, KEY.encode())
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError) as refused:
        find("elevenlabs", file=str(tmp_path / name), environment_key=Secret(KEY))
    assert str(tmp_path / name) in str(refused.value)
    assert fault in str(refused.value)


@pytest.mark.parametrize("folder", ["", "somewhere"])
def test_a_key_in_place_of_a_path_is_not_shown(folder: str) -> None:
    with pytest.raises(UsageError, match="its name looks like a key") as refused:
        find("elevenlabs", file=str(Path(folder, OTHER)), environment_key=None)
    assert OTHER not in _everything(refused.value)


def _everything(error: BaseException) -> str:
    """All that a program could print of an error, with what it was raised from."""
    return "".join(traceback.format_exception(error)) + repr(error)


def test_without_the_extra_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert find("openai", file=None, environment_key=None) is None
    with pytest.raises(FatalError, match="setup keyring"):
        keys.store("openai", Secret(KEY))
    with pytest.raises(FatalError, match="setup keyring"):
        keys.remove("openai")


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        ("keyring.backends.fail.Keyring", "this machine has no keyring that could store a key"),
        ("keyring.backends.null.Keyring", "did not store the key"),
    ],
)
def test_a_machine_without_a_keyring_has_no_key(
    backend: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(backend, monkeypatch)
    assert find("openai", file=None, environment_key=None) is None
    with pytest.raises(FatalError, match=told):
        keys.store("openai", Secret(KEY))


def test_a_locked_keyring_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _use("tests.keyrings.Locked", monkeypatch)
    with pytest.raises(FatalError, match="the keyring cannot be read: it is locked; unlock it"):
        find("openai", file=None, environment_key=None)
    with pytest.raises(FatalError, match="the keyring cannot be read: it is locked; unlock it"):
        keys.store("openai", Secret(KEY))
    assert find("openai", file=None, environment_key=Secret(KEY)) == Secret(KEY)


@pytest.mark.parametrize("name", ["nowhere.Keyring", "tests.keyrings.None", "x"])
def test_a_keyring_that_cannot_be_opened_is_told(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    with pytest.raises(FatalError, match=r"the keyring cannot be opened: [A-Z][A-Za-z]+Error; "):
        find("openai", file=None, environment_key=None)


def test_what_a_keyring_says_of_a_key_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    _use("tests.keyrings.Talkative", monkeypatch)
    with pytest.raises(FatalError, match="cannot be written: RuntimeError") as refused:
        keys.store("openai", Secret(KEY))
    assert KEY not in _everything(refused.value)
    assert refused.value.__context__ is None


def test_a_broken_key_in_the_keyring_is_told(ring: Path) -> None:
    ring.write_text(json.dumps({"tts-assets/openai": "sk_a b"}))
    with pytest.raises(
        UsageError, match=r"^keyring: this API key cannot be used: it contains a space"
    ):
        find("openai", file=None, environment_key=None)


def test_keys_are_stored_and_removed_by_provider(ring: Path) -> None:
    keys.store("openai", Secret(KEY))
    keys.store("elevenlabs", Secret(OTHER))
    assert json.loads(ring.read_text()) == {
        "tts-assets/openai": KEY,
        "tts-assets/elevenlabs": OTHER,
    }
    assert [keys.remove("openai"), keys.remove("openai")] == [True, False]
    assert find("openai", file=None, environment_key=None) is None
    assert find("elevenlabs", file=None, environment_key=None) == Secret(OTHER)


def test_what_cannot_be_a_key_is_not_stored(ring: Path) -> None:
    with pytest.raises(UsageError):
        keys.store("openai", Secret("a b"))
    assert not ring.exists()


@pytest.mark.parametrize(
    "echo",
    [
        KEY,
        quote(KEY, safe=""),
        quote(KEY),
        quote(KEY, safe="").lower(),
        KEY.replace("/", "\\/"),
        KEY.replace("+", "\\u002B").replace("=", "\\u003d"),
        KEY[:7] + "****" + KEY[-4:],
        KEY[:7] + "..." + KEY[-4:],
        KEY[:5] + "…",
    ],
)
def test_what_a_server_echoes_is_hidden(echo: str) -> None:
    text = f'{{"detail": "key={echo}, twice: {echo}"}}'
    assert redact(text, [Secret(OTHER), Secret(KEY)]) == '{"detail": "key=***, twice: ***"}'


def test_the_rest_of_a_text_stays() -> None:
    text = "sk_0 and 日本語, 100 % ... **bold** sk_"
    assert redact(text, [Secret(KEY), Secret(""), Secret(OTHER)]) == text
    assert redact(text, []) == text


def test_a_key_within_a_longer_one_leaves_nothing_of_it() -> None:
    assert redact(f"{KEY}tail {KEY}", [Secret(KEY), Secret(f"{KEY}tail")]) == "*** ***"


def test_settings_have_the_keys_of_the_environment(tmp_path: Path) -> None:
    settings = _load(tmp_path, ELEVENLABS_API_KEY=KEY, OPENAI_API_KEY="")
    assert settings.keys == {"elevenlabs": Secret(KEY)}
    assert _load(tmp_path) == Settings()


def test_a_broken_variable_that_nobody_needs_disturbs_nobody(tmp_path: Path) -> None:
    assert "openai" in _load(tmp_path, OPENAI_API_KEY="your key here").keys


def test_a_key_file_is_seen_from_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "tts-assets.toml").write_text('[elevenlabs]\napi-key-file = "key.txt"\n')
    (tmp_path / "below").mkdir()
    assert _load(tmp_path / "below").key_file("elevenlabs") == str(tmp_path / "key.txt")
    settings = _load(tmp_path, TTS_ASSETS_ELEVENLABS_API_KEY_FILE="other")
    assert settings.key_file("elevenlabs") == "other"


def test_a_key_file_of_one_vendor_is_for_no_other_and_a_typed_one_for_the_run(
    tmp_path: Path,
) -> None:
    (tmp_path / "tts-assets.toml").write_text('[elevenlabs]\napi-key-file = "key.txt"\n')
    assert _load(tmp_path).key_file("openai") is None
    typed = load(flags={"api-key-file": "typed"}, environment={}, folder=tmp_path)
    assert [typed.key_file(name) for name in ("elevenlabs", "openai")] == ["typed", "typed"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('api-key = "sk_x"', "api-key"),
        ('api_key = "sk_x"', "api_key"),
        ('ELEVENLABS_API_KEY = "sk_x"', "ELEVENLABS_API_KEY"),
        ('"openai.key" = "sk_x"', "openai.key"),
        ('elevenlabs.api-key = "sk_x"', "elevenlabs.api-key"),
        ('[elevenlabs]\nkey = "sk_x"', "elevenlabs.key"),
        ('[openai]\napiKey = ["sk_x"]', "openai.apiKey"),
        ('[openai]\ntoken = "sk_x"', "openai.token"),
        ('[remote]\nxi-api-key = "sk_x"', "remote.xi-api-key"),
        ('[source]\napi-key = "sk_x"', "source.api-key"),
        ('[[source]]\napi-key = "sk_x"', "source.api-key"),
    ],
)
def test_a_key_in_a_file_of_settings_is_told_and_not_shown(
    tmp_path: Path, content: str, name: str
) -> None:
    (tmp_path / "tts-assets.toml").write_text(content)
    with pytest.raises(
        UsageError, match=f"tts-assets.toml:{content.count(chr(10)) + 1}: {name} is not a setting"
    ) as refused:
        _load(tmp_path)
    assert "put keys into ELEVENLABS_API_KEY or OPENAI_API_KEY, into a file" in str(refused.value)
    assert "sk_x" not in _everything(refused.value)


@pytest.mark.parametrize(
    "content", ['elevenlabs = "sk_x"', '[openai]\napi-key-file = ["sk_x"]', 'api-key-file = "sk_x"']
)
def test_a_value_that_may_be_a_key_is_not_shown(tmp_path: Path, content: str) -> None:
    (tmp_path / "tts-assets.toml").write_text(content)
    with pytest.raises(UsageError, match=r"tts-assets\.toml:\d: ") as refused:
        _load(tmp_path)
    assert "sk_x" not in _everything(refused.value)


@pytest.mark.parametrize(
    "name", ["TTS_ASSETS_API_KEY", "TTS_ASSETS_ELEVENLABS_API_KEY", "TTS_ASSETS_OPENAI_KEY"]
)
def test_a_key_in_a_variable_of_settings_is_told_and_not_shown(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is not read: put keys into") as refused:
        _load(tmp_path, **{name: KEY})
    assert KEY not in _everything(refused.value)


def test_programs_give_secrets() -> None:
    with pytest.raises(TtsAssetsError, match="must be a Secret") as refused:
        Settings(keys={"openai": KEY})  # type: ignore[dict-item]
    assert KEY not in str(refused.value)


def test_the_advice_names_every_way() -> None:
    assert keys.advice("openai") == (
        "set OPENAI_API_KEY or give --api-key-file FILE, "
        "or store it in the keyring of this machine: tts-assets auth set openai"
    )
