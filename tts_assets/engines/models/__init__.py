"""Models: list, download, verify and find them."""
