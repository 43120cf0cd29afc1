"""What reaches people: mails, printable cards and posters, and how many have opened the form.

A clear code passes through here in memory, on its way to one mail or one card. It is stored
nowhere, and this package neither makes nor checks codes: that is the other side of an answer.
"""
