"""Models: known by name, downloaded, checked, and found by engines."""
