"""Review: people hear what was made, see how it should sound, and decide."""
