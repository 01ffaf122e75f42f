"""What is kept: atomic files, objects of a bucket, the ledger, time lines, decisions, paid requests.

A file that cannot be read or written, because the disk is full, gone or read-only or because a link
is in its place, raises FatalError; functions document only what else they raise.
"""
