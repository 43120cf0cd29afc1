"""The meeting of a leadership team: slides, a decision, the board sheet."""

from survey.pages.meeting import pages

ROUTES = pages.ROUTES
