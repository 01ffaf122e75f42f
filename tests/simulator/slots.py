"""Who may be served at once: the cap, its changes, the neighbour, the queue."""

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass, field

from tests.simulator.scenario import Scenario

# Seconds after which who waits looks again at a neighbour or cap that changed.
_LOOK_AGAIN = 0.02


@dataclass(slots=True)
class Slots:
    """Slots for each concurrency group; the clock of neighbour and cap begins with the first request."""

    scenario: Scenario
    began: float | None = None
    held: Counter[str] = field(default_factory=Counter)
    waiting: deque[tuple[str, asyncio.Future[None]]] = field(default_factory=deque)
    highest: int = 0
    refused: int = 0

    def change(self, scenario: Scenario) -> None:
        """From now on; the clock begins anew if what depends on it changed."""
        before, self.scenario = self.scenario, scenario
        if (before.neighbour, before.shrink) != (scenario.neighbour, scenario.shrink):
            self.began = None
        self._admit()

    @property
    def seconds(self) -> float:
        """Since the first request; 0 before."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    def neighbour(self) -> int:
        """How many slots somebody else holds now."""
        if self.began is None:
            return 0
        now = self.seconds
        return sum(slots for slots, start, end in self.scenario.neighbour if start <= now < end)

    def cap(self, group: str) -> int:
        """How many requests of this group may be served now; 0 for any number."""
        if group in self.scenario.caps:
            return self.scenario.caps[group]
        now = self.seconds
        due = [cap for second, cap in sorted(self.scenario.shrink) if second <= now]
        return due[-1] if due else self.scenario.cap

    def current(self, group: str) -> int:
        """How many are served now, the neighbour's among them."""
        return self.held[group] + self.neighbour()

    async def take(self, group: str) -> bool:
        """Hold a slot; False where there is none and nobody may wait."""
        if self.began is None:
            self.began = time.monotonic()
        if self._free(group) and not self.waiting:
            self._hold(group)
            return True
        if not self.scenario.queue:
            self.refused += 1
            return False
        turn = asyncio.get_running_loop().create_future()
        self.waiting.append((group, turn))
        while not turn.done():
            self._admit()
            await asyncio.wait([turn], timeout=_LOOK_AGAIN)
        return True

    def give(self, group: str) -> None:
        """End a hold; the next in line is served."""
        self.held[group] -= 1
        self._admit()

    def _free(self, group: str) -> bool:
        cap = self.cap(group)
        return cap == 0 or self.current(group) < cap

    def _hold(self, group: str) -> None:
        self.held[group] += 1
        self.highest = max(self.highest, self.held.total())

    def _admit(self) -> None:
        for _ in range(len(self.waiting)):
            group, turn = self.waiting.popleft()
            if self._free(group):
                self._hold(group)
                turn.set_result(None)
            else:
                self.waiting.append((group, turn))
