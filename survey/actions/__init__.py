"""Every write a person can ask for: keyword-only `by=`, all of it or none, told to the audit log.

`by` is the account that asks; None is the command line. Nothing here reads an answer.
"""
