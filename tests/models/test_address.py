"""Which addresses are allowed, and that none is shown with its secrets."""

import pytest

from tts_assets.errors import FatalError, UsageError
from tts_assets.models import ModelFile, address, shown
from tts_assets.models.address import refuse_unsafe

FILE = ModelFile(name="a/b.onnx", url="https://example.invalid/c", bytes=None, sha256=None)


def test_a_mirror_stands_in_for_the_file_s_own_address() -> None:
    assert address(FILE, None) == "https://example.invalid/c"
    assert address(FILE, "https://m.invalid/x/") == "https://m.invalid/x/a/b.onnx"


@pytest.mark.parametrize("mirror", ["https://", "https:///x", "https://u:se/cret@h/x", "http://[/"])
def test_a_mirror_that_is_no_address_is_told_without_its_secrets(mirror: str) -> None:
    with pytest.raises(UsageError, match=r"models\.mirror is no address") as refused:
        address(FILE, mirror)
    assert "cret" not in str(refused.value)


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
    assert shown(url) == "https://h.invalid/p/f"


@pytest.mark.parametrize(
    ("url", "mirror"),
    [
        ("https://h.invalid/x", None),
        ("http://127.0.0.1:80/x", None),
        ("http://localhost/x", None),
        ("http://[::1]/x", None),
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
    ],
)
def test_anything_else_is_refused(url: str, mirror: str | None) -> None:
    with pytest.raises(FatalError, match="is not https"):
        refuse_unsafe(url, mirror)
