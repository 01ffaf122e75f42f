"""Finds and stores the API keys of paid engines, and hides them in all output."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from tts_assets.errors import FatalError, UsageError, format_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from keyring.backend import KeyringBackend

Found = TypeVar("Found")

#: The variable with each provider's key, as named by the vendors' own libraries.
ENVIRONMENT = {"elevenlabs": "ELEVENLABS_API_KEY", "openai": "OPENAI_API_KEY"}

#: Advice for messages: the places for keys.
PLACES = (
    f"put keys into {' or '.join(ENVIRONMENT.values())}, into a file that --api-key-file "
    "names, or into the keyring (tts-assets auth set)"
)

#: The service name of keys in a keyring; the user name is the provider's name.
SERVICE = "tts-assets"

_MAX_KEY_LENGTH = 1_000  #: keys have 30 to 200 characters today; anything longer is another file

#: Enough for the longest key with blanks around it; no more of a file is read.
_MAX_KEY_FILE_BYTES = 4_096

#: A file name that is probably a key, given instead of a file.
_LIKE_A_KEY = re.compile(r"(?=.*\d)[\w-]{20,}")

#: A line of a file that sets environment variables.
_ASSIGNMENT = re.compile(
    r"^[ \t]*(?:export[ \t]+|set[ \t]+|\$env:)?[A-Za-z_]\w*[ \t]*=[ \t]*[^=\s]", re.MULTILINE
)
_QUOTED = re.compile(r"(['\"`]).*\1", re.DOTALL)

#: The rest of a masked key in a server's message, as in ``sk-ab****wxyz``.
_MASK = r"[\w-]{0,64}(?:\*\*|\.\.\.|…|••)[\w*.…•-]*"


class Secret:
    """An API key that is hidden in all output; only ``reveal`` returns it.

    It is not a dataclass, because functions that convert dataclasses to plain data would copy the key.
    """

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str = "the program") -> None:
        """Store a key without blanks around it; messages begin with its source."""
        self._value = value.strip()
        self.source = source

    def reveal(self) -> str:
        """The key itself, valid in an HTTP header.

        Raises:
            UsageError: the value cannot be a key. It is checked only on use, so an invalid variable
                that no engine of the run needs does no harm.
        """
        if problem := _find_key_problem(self._value):
            raise UsageError(
                f"{self.source}: this API key cannot be used: it {problem}; a key is one line "
                f"of printable ASCII without spaces, at most {_MAX_KEY_LENGTH:,} characters"
            )
        return self._value

    def __repr__(self) -> str:
        return f"Secret(***, {self.source!r})"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret stays in its own process: hand on what the key is needed for")


def from_environment(environment: Mapping[str, str]) -> dict[str, Secret]:
    """The keys in an environment, by provider; empty variables are ignored."""
    return {
        provider: Secret(value, f"environment ({variable})")
        for provider, variable in ENVIRONMENT.items()
        if (value := environment.get(variable, "")).strip()
    }


def find(name: str, *, file: str | None, environment_key: Secret | None) -> Secret | None:
    """A provider's key: from the file, else from the environment, else from the keyring; or None.

    Args:
        name: the provider's name.
        file: the path of a file that contains only the key.
        environment_key: the key from the environment.

    Raises:
        UsageError: the file cannot be read, or its content cannot be a key.
        FatalError: there is a keyring, but it cannot be read.
    """
    secret = environment_key if file is None else _read_key_file(file)
    if secret is None:
        secret = _read_keyring(name)
    if secret is not None:
        secret.reveal()
    return secret


def advice(name: str) -> str:
    """Advice for messages about a missing key: how to provide it."""
    return (
        f"{_variable_or_file(name)}, or store it in the keyring of this machine: "
        f"tts-assets auth set {name}"
    )


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """Replace every key in a text by ``***``: plain, percent-encoded, escaped or half masked.

    Apply it to server responses before they are truncated: a part of a key is not recognised.
    """
    # ``reveal`` would refuse invalid keys, which are hidden, too.
    values = sorted({secret._value for secret in secrets} - {""}, key=len, reverse=True)  # noqa: SLF001 - see above
    if not values:
        return text
    return re.sub("|".join(map(_build_redact_pattern, values)), "***", text)


def store(name: str, secret: Secret) -> str:
    """Put a provider's key into the keyring.

    Returns:
        The name of the keyring.

    Raises:
        UsageError: the value cannot be a key.
        FatalError: there is no keyring, or it refuses.
    """
    backend = writable()
    value = secret.reveal()
    _ask_keyring("written", lambda: backend.set_password(SERVICE, name, value))
    # Some backends, as on machines without a desktop, silently discard everything.
    if _ask_keyring("read", lambda: backend.get_password(SERVICE, name)) != value:
        raise FatalError(f"{backend.name} did not store the key: {_variable_or_file(name)} instead")
    return str(backend.name)


def remove(name: str) -> bool:
    """Delete a provider's key from the keyring; False if it has none.

    Raises:
        FatalError: there is no keyring, or it refuses.
    """
    backend = writable()
    if _ask_keyring("read", lambda: backend.get_password(SERVICE, name)) is None:
        return False
    _ask_keyring("written", lambda: backend.delete_password(SERVICE, name))
    return True


def writable() -> KeyringBackend:
    """The keyring of this machine.

    Raises:
        FatalError: keyring is not installed, or finds no keyring on this machine.
    """
    try:
        backend = _find_backend()
    except ImportError as exc:
        raise FatalError(
            f"keys are stored by the library keyring, which is not installed: {format_command('setup', 'keyring')}"
        ) from exc
    if backend is None:
        raise FatalError(
            "this machine has no keyring that could store a key: "
            "set the provider's variable or give --api-key-file instead"
        )
    return backend


def _read_key_file(file: str) -> Secret:
    # Permissions are not checked, as in aws and unlike ssh: files mounted by containers are
    # readable by all on purpose, and Windows shares have no such bits.
    shown_path = (
        "*** (its name looks like a key)" if _LIKE_A_KEY.fullmatch(Path(file).name) else file
    )
    try:
        path = Path(file).expanduser()
        # A pipe would be empty on the second read, and may block.
        problem = "" if stat.S_ISREG(path.stat().st_mode) else "it is not a regular file"
        if not problem:
            with path.open("rb") as stream:
                return Secret(decode_key(stream.read(_MAX_KEY_FILE_BYTES)), f"file ({file})")
    except OSError as exc:
        problem = exc.strerror or type(exc).__name__
    except (ValueError, RuntimeError):
        problem = "this is not a valid path"
    # Raised outside the handler, because the system's message repeats the name.
    raise UsageError(
        f"the file with the API key, {shown_path}, cannot be read: {problem}; api-key-file must "
        "name a file that contains only the key"
    )


def decode_key(content: bytes) -> str:
    """Decode bytes that may be a key; invalid bytes become characters that no key has."""
    return content.decode("utf-8-sig", "replace")


def _find_key_problem(value: str) -> str | None:
    if not value:
        return "is empty"
    if _ASSIGNMENT.search(value):
        return (
            "is a line NAME=KEY, as in an .env file: keep only the part after the =, "
            "without quotes, or load the file into the environment (set -a; . FILE; set "
            "+a) and omit --api-key-file and api-key-file"
        )
    if _QUOTED.fullmatch(value):
        return "is in quotes: remove them"
    if len(value) > _MAX_KEY_LENGTH:
        return f"is longer than {_MAX_KEY_LENGTH:,} characters"
    if re.search(r"\s", value):
        return "contains a space or a line break"
    return (
        None
        if re.fullmatch("[!-~]+", value)
        else "contains characters that are not printable ASCII"
    )


def _build_redact_pattern(value: str) -> str:
    """A pattern for a key, whichever of its characters are escaped, as in URLs and in JSON."""
    each = (rf"(?:\\?{re.escape(sign)}|(?i:%{ord(sign):02x}|\\u{ord(sign):04x}))" for sign in value)
    return f"{''.join(each)}|{re.escape(value[:3])}{_MASK}"


def _variable_or_file(name: str) -> str:
    variable = ENVIRONMENT.get(name)
    return f"{f'set {variable} or ' if variable else ''}give --api-key-file FILE"


def _read_keyring(name: str) -> Secret | None:
    try:
        backend = _find_backend()
    except ImportError:
        return None
    if backend is None:
        return None
    value = _ask_keyring("read", lambda: backend.get_password(SERVICE, name))
    return None if value is None else Secret(value, "keyring")


def _find_backend() -> KeyringBackend | None:
    """The keyring that the library chooses; None if it finds none."""
    import keyring  # noqa: PLC0415 - not installed by default, and it loads every backend
    from keyring.backends.fail import Keyring as NoKeyring  # noqa: PLC0415 - see above

    backend = _ask_keyring("opened", keyring.get_keyring)
    return None if isinstance(backend, NoKeyring) else backend


def _ask_keyring(operation: str, ask: Callable[[], Found]) -> Found:
    """Call a keyring; a backend is third-party code, and may raise anything."""
    try:
        return ask()
    except Exception as exc:  # noqa: BLE001 - see above
        reason = type(exc).__name__
    # Raised outside the handler, because the backend's message may contain the key.
    locked = "it is locked" if reason == "KeyringLocked" else reason
    raise FatalError(
        f"the keyring cannot be {operation}: {locked}; unlock it, or set the provider's variable "
        "or give --api-key-file instead"
    )
