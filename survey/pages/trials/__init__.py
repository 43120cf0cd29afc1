"""Trial actions, what was learned of them, and what is sent up."""

from survey.pages.trials import learned, pages, sent_up

ROUTES = (*pages.ROUTES, *learned.ROUTES, *sent_up.ROUTES)
