"""The behaviours a wave may ask about, written beside the linter."""

from survey.pages.behaviours import pages

ROUTES = pages.ROUTES
