"""Answers from code to release: sealed while the wave is open, opened once, shuffled, at its end.

Two sides that never meet: `codes`, `ballots`, `shown` read the roster; `acceptance`, `writer`
store sealed answers; `closing` opens them. No transaction and no row joins the two. Nothing is
imported here: the process that opens a wave starts with a third less.
"""
