"""Which addresses are allowed, and that none is shown with its secrets."""

import pytest

from tts_assets.engines.http.http_client import redact_url
from tts_assets.engines.models.known_models import ModelFile
from tts_assets.engines.models.model_server import build_file_url, parse_credentials, refuse_unsafe
from tts_assets.errors import FatalError, UsageError

FILE = ModelFile(name="a/b.onnx", url="https://example.invalid/c", bytes=None, sha256=None)


def test_a_mirror_stands_in_for_the_file_s_own_address() -> None:
    assert build_file_url(FILE, None) == "https://example.invalid/c"
    assert build_file_url(FILE, "https://m.invalid/x/") == "https://m.invalid/x/a/b.onnx"


@pytest.mark.parametrize(
    "mirror",
    [
        "https://",
        "https:///x",
        "http://[/",
        "https://h:99999/x",
        "https://h:0/x",
        "https://h/x?token=secret",
        "https://h/x#secret",
        "https://u:se/cret@h/x",
        "https://u:12/secret@h/x",
        "https://u:12?secret@h/x",
        "https://u:12#secret@h/x",
    ],
)
def test_a_mirror_that_is_no_address_is_told_without_its_secrets(mirror: str) -> None:
    with pytest.raises(UsageError, match=r"models\.mirror is not an address") as refused:
        build_file_url(FILE, mirror)
    assert "cret" not in str(refused.value)
    with pytest.raises(UsageError, match=r"models\.mirror is not an address"):
        parse_credentials(mirror)


def test_a_mirror_s_password_is_no_part_of_the_address() -> None:
    mirror = "https://me:a%2Fb%40c@[::1]:8/x"
    assert build_file_url(FILE, mirror) == "https://[::1]:8/x/a/b.onnx"
    assert parse_credentials(mirror) == ("me", "a/b@c")
    assert (parse_credentials("https://h/x"), parse_credentials(None)) == (None, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@h.invalid/p/f",
        "https://h.invalid/p/f?key=secret",
        "https://h.invalid/p/f#secret",
        "https://user@secret:secret@h.invalid/p/f?secret#secret",
    ],
)
def test_an_address_is_shown_without_secrets(url: str) -> None:
    assert redact_url(url) == "https://h.invalid/p/f"


@pytest.mark.parametrize(
    ("url", "mirror"),
    [
        ("https://h.invalid/x", None),
        ("http://127.0.0.1:80/x", None),
        ("http://localhost/x", None),
        ("http://[::1]/x", None),
        ("http://127.9.9.9/x", None),
        ("http://m.invalid/x", "http://m.invalid"),
    ],
)
def test_what_is_safe_or_asked_for_is_allowed(url: str, mirror: str | None) -> None:
    refuse_unsafe(url, mirror)


@pytest.mark.parametrize(
    ("url", "mirror"),
    [
        ("http://h.invalid/x", None),
        ("http://h.invalid/x", "https://h.invalid"),
        ("http://h.invalid/x", "http://m.invalid"),
        ("ftp://h.invalid/x", None),
        ("file:///etc/passwd", None),
        ("http://localhost.evil.invalid/x", None),
        ("http://host.docker.internal/x", None),
    ],
)
def test_anything_else_is_refused(url: str, mirror: str | None) -> None:
    with pytest.raises(FatalError, match="is not https"):
        refuse_unsafe(url, mirror)


def test_a_port_that_cannot_be_is_refused() -> None:
    with pytest.raises(FatalError, match="an invalid port"):
        refuse_unsafe("http://127.0.0.1:99999/x", None)
