"""Faults as data, and the invariants that hold after each of them."""
