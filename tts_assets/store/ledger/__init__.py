"""The ledger: one line of JSON for each asset, saying what it was made from and what it is.

Lines are appended while a run goes on. An asset whose name carries its recipe gets its name after
its line, so that an asset without a line means that the ledger was lost, never that a run was
killed. One named by an id, or made once more, takes new bytes under an old name: before that comes a line without
recipe, and after it the line of the new bytes, so that no line ever vouches for other bytes than its
own. At the end lines are sorted, one for each asset, without totals or times: two branches that add
different clips merge without conflict, by git's own way of taking the lines of both.

What people decided of a sound stands in its line, and is bound to its bytes: other bytes are
undecided, equal ones keep the latest decision on them.
"""
