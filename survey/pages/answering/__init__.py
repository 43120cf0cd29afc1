"""What a respondent meets: the code, the questionnaire, the receipt, a tablet, a lost link."""

from survey.pages.answering import answer, kiosk, lost, protocol, shell

ROUTES = (*answer.ROUTES, *protocol.ROUTES, *shell.ROUTES, *kiosk.ROUTES, *lost.ROUTES)
