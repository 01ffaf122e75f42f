"""Downloads are whole, checked and gone on with, whatever a server, a disk or a neighbour does."""

import hashlib
import logging
from pathlib import Path

import pytest

from tests.engines.models.conftest import NAME, Fetching
from tests.engines.models.served_models import CONTENT, Act, model
from tts_assets.config.settings import ModelSettings
from tts_assets.engines.models.download import measure_models
from tts_assets.engines.models.known_models import Advanced, Quarantined
from tts_assets.engines.models.model_server import DownloadRetryPolicy
from tts_assets.errors import FatalError, UsageError

ONCE = DownloadRetryPolicy(pauses_seconds=())
ONE_MORE = DownloadRetryPolicy(pauses_seconds=(0.0,))
WHOLE = len(CONTENT)
HALF = WHOLE // 2
OTHER = model(CONTENT[::-1])


def _part(fetching: Fetching, ending: str = ".part") -> Path:
    return fetching.path.with_name(fetching.path.name + ending)


async def test_a_file_comes_whole_and_alone(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    await fetching()
    assert fetching.path.read_bytes() == CONTENT
    assert fetching.names() == [NAME]
    assert fetching.store.has_model(fetching.model())
    assert fetching.server.asked[0].headers["accept-encoding"] == "identity"
    (ready,) = fetching.ready()
    assert (ready.fetched, ready.recorded, ready.path) == (True, None, fetching.path)
    advanced = [event.done for event in fetching.events if isinstance(event, Advanced)]
    assert advanced == sorted(advanced)
    assert (advanced[0], advanced[-1]) == (0, WHOLE)


async def test_what_is_here_is_not_asked_for_again(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    await fetching()
    await fetching()
    assert len(fetching.server.asked) == 1
    assert [ready.fetched for ready in fetching.ready()] == [True, False]


async def test_a_cut_download_goes_on_from_where_it_was_cut(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF), Act(cut=1_000))
    await fetching(fetching.model(content=None))
    assert fetching.path.read_bytes() == CONTENT
    first, second, third = fetching.server.asked
    assert first.range is None
    assert (second.range, second.headers["if-range"]) == (f"bytes={HALF}-", '"1"')
    assert third.range == f"bytes={HALF + 1_000}-"
    assert fetching.server.sent == WHOLE
    assert len(fetching.reasons()) == 2


async def test_a_server_without_ranges_sends_it_all_again(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF), ranges=False)
    await fetching()
    assert fetching.path.read_bytes() == CONTENT
    assert fetching.server.sent == HALF + WHOLE


NO_VALIDATORS = [None, 'W/"1"', '"é"', '"']


@pytest.mark.parametrize("etag", NO_VALIDATORS)
async def test_without_a_strong_validator_what_nobody_pins_begins_anew_and_says_so(
    fetching: Fetching, etag: str | None
) -> None:
    model = fetching.model(content=None)
    fetching.server.add("/small.onnx", Act(cut=HALF), Act(cut=HALF), etag=etag)
    with pytest.raises(FatalError, match="run again to start over"):
        await fetching(model, retry_policy=ONCE)
    await fetching(model)
    assert fetching.path.read_bytes() == CONTENT
    assert [asked.range for asked in fetching.server.asked] == [None, None, None]
    assert [retry.restarts for retry in fetching.retries()] == [True]


async def test_without_a_validator_two_files_of_one_size_are_not_mixed(fetching: Fetching) -> None:
    model = fetching.model(content=None)
    fetching.server.add("/small.onnx", Act(cut=HALF), content=OTHER, etag=None)
    with pytest.raises(FatalError):
        await fetching(model, retry_policy=ONCE)
    fetching.server.add("/small.onnx", etag=None)
    await fetching(model)
    assert fetching.path.read_bytes() == CONTENT


@pytest.mark.parametrize("etag", NO_VALIDATORS)
async def test_a_pinned_file_needs_no_validator_to_go_on(
    fetching: Fetching, etag: str | None
) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF), etag=etag)
    await fetching()
    assert fetching.path.read_bytes() == CONTENT
    assert fetching.server.asked[1].range == f"bytes={HALF}-"
    assert fetching.server.sent == WHOLE
    assert [retry.restarts for retry in fetching.retries()] == [False]


async def test_a_note_with_a_strange_validator_is_none(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    _part(fetching).parent.mkdir(parents=True)
    _part(fetching).write_bytes(CONTENT[:HALF])
    _part(fetching, ".part.json").write_bytes('{"etag": "\\"é\\"", "bytes": 512000}'.encode())
    await fetching(fetching.model(content=None))
    assert [asked.range for asked in fetching.server.asked] == [None]


async def test_pieces_of_several_files_are_fetched_once_more_in_one_piece(
    fetching: Fetching,
) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF), content=OTHER)
    with pytest.raises(FatalError):
        await fetching(retry_policy=ONCE)
    fetching.server.add("/small.onnx")
    await fetching()
    assert [asked.range for asked in fetching.server.asked] == [None, f"bytes={HALF}-", None]
    assert (fetching.path.read_bytes(), fetching.names()) == (CONTENT, [NAME])


async def test_pieces_that_never_fit_are_fetched_only_once_more(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF), content=OTHER)
    with pytest.raises(FatalError, match="SHA-256"):
        await fetching()
    assert [asked.range for asked in fetching.server.asked] == [None, f"bytes={HALF}-", None]
    assert fetching.names() == [f"{NAME}.rejected"]


@pytest.mark.parametrize("content", [CONTENT, None])
async def test_a_server_without_ranges_costs_nothing_that_is_here(
    fetching: Fetching, content: bytes | None
) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF), Act(cut=10), ranges=False)
    with pytest.raises(FatalError):
        await fetching(fetching.model(content=content), retry_policy=ONE_MORE)
    assert _part(fetching).stat().st_size == HALF
    await fetching(fetching.model(content=content))
    assert fetching.path.read_bytes() == CONTENT


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_part_that_is_longer_than_the_file_begins_anew(
    fetching: Fetching, *, ranges: bool
) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF), ranges=ranges)
    with pytest.raises(FatalError):
        await fetching(retry_policy=ONCE)
    _part(fetching).write_bytes(CONTENT + b"more")
    await fetching()
    assert fetching.path.read_bytes() == CONTENT


async def test_tries_are_counted_anew_while_more_comes(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", *[Act(cut=60_000)] * 8)
    await fetching(retry_policy=ONE_MORE)
    assert fetching.path.read_bytes() == CONTENT
    assert fetching.server.sent == WHOLE


async def test_what_grows_and_is_lost_again_has_an_end(fetching: Fetching) -> None:
    cuts = [Act(cut=size) for size in (HALF, 10, HALF, 10, HALF)]
    fetching.server.add("/small.onnx", *cuts, etag=None)
    with pytest.raises(FatalError, match="3 times"):
        await fetching(fetching.model(content=None))
    assert len(fetching.server.asked) == 3


@pytest.mark.parametrize(("told", "waited"), [("1000", 0.05), ("0", 0.0), ("soon", 0.0)])
async def test_a_server_is_left_alone_as_long_as_it_asks_but_no_longer_than_agreed(
    fetching: Fetching, told: str, waited: float
) -> None:
    fetching.server.add("/small.onnx", Act(status=503, headers={"Retry-After": told}))
    await fetching(retry_policy=DownloadRetryPolicy(pauses_seconds=(0.0,), longest_seconds=0.05))
    assert [retry.seconds for retry in fetching.retries()] == [waited]


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\nversion ",
    ],
)
async def test_what_cannot_be_a_model_is_not_trusted(fetching: Fetching, raw: bytes) -> None:
    fetching.server.add("/small.onnx", Act(raw=raw))
    model = fetching.model(content=None)
    with pytest.raises(FatalError, match=r"a file that differs|not a complete ONNX model"):
        await fetching(model)
    assert not _part(fetching, ".sha256").exists()
    await fetching(model)
    assert (fetching.path.read_bytes(), len(fetching.ready())) == (CONTENT, 1)
    assert fetching.names() == [NAME, f"{NAME}.sha256"]


@pytest.mark.parametrize("total", ["x", "9" * 5_000])
async def test_a_range_that_is_none_is_told(fetching: Fetching, total: str) -> None:
    raw = f"HTTP/1.1 206 OK\r\nContent-Range: bytes 0-1/{total}\r\nContent-Length: 2\r\n\r\nxx"
    fetching.server.add("/small.onnx", Act(raw=raw.encode()))
    await fetching()
    assert "sent another part" in fetching.reasons()[0]
    fetching.server.add("/small.onnx", Act(raw=raw.encode()))
    with pytest.raises(FatalError, match="sent another part"):
        await fetching(fetching.model(name="kokoro/other.onnx"), retry_policy=ONCE)


async def test_a_file_that_somebody_changes_on_the_way_is_told(fetching: Fetching) -> None:
    raw = b"HTTP/1.1 203 OK\r\nContent-Length: 2\r\n\r\nxx"
    fetching.server.add("/small.onnx", Act(raw=raw))
    with pytest.raises(FatalError, match="responds with 203: a proxy changes"):
        await fetching()


async def test_what_is_not_packed_may_say_so(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", headers={"Content-Encoding": "Identity"})
    await fetching()
    assert fetching.path.read_bytes() == CONTENT


async def test_more_than_the_disk_has_left_is_not_begun(fetching: Fetching) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\nx"
    fetching.server.add("/small.onnx", Act(raw=raw))
    with pytest.raises(FatalError, match=r"1,000,000,000.0 MB are needed"):
        await fetching(fetching.model(content=None))


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:99999/x",
        "https://a..b/x",
        "http://[::1",
        "data:,x",
        f"https://{'a' * 70}/",
    ],
)
async def test_a_way_that_leads_nowhere_is_told(fetching: Fetching, location: str) -> None:
    fetching.server.add("/small.onnx", Act(status=302, location=location))
    with pytest.raises(FatalError):
        await fetching(retry_policy=ONCE)


async def test_a_folder_in_place_of_the_file_is_told(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    (fetching.path / "inner").mkdir(parents=True)
    with pytest.raises(FatalError, match="is a folder, but must be a file: move it away"):
        await fetching()
    assert (fetching.path / "inner").is_dir()


@pytest.mark.parametrize("is_here", [True, False])
async def test_what_earlier_runs_left_goes_once_the_file_is_right(
    fetching: Fetching, *, is_here: bool
) -> None:
    fetching.server.add("/small.onnx")
    fetching.path.parent.mkdir(parents=True)
    for ending in (".rejected", ".part", ".part.json"):
        _part(fetching, ending).write_bytes(b"x")
    if is_here:
        fetching.path.write_bytes(CONTENT)
    await fetching()
    assert fetching.names() == [NAME]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTP_PROXY", "ftp://user:secret@127.0.0.1:1"),
        ("HTTP_PROXY", "http://user:secret@127.0.0.1:99999"),
        ("HTTP_PROXY", "http://user:se/secret@127.0.0.1:1"),
        ("SSL_CERT_FILE", "/none"),
    ],
)
async def test_a_proxy_or_certificates_that_cannot_be_are_told(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv(variable, value)
    with pytest.raises(
        FatalError, match=r"HTTP_PROXY, HTTPS_PROXY and ALL_PROXY|127.0.0.1:99999"
    ) as failed:
        await fetching(retry_policy=ONCE)
    assert "secret" not in str(failed.value)


async def test_no_secret_is_logged(fetching: Fetching, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    fetching.server.add(f"/{NAME}", Act(status=302, location="/blob?signature=secret"))
    fetching.server.add("/blob")
    there = fetching.server.url.replace("//", "//user:secret@")
    fetching.settings = ModelSettings(mirror=there)
    await fetching()
    assert "secret" not in caplog.text
    assert not logging.getLogger("httpx").filters


async def test_a_file_that_changed_meanwhile_begins_again(fetching: Fetching) -> None:
    model = fetching.model(content=None)
    fetching.server.add("/small.onnx", Act(cut=HALF), content=OTHER)
    with pytest.raises(FatalError):
        await fetching(model, retry_policy=ONCE)
    fetching.server.add("/small.onnx", etag='"2"')
    await fetching(model)
    assert fetching.path.read_bytes() == CONTENT
    assert fetching.server.asked[-1].headers["if-range"] == '"1"'


async def test_a_server_that_goes_on_with_another_file_is_asked_anew(fetching: Fetching) -> None:
    model = fetching.model(content=None)
    file = fetching.server.add("/small.onnx", Act(cut=HALF))
    with pytest.raises(FatalError):
        await fetching(model, retry_policy=ONCE)
    # It looks at the range only, as some do.
    file.headers["ETag"] = '"2"'
    await fetching(model)
    assert fetching.path.read_bytes() == CONTENT
    assert [asked.range for asked in fetching.server.asked] == [None, f"bytes={HALF}-", None]


async def test_a_server_that_goes_on_elsewhere_is_asked_anew(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF), Act(shift=10))
    await fetching()
    assert fetching.path.read_bytes() == CONTENT
    assert [asked.range for asked in fetching.server.asked] == [None, f"bytes={HALF}-", None]


async def test_more_than_the_server_has_begins_again(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF))
    with pytest.raises(FatalError):
        await fetching(retry_policy=ONCE)
    fetching.server.add("/small.onnx", content=CONTENT[: HALF - 1])
    with pytest.raises(FatalError, match="a file that differs"):
        await fetching()


async def test_all_bytes_without_a_name_need_no_server(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(cut=WHOLE - 1))
    with pytest.raises(FatalError):
        await fetching(retry_policy=ONCE)
    with _part(fetching).open("ab") as part:
        part.write(CONTENT[-1:])
    fetching.server.files.clear()
    await fetching()
    assert fetching.path.read_bytes() == CONTENT
    assert len(fetching.server.asked) == 1


async def test_bytes_of_unknown_origin_are_not_gone_on_with(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    _part(fetching).parent.mkdir(parents=True)
    _part(fetching).write_bytes(b"anything")
    _part(fetching, ".part.json").write_bytes(b"{")
    await fetching()
    assert fetching.server.asked[0].range is None
    assert fetching.names() == [NAME]


async def test_a_wrong_sum_is_kept_aside_and_told_with_both_sums(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", content=OTHER)
    with pytest.raises(FatalError) as failed:
        await fetching()
    for content in (OTHER, CONTENT):
        assert hashlib.sha256(content).hexdigest() in str(failed.value)
    assert fetching.names() == [f"{NAME}.rejected"]
    assert not fetching.store.has_model(fetching.model())
    fetching.server.add("/small.onnx")
    await fetching()
    assert fetching.path.read_bytes() == CONTENT


async def test_another_length_than_the_pinned_is_not_fetched(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", content=CONTENT[:HALF])
    with pytest.raises(FatalError, match=f"{HALF:,} bytes and not {WHOLE:,}"):
        await fetching()
    assert fetching.names() == []
    assert fetching.reasons() == []


@pytest.mark.parametrize("length", ["closing", "chunked"])
async def test_a_pinned_file_may_come_without_its_length(fetching: Fetching, length: str) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF), length=length)
    await fetching()
    assert fetching.path.read_bytes() == CONTENT


@pytest.mark.parametrize("length", ["closing", "chunked"])
async def test_a_server_that_never_ends_is_left(fetching: Fetching, length: str) -> None:
    fetching.server.add("/small.onnx", content=CONTENT * 2, length=length)
    with pytest.raises(FatalError, match=f"sent more than {WHOLE:,} bytes, 3 times"):
        await fetching()
    assert fetching.names() == []


async def test_a_server_that_sends_too_much_is_left_at_once(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(hold=WHOLE + 1), content=CONTENT * 2, length="chunked")
    with pytest.raises(FatalError, match="sent more"):
        await fetching(retry_policy=DownloadRetryPolicy(silence_seconds=1_000, pauses_seconds=()))
    assert fetching.server.sent == WHOLE + 1


async def test_a_file_that_nobody_pins_has_to_tell_its_length(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", length="closing")
    with pytest.raises(FatalError, match="does not send its length"):
        await fetching(fetching.model(content=None))


async def test_redirects_are_followed_with_the_range(fetching: Fetching) -> None:
    away = Act(status=302, location="/elsewhere?signature=1")
    fetching.server.add("/small.onnx", away, away)
    fetching.server.add("/elsewhere", Act(cut=HALF))
    await fetching()
    assert fetching.path.read_bytes() == CONTENT
    assert [asked.range for asked in fetching.server.asked] == [None, None, *[f"bytes={HALF}-"] * 2]


async def test_redirects_have_an_end(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", *[Act(status=302, location="/small.onnx")] * 9)
    with pytest.raises(FatalError, match="are too many redirects"):
        await fetching()
    assert len(fetching.server.asked) == 6


async def test_nobody_is_sent_on_to_an_unsafe_address(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(status=302, location="http://example.invalid/x?key=1"))
    with pytest.raises(FatalError, match=r"http://example.invalid/x is not https"):
        await fetching()


@pytest.mark.parametrize(
    ("status", "words"), [(404, "no such file"), (403, "denied"), (401, "password")]
)
async def test_an_answer_that_stays_the_same_is_asked_for_once(
    fetching: Fetching, status: int, words: str
) -> None:
    fetching.server.add("/small.onnx", *[Act(status=status)] * 3)
    with pytest.raises(FatalError, match=f"responds with {status}: .*{words}"):
        await fetching()
    assert len(fetching.server.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_answer_that_may_change_is_asked_for_again(
    fetching: Fetching, status: int
) -> None:
    fetching.server.add("/small.onnx", *[Act(status=status)] * 2)
    await fetching()
    assert fetching.reasons() == [f"the server responds with {status}"] * 2


async def test_tries_have_an_end_and_the_address_has_no_secrets(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", *[Act(status=503)] * 3)
    model = fetching.model(path="/small.onnx?token=secret")
    with pytest.raises(FatalError, match="503, 3 times; run again") as failed:
        await fetching(model)
    assert f"{fetching.server.url}/small.onnx: " in str(failed.value)
    assert "secret" not in str(failed.value)


async def test_a_silent_server_is_left_and_asked_for_the_rest(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(hold=HALF))
    await fetching(retry_policy=DownloadRetryPolicy(silence_seconds=0.2, pauses_seconds=(0.0,)))
    assert fetching.path.read_bytes() == CONTENT
    assert fetching.reasons() == ["the server sent nothing for too long"]
    assert fetching.server.asked[1].range == f"bytes={HALF}-"


async def test_nobody_at_the_address_is_told(fetching: Fetching) -> None:
    model = fetching.model()
    fetching.server.url = "http://127.0.0.1:1"
    with pytest.raises(FatalError, match=r"cannot download kokoro/small.onnx .*3 times"):
        await fetching(fetching.model())
    assert fetching.names() == []
    assert not fetching.store.has_model(model)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Content-Type": "text/html; charset=utf-8"}, "a web page"),
        ({"Content-Encoding": "gzip"}, "a packed file"),
    ],
)
async def test_what_is_not_the_file_is_not_stored(
    fetching: Fetching, headers: dict[str, str], words: str
) -> None:
    fetching.server.add("/small.onnx", headers=headers)
    with pytest.raises(FatalError, match=words):
        await fetching(fetching.model(content=None))
    assert fetching.names() == []


async def test_a_file_that_does_not_fit_is_not_begun(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    with pytest.raises(
        FatalError, match=r"MB left, but 1,000,000,000.0 MB are needed: free some space"
    ):
        await fetching(fetching.model(size=10**15))
    assert fetching.server.asked == []


async def test_a_file_in_place_of_the_folder_is_told(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    fetching.store.folder.write_bytes(b"")
    with pytest.raises(FatalError, match=r"cannot write .*models"):
        await fetching()
    assert fetching.server.asked == []


async def test_a_mirror_has_the_same_files_under_the_names_of_the_store(
    fetching: Fetching,
) -> None:
    fetching.server.add(f"/deep/{NAME}")
    fetching.settings = ModelSettings(mirror=f"{fetching.server.url}/deep")
    await fetching()
    assert [asked.path for asked in fetching.server.asked] == [f"/deep/{NAME}"]


async def test_a_mirror_is_not_believed(fetching: Fetching) -> None:
    fetching.server.add(f"/{NAME}", content=OTHER)
    fetching.settings = ModelSettings(mirror=fetching.server.url)
    with pytest.raises(FatalError, match="SHA-256"):
        await fetching()


async def test_a_mirror_s_password_is_sent_and_not_told(fetching: Fetching) -> None:
    fetching.server.add(f"/{NAME}", Act(status=404))
    there = fetching.server.url.replace("//", "//user:secret@")
    fetching.settings = ModelSettings(mirror=there)
    with pytest.raises(FatalError) as failed:
        await fetching()
    assert "authorization" in fetching.server.asked[0].headers
    assert "secret" not in str(failed.value)


async def test_offline_nothing_is_fetched_and_the_place_is_told(fetching: Fetching) -> None:
    fetching.settings = ModelSettings(offline=True)
    with pytest.raises(UsageError) as refused:
        await fetching()
    assert f"{fetching.server.url}/small.onnx to {fetching.path}" in str(refused.value)
    assert fetching.names() == []


async def test_offline_a_file_put_there_by_hand_is_looked_at(fetching: Fetching) -> None:
    fetching.settings = ModelSettings(offline=True)
    fetching.path.parent.mkdir(parents=True)
    fetching.path.write_bytes(CONTENT)
    await fetching()
    assert [ready.fetched for ready in fetching.ready()] == [False]
    fetching.path.write_bytes(OTHER)
    assert fetching.store.has_model(fetching.model())
    with pytest.raises(FatalError, match=r"SHA-256 is .* and not .*rejected"):
        await fetching()
    assert fetching.names() == [f"{NAME}.rejected"]


@pytest.mark.parametrize("content", [OTHER, b"short"])
async def test_a_wrong_file_put_there_by_hand_is_kept_aside(
    fetching: Fetching, content: bytes
) -> None:
    fetching.server.add("/small.onnx")
    fetching.path.parent.mkdir(parents=True)
    fetching.path.write_bytes(content)
    await fetching()
    assert fetching.path.read_bytes() == CONTENT
    assert _part(fetching, ".rejected").read_bytes() == content
    assert isinstance(fetching.events[0], Quarantined)


async def test_the_first_download_of_what_nobody_pins_is_recorded(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(cut=HALF))
    await fetching(fetching.model(content=None))
    found = hashlib.sha256(CONTENT).hexdigest()
    assert [ready.recorded for ready in fetching.ready()] == [found]
    assert _part(fetching, ".sha256").read_text() == f"{found}  small.onnx\n"
    await fetching(fetching.model(content=None))
    assert len(fetching.server.asked) == 2


async def test_later_downloads_have_to_match_what_was_recorded(fetching: Fetching) -> None:
    model = fetching.model(content=None)
    fetching.server.add("/small.onnx")
    await fetching(model)
    fetching.store.remove_model(model, lambda: None)
    fetching.server.add("/small.onnx", content=OTHER)
    with pytest.raises(FatalError, match=r"if the publisher changed it .* delete .*\.sha256"):
        await fetching(model)
    assert fetching.names() == [f"{NAME}.rejected", f"{NAME}.sha256"]
    _part(fetching, ".sha256").unlink()
    await fetching(model)
    assert fetching.path.read_bytes() == OTHER


async def test_a_voice_put_there_by_hand_is_recorded_too(fetching: Fetching) -> None:
    fetching.path.parent.mkdir(parents=True)
    fetching.path.write_bytes(OTHER)
    await fetching(fetching.model(content=None))
    assert fetching.names() == [NAME, f"{NAME}.sha256"]
    assert fetching.server.asked == []


async def test_sizes_that_nobody_pins_are_asked_for(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    fetching.server.add("/all", ranges=False)
    for path in ("/small.onnx", "/all"):
        (found,) = await measure_models([fetching.model(content=None, path=path)], ModelSettings())
        assert found.total_bytes == WHOLE
    assert fetching.server.asked == []
    with pytest.raises(FatalError, match="no such file"):
        await measure_models([fetching.model(content=None, path="/none")], ModelSettings())


async def test_a_size_that_cannot_be_learnt_is_unknown(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", length="closing", ranges=False)
    (found,) = await measure_models([fetching.model(content=None)], ModelSettings())
    assert found.total_bytes is None
    fetching.server.url = "http://127.0.0.1:1"
    (found,) = await measure_models([fetching.model(content=None)], ModelSettings())
    assert found.total_bytes is None


async def test_a_folder_that_cannot_be_written_to_serves_what_it_has(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    await fetching()
    # A folder in place of the lock: nobody can lock here, not even root.
    fetching.store.lock_path(fetching.model().files[0]).mkdir()
    await fetching()
    assert len(fetching.server.asked) == 1


@pytest.mark.parametrize("leftover", [".rejected", None])
async def test_a_folder_that_cannot_be_written_to_serves_what_was_put_there_by_hand(
    fetching: Fetching, leftover: str | None
) -> None:
    model = fetching.model(content=None)
    fetching.store.lock_path(model.files[0]).mkdir(parents=True)
    fetching.path.write_bytes(CONTENT)
    if leftover is not None:
        _part(fetching, leftover).write_bytes(b"x")
    await fetching(model)
    assert [(ready.fetched, ready.recorded) for ready in fetching.ready()] == [(False, None)]
    fetching.path.unlink()
    with pytest.raises(FatalError, match="cannot write"):
        await fetching(model)
