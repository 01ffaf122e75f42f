"""What servers of OpenAI's shape mean by an answer: whose fault it is, who can mend it, and how."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.engines.http.answers import PassingError, RefusedError
from tts_assets.engines.service_words import Said, quoted, words_of
from tts_assets.errors import ClipError, FatalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.engines.http.answers import Answer


#: Statuses that may be others another time: timeout, conflict, too early.
_PASSING = (408, 409, 425)


#: Nothing there speaks: no such address, no such method, gone, not built in.
ABSENT = (404, 405, 410, 501)
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
    r"\b(?:unsupported|unknown|invalid) model\b"
    r"|\bmodel\b.{0,80}\bnot (?:yet )?(?:been )?"
    r"(?:found|supported|exist|loaded|installed|downloaded)",
    re.IGNORECASE,
)


#: Servers answer 500 or 503 where they lack something for good: Speaches and LocalAI, whose
#: messages are such as "Model 'x' is not installed locally" and "backend not found: piper".
_LACKING = (500, 503)
_LACKS = re.compile(
    r"\b(?:model|voice|speaker|weights?|checkpoint|backend)s?\b.{0,160}?"
    r"\b(?:not|never)\b.{0,24}\b(?:downloaded|installed|found|exist|supported)\b"
    r"|\b(?:no such|unknown|unsupported) (?:model|voice|speaker|backend)\b",
    re.IGNORECASE,
)


#: It may have it in a moment.
_GETS_READY = re.compile(
    r"\b(?:loading|downloading|starting|warming|initiali[sz]ing|in progress|again|temporar|moment)",
    re.IGNORECASE,
)
_DOWNLOAD = re.compile(r"\b(?:downloaded|installed)\b", re.IGNORECASE)
_VOICE = {"voice_not_found", "invalid_voice", "unsupported_voice"}


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
    status, said = answer.status, words_of(answer, hidden)
    if said.words & _SPENT or status == 402:
        text = "nothing is left to pay with: go on when there is"
        return FatalError(quoted(text, said))
    if status == 429 and _ROOM.search(f"{said.message} {' '.join(said.words)}"):
        most = _MOST.search(said.message)
        return RefusedError(quoted("too many requests at once", said), most and int(most[1]))
    if status in (429, *_PASSING) or (status > 499 and not _lacks_for_good(status, said)):
        return PassingError.of(answer, quoted(f"the server answered {status}", said))
    if status in (401, 403):
        text = f"the server refuses the key, or misses one ({status}): set OPENAI_API_KEY or --api-key-file"
        return FatalError(quoted(text, said))
    return _refusal(status, said, model, is_first=is_first)


def _lacks_for_good(status: int, said: Said) -> bool:
    """Whether a server cannot do what was asked, however often it is asked."""
    if status in ABSENT:
        return True
    message = said.message
    lacks = status in _LACKING and _LACKS.search(message) is not None
    return lacks and not _GETS_READY.search(message)


def _refusal(status: int, said: Said, model: str, *, is_first: bool) -> Exception:
    """The error for a request that would be answered in the same way again."""
    if _is_about_voice(status, said):
        text = "the server does not have this voice: tts-assets voices --provider openai may list its voices"
        return ClipError(quoted(text, said))
    if said.words & _MODEL or _MODEL_SAID.search(said.message):
        said = said._replace(fields=said.fields | {"model"})
    for field in sorted(said.fields & _FOR_ALL.keys()):
        what = f"model {model!r}" if field == "model" else field
        there = "download it there, or " if _DOWNLOAD.search(said.message) else ""
        text = f"the server refuses the {what}: {there}change {_FOR_ALL[field]}"
        return FatalError(quoted(text, said))
    if (status in ABSENT and is_first) or not 400 <= status < 500:
        text = (
            f"there is no speech by {model!r} ({status}): openai.base-url is what stands before "
            "/audio/speech, and openai.model is a model of that server"
        )
        return FatalError(quoted(text, said))
    return ClipError(quoted(f"the server refuses this request ({status})", said))


def _is_about_voice(status: int, said: Said) -> bool:
    if said.words & _VOICE or "voice" in said.fields:
        return True
    message = said.message.lower()
    is_absent = status in (*ABSENT, *_LACKING)
    return is_absent and "voice" in message and "model" not in message


def no_sound(answer: Answer, why: PassingError, hidden: Callable[[str], str]) -> PassingError:
    """The error for an answer that should have been sound, and is something else.

    Args:
        answer: the answer.
        why: what is wrong with it, where it is nothing that can be read.
        hidden: takes the key out of a text.
    """
    said = words_of(answer, hidden)
    if not said.message:
        return why
    what = f"the answer was no sound but {answer.kind or 'text'}"
    if answer.kind.startswith("audio/"):
        what = f"the answer was no sound, though its type is {answer.kind}"
    elif answer.body.lstrip().startswith(b"<"):
        what += ": is openai.base-url what stands before /audio/speech?"
    return PassingError(quoted(what, said), answer.wait_seconds)
