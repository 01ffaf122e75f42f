"""What the tests of readings share: the real dictionary, loaded once."""

import pytest

from tts_assets.japanese.dictionary import Dictionary


@pytest.fixture(scope="session")
def dictionary() -> Dictionary:
    """The library's own dictionary, without any words of a user."""
    return Dictionary()
