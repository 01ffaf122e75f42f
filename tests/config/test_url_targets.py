"""Where URLs may go: over nothing that is read, and never over one another."""

import tomllib

import pytest

from tts_assets.config.source_table import parse_source
from tts_assets.errors import UsageError

SOURCE = 'files = "x"\nkind = "vocabulary"\nid = "id"\n'


@pytest.mark.parametrize(
    ("clip", "field"),
    [
        ('text = "w"\nto = "w"', "text (w)"),
        ('text = "w"\nreading = ["k", "r.kana"]\nto = "r"', "reading (r.kana)"),
        ('text = "w"\naccent = "p"\nto = "p"', "accent (p)"),
        ('text = "w"\nto = "id"', "id (id)"),
        ('text = "w"\nskip = { field = "s", is = 1 }\nto = "s"', "skip (s)"),
        ('each = "l[*]"\ntext = "@"\nto = "$.l[#]"', "each (l[*])"),
        ('each = "l[*]"\ntext = "w"\nto = "w"', "text (w)"),
        ('each = "l[*]"\ntext = "$.w"\nto = "$.w"', "text ($.w)"),
        ('text = "l[0]"\nalternatives = "all"\nto = "l[#]"', "text (l[0])"),
    ],
)
def test_a_url_is_never_written_over_what_is_read(clip: str, field: str) -> None:
    with pytest.raises(UsageError, match="would overwrite the field read as") as refused:
        parse_source(tomllib.loads(f"{SOURCE}[[clip]]\n{clip}\n"), "source 1")
    assert field in str(refused.value)


def test_a_url_does_not_lie_within_another() -> None:
    clips = '[[clip]]\ntext = "w"\nto = "a.url"\n[[clip]]\npart = "b"\ntext = "w"\nto = "a"\n'
    with pytest.raises(UsageError, match="the URL of word would lie within that of b"):
        parse_source(tomllib.loads(SOURCE + clips), "source 1")


def test_a_url_may_lie_beside_what_is_read() -> None:
    clip = '[[clip]]\neach = "l[*]"\ntext = "a.w"\nreading = "key()"\nto = "a.url"\n'
    (rule,) = parse_source(tomllib.loads(SOURCE + clip), "source 1").clips
    assert rule.to is not None
