"""Stand-ins for engines that cannot be had in tests: small, real, and stricter than what they stand for."""
