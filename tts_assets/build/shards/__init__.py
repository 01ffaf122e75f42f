"""The folder of a shard: what it tells of its plan, its clips' URLs, and all of it read for a merge."""
