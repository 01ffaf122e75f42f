"""Keyrings for tests: one in a file, and some that refuse."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class InFile(KeyringBackend):
    """Keeps everything in the file that ``TEST_KEYRING`` names."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write(self._read() | {f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        rest = self._read()
        if rest.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("there is none")
        self._write(rest)

    def _read(self) -> dict[str, str]:
        path = Path(os.environ["TEST_KEYRING"])
        return dict(json.loads(path.read_bytes())) if path.exists() else {}

    def _write(self, everything: dict[str, str]) -> None:
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(everything))


class Locked(InFile):
    """Nobody has unlocked it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"{service} of {username}")


class Talkative(InFile):
    """Refuses, and says what it was given."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"{service}: {username} cannot have {password}")
