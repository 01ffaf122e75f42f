"""Japanese text: normalisation, readings, accents, segments, and each engine's notation."""
