"""Findings in words: numbers, sentences and headlines by rule, and the guard over all of them.

Danish and English come from the voice that is handed in. Nothing here computes a finding, and no
sentence is stored: the same release in the same voice gives the same words.
"""
