"""Engines: one module each, chosen by name and loaded only when used; child processes, HTTP, models."""
