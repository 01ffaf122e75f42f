"""Speech recognition: recordings to text, by engines chosen by name and loaded only when used."""
