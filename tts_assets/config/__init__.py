"""Configuration: settings, sources, prices and keys, from flags, environment, file and defaults."""
