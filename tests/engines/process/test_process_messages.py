"""Frames between a run and its engine's process."""

from tts_assets.engines.process import messages
from tts_assets.model import SpokenForm


def test_all_that_a_form_says_goes_over_the_wire() -> None:
    forms = (
        SpokenForm(text="角", reading="ツノ", accent=2),
        SpokenForm(text="角を出す", readings=(("角", ""), ("出", "ダ")), sentence=True),
    )
    order = messages.FormsRequest(number=1, forms=forms)
    assert messages.decode_request(messages.encode_frame(order)[messages.PREFIX.size :]) == order
