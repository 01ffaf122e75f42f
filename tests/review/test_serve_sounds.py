"""The sounds of `review --serve`: in ranges, with their types, and no other file of the machine."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from starlette.datastructures import Headers

from tests.review.serving import serving
from tts_assets.review.review_service import parse_range
from tts_assets.review.row_store import SoundFolder
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.review.serving import Served


def test_a_sound_comes_whole_and_in_parts(served: Served, served_folder: Path) -> None:
    row = served.row("bridge")
    data = (served_folder / "audio" / row["asset"]).read_bytes()
    tag = f'"{row["sha256"]}"'

    def ask(**headers: str) -> tuple[int, bytes, str | None]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        done = served.client.get(row["sound"], headers=named)
        assert done.headers["etag"] == tag
        return done.status_code, done.content, done.headers.get("content-range")

    size = len(data)
    assert ask() == (200, data, None)
    assert ask(range="bytes=0-") == (206, data, f"bytes 0-{size - 1}/{size}")
    assert ask(range="bytes=10-19") == (206, data[10:20], f"bytes 10-19/{size}")
    assert ask(range="bytes=-7") == (206, data[-7:], f"bytes {size - 7}-{size - 1}/{size}")
    assert ask(range=f"bytes=5-{10 * size}") == (206, data[5:], f"bytes 5-{size - 1}/{size}")
    assert ask(range=f"bytes={size}-") == (416, b"", f"bytes */{size}")
    assert ask(range="bytes=-0") == (416, b"", f"bytes */{size}")
    for odd in ("bytes=5-4", "bytes=0-1,5-6", "bytes=x-", "bytes=-", "items=0-1"):
        assert ask(range=odd) == (200, data, None)
    assert ask(range="bytes=0-1", if_range=tag) == (206, data[:2], f"bytes 0-1/{size}")
    assert ask(range="bytes=0-1", if_range='"other"') == (200, data, None)
    assert ask(if_none_match=tag) == (304, b"", None)
    head = served.client.head(row["sound"])
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))


def test_a_sound_says_what_it_is_and_who_may_keep_it(served: Served) -> None:
    done = served.client.get(served.row("bridge")["sound"])
    assert done.headers["content-type"] == "audio/mpeg"
    assert done.headers["accept-ranges"] == "bytes"
    assert done.headers["cache-control"] == "private, no-cache"
    assert done.headers["x-content-type-options"] == "nosniff"
    assert done.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "clips/../secret.txt",
        "clips/..%2fsecret.txt",
        "clips/%2e%2e/secret.txt",
        "clips/%252e%252e/secret.txt",
        "clips/%252e%252e%252fsecret.txt",
        "clips/vocabulary/../../../secret.txt",
        "clips/..%5csecret.txt",
        "clips\\..\\secret.txt",
        "clips//etc/passwd",
        "clips/%2fetc%2fpasswd",
        "clips/secret.mp3",
        "clips/ledger.jsonl",
        "clips/decisions.jsonl",
        "clips/.gitattributes",
        "clips/vocabulary",
        "clips/vocabulary/",
        "clips/%00",
        "clips/C:%5cWindows",
        "clips/%c0%ae%c0%ae/secret.txt",
        "earlier/../secret.txt",
        "earlier/" + 64 * "0" + ".mp3",
        "../secret.txt",
        "data/vocabulary.json",
    ],
)
def test_no_path_leads_to_another_file(served: Served, path: str) -> None:
    answer = served.ask(f"GET /{{token}}/{path} HTTP/1.1")
    assert answer.status == 404
    assert b"secret" not in answer.body.replace(path.encode(), b"")


def test_the_name_of_a_sound_has_one_spelling(served: Served) -> None:
    path = served.row("bridge")["sound"]
    assert served.ask(f"GET /{{token}}/{path} HTTP/1.1").status == 200
    for other in (
        path.replace("clips/", "clips//"),
        path.replace("clips/", "clips/./"),
        path.replace("clips/", "clips/x/../"),
        path.replace("clips/", "clips/%2e/"),
        path.replace("clips/", "clips%5c"),
        path.replace(".mp3", ".MP3"),
        path.replace(".mp3", ".mp3%00"),
        path.replace(".mp3", ".mp3/"),
        path.replace(".mp3", "%252emp3"),
    ):
        assert served.ask(f"GET /{{token}}/{other} HTTP/1.1").status == 404, other


def test_other_bytes_are_not_heard_in_the_place_of_those_that_are_decided_of(made: Path) -> None:
    folder = made
    with serving(folder) as served:
        row, other = served.row("bridge"), served.row("cat")
        asset = folder / "audio" / row["asset"]
        shutil.copy(folder / "audio" / other["asset"], asset)
        # Nor is anything decided of bytes that are not there any more.
        decision = {
            "asset": row["asset"],
            "sha256": row["sha256"],
            "decided": "approved",
            "at": "2026-11-22T13:00:00Z",
        }
        assert served.decide(decision)["stale"] == [row["asset"]]
        assert served.client.get(row["sound"]).status_code == 404
        asset.unlink()
        asset.symlink_to(folder / "secret.mp3")
        (folder / "secret.mp3").write_text("secret")
        assert served.client.get(row["sound"].partition("?")[0]).status_code == 404
        asset.unlink()
        os.mkfifo(asset)
        assert served.client.get(row["sound"].partition("?")[0]).status_code == 404


def test_links_within_the_folder_are_followed_and_others_are_not(tmp_path: Path) -> None:
    root = tmp_path / "audio"
    (root / "real").mkdir(parents=True)
    (root / "real/a.wav").write_bytes(b"a")
    (tmp_path / "b.wav").write_bytes(b"b")
    (root / "in.wav").symlink_to("real/a.wav")
    (root / "out.wav").symlink_to(tmp_path / "b.wav")
    (root / "away").symlink_to(tmp_path)
    sounds = SoundFolder(root)
    opened = sounds.open_sound("in.wav")
    assert opened is not None
    opened.file.seek(0)
    assert (opened.file.read(), opened.size) == (b"a", 1)
    opened.file.close()
    for name in (
        "out.wav",
        "away/b.wav",
        "../b.wav",
        "real/../../b.wav",
        "",
        "real",
        "/etc/passwd",
    ):
        assert sounds.open_sound(name) is None, name


def test_the_hash_is_that_of_the_bytes_that_are_there_now(tmp_path: Path) -> None:
    sounds, path = SoundFolder(tmp_path), tmp_path / "a.wav"
    for data in (b"one", b"other", b"third"):
        atomic_files.atomic_write(path, data)
        for _ in range(2):
            opened = sounds.open_sound("a.wav")
            assert opened is not None
            assert opened.sha256 == atomic_files.sha256(data)
            opened.file.close()


def test_no_range_is_asked_for_where_none_is_named() -> None:
    assert parse_range(None, 5) is None
    assert parse_range(Headers({"range": "bytes=1-2"}).get("range"), 5) == range(1, 3)
    for odd in ("bytes=" + "9" * 400 + "-", "bytes=\u0663-", "Bytes=1-2"):
        assert parse_range(odd, 5) is None
