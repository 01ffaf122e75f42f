"""Speech recognition: what a recording says, told by engines chosen by name and loaded only then."""
