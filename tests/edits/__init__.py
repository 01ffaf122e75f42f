"""What becomes stale by which edit, and why: exactly that, and exactly that is made."""
