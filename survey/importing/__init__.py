"""Files from payroll and HR in: read, mapped, checked, compared with what is there, then saved.

`reading` makes a table of bytes, `mapping` says which column is what, `units`, `staff`,
`behaviours` and `trials` make plain values of the table and compare them with the database.
Nothing is written before the whole file is understood, and then in one transaction. No CPR
number, pay, hours or leader is kept, logged or put in an error.
"""
