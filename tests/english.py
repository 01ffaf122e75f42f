"""English speech for recognizers that understand it, by the espeak-ng that a wheel brings."""

from __future__ import annotations

import ctypes
import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from tts_assets.engines.asr.recognizer_protocol import RATE_HZ

if TYPE_CHECKING:
    from tts_assets.model import Samples

#: The voice and the words a minute that PocketSphinx understands best of those that were tried.
_VOICE, _PACE = b"en-us+f2", 140
#: Numbers of espeak's speak_lib.h.
_RETRIEVAL, _RATE, _UTF_8 = 1, 1, 1
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


@functools.cache
def speech(text: str) -> Samples:
    """A sentence, said by a machine; there is chance in its voice, so no two are quite alike."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    own_hz = library.espeak_Initialize(_RETRIEVAL, 0, data, 0)
    library.espeak_SetVoiceByName(_VOICE)
    library.espeak_SetParameter(_RATE, _PACE, 0)
    blocks: list[Any] = []

    def take(samples: Any, count: int, _: object) -> int:
        if count > 0:
            blocks.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0

    callback = _CALLBACK(take)
    library.espeak_SetSynthCallback(callback)
    said = text.encode()
    library.espeak_Synth(said, len(said) + 1, 0, 0, 0, _UTF_8, None, None)
    library.espeak_Synchronize()
    samples = np.concatenate(blocks).astype(np.float32) / 32_768
    resampled: Samples = soxr.resample(samples, own_hz, RATE_HZ)
    return resampled


def word_errors(said: str, heard: str) -> float:
    """The word error rate: words put in, left out or changed, for each that was said."""
    wanted, found = said.split(), heard.split()
    row = list(range(len(found) + 1))
    for at, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], at
        for place, other in enumerate(found, 1):
            best = min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
            diagonal, row[place] = row[place], best
    return row[-1] / len(wanted)
