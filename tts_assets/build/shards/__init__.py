"""The folder of a shard: its header, its records and its URLs; and the merge of shards."""
