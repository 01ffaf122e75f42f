"""What servers of OpenAI's shape mean by an answer: whose fault it is, who can mend it, and how.

OpenAI puts ``message``, ``type``, ``param`` and ``code`` into ``error``
(https://platform.openai.com/docs/guides/error-codes); others put a text, an object, or a list with a
path for each problem into ``detail``, as FastAPI does, or all of it at the top.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.errors import ClipError, FatalError
from tts_assets.remote import PassingError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.remote import Answer

#: More of a message is not shown.
_SHOWN = 300
#: More of an answer that is no JSON is not looked at.
_LOOKED_AT = 1 << 16
#: Answers about one request tell no more problems than that.
_PROBLEMS = 5

_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)

#: Statuses that may be others another time: timeout, conflict, too early.
_PASSING = (408, 409, 425)
#: Nothing there speaks: no such address, no such method, gone, not built in.
_ABSENT = (404, 405, 410, 501)

_SPENT = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_ROOM = re.compile(r"concurren|too many (?:open|running|parallel)", re.IGNORECASE)
_MOST = re.compile(r"([0-9]{1,4})\s+concurrent", re.IGNORECASE)

#: What all clips have in common, by its field in the request, and where it is set.
_FOR_ALL = {
    "model": "openai.model",
    "response_format": "openai.response-format",
    "instructions": "openai.instructions",
    "speed": "--speed",
}
_MODEL = {"model_not_found", "invalid_model", "unsupported_model", "model_not_supported"}
#: Some servers have no words for it but these.
_MODEL_SAID = re.compile(
    r"\b(?:unsupported|unknown|invalid) model\b|\bmodel\b.{0,80}\bnot (?:found|supported|exist|loaded)",
    re.IGNORECASE,
)
_VOICE = {"voice_not_found", "invalid_voice", "unsupported_voice"}


class Told(NamedTuple):
    """What an answer that is no speech says.

    Args:
        words: the server's own, for what happened.
        fields: the fields of the request that it is about.
        message: one line, without the key, bounded; "" for none.
    """

    words: frozenset[str]
    fields: frozenset[str]
    message: str


def told(answer: Answer, hidden: Callable[[str], str]) -> Told:
    """What an answer says, whatever shape it has.

    Args:
        answer: any.
        hidden: takes the key out of a text.
    """
    body = answer.json()
    inner = body
    if isinstance(body, dict):
        inner = body.get("error") or body.get("detail") or body
    words: tuple[Any, ...] = ()
    fields: tuple[Any, ...] = ()
    match inner:
        case dict():
            words = (inner.get("code"), inner.get("type"), inner.get("error"))
            fields = (inner.get("param"),)
            text = inner.get("message") or inner.get("error")
        case list():
            fields = tuple(path[-1] for path in map(_path, inner) if path)
            text = "; ".join(map(_problem, inner[:_PROBLEMS]))
        case str():
            text = inner
        case _:
            text = _written(answer)
    return Told(_texts(words), _texts(fields), shown(text, hidden))


def failure(
    answer: Answer, *, model: str, hidden: Callable[[str], str], is_first: bool
) -> Exception:
    """The error that an answer which is no success stands for, to be raised.

    Args:
        answer: the answer.
        model: what was asked for.
        hidden: takes the key out of a text.
        is_first: whether nothing has gone well yet, so that the address may be the fault.

    Returns:
        PassingError, RefusedError, ClipError or FatalError.
    """
    status, said = answer.status, told(answer, hidden)
    if said.words & _SPENT or status == 402:
        text = "nothing is left to pay with; when there is, the same command goes on from here"
        return FatalError(_quoted(text, said))
    if status == 429 and _ROOM.search(f"{said.message} {' '.join(said.words)}"):
        most = _MOST.search(said.message)
        return RefusedError(_quoted("too many requests at once", said), most and int(most[1]))
    if status in (429, *_PASSING) or (status > 499 and status not in _ABSENT):
        return PassingError.of(answer, _quoted(f"the server answered {status}", said))
    if status in (401, 403):
        text = f"the server refuses the key, or misses one ({status}): set OPENAI_API_KEY or --api-key-file"
        return FatalError(_quoted(text, said))
    return _refusal(status, said, model, is_first=is_first)


def _refusal(status: int, said: Told, model: str, *, is_first: bool) -> Exception:
    """The error for a request that would be answered in the same way again."""
    if _is_about_voice(status, said):
        text = "the server does not have this voice: tts-assets voices --provider openai may list its voices"
        return ClipError(_quoted(text, said))
    if said.words & _MODEL or _MODEL_SAID.search(said.message):
        said = said._replace(fields=said.fields | {"model"})
    for field in sorted(said.fields & _FOR_ALL.keys()):
        what = f"model {model!r}" if field == "model" else field
        return FatalError(_quoted(f"the server refuses the {what}: change {_FOR_ALL[field]}", said))
    if (status in _ABSENT and is_first) or not 400 <= status < 500:
        text = (
            f"there is no speech by {model!r} ({status}): openai.base-url is what stands before "
            "/audio/speech, and openai.model is a model of that server"
        )
        return FatalError(_quoted(text, said))
    return ClipError(_quoted(f"the server refuses this request ({status})", said))


def _is_about_voice(status: int, said: Told) -> bool:
    if said.words & _VOICE or "voice" in said.fields:
        return True
    message = said.message.lower()
    return status in _ABSENT and "voice" in message and "model" not in message


def no_sound(answer: Answer, why: PassingError, hidden: Callable[[str], str]) -> PassingError:
    """The error for an answer that should have been sound, and is something else.

    Args:
        answer: the answer.
        why: what is wrong with it, where it is nothing that can be read.
        hidden: takes the key out of a text.
    """
    said = told(answer, hidden)
    if not said.message:
        return why
    what = f"the answer was no sound but {answer.kind or 'text'}"
    if answer.kind.startswith("audio/"):
        what = f"the answer was no sound, though its type is {answer.kind}"
    elif answer.body.lstrip().startswith(b"<"):
        what += ": is openai.base-url what stands before /audio/speech?"
    return PassingError(_quoted(what, said), answer.wait_seconds)


def shown(text: Any, hidden: Callable[[str], str]) -> str:
    """A text of a server as it may be printed: one line, without the key, bounded; "" for none."""
    if not isinstance(text, str):
        return ""
    plain = "".join(sign if sign.isprintable() else " " for sign in hidden(text))
    line = " ".join(plain.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _quoted(text: str, said: Told) -> str:
    return f"{text} (it says: {said.message})" if said.message else text


def _texts(values: tuple[Any, ...]) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str))


def _written(answer: Answer) -> str:
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
    return f"{'.'.join(map(str, _path(item)))}: {item.get('msg', '')}"
