"""A speech service on 127.0.0.1 that bills, refuses and breaks as the paid ones do: ``python -m tests.simulator``."""
