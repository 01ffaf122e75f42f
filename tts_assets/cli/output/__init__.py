"""Output for people and programs: progress, reports, tables; the only package that imports rich."""
