"""The journal of requests that a service may charge for: one line of JSON for each step of a request.

A line is written before the request is sent, another when the response headers arrive, and a third
when its sound is on disk. A later run therefore knows what was paid for, however an earlier run ended.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeAlias

import msgspec

from tts_assets.model import Alignment, Decided, Format
from tts_assets.regular_files import open_regular
from tts_assets.store import decisions
from tts_assets.store.atomic_files import NOT_JSON
from tts_assets.store.decisions import read_journal
from tts_assets.store.segment_cache import cache_dir_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.model import Decision
    from tts_assets.store.decisions import SoundDecision


NAME = "takes.jsonl"  #: the journal's name inside the folder of takes

#: The maximum size of a journal, in bytes: about 200,000 requests.
_LONGEST_BYTES = 1 << 28
_BLOCK_BYTES = 1 << 20

#: The maximum size of a sound, in bytes: the largest response that the client accepts.
LONGEST_SOUND_BYTES = 1 << 28
_Id: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
_Hash: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]

#: Ids of a service become parts of URLs; "" if it sent none.
_ServiceId: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{0,64}$")]


class _Event(
    msgspec.Struct, tag_field="event", frozen=True, kw_only=True, omit_defaults=True, gc=False
):
    """A line of the journal."""


class Sent(_Event, tag="sent", frozen=True, kw_only=True):
    """A request is about to be sent."""

    id: _Id  #: the request's id, chosen by us
    key: _Hash  #: the hash of everything that is sent, without headers
    recipe: str  #: the recipe of the clip
    segment: int | None = None  #: the segment of a passage, from 0; None for a clip in one piece
    asset: str  #: the path of the clip's asset below the output folder
    file: str  #: the catalogue
    entry: str  #: the entry's id
    part: str  #: the part of the entry that the clip speaks
    text: str  #: the text to speak
    service: str  #: the name of the engine
    voice: str  #: the name of the voice
    model: str  #: the name of the model
    at: float  #: seconds since the epoch


class Arrived(_Event, tag="arrived", frozen=True, kw_only=True):
    """The headers of a response with audio have arrived."""

    id: _Id  #: the request's id
    request_id: _ServiceId = ""  #: ID of the request at the service
    history_item_id: _ServiceId = ""  #: ID of the sound in the account's history
    billed: float | None = None  #: the charged credits; None if the service does not report them


class Void(_Event, tag="void", frozen=True, kw_only=True):
    """The service generated no sound for a request: the service refused it, or was not reached."""

    id: _Id


class KeptSpeech(_Event, tag="kept", frozen=True, kw_only=True):
    """The sound of a request is on disk."""

    id: _Id  #: the request's id
    sha256: _Hash  #: the hash of its bytes, which names its file
    ending: str  #: the suffix of the file
    bytes: int = 0  #: the size of the file
    seconds: float = 0.0  #: its length; 0 if it cannot be decoded
    fault: str = ""  #: why it was refused; "" if it was not
    #: When its characters are spoken, if the service reported it.
    alignment: Alignment | None = None
    #: It passed the checks of the response, but no clip could be generated from it.
    is_unfit: bool = False


class ClosedRequest(_Event, tag="closed", frozen=True, kw_only=True):
    """The clip, or the segment, is stored: earlier requests for it are settled."""

    recipe: str
    segment: int | None = None


Line: TypeAlias = Sent | Arrived | Void | KeptSpeech | ClosedRequest
_decoder = msgspec.json.Decoder(Line)


@dataclass(slots=True, kw_only=True)
class Purchase:
    """A request that may have been paid for, and whose clip is not stored yet."""

    sent: Sent  #: the request
    arrived: Arrived | None = None  #: its response headers; None if none arrived
    kept: KeptSpeech | None = None  #: its sound; None if none arrived completely

    @property
    def group_key(self) -> tuple[str, int | None]:
        """Requests with the same recipe and segment are settled together."""
        return self.sent.recipe, self.sent.segment

    @property
    def clip_location(self) -> tuple[str, str, str]:
        """The clip in its catalogue, whatever its recipe is: file, entry and part."""
        return self.sent.file, self.sent.entry, self.sent.part

    @property
    def cost(self) -> float | None:
        """The credits that the service reported; None if it reported none."""
        return None if self.arrived is None else self.arrived.billed

    @property
    def journal_lines(self) -> list[Line]:
        """Its lines in the journal."""
        every = (self.sent, self.arrived, self.kept)
        return [line for line in every if line is not None]


def read_purchases(folder: Path) -> dict[str, Purchase]:
    """The open requests of the journal in a folder, by their ids; invalid lines are ignored."""
    found: dict[str, Purchase] = {}
    for raw in read_bounded(folder / NAME, _LONGEST_BYTES).split(b"\n"):
        # Ignore torn lines, and those of other versions.
        with contextlib.suppress(*NOT_JSON):
            _replay_line(_decoder.decode(raw), found)
    return found


def _replay_line(line: Line, found: dict[str, Purchase]) -> None:
    if isinstance(line, Sent):
        found[line.id] = Purchase(sent=line)
    elif isinstance(line, ClosedRequest):
        for each in [*found.values()]:
            if each.group_key == (line.recipe, line.segment):
                del found[each.sent.id]
    elif isinstance(line, Void):
        found.pop(line.id, None)
    elif (purchase := found.get(line.id)) is not None:
        if isinstance(line, Arrived):
            purchase.arrived = line
        else:
            purchase.kept = line


def refuse_unreadable(folder: Path) -> None:
    """Refuse an unreadable journal: its sounds would look unused and be deleted.

    Args:
        folder: see :func:`tts_assets.store.paid_journal.find_folder`.

    Raises:
        OSError: it exists, but cannot be read or is too large.
    """
    with contextlib.suppress(FileNotFoundError):
        with open_regular(folder / NAME, follow_links=False) as file:
            size = sum(map(len, iter(lambda: file.read(_BLOCK_BYTES), b"")))
        if size > _LONGEST_BYTES:
            raise OSError(f"it exceeds {_LONGEST_BYTES >> 20} MiB")


def encode_line(line: Line) -> bytes:
    """A line of the journal, with its line feed."""
    return msgspec.json.encode(line) + b"\n"


def read_bounded(path: Path, longest: int) -> bytes:
    """The bytes of a regular file; none if it is not one, is too large or cannot be read."""
    try:
        with open_regular(path, follow_links=False) as file:
            data = file.read(longest + 1)
    except OSError:
        return b""
    return data if len(data) <= longest else b""


# The takes of an output folder that await a decision: sounds that were paid for and refused.
_NAME = "takes"


class Opinion(StrEnum):
    """A person's decision on a take."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DoubtfulTake(NamedTuple):
    """A refused take that is kept."""

    purchase: Purchase  #: the request, with its clip, its identifiers and its cost
    path: Path  #: the file
    opinion: Opinion  #: what the decision means for it
    decision: Decision | None = None  #: a person's decision; None for none

    @property
    def record(self) -> KeptSpeech:
        """The record of its sound."""
        assert self.purchase.kept is not None  # noqa: S101 - see find_takes
        return self.purchase.kept

    @property
    def file_name(self) -> str:
        """See `name_take`."""
        return name_take(self.record)


def find_folder(temp: str, output: str) -> Path:
    """The folder of the takes of an output folder, in its cache folder; it may not exist."""
    return cache_dir_for(temp, output) / _NAME


def find_file(folder: Path, kept: KeptSpeech) -> Path | None:
    """The file of a kept sound, named by its hash; None if its suffix is not an audio format."""
    if kept.ending not in tuple(Format):
        return None
    return folder / f"{kept.sha256}.{kept.ending}"


def name_take(kept: KeptSpeech) -> str:
    """The name of a kept sound on the page and in decisions: a path that no asset has."""
    return f"{_NAME}/{kept.sha256}.{kept.ending}"


def read_take(folder: Path, kept: KeptSpeech) -> bytes:
    """The bytes of a kept sound; none if the file is missing or has other bytes."""
    path = find_file(folder, kept)
    data = b"" if path is None else read_bounded(path, LONGEST_SOUND_BYTES)
    return data if hashlib.sha256(data).hexdigest() == kept.sha256 else b""


def find_takes(temp: str, output: str) -> list[DoubtfulTake]:
    """The refused takes of an output folder, oldest first.

    Raises:
        InputError: the journal of decisions is damaged.
    """
    folder = find_folder(temp, output)
    purchases = read_purchases(folder)
    if not any(each.kept is not None and each.kept.fault for each in purchases.values()):
        return []
    decided = select_decisions(read_journal(Path(output)))
    found = []
    for each in sorted(purchases.values(), key=lambda purchase: purchase.sent.at):
        path = None if each.kept is None else find_file(folder, each.kept)
        if each.kept is None or not each.kept.fault or path is None or not path.is_file():
            continue
        decision = decided.get((name_take(each.kept), each.kept.sha256))
        found.append(DoubtfulTake(each, path, to_opinion(decision), decision))
    return found


def select_decisions(journal: Iterable[SoundDecision]) -> Mapping[tuple[str, str], Decision]:
    """The decision that counts for each asset and hash."""
    return {name: each.decision for name, each in decisions.latest(journal).items()}


def to_opinion(decision: Decision | None) -> Opinion:
    """What a decision means for a take."""
    if decision is None or decision.decided is Decided.UNDECIDED:
        return Opinion.UNDECIDED
    return Opinion.ACCEPTED if decision.decided is Decided.APPROVED else Opinion.REJECTED
