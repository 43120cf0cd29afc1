"""Accounts of staff: signing in, one's own account, everybody's for the administrator, the log."""

from survey.pages.accounts import audit_log, invited, kept, own, provider, sign_in

ROUTES = (
    *sign_in.ROUTES,
    *invited.ROUTES,
    *kept.ROUTES,
    *own.ROUTES,
    *provider.ROUTES,
    *audit_log.ROUTES,
)
