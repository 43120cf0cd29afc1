"""What an operator does with a whole installation: a backup, and putting it back.

`envelope` encrypts a file and opens it, `archive` says what is inside, `databases` copies either
engine. Keys never go in: a stolen backup opens no answer.
"""
