"""What people and programs are told: progress, reports, tables; the only door to rich."""
