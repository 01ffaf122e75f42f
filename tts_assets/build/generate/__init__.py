"""The main use case: generate every clip that is missing or stale, and write the URLs back.

A clip that cannot be spoken, or whose audio is unusable, raises ClipError. FatalError ends the run: the
engine or the dictionary is gone, or nothing can be stored. Functions document only what else they raise.
"""
