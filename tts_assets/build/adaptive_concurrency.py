"""Fewer clips at once when the engine is slower with more of them."""

from __future__ import annotations

from collections import deque

#: How many attempts are looked back on, and of how many at least it is judged.
_WINDOW, _LEAST = 20, 10


#: More than this part of them failing is no bad luck of single jobs.
_MOST_FAILING = 0.3


#: So many successes in a row double the workers.
_RUN = 5


class AdaptiveConcurrency:
    """How many jobs should run at once, by how the last attempts ended.

    Decides by the order of what it sees alone: no clock, no chance.

    Example:
        >>> easing = Easing(8)
        >>> [easing.saw(False) for _ in range(20)][9::10]
        [4, 1]
        >>> [easing.saw(True) for _ in range(15)][4::5]
        [2, 4, 8]
    """

    def __init__(self, full: int) -> None:
        """Begin with all workers.

        Args:
            full: how many there are when all goes well, at least 1.
        """
        self.limit = self._full = full
        self._window: deque[bool] = deque(maxlen=_WINDOW)
        self._run = 0

    def saw(self, ok: bool) -> int | None:  # noqa: FBT001 - its only argument
        """Take note of an attempt that ended.

        Returns:
            how many should run at once from now on; None where that has not changed.
        """
        self._window.append(ok)
        self._run = self._run + 1 if ok else 0
        limit = self._ease() if self._is_failing() else self._recover()
        if limit == self.limit:
            return None
        # What ended under another load says nothing of this one.
        self._window.clear()
        self._run = 0
        self.limit = limit
        return limit

    def _is_failing(self) -> bool:
        seen = len(self._window)
        return seen >= _LEAST and self._window.count(False) > _MOST_FAILING * seen

    def _ease(self) -> int:
        return max(1, self._full // 2) if self.limit == self._full else 1

    def _recover(self) -> int:
        return min(self._full, 2 * self.limit) if self._run >= _RUN else self.limit
