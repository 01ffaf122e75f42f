"""Regular expressions that wait for their first use: none is wrong, none is compiled in vain."""

import importlib
import pkgutil
import re
import subprocess
import sys

import pytest

import tts_assets.japanese
from tts_assets.japanese.text_rules import LazyPattern, compile_lazy


def _all() -> list[LazyPattern]:
    walked = pkgutil.walk_packages(tts_assets.japanese.__path__, "tts_assets.japanese.")
    modules = [importlib.import_module(each.name) for each in walked]
    values = (value for module in modules for value in vars(module).values())
    return [value for value in values if isinstance(value, LazyPattern)]


def test_every_one_can_be_compiled() -> None:
    patterns = _all()
    assert len(patterns) > 150
    for each in patterns:
        each.search("")


def test_it_does_what_a_compiled_one_does() -> None:
    one, other = compile_lazy("[ab]+", re.IGNORECASE), re.compile("[ab]+", re.IGNORECASE)
    assert one.pattern == other.pattern
    assert one.sub("-", "xABy") == other.sub("-", "xABy") == "x-y"
    assert one.findall("a B c") == other.findall("a B c")
    assert one.flags == other.flags
    with pytest.raises(AttributeError):
        one.no_such_thing  # type: ignore[attr-defined]  # noqa: B018


def test_importing_them_compiles_none() -> None:
    script = (
        "import re\n"
        "from tts_assets.japanese import running_text\n"
        "assert 'search' not in vars(running_text._COLON)\n"
        "assert running_text._COLON.search('A: b')\n"
        "assert 'search' in vars(running_text._COLON)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
