"""What people decided of sounds: the journal of all that they ever did, and its way into the ledger."""
