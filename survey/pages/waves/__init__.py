"""Waves from plan to close, what is printed for them, and the comments they leave."""

from survey.pages.waves import (
    comments,
    languages,
    overview,
    pages,
    paper,
    plan,
    prints,
    reports,
    trying,
)

ROUTES = (
    *pages.ROUTES,
    *paper.ROUTES,
    *plan.ROUTES,
    *prints.ROUTES,
    *reports.ROUTES,
    *trying.ROUTES,
    *comments.ROUTES,
    *overview.ROUTES,
    *languages.ROUTES,
)
