"""Detection: proposes for `init` how catalogues of any shape are read."""
