"""The service: keys, limits, slots, speech and faults, for each request in this order."""

import asyncio
import re
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.simulator import answers, listings, refusals
from tests.simulator.books import SimulatedBill, SimulatedBooks, recorded
from tests.simulator.chance import Chance
from tests.simulator.contract import (
    SPEECH_PATH,
    TIMED,
    SimulatedOrder,
    body_of,
    check_shape,
    elevenlabs_order,
    openai_order,
)
from tests.simulator.history import PATH as HISTORY_PATH
from tests.simulator.history import SimulatedHistory
from tests.simulator.refusals import SimulatedRefusalError
from tests.simulator.scenario import SPOKEN_FAULTS, Scenario, made
from tests.simulator.slots import Slots
from tests.simulator.speech import Speeches
from tests.simulator.times import alignments, with_times
from tests.simulator.wire import WireRequest, WireResponse

_OPENAI_PATH = "/v1/audio/speech"
_SUBSCRIPTION = "/v1/user/subscription"
_SETTINGS = re.compile("/v1/voices/([^/]+)/settings")


@dataclass(slots=True)
class SimulatedJob:
    """A request that holds a slot until its answer is sent."""

    group: str
    bill: SimulatedBill | None = None


class SimulatedService:
    """All that is known from one request to the next."""

    def __init__(self, scenario: Scenario) -> None:
        """Nothing was asked for yet."""
        self.scenario = scenario
        self._slots = Slots(scenario)
        self._chance = Chance(scenario)
        self._speeches = Speeches()
        self._history = SimulatedHistory()
        self._books = SimulatedBooks(deque(maxlen=scenario.keep))
        self._known_keys = 0
        self._last_seconds = 0.0
        self._arrivals: deque[float] = deque()

    async def answer(self, request: WireRequest) -> WireResponse:
        """What is sent for a request; `sent` must be called once it is."""
        if request.path.startswith("/_simulator/"):
            return self._control(request)
        self._books.total += 1
        self._books.requests.append(request)
        try:
            return await self._route(request)
        except SimulatedRefusalError as refused:
            return refusals.answer(refused, request)

    def sent(self, answer: WireResponse, *, delivered: bool) -> None:
        """Count an answer by how it went; the slot is free again."""
        job: SimulatedJob | None = answer.job
        outcome = answer.outcome
        if job is not None:
            self._slots.give(job.group)
            self._last_seconds = self._slots.seconds
            if job.bill is not None:
                whole = job.bill.fault in (None, "trickle")
                job.bill.delivered = delivered and whole
                outcome = "gone" if whole and not delivered else outcome
        if outcome:
            self._books.outcomes[outcome] += 1

    async def _route(self, request: WireRequest) -> WireResponse:
        path = request.path
        if request.method == "POST" and path == _OPENAI_PATH:
            return await self._speak(request, openai_order(body_of(request)))
        if request.method == "POST" and self._is_speech(path):
            body = body_of(request)
            check_shape(body)
            self._check_key(request)
            return await self._speak(request, elevenlabs_order(request, body, self.scenario))
        if request.method == "GET" and path.startswith(HISTORY_PATH):
            self._check_key(request)
            return await self._remembered(request)
        if request.method != "GET" or not self._is_listed(path):
            raise SimulatedRefusalError("not_found", "Not Found", detail="Not Found", status=404)
        self._check_key(request)
        return self._listing(request)

    async def _remembered(self, request: WireRequest) -> WireResponse:
        """The history: a page of it, an item, or the audio of one."""
        if self.scenario.history == "closed":
            message = "The API key you used is missing the permission speech_history_read."
            raise SimulatedRefusalError("missing_permissions", message)
        name, _, rest = request.path.removeprefix(HISTORY_PATH).strip("/").partition("/")
        if not name:
            return _json(self._history.page(request.query), "history")
        item = self._history.item(name)
        if not rest:
            times = None
            if item.order.is_timed:
                text, speed = item.order.text, item.order.speed
                times = await alignments(self.scenario.speech, text, speed)
            return _json(item.shown() | {"alignments": times}, "history")
        return await self._history.audio(item, self._speeches, self.scenario.speech)

    def _is_speech(self, path: str) -> bool:
        plain = path.removesuffix(TIMED) if self.scenario.timestamps else path
        voice = plain.removeprefix(SPEECH_PATH)
        return voice != plain and "/" not in voice

    def _is_listed(self, path: str) -> bool:
        lists = [f"/{version}/voices" for version in self.scenario.lists]
        return path in ("/v1/models", _SUBSCRIPTION, *lists) or bool(_SETTINGS.fullmatch(path))

    def _listing(self, request: WireRequest) -> WireResponse:
        if found := _SETTINGS.fullmatch(request.path):
            return _json(listings.voice_settings(found[1], self.scenario), "settings")
        match request.path:
            case "/v1/voices":
                return _json(listings.all_voices(self.scenario), "voices")
            case "/v2/voices":
                return _json(listings.voices(request.query, self.scenario), "voices")
            case "/v1/models":
                return _json(listings.models(), "models")
            case _:
                spent = self._books.spent
                return _json(listings.subscription(self.scenario, spent), "subscription")

    def _check_key(self, request: WireRequest) -> None:
        wanted, given = self.scenario.key, request.headers.get("xi-api-key")
        if wanted and given is None:
            message = "Neither authorization header nor xi-api-key received, please provide one."
            raise SimulatedRefusalError("needs_authorization", message)
        self._check_same(wanted, given)

    def _check_bearer(self, request: WireRequest) -> None:
        wanted, given = self.scenario.openai_key, request.headers.get("authorization")
        if wanted and given is None:
            raise SimulatedRefusalError("needs_authorization", "You didn't provide an API key.")
        self._check_same(f"Bearer {wanted}" if wanted else "", given)

    def _check_same(self, wanted: str, given: str | None) -> None:
        revoke = self.scenario.revoke_after
        if (wanted and given != wanted) or (revoke is not None and self._known_keys >= revoke):
            raise SimulatedRefusalError("unauthorized", "Invalid API key")
        self._known_keys += 1

    async def _speak(self, request: WireRequest, order: SimulatedOrder) -> WireResponse:
        """Speech, once there is a slot, credit and time for it."""
        if order.family == "openai":
            self._check_bearer(request)
        await self._check_traffic()
        group = order.model.group
        if not await self._slots.take(group):
            await asyncio.sleep(self.scenario.refuse_seconds)
            raise SimulatedRefusalError("concurrent_limit_exceeded", self._too_many(group))
        try:
            self._books.set_aside(order, self.scenario)
            try:
                answer = await self._made(request, order)
            finally:
                self._books.aside -= order.credits
        except BaseException:
            self._slots.give(group)
            raise
        return answer

    async def _check_traffic(self) -> None:
        """The rate, and whether the service has time."""
        now, most = time.monotonic(), self.scenario.rate_per_second
        while self._arrivals and self._arrivals[0] <= now - 1.0:
            self._arrivals.popleft()
        if most and len(self._arrivals) >= most:
            message = f"Too many requests: at most {most} in a second."
            raise SimulatedRefusalError(
                "rate_limit_exceeded", message, headers=answers.wait(self.scenario)
            )
        if most:
            self._arrivals.append(now)
        if self._chance.busy():
            await asyncio.sleep(self.scenario.refuse_seconds)
            message = "We are sorry, the system is experiencing heavy traffic, please try again. Higher subscriptions have higher priority."
            raise SimulatedRefusalError("system_busy", message, headers=answers.wait(self.scenario))

    def _too_many(self, group: str) -> str:
        return (
            "Too many concurrent requests. Your current subscription is associated with a maximum"
            f" of {self._slots.cap(group)} concurrent requests (running in parallel). To increase"
            " your concurrency limit, please upgrade your subscription."
        )

    async def _made(self, request: WireRequest, order: SimulatedOrder) -> WireResponse:
        """The answer of a request that holds a slot."""
        concurrency = self._concurrency(order)
        fault, seconds = self._chance.fault(order.text), self._chance.seconds()
        if seconds:
            await asyncio.sleep(seconds)
        if fault is not None and fault not in SPOKEN_FAULTS:
            answer = answers.silent(request, fault, self.scenario)
            answer.job = SimulatedJob(order.model.group)
            return answer
        bill = SimulatedBill(
            text=order.text,
            voice=order.voice,
            model=order.model.name,
            credits=order.credits,
            fault=fault,
            seconds=seconds,
            settings=order.settings,
        )
        audio = await self._speeches.make(
            self.scenario.speech,
            order.text,
            order.voice,
            order.format,
            speed=order.speed,
            half=fault == "half",
        )
        if order.is_timed:
            audio = await with_times(self.scenario.speech, order.text, order.speed, audio)
        self._books.charge(bill)
        is_logged = request.query.get("enable_logging", "true") != "false"
        if order.family == "elevenlabs" and self.scenario.history != "off" and is_logged:
            bill.history_item_id = self._history.add(
                order, bill, is_mp3=self.scenario.history == "mp3"
            )
        answer = answers.spoken(order, bill, audio, self.scenario, concurrency)
        answer.job = SimulatedJob(order.model.group, bill)
        return answer

    def _concurrency(self, order: SimulatedOrder) -> dict[str, str]:
        """Headers that tell of it; without a cap there is no maximum to tell."""
        group, cap = order.model.group, self._slots.cap(order.model.group)
        if order.family == "openai" or not self.scenario.tell_concurrency or not cap:
            return {}
        current = str(self._slots.current(group))
        return {
            "current-concurrent-requests": current,
            "maximum-concurrent-requests": str(cap),
            "workspace-concurrent-requests": current,
        }

    def _control(self, request: WireRequest) -> WireResponse:
        """What tests ask of the simulator itself."""
        match request.method, request.path.removeprefix("/_simulator/"):
            case "GET", "state":
                return _json(self._state())
            case "GET", "requests":
                return _json([recorded(each) for each in self._books.requests])
            case "POST", "scenario":
                return self._change(request)
            case _:
                return WireResponse(status=404)

    def _change(self, request: WireRequest) -> WireResponse:
        try:
            scenario = made(msgspec.json.decode(request.body, type=dict[str, Any]), self.scenario)
        except ValueError as exc:
            return WireResponse(status=400, body=str(exc).encode())
        self.scenario = scenario
        self._slots.change(scenario)
        self._chance.change(scenario)
        return _json(msgspec.to_builtins(scenario))

    def _state(self) -> dict[str, Any]:
        return self._books.told() | {
            "seconds": self._slots.seconds,
            "last_seconds": self._last_seconds,
            "active": self._slots.held.total(),
            "highest": self._slots.highest,
            "refused": self._slots.refused,
            "waiting": len(self._slots.waiting),
            "neighbour": self._slots.neighbour(),
        }


def _json(value: Any, outcome: str = "") -> WireResponse:
    headers = {"content-type": "application/json"}
    return WireResponse(headers=headers, body=msgspec.json.encode(value), outcome=outcome)
