"""What a service says in words, whatever shape its answer has: one line, without the key, bounded.

OpenAI puts ``message``, ``type``, ``param`` and ``code`` into ``error``
(https://platform.openai.com/docs/guides/error-codes); others put a text, an object, or a list with a
path for each problem into ``detail``, as FastAPI does, or all of it at the top.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.engines.http.service_calls import ServiceResponse


#: More of a message is not shown.
_SHOWN = 300


#: More of an answer that is no JSON is not looked at.
_LOOKED_AT = 1 << 12


#: Answers about one request tell no more problems than that.
_PROBLEMS = 5
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class ErrorBody(NamedTuple):
    """What an answer that is no speech says.

    Args:
        words: the service's own, for what happened.
        fields: the fields of the request that it is about.
        message: one line, without the key, bounded; "" for none.
    """

    words: frozenset[str]
    fields: frozenset[str]
    message: str


def words_of(answer: ServiceResponse, hidden: Callable[[str], str]) -> ErrorBody:
    """What an answer says.

    Args:
        answer: any.
        hidden: takes the key out of a text.
    """
    inner = body = answer.json()
    if isinstance(body, dict):
        inner = body.get("error") or body.get("detail") or body
    words: tuple[Any, ...] = ()
    fields: tuple[Any, ...] = ()
    match inner:
        case dict():
            words = tuple(inner.get(name) for name in ("code", "status", "type", "error"))
            fields = (inner.get("param"),)
            text = inner.get("message") or inner.get("error") or inner.get("text")
        case list():
            fields = tuple(path[-1] for path in map(_path, inner) if path)
            text = "; ".join(filter(None, map(_problem, inner[:_PROBLEMS])))
        case str():
            text = inner
        case _:
            text = _decode_words(answer)
    return ErrorBody(_texts(words), _texts(fields), one_line(text, hidden))


def one_line(text: Any, hidden: Callable[[str], str], most: int = _SHOWN) -> str:
    """A text of a service as it may be printed; "" for what is none.

    Args:
        text: a value of its JSON.
        hidden: takes the key out of a text.
        most: how many characters are shown.
    """
    if not isinstance(text, str):
        return ""
    plain = "".join(sign if sign.isprintable() else " " for sign in hidden(text))
    line = " ".join(plain.split())
    return line if len(line) <= most else f"{line[:most]}…"


def quote_service(text: str, said: ErrorBody, who: str = "it says") -> str:
    """Our words, with those of the service behind them, if it has any."""
    return f"{text} ({who}: {said.message})" if said.message else text


def _texts(values: tuple[Any, ...]) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str))


def _decode_words(answer: ServiceResponse) -> str:
    """The words of an answer that is no JSON; "" where it is none that people can read."""
    try:
        text = answer.body[:_LOOKED_AT].decode()
    except UnicodeDecodeError:
        return ""
    if "\0" in text:
        return ""
    return _TAG.sub(" ", text) if text.lstrip().startswith("<") else text


def _path(item: Any) -> list[Any]:
    path = item.get("loc") if isinstance(item, dict) else None
    return path if isinstance(path, list) else []


def _problem(item: Any) -> str:
    """One of the problems with a request, with the path of its field."""
    if not isinstance(item, dict):
        return str(item)
    return ": ".join(filter(None, (".".join(map(str, _path(item))), str(item.get("msg", "")))))
