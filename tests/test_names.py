"""Names: a class, a module and a package are named once, and functions begin with a verb."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = ROOT / "tts_assets"
#: Words of the old dialect; a published schema has `HeardIn`.
DIALECT = {"told", "said", "heard", "somebody", "wanted", "look"}
PUBLISHED = {"HeardIn"}
#: Words in -ed and -ing that are no participles.
VERBS = {"bring", "embed", "exceed", "feed", "need", "ping", "proceed", "seed", "speed", "string"}


def _definitions(folder: Path) -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, node


def _words(name: str) -> list[str]:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().strip("_").split("_")


def _is_participle(name: str) -> bool:
    first = _words(name)[0]
    return first not in VERBS and bool(re.fullmatch(r"\w{2,}ed|\w{3,}ing", first))


def test_every_class_is_named_once() -> None:
    names = Counter(
        name
        for folder in (PACKAGE, ROOT / "tests")
        for name, node in _definitions(folder)
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_every_module_is_named_once() -> None:
    names = Counter(
        path.stem for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("*.py")
    )
    others = {"__init__", "__main__", "conftest"}
    assert [name for name, count in names.items() if count > 1 and name not in others] == []


def test_functions_begin_with_a_verb_and_say_what_they_do() -> None:
    names = [
        name
        for name, node in _definitions(PACKAGE)
        if not isinstance(node, ast.ClassDef) and not name.startswith("__")
    ]
    participles = [name for name in names if _is_participle(name)]
    single = [name for name in names if len(_words(name)) == 1]
    assert len(participles) < 0.01 * len(names), participles
    assert len(single) < 0.3 * len(names)


def test_no_name_has_a_word_of_the_old_dialect() -> None:
    names = {name for name, _ in _definitions(PACKAGE)} - PUBLISHED
    assert [name for name in names if DIALECT & set(_words(name))] == []


def test_the_package_stays_as_small_as_it_was_made() -> None:
    entries = [
        path
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    assert len(entries) <= 16
    assert len(list(PACKAGE.rglob("*.py"))) <= 240
