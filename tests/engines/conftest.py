"""What tests of services share: a server on loopback that keeps what it is asked."""

from collections.abc import Iterator

import pytest

from tests.engines.loopback import Loopback, loopback


@pytest.fixture(scope="module")
def listening() -> Iterator[Loopback]:
    with loopback() as found:
        yield found


@pytest.fixture
def server(listening: Loopback) -> Loopback:
    listening.asked.clear()
    listening.replies.clear()
    listening.by_path.clear()
    return listening
