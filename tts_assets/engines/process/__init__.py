"""Runs native engines in one supervised child process, so that the run survives whatever they do."""
