"""The dated tree and its people: read, changed by hand, and taken in from a file."""

from survey.pages.organisation import changes, details, pages, upload

ROUTES = (*pages.ROUTES, *details.ROUTES, *changes.ROUTES, *upload.ROUTES)
