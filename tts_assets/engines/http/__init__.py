"""HTTP services: clients, retries and rate limits."""
