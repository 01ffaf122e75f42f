"""Assets in a bucket: whole objects, headers, faults of the service with the next step."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tests.conftest import Project
from tests.store.bucket_server import (
    BUCKET,
    KEYS,
    PAGE,
    BucketServer,
    FaultProxy,
    S3Reply,
    error,
    serve_bucket,
)
from tts_assets.build.plan.output_folder import open_storage
from tts_assets.config.settings import BucketSettings, Settings
from tts_assets.errors import FatalError, UsageError
from tts_assets.store import bucket_storage
from tts_assets.store.bucket_storage import BucketStorage

ASSET = "vocabulary/0123456789abcdef01234567.mp3"


@pytest.fixture(scope="module")
def moto() -> Iterator[BucketServer]:
    with serve_bucket() as server:
        yield server


@pytest.fixture
def server(moto: BucketServer, monkeypatch: pytest.MonkeyPatch) -> BucketServer:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    # The folder that the other tests name has no certificates, and this client wants some.
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    for key in moto.objects():
        moto.client.delete_object(Bucket=BUCKET, Key=key)  # type: ignore[attr-defined]
    return moto


@pytest.fixture
def proxy(server: BucketServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    quick = {"init_backoff": timedelta(milliseconds=1), "max_backoff": timedelta(milliseconds=9)}
    monkeypatch.setattr(
        bucket_storage,
        "_RETRIES",
        {"max_retries": 2, "retry_timeout": timedelta(seconds=9), "backoff": quick},
    )
    monkeypatch.setattr(bucket_storage, "_PATIENCE_SECONDS", 0.0)
    found = FaultProxy(server.endpoint)
    yield found
    found.close()


def storage(folder: Path, endpoint: str, url: str = f"s3://{BUCKET}/app") -> BucketStorage:
    return BucketStorage(folder, url, endpoint=endpoint, cache_control="max-age=9, immutable")


def test_an_object_is_stored_with_its_type_and_read_back(
    server: BucketServer, tmp_path: Path
) -> None:
    one = storage(tmp_path, server.endpoint)
    one.put(ASSET, b"sound")
    one.put(f"{ASSET}.timeline.json", b"{}")
    assert server.objects() == {f"app/{ASSET}": b"sound", f"app/{ASSET}.timeline.json": b"{}"}
    head = server.head(f"app/{ASSET}")
    assert (head["ContentType"], head["CacheControl"]) == ("audio/mpeg", "max-age=9, immutable")
    assert server.head(f"app/{ASSET}.timeline.json")["ContentType"] == "application/json"
    again = storage(tmp_path, server.endpoint)
    assert (again.read(ASSET), again.size_of(ASSET), again.is_new(ASSET)) == (b"sound", 5, False)
    assert again.sizes(["vocabulary"]) == {ASSET: 5, f"{ASSET}.timeline.json": 2}
    assert again.fetch(ASSET, tmp_path / "downloads").read_bytes() == b"sound"
    again.delete(ASSET)
    again.delete(ASSET)
    assert (again.read(ASSET), again.size_of(ASSET), again.hash_of(ASSET)) == (None, None, None)
    assert again.is_new(ASSET)


def test_a_prefix_is_a_folder_and_hidden_names_are_not_listed(
    server: BucketServer, tmp_path: Path
) -> None:
    for key in ("app/", "app/a/1.mp3", "app/ab/2.mp3", "app/a/.x/3.mp3", "apple/a/4.mp3"):
        server.put(key, b"x")
    one = storage(tmp_path, server.endpoint)
    assert one.sizes(["a"]) == {"a/1.mp3": 1}
    assert one.sizes([""]) == {"a/1.mp3": 1, "ab/2.mp3": 1}


def test_a_foreign_key_that_cannot_be_listed_is_named_with_the_next_step(
    server: BucketServer, tmp_path: Path
) -> None:
    server.put("app/a//1.mp3", b"x")
    with pytest.raises(FatalError, match=r"invalid: rename or delete it, .*app/a//1\.mp3"):
        storage(tmp_path, server.endpoint).sizes(["a"])


def test_more_keys_than_a_page_has(server: BucketServer, tmp_path: Path) -> None:
    one = storage(tmp_path, server.endpoint)
    for number in range(PAGE * 2 + 3):
        server.put(f"app/a/{number}.mp3", b"x")
    assert len(one.sizes(["a"])) == PAGE * 2 + 3


def test_an_object_that_another_run_wrote_is_replaced(proxy: FaultProxy, tmp_path: Path) -> None:
    one, other = storage(tmp_path, proxy.endpoint), storage(tmp_path, proxy.endpoint)
    one.put(ASSET, b"one")
    other.put(ASSET, b"two")
    assert one.read(ASSET) == b"two"
    assert [each for each, _ in proxy.requests] == ["PUT", "PUT", "PUT", "GET"]


def test_a_server_without_conditional_writes_is_written_to_all_the_same(
    proxy: FaultProxy, tmp_path: Path
) -> None:
    one = storage(tmp_path, proxy.endpoint)
    proxy.fault = lambda *_: error(501, "NotImplemented") if len(proxy.requests) == 1 else None
    one.put(ASSET, b"one")
    one.put(f"{ASSET}.lrc", b"two")
    assert (one.read(ASSET), one.read(f"{ASSET}.lrc")) == (b"one", b"two")


def test_a_fault_that_passes_is_not_seen(proxy: FaultProxy, tmp_path: Path) -> None:
    one = storage(tmp_path, proxy.endpoint)
    proxy.fault = lambda *_: error(503, "SlowDown") if len(proxy.requests) in {1, 3} else None
    one.put(ASSET, b"one")
    assert one.read(ASSET) == b"one"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(500, "InternalError"), "InternalError"),
        (error(503, "SlowDown"), "overloaded: run again later"),
        (error(403, "AccessDenied"), "access denied: let these credentials"),
        (error(403, "RequestTimeTooSkewed"), "clock of this machine is wrong: set it"),
        (error(403, "InvalidAccessKeyId"), "access key is unknown: check the credentials"),
        (error(403, "SignatureDoesNotMatch"), "secret key is wrong"),
        (error(404, "NoSuchBucket"), "bucket does not exist: create it"),
        (error(418, "Teapot"), "responds with Teapot: check [bucket] and the bucket, then run"),
        (S3Reply(302, b"", {"Location": "http://127.0.0.1:1/"}), ""),
    ],
)
@pytest.mark.parametrize("call", ["put", "read", "list", "delete"])
def test_a_fault_that_stays_is_described_with_the_next_step(
    proxy: FaultProxy, tmp_path: Path, reply: S3Reply, words: str, call: str
) -> None:
    one = storage(tmp_path, proxy.endpoint)
    proxy.fault = lambda *_: reply
    calls: dict[str, Callable[[], object]] = {
        "put": lambda: one.put(ASSET, b"x"),
        "read": lambda: one.read(ASSET),
        "list": lambda: one.sizes(["a"]),
        "delete": lambda: one.delete(ASSET),
    }
    with pytest.raises(FatalError, match=f"cannot .*s3://{BUCKET}/app/.*{re.escape(words)}") as got:
        calls[call]()
    assert "\n" not in str(got.value)
    assert len(str(got.value)) < 400


def test_a_server_that_is_no_bucket_is_described(proxy: FaultProxy, tmp_path: Path) -> None:
    proxy.fault = lambda *_: S3Reply(200, b"{}")
    with pytest.raises(FatalError, match=r"not that of a bucket: correct \[bucket\] endpoint"):
        storage(tmp_path, proxy.endpoint).sizes(["a"])


def test_an_answer_without_a_tag_is_described_at_once(server: BucketServer, tmp_path: Path) -> None:
    proxy = FaultProxy(server.endpoint)
    proxy.fault = lambda *_: S3Reply(200, b"")
    try:
        with pytest.raises(
            FatalError, match=r"cannot write .* lacks headers .*: correct \[bucket\]"
        ):
            storage(tmp_path, proxy.endpoint).put(ASSET, b"x")
    finally:
        proxy.close()
    assert len(proxy.requests) == 1


def test_a_list_that_begins_again_and_again_is_left(proxy: FaultProxy, tmp_path: Path) -> None:
    body = (
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t"
        "</NextContinuationToken><Contents><Key>app/a/1.mp3</Key><Size>1</Size><LastModified>"
        "2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>"
    )
    proxy.fault = lambda *_: S3Reply(200, body.encode())
    with pytest.raises(FatalError, match=r"cannot list .* lists a/1\.mp3 twice, .*: update"):
        storage(tmp_path, proxy.endpoint).sizes(["a"])


def test_an_answer_that_is_cut_is_no_sound(proxy: FaultProxy, tmp_path: Path) -> None:
    one = storage(tmp_path, proxy.endpoint)
    one.put(ASSET, b"whole" * 99)
    proxy.fault = lambda *_: S3Reply(cut=9)
    with pytest.raises(FatalError, match=r"cannot read .*run again"):
        one.read(ASSET)


def test_a_tag_of_other_bytes_is_checked_against_the_object(
    proxy: FaultProxy, tmp_path: Path
) -> None:
    one = storage(tmp_path, proxy.endpoint)
    wrong = S3Reply(headers={"ETag": '"0123456789abcdef0123456789abcdef"'})
    proxy.fault = lambda method, _: wrong if method == "PUT" else None
    # As a bucket with keys of its own has it: the bytes are right.
    one.put(ASSET, b"x")
    other = S3Reply(200, b"other bytes", {"ETag": '"0123456789abcdef0123456789abcdef"'})
    proxy.fault = lambda method, _: wrong if method == "PUT" else other
    with pytest.raises(FatalError, match="stored other bytes than were sent"):
        one.put(f"{ASSET}.lrc", b"x")


def test_a_service_that_comes_back_gets_what_it_missed(
    server: BucketServer, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    later = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    start = threading.Timer(3.0, later.start)
    start.start()
    try:
        storage(tmp_path, f"http://127.0.0.1:{port}").put(ASSET, b"sound")
        assert server.objects() == {f"app/{ASSET}": b"sound"}
    finally:
        start.join()
        later.stop()


@pytest.mark.usefixtures("server")
def test_a_service_that_nobody_answers_for_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_storage, "_RETRIES", {"max_retries": 0})
    with pytest.raises(FatalError, match=r"does not respond: check the network and \[bucket\]"):
        storage(tmp_path, "http://127.0.0.1:1").sizes(["a"])


def test_a_profile_is_read(
    server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (tmp_path / "config").write_text(
        f"[profile team]\nregion = eu-west-1\nendpoint_url = {server.endpoint}\n[profile sso]\n"
    )
    (tmp_path / "credentials").write_text(
        "[team]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    one = BucketStorage(tmp_path, f"s3://{BUCKET}/app", profile="team")
    one.put(ASSET, b"x")
    monkeypatch.setenv("AWS_PROFILE", "team")
    assert BucketStorage(tmp_path, f"s3://{BUCKET}/app").read(ASSET) == b"x"
    with pytest.raises(UsageError, match="there is no profile 'other' in"):
        BucketStorage(tmp_path, f"s3://{BUCKET}/app", profile="other").read(ASSET)


def test_settings_open_it() -> None:
    bucket = BucketSettings(endpoint="http://127.0.0.1:9")
    found = open_storage(Settings(output="s3://b/c", state="s", bucket=bucket))
    assert isinstance(found, BucketStorage)
    assert (found.url, found.root) == ("s3://b/c", Path("s"))
    assert not isinstance(open_storage(Settings(output="audio")), BucketStorage)


@pytest.fixture
def project(project: Project, server: BucketServer) -> Project:
    project.environment |= KEYS
    project.environment.pop("SSL_CERT_DIR", None)
    (project.folder / "tts-assets.toml").write_text(
        f'provider = "tones"\noutput = "s3://{BUCKET}/app"\n'
        f'[bucket]\nendpoint = "{server.endpoint}"\n'
    )
    return project


def test_a_run_writes_into_the_bucket_and_keeps_its_state_here(
    project: Project, server: BucketServer
) -> None:
    project.words("犬", "猫", "犬")
    assert project.run("check").returncode == 1
    done = project.run("generate")
    assert done.returncode == 0, done.stderr
    assets = {key.removeprefix("app/") for key in server.objects()}
    assert len(assets) == 2
    assert {(url or "").removeprefix("/audio/") for url in project.urls()} == assets
    assert {each.name for each in (project.folder / ".tts-assets").iterdir()} == {
        ".gitattributes",
        "ledger.jsonl",
    }
    assert not (project.folder / "audio").exists()
    assert project.run("check").returncode == 0
    assert "everything is up to date: 3 clips" in project.run("generate").stdout
    assert project.run("verify", "--output-format", "json").returncode in {0, 1}
    assert "2 objects" in project.run("doctor").stdout


def test_what_is_lost_or_changed_in_the_bucket_is_made_again(
    project: Project, server: BucketServer
) -> None:
    project.words("犬", "猫", "鳥")
    assert project.run("generate").returncode == 0
    before = server.objects()
    gone, cut, changed = sorted(before)
    server.client.delete_object(Bucket=BUCKET, Key=gone)  # type: ignore[attr-defined]
    server.put(cut, before[cut][:-9])
    server.put(changed, before[changed][:-1] + b"x")
    status = project.run("status").stdout
    assert "1 missing, 1 damaged" in status or "1 damaged, 1 missing" in status, status
    done = project.run("generate", "--deep")
    assert "generated 3 clips" in done.stdout, done.stdout
    assert server.objects() == before


def test_shards_and_merge_prune_and_review_work_with_a_bucket(
    project: Project, server: BucketServer
) -> None:
    project.words("犬", "猫", "鳥", "馬")
    for shard in ("1/2", "2/2"):
        assert project.run("generate", "--shard", shard).returncode == 0
    assert server.objects() == {}
    done = project.run("merge")
    assert done.returncode == 0, done.stderr
    assert len(server.objects()) == 4
    assert project.run("check").returncode == 0
    page = project.run("review", "--export", "page")
    assert page.returncode == 0, page.stderr
    assert len(list((project.folder / "page").rglob("*.mp3"))) == 4
    ledger = project.folder / ".tts-assets/ledger.jsonl"
    line = json.loads(ledger.read_text().splitlines()[0])
    project.write("decisions.json", {
        "version": 1,
        "decisions": [{
            "asset": line["asset"], "sha256": line["sha256"], "decided": "rejected",
            "at": "2026-11-22T13:00:00.123Z",
        }],
    })  # fmt: skip
    assert project.run("review", "apply", "decisions.json").returncode == 0
    assert "1 rejected" in project.run("status").stdout
    project.words("犬", "猫", "鳥")
    assert "1 orphan" in project.run("prune").stdout or "1 asset" in project.run("prune").stdout
    assert project.run("prune", "--yes").returncode == 0
    assert len(server.objects()) == 3


def test_names_without_the_recipe_are_refused(project: Project) -> None:
    project.words("犬")
    with (project.folder / "tts-assets.toml").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write('asset = "{kind}/{id}-{part}.{ext}"\n' + text)
    done = project.run("generate")
    assert (done.returncode, "has no {recipe}" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    "output",
    ["s3://", "s3://b?x", "ftp://b/c", "s3://b//c", "s3://b/../c", "s3://user@b/c", "s3://b/\n"],
)
def test_a_place_that_cannot_be_is_refused(project: Project, output: str) -> None:
    done = project.run("status", "--output", output)
    assert (done.returncode, "output is" in done.stderr) == (2, True), done.stderr


def test_a_file_address_is_a_folder(project: Project) -> None:
    project.words("犬")
    done = project.run("generate", "--output", (project.folder / "here").as_uri())
    assert done.returncode == 0, done.stderr
    assert (project.folder / "here/ledger.jsonl").is_file()
