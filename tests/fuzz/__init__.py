"""Hostile input: whatever a file says, the exit code is one that the documents name for it."""
