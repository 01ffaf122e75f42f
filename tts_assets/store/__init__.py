"""What is kept: atomic files, objects of a bucket, the ledger, time lines, decisions, paid requests."""
