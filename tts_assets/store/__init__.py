"""What is kept on disk: atomic files, the ledger, time lines, decisions, paid requests."""
