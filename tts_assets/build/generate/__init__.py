"""The main use case: make every clip that is missing or stale, and write the URLs back."""
