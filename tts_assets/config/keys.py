"""Keys of paid engines: where they come from, and that nothing shows them."""

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

#: The variable that has a provider's key, as the vendors' own libraries name them.
ENVIRONMENT = {"elevenlabs": "ELEVENLABS_API_KEY", "openai": "OPENAI_API_KEY"}

#: Where keys belong, for messages.
PLACES = (
    f"put keys into {' or '.join(ENVIRONMENT.values())}, into a file that --api-key-file "
    "names, or into the keyring (tts-assets auth set)"
)

#: What keys are stored under in a keyring; the user's name there is the provider's.
SERVICE = "tts-assets"

#: Keys have 30 to 200 characters today; what is longer is another file.
_LONGEST = 1_000

#: Such a key with blanks around it; more of a file is never read.
_MOST_BYTES = 4_096

#: The name of a file that is more likely a key, typed where a file belongs.
_LIKE_A_KEY = re.compile(r"(?=.*\d)[\w-]{20,}")

#: A line of a file that a shell or a library loads into the environment.
_ASSIGNMENT = re.compile(
    r"^[ \t]*(?:export[ \t]+|set[ \t]+|\$env:)?[A-Za-z_]\w*[ \t]*=[ \t]*[^=\s]", re.MULTILINE
)
_QUOTED = re.compile(r"(['\"`]).*\1", re.DOTALL)

#: What a server leaves of a key that it quotes, as in ``sk-ab****wxyz``.
_MASK = r"[\w-]{0,64}(?:\*\*|\.\.\.|…|••)[\w*.…•-]*"


class Secret:
    """A key that shows itself to nobody but who asks for it.

    It is no dataclass: what turns those into plain data would take the key along.
    """

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str = "the program") -> None:
        """Hold a key.

        Args:
            value: the key; blanks around it are no part of it.
            source: where it is from; messages begin with that.
        """
        self._value = value.strip()
        self.source = source

    def reveal(self) -> str:
        """The key itself, as it may stand in a header.

        Raises:
            UsageError: it cannot be a key. Told here and not when it is taken in: a variable that
                no engine of the run needs disturbs nobody.
        """
        if fault := _fault(self._value):
            raise UsageError(
                f"{self.source}: this API key cannot be used: it {fault}; a key is one line "
                f"of printable ASCII without spaces, at most {_LONGEST:,} characters"
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
    """The keys that an environment has, by provider; an empty variable is none."""
    return {
        provider: Secret(value, f"environment ({variable})")
        for provider, variable in ENVIRONMENT.items()
        if (value := environment.get(variable, "")).strip()
    }


def find(name: str, *, file: str | None, given: Secret | None) -> Secret | None:
    """A provider's key: the file's over the given one over the keyring's; None where there is none.

    Args:
        name: the provider's.
        file: the path of a file that holds nothing but the key.
        given: the key of the environment.

    Raises:
        UsageError: the file cannot be read, or what is found cannot be a key.
        FatalError: there is a keyring, but it cannot be read.
    """
    secret = given if file is None else _in_file(file)
    if secret is None:
        secret = _in_keyring(name)
    if secret is not None:
        secret.reveal()
    return secret


def advice(name: str) -> str:
    """How a provider gets its key, for messages that miss it."""
    return (
        f"{_variable_or_file(name)}, or store it in the keyring of this machine: "
        f"tts-assets auth set {name}"
    )


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """A text with ``***`` for every key in it: plain, percent-encoded, escaped or half masked.

    For what servers answer, before it is cut to a length: a part of a key is not recognised.
    """
    # Not revealed: what cannot be a key is hidden as well.
    values = sorted({secret._value for secret in secrets} - {""}, key=len, reverse=True)  # noqa: SLF001 - see above
    if not values:
        return text
    return re.sub("|".join(map(_pattern, values)), "***", text)


def store(name: str, secret: Secret) -> str:
    """Put a provider's key into the keyring.

    Returns:
        What the keyring calls itself.

    Raises:
        UsageError: it cannot be a key.
        FatalError: there is no keyring, or it refuses.
    """
    backend = writable()
    value = secret.reveal()
    _ask_keyring("written", lambda: backend.set_password(SERVICE, name, value))
    # One that drops everything, as machines without a desktop may have, says nothing.
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
        FatalError: keyring is not installed, or finds none here.
    """
    try:
        backend = _backend()
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


def _in_file(file: str) -> Secret:
    # Who else may read or write it is not judged, as aws does and ssh does not: what containers
    # mount is readable by all on purpose, and what Windows shares has no such bits.
    shown = "*** (its name looks like a key)" if _LIKE_A_KEY.fullmatch(Path(file).name) else file
    try:
        path = Path(file).expanduser()
        # A pipe would be empty when it is read again, and may keep us waiting.
        wrong = "" if stat.S_ISREG(path.stat().st_mode) else "it is not a regular file"
        if not wrong:
            with path.open("rb") as stream:
                return Secret(decode_key(stream.read(_MOST_BYTES)), f"file ({file})")
    except OSError as exc:
        wrong = exc.strerror or type(exc).__name__
    except (ValueError, RuntimeError):
        wrong = "this is not a valid path"
    # Outside of the handler: what the system says has the name once more.
    raise UsageError(
        f"the file with the API key, {shown}, cannot be read: {wrong}; api-key-file must "
        "name a file that contains only the key"
    )


def decode_key(content: bytes) -> str:
    """Bytes as text that may be a key; what is none cannot be one in any reading."""
    return content.decode("utf-8-sig", "replace")


def _fault(value: str) -> str | None:
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
    if len(value) > _LONGEST:
        return f"is longer than {_LONGEST:,} characters"
    if re.search(r"\s", value):
        return "contains a space or a line break"
    return (
        None
        if re.fullmatch("[!-~]+", value)
        else "contains characters that are not printable ASCII"
    )


def _pattern(value: str) -> str:
    """A key in whatever of its characters is escaped, as in addresses and in JSON."""
    each = (rf"(?:\\?{re.escape(sign)}|(?i:%{ord(sign):02x}|\\u{ord(sign):04x}))" for sign in value)
    return f"{''.join(each)}|{re.escape(value[:3])}{_MASK}"


def _variable_or_file(name: str) -> str:
    variable = ENVIRONMENT.get(name)
    return f"{f'set {variable} or ' if variable else ''}give --api-key-file FILE"


def _in_keyring(name: str) -> Secret | None:
    try:
        backend = _backend()
    except ImportError:
        return None
    if backend is None:
        return None
    value = _ask_keyring("read", lambda: backend.get_password(SERVICE, name))
    return None if value is None else Secret(value, "keyring")


def _backend() -> KeyringBackend | None:
    """The keyring that the library chooses; None where it finds none."""
    import keyring  # noqa: PLC0415 - not installed by default, and it loads every backend
    from keyring.backends.fail import Keyring as Nothing  # noqa: PLC0415 - see above

    backend = _ask_keyring("opened", keyring.get_keyring)
    return None if isinstance(backend, Nothing) else backend


def _ask_keyring(what: str, ask: Callable[[], Found]) -> Found:
    """What a keyring answers; a backend is a stranger's code, and may raise anything."""
    try:
        return ask()
    except Exception as exc:  # noqa: BLE001 - see above
        reason = type(exc).__name__
    # Outside of the handler: what a backend says may have the key in it.
    locked = "it is locked" if reason == "KeyringLocked" else reason
    raise FatalError(
        f"the keyring cannot be {what}: {locked}; unlock it, or set the provider's variable "
        "or give --api-key-file instead"
    )
