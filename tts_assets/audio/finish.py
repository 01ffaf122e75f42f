"""From what an engine returned to a finished clip: the whole pipeline on one screen."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tts_assets.audio.prepare import pad, ready
from tts_assets.audio.render import render
from tts_assets.audio.waveform import whole
from tts_assets.model import Recording

if TYPE_CHECKING:
    from tts_assets.model import Sound, Speech


def finish(speech: Speech, sound: Sound) -> Recording:
    """Trim, resample, level and encode what an engine spoke; equal input gives equal bytes.

    Loudness and true peak hold for the file as players decode it: it is decoded and measured, and
    where a lossy codec moved them too far, levelled again.

    Args:
        speech: float32 samples of shape (n,), of any scale up to 64 times full scale.
        sound: settings that ``audio.formats.find_edit_problem`` finds nothing wrong with.

    Returns:
        The encoded file, its length without the codec's padding, and its loudness and true peak
        (ITU-R BS.1770-4) as decoded.

    Raises:
        ClipError: the samples are shorter than 10 ms, silent, not finite, wild, or of another shape;
            or the encoder left nothing audible of them.
    """
    samples = ready(speech, sound.rate_hz).samples
    samples = pad(samples, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=sound.trail_ms)
    file = io.BytesIO()
    found = render(whole(samples), sound, file)
    return Recording(
        data=file.getvalue(),
        seconds=round(samples.size / sound.rate_hz, 3),
        lufs=found.lufs,
        peak_dbtp=found.peak_dbtp,
    )
