"""Audio: raw speech to a finished, measured, reproducible file, and the checks of its sound."""
