"""From the speech of an engine to a finished clip: the whole pipeline."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from tts_assets.audio.prepare import compute_silences, prepare_speech
from tts_assets.audio.render import render
from tts_assets.audio.waveform import whole
from tts_assets.model import Recording

if TYPE_CHECKING:
    from tts_assets.model import Sound, Speech


def finish(speech: Speech, sound: Sound) -> Recording:
    """Trim, resample, level and encode speech of an engine; equal input gives equal bytes.

    Loudness and true peak hold for the file as decoded: it is decoded and measured, and levelled
    again if a lossy codec moved them too far.

    Args:
        speech: float32 samples of shape (n,), of any scale up to 64 times full scale.
        sound: settings that ``audio.formats.find_sound_problem`` accepts.

    Returns:
        The encoded file, its length without the codec's padding, and its loudness and true peak
        (ITU-R BS.1770-4) as decoded.

    Raises:
        ClipError: the samples are shorter than 10 ms, silent, not finite, too loud, or of another
            shape; or nothing audible is left after encoding.
    """
    samples = prepare_speech(speech, sound.rate_hz).samples
    silence = compute_silences(
        samples.size, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=sound.trail_ms
    )
    samples = np.pad(samples, silence)
    file = io.BytesIO()
    level = render(whole(samples), sound, file)
    return Recording(
        data=file.getvalue(),
        seconds=round(samples.size / sound.rate_hz, 3),
        lufs=level.lufs,
        peak_dbtp=level.peak_dbtp,
    )
