"""A release as its readers may see it: sentences, the matrix, its table as a file."""

from survey.pages.results import pages

ROUTES = pages.ROUTES
