"""Templates of assets and URLs: names in braces, checked before anything is made."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from tts_assets.build.plan.recipes import DIGITS
from tts_assets.errors import UsageError
from tts_assets.model import Format, Kind
from tts_assets.store import names

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = ("kind", "recipe", "ext", "id", "part")
_BRACES = re.compile(r"\{([^{}]*)\}")


# The tool that this one follows had recipes of 8 digits. Letters and digits must be among them:
# a date or a number that somebody gave a recording is no recipe.
_OF_8_DIGITS = "(?=[0-9]{0,7}[a-f])(?=[a-f]{0,7}[0-9])[0-9a-f]{8}"


#: What the names stand for in a URL.
_PATTERNS = {
    "kind": "|".join(Kind),
    "recipe": rf"[0-9a-f]{{{DIGITS}}}|{_OF_8_DIGITS}",
    "ext": "|".join(Format),
    # Escaped, an id has three or five characters for each of its 200 bytes.
    "id": "[^/?#]{1,1000}",
    "part": "[^/?#]{1,1000}",
    "asset": "[^?#]+",
}


#: Those that are always spelt the same within one URL.
_FIXED = frozenset({"kind", "recipe", "ext", "asset"})


def check_asset(template: str, ext: Format) -> None:
    """See that a template names a file of its own for each clip, below the output folder.

    Raises:
        UsageError: it does not, and how to mend it.
    """
    used = _names_in(template, "asset", _NAMES)
    if not ("recipe" in used or {"id", "part"} <= used):
        raise _wrong("asset", template, "must have {recipe}, or both {id} and {part}")
    if not template.endswith(".{ext}"):
        raise _wrong("asset", template, "must end in .{ext}")
    example = {
        "kind": max(Kind, key=len), "recipe": "0" * DIGITS, "ext": ext, "id": "1", "part": "word",
    }  # fmt: skip
    for name in template.split("/"):
        # The mark of escapes may stand in a template: there it means nothing.
        problem = names.problem_with(name.replace("%", "_").format_map(example))
        if problem is not None:
            raise _wrong("asset", template, problem)


def check_url(template: str) -> None:
    """See that a template gives different clips different addresses.

    Raises:
        UsageError: it does not, and how to mend it.
    """
    used = _names_in(template, "URL", (*_NAMES, "asset"))
    if not (used & {"asset", "recipe"} or {"id", "part"} <= used):
        raise _wrong("URL", template, "must have {asset}, {recipe}, or both {id} and {part}")


def filled(template: str, kind: Kind, ext: Format) -> str:
    """The template with what is the same for all clips of a kind."""
    return template.replace("{kind}", kind).replace("{ext}", ext)


def has_ids(template: str) -> bool:
    """Whether ids decide about the name, too."""
    return "{id}" in template or "{part}" in template


def folder_of(template: str) -> str:
    """The folder that all names of a template share; "" where they share none."""
    return template.partition("{")[0].rpartition("/")[0]


def pattern(template: str) -> re.Pattern[str]:
    """What recognises the URLs of a template, with a group for each name that is always the same."""
    found, seen = "", set[str]()
    for number, piece in enumerate(_BRACES.split(template)):
        if number % 2 == 0:
            found += re.escape(piece)
        elif piece in seen:
            found += f"(?P={piece})"
        elif piece in _FIXED:
            seen.add(piece)
            found += f"(?P<{piece}>{_PATTERNS[piece]})"
        else:
            found += _PATTERNS[piece]
    return re.compile(found)


def _names_in(template: str, what: str, allowed: Sequence[str]) -> set[str]:
    every = ", ".join(f"{{{name}}}" for name in allowed)
    used = set(_BRACES.findall(template))
    for name in sorted(used.difference(allowed)):
        near = difflib.get_close_matches(name, allowed, n=1, cutoff=0.0)[0]
        raise _wrong(
            what, template, f"has {{{name}}}: did you mean {{{near}}}? It may have {every}"
        )
    if re.search("[{}]", _BRACES.sub("", template)):
        raise _wrong(what, template, f"has a brace too many: it may have {every}")
    return used


def _wrong(what: str, template: str, problem: str) -> UsageError:
    return UsageError(f"the {what} template {template!r} {problem}")
