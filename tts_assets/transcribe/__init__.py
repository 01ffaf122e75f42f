"""Transcription: long recordings to text, in chunks and in parallel."""
