"""Quality checks: lint reads catalogues, verify measures and recognizes assets."""
