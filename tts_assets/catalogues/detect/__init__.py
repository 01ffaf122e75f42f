"""What `init` proposes: how catalogues of any shape are read, found out by looking at them."""
