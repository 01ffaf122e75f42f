"""The use case `merge`: what shards made becomes assets, a ledger and URLs as if one run had made them."""
