"""Assets in a bucket of S3, Google Cloud Storage or Azure; ledger and decisions in a local folder."""

from __future__ import annotations

import configparser
import contextlib
import hashlib
import os
import re
import time
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_assets.errors import FatalError, UsageError, format_command
from tts_assets.store.atomic_files import Storage, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The Content-Type of each suffix.
_CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "json": "application/json",
    "vtt": "text/vtt; charset=utf-8",
    "lrc": "text/plain; charset=utf-8",
}

_PAGE = 1000  #: keys in one page of a listing

#: Time limits of a request; a PUT of the longest passage sends a few MB.
_CLIENT = {"timeout": timedelta(seconds=60), "connect_timeout": timedelta(seconds=10)}
_RETRIES = {
    "max_retries": 6,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=10)},
}

#: How long a PUT is retried while the service is unavailable, as during a restart: obstore gives up
#: within two seconds if the connection is refused, and at once if it is lost during a request.
_PATIENCE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _MOST_PAUSE_SECONDS = 0.5, 8.0

#: The codes of transient errors; "" if there is no response.
_TRANSIENT_CODES = {
    "",
    "500",
    "502",
    "503",
    "504",
    "InternalError",
    "ServiceUnavailable",
    "SlowDown",
}

_CODE = re.compile(r"<Code>([^<]{1,80})</Code>")
_STATUS = re.compile(
    r"\b(?:status|with status)[ :]*\"?([1-5][0-9][0-9])\b|\b([45][0-9][0-9]) [A-Z]"
)
_HASH = re.compile(r"[0-9a-f]{32}")

#: What to do about the error codes of S3 and about HTTP statuses.
_ADVICE = {
    "NoSuchBucket": "the bucket does not exist: create it, or correct `output`",
    "NotFound": "the bucket does not exist: create it, or correct `output`",
    "404": "the bucket does not exist: create it, or correct `output`",
    "RequestTimeTooSkewed": "the clock of this machine is wrong: set it",
    "AccessDenied": "access denied: let these credentials list, read, write and delete objects",
    "InvalidAccessKeyId": "the access key is unknown: check the credentials or the profile",
    "SignatureDoesNotMatch": "the secret key is wrong: check the credentials or the profile",
    "ExpiredToken": "the credentials have expired: log in again",
    "403": "access denied: let these credentials list, read, write and delete objects",
    "401": "the credentials are refused: check them, or the profile",
    "SlowDown": "the service is overloaded: run again later; finished clips are kept",
    "503": "the service is overloaded: run again later; finished clips are kept",
    "500": "the service failed: run again later; finished clips are kept",
}

#: What to do about errors without a code, by a part of their text.
_TEXT_ADVICE = {
    "object with invalid path": "the key of an object there is invalid: rename or delete it, or "
    "set `output` to another prefix",
    "Got invalid": "the response is not that of a bucket: correct [bucket] endpoint",
    "metadata from headers": "the response lacks headers that a bucket sends: correct [bucket] "
    "endpoint, or check what is between this machine and the service",
}

#: The statuses of errors that have names of their own.
_STATUSES = {
    "PermissionDeniedError": "403",
    "UnauthenticatedError": "401",
    "FileNotFoundError": "404",
    "NotFoundError": "404",
}
_NO_ANSWER = "the service does not respond: check the network and [bucket] endpoint, then run again"
_NO_CREDENTIALS = (
    "no credentials were found: set AWS_PROFILE or [bucket] profile, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY"
)


class BucketStorage(Storage):
    """Stores assets as objects in a bucket; everything else as in an output folder.

    An object is written by one PUT under its final key, so a partial one can never be read. Names
    must carry the recipe: two runs that write one key write the same sound, so no lock in the
    bucket is needed, and the objects can be cached forever.
    """

    is_shared = True

    def __init__(
        self,
        root: Path,
        url: str,
        *,
        endpoint: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        cache_control: str = "",
    ) -> None:
        """Use the bucket; the first read or write sends the first request.

        Args:
            root: the local folder of the ledger.
            url: scheme, bucket and prefix, such as ``s3://bucket/prefix``.
            endpoint: the URL of an S3-compatible server.
            region: the region of the bucket.
            profile: a profile of the AWS command line.
            cache_control: the header of every object; "" for none.
        """
        super().__init__(root)
        self.url = url
        self._endpoint, self._region, self._profile = endpoint, region, profile
        self._cache_control = cache_control
        # Whether the server supports conditional writes (If-None-Match).
        self._can_create = True
        # The objects of the last listing, and its folders.
        self._listed: dict[str, int] = {}
        self._listed_folders: tuple[str, ...] = ()

    @cached_property
    def _obstore(self) -> Any:
        try:
            import obstore.store  # noqa: PLC0415 - an extra, and slow to import
        except ImportError as exc:
            raise FatalError(
                f"obstore, which buckets need, is not installed: {format_command('setup', 'bucket')}"
            ) from exc
        return obstore

    @cached_property
    def _store(self) -> Any:
        options = self._find_options()
        client: dict[str, Any] = dict(_CLIENT)
        if options.get("endpoint", "").startswith("http://"):
            client["allow_http"] = True
        try:
            return self._obstore.store.from_url(
                self.url, client_options=client, retry_config=_RETRIES, **options
            )
        except Exception as exc:
            advice = "; check SSL_CERT_FILE and SSL_CERT_DIR" if "builder" in str(exc) else ""
            raise UsageError(
                f"output: {self.url} cannot be used: {_first_line(exc)}{advice}"
            ) from exc

    def _find_options(self) -> dict[str, Any]:
        """Endpoint, region and credentials that the environment does not provide.

        Raises:
            UsageError: there is no such profile, or the bucket is not on S3.
        """
        found: dict[str, Any] = {"endpoint": self._endpoint, "region": self._region}
        if not self.url.startswith("s3://"):
            if self._endpoint or self._profile:
                raise UsageError("[bucket] endpoint and profile are for buckets of S3: remove them")
            return {}
        name = self._profile or os.environ.get("AWS_PROFILE")
        if name is not None:
            profile = _read_profile(name)
            found |= {
                "endpoint": self._endpoint or profile.get("endpoint_url"),
                "region": self._region or profile.get("region"),
                "access_key_id": profile.get("aws_access_key_id"),
                "secret_access_key": profile.get("aws_secret_access_key"),
                "session_token": profile.get("aws_session_token"),
            }
            if found["access_key_id"] is None:
                found["credential_provider"] = _load_provider(name)
        return {key: value for key, value in found.items() if value is not None}

    def locate(self, asset: str) -> str:
        return f"{self.url}/{asset}"

    def sizes(self, folders: list[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for folder in folders:
            found |= self._list_objects(folder)
        self._listed, self._listed_folders = dict(found), tuple(folders)
        return found

    def _list_objects(self, folder: str) -> dict[str, int]:
        listed: dict[str, int] = {}
        what = f"cannot list {self.locate(folder)}"
        with self._errors(what):
            for page in self._obstore.list(self._store, prefix=folder or None, chunk_size=_PAGE):
                for each in page:
                    path: str = each["path"]
                    if path in listed:
                        # Its continuation token leads back to an earlier page.
                        raise FatalError(
                            f"{what}: the service lists {path} twice, so its list may never end: "
                            "update that server, or use another one"
                        )
                    # Consoles create an empty object for the prefix itself.
                    if path and "/." not in f"/{path}":
                        listed[path] = each["size"]
        return listed

    def is_new(self, asset: str) -> bool:
        if any(not folder or asset.startswith(f"{folder}/") for folder in self._listed_folders):
            return asset not in self._listed
        return self.size_of(asset) is None

    def put(self, asset: str, data: bytes | Path) -> None:
        body = data if isinstance(data, bytes) else data.read_bytes()
        with self._errors(f"cannot write {self.locate(asset)}"):
            tag = self._put_with_retries(asset, body)
        self._listed[asset] = len(body)
        if tag is None or not _HASH.fullmatch(tag) or tag == _md5(body):
            return
        # The ETag of an encrypted bucket is not the MD5: read the object back to compare.
        if self.hash_of(asset) != sha256(body):
            raise FatalError(
                f"cannot write {self.locate(asset)}: the service stored other bytes than were "
                "sent: run again, and check what is between this machine and the service"
            )

    def _put_with_retries(self, asset: str, body: bytes) -> str | None:
        """Store an object, with retries: writing equal bytes twice is harmless."""
        errors = self._obstore.exceptions
        deadline = time.monotonic() + _PATIENCE_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._put(asset, body)
            except errors.GenericError as exc:
                is_transient = (
                    _find_code(exc) in _TRANSIENT_CODES
                    and "169.254." not in str(exc)
                    and not _find_text_advice(exc)
                )
                if not is_transient or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _MOST_PAUSE_SECONDS)

    def _put(self, asset: str, body: bytes) -> str | None:
        """Store an object; returns its ETag without quotes."""
        obstore, errors = self._obstore, self._obstore.exceptions
        attributes = {"Content-Type": _CONTENT_TYPES[asset.rpartition(".")[2]]}
        if self._cache_control:
            attributes["Cache-Control"] = self._cache_control
        put = partial(
            obstore.put, self._store, asset, body, attributes=attributes, use_multipart=False
        )
        if self._can_create:
            try:
                return _tag_of(put(mode="create"))
            except errors.AlreadyExistsError:
                pass
            except errors.NotSupportedError:
                self._can_create = False
            except errors.GenericError as exc:
                if _find_code(exc) not in {"NotImplemented", "501"}:
                    raise
                self._can_create = False
        return _tag_of(put(mode="overwrite"))

    def read(self, asset: str) -> bytes | None:
        with self._errors(f"cannot read {self.locate(asset)}"):
            try:
                return bytes(self._obstore.get(self._store, asset).bytes())
            except FileNotFoundError as exc:
                _refuse_missing_bucket(exc)
                return None

    def hash_of(self, asset: str) -> str | None:
        data = self.read(asset)
        return None if data is None else sha256(data)

    def size_of(self, asset: str) -> int | None:
        with self._errors(f"cannot read {self.locate(asset)}"):
            try:
                return int(self._obstore.head(self._store, asset)["size"])
            except FileNotFoundError as exc:
                _refuse_missing_bucket(exc)
                return None

    def delete(self, asset: str) -> None:
        with self._errors(f"cannot delete {self.locate(asset)}"):
            try:
                self._obstore.delete(self._store, asset)
            except FileNotFoundError as exc:
                _refuse_missing_bucket(exc)
        self._listed.pop(asset, None)

    def fetch(self, asset: str, folder: Path) -> Path:
        path = folder / f"{sha256(asset.encode())}.{asset.rpartition('.')[2]}"
        data = self.read(asset)
        if data is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return path

    def fetch_known(self, asset: str, sha256_hex: str, folder: Path) -> Path:
        path = folder / f"{sha256_hex}.{asset.rpartition('.')[2]}"
        if not path.is_file():
            fetched = self.fetch(asset, folder)
            if fetched.is_file():
                fetched.replace(path)
        return path

    def find_link(self, asset: str) -> str | None:
        del asset
        return None

    def refuse_folder(self, asset: str) -> None:
        """A bucket has no folders that could conflict."""

    def refuse_links(self, folders: Iterable[str]) -> None:
        del folders
        super().refuse_links(())

    def sweep(self, folders: list[str]) -> None:
        del folders
        super().sweep([])

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Turn errors of the service and of the library into FatalError with the next step."""
        errors = (self._obstore.exceptions.BaseError, OSError, ValueError)
        try:
            yield
        except errors as exc:
            raise FatalError(f"{what}: {_describe(exc)}") from None


def _refuse_missing_bucket(exc: FileNotFoundError) -> None:
    """Raise the error again unless it is about an object."""
    if _find_code(exc) == "NoSuchBucket":
        raise exc


def _tag_of(done: Any) -> str | None:
    tag = done.get("e_tag")
    return None if tag is None else str(tag).strip('"')


def _md5(body: bytes) -> str:
    # Only to compare with the ETag of S3, not for security.
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _read_profile(name: str) -> dict[str, str]:
    """A profile in the configuration files of the AWS command line.

    Raises:
        UsageError: they cannot be read, or have no such profile.
    """
    home = Path.home() / ".aws"
    files = [
        (os.environ.get("AWS_CONFIG_FILE") or home / "config", f"profile {name}"),
        (os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials", name),
    ]
    found: dict[str, str] = {}
    is_known = False
    for file, section in files:
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as exc:
            raise UsageError(f"{file}: cannot be read: {type(exc).__name__}") from None
        for each in (section, name):
            if parser.has_section(each):
                is_known = True
                found |= dict(parser.items(each))
    if not is_known:
        raise UsageError(f"there is no profile {name!r} in {files[0][0]} and {files[1][0]}")
    return found


def _load_provider(name: str) -> Any:
    """The credentials of a profile without its own keys, such as one for single sign-on.

    Raises:
        UsageError: boto3, which can log in for it, is not installed.
    """
    try:
        import boto3  # type: ignore[import-untyped] # noqa: PLC0415 - rarely needed
        from obstore.auth.boto3 import Boto3CredentialProvider  # noqa: PLC0415
    except ImportError:
        raise UsageError(
            f"the profile {name!r} has no access key of its own: install boto3, which can log in for it"
        ) from None
    return Boto3CredentialProvider(boto3.Session(profile_name=name))


def _find_code(exc: BaseException) -> str:
    """The error code of a response, or else its status; "" for none."""
    text = str(exc)
    code = _CODE.search(text)
    if code is not None:
        return code[1]
    status = _STATUS.search(text)
    return "" if status is None else status[1] or status[2]


def _find_text_advice(exc: BaseException) -> str:
    """What to do about an error without a code; "" if unknown."""
    text = str(exc)
    return next((advice for part, advice in _TEXT_ADVICE.items() if part in text), "")


def _describe(exc: BaseException) -> str:
    """The cause of an error and the next step; the library's own messages have many lines."""
    code, text = _find_code(exc), str(exc)
    if code in _ADVICE:
        return f"{_ADVICE[code]} ({code})"
    if "169.254.169.254" in text or "169.254.170.2" in text:
        return _NO_CREDENTIALS
    if advice := _find_text_advice(exc):
        return f"{advice} ({_first_line(exc)})"
    if status := _STATUSES.get(type(exc).__name__):
        return _ADVICE[status]
    if code:
        return (
            f"the service responds with {code}: check [bucket] and the bucket, then run again "
            f"({_first_line(exc)})"
        )
    return f"{_NO_ANSWER} ({_first_line(exc)})"


def _first_line(exc: BaseException) -> str:
    line = str(exc).strip().splitlines()[0] if str(exc).strip() else type(exc).__name__
    return line[:200]
