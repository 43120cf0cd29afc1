"""The dated tree and its people: read, changed by hand, and taken in from a file."""

from survey.pages.organisation import changes, pages, upload

ROUTES = (*pages.ROUTES, *changes.ROUTES, *upload.ROUTES)
