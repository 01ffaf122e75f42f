"""The build: plan what is stale, generate it, store it, write URLs back, report."""
