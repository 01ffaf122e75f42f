"""Any catalogue: how its records, texts and URLs are found, built-in or told by the configuration."""
