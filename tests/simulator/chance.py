"""What happens to a request: how long it takes, whether the service is busy, which fault it meets."""

import math
from collections import Counter
from random import Random

from tests.simulator.scenario import Fault, Scenario


class Chance:
    """All draws, each sort from a generator of its own, so that one never shifts another."""

    def __init__(self, scenario: Scenario) -> None:
        """Begin with the scenario's seed."""
        self._asked: Counter[str] = Counter()
        self._met: Counter[int] = Counter()
        self._scenario = scenario
        self._sow(scenario)

    def change(self, scenario: Scenario) -> None:
        """From now on; other faults count from their beginning, another seed draws anew."""
        before = self._scenario
        if scenario.seed != before.seed:
            self._sow(scenario)
        if scenario.faults != before.faults:
            self._met.clear()
        self._scenario = scenario

    def _sow(self, scenario: Scenario) -> None:
        self._latency = Random(f"{scenario.seed} latency")
        self._busy = Random(f"{scenario.seed} busy")
        self._faults = Random(f"{scenario.seed} faults")

    def seconds(self) -> float:
        """How long the next speech takes."""
        median, sigma = self._scenario.latency_seconds, self._scenario.latency_sigma
        return median * math.exp(sigma * self._latency.gauss(0.0, 1.0)) if median else 0.0

    def busy(self) -> bool:
        """Whether the next request meets a busy service."""
        return self._scenario.busy > 0 and self._busy.random() < self._scenario.busy

    def fault(self, text: str) -> str | None:
        """What goes wrong with a text that was let in; the first fault that applies."""
        self._asked[text] += 1
        for place, fault in enumerate(self._scenario.faults):
            if self._applies(place, fault, text):
                self._met[place] += 1
                return fault.kind
        return None

    def _applies(self, place: int, fault: Fault, text: str) -> bool:
        if fault.marker not in text or (fault.first and self._asked[text] > 1):
            return False
        if fault.count is not None and self._met[place] >= fault.count:
            return False
        return fault.share >= 1 or self._faults.random() < fault.share
