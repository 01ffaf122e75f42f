"""What a page may do: a content security policy that names its own scripts and styles by their hashes.

Content Security Policy Level 3, https://www.w3.org/TR/CSP3/.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def hash_source(code: bytes) -> str:
    """An inline script or style as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(code).digest()).decode()}'"


def format_policy(directives: Mapping[str, Iterable[str]]) -> str:
    """A policy of directives with their sources; one without sources allows nothing."""
    return "; ".join(
        f"{name} {' '.join(sources) or _NO_SOURCES}"
        for name, sources in ((name, tuple(each)) for name, each in directives.items())
    )


_NO_SOURCES = "'none'"
