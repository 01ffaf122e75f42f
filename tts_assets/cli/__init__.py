"""The command line: one module for each command, and what they print; errors become exit codes."""
