"""Signing in and staying in: no id from before, no post from elsewhere, no way to try for ever."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from survey import audit, engine, sessions
from survey.actions import accounts
from survey.actions.accounts import SignInWaits, SignInWrong, wait_after
from survey.pages.accounts.sign_in import own_address
from survey.sessions import ABSOLUTE, COOKIE, CSRF_COOKIE, IDLE
from survey.settings import Settings
from survey.tables import Account, AuditEvent, StaffSession
from tests import cast

DROP_TRIGGERS = {
    "sqlite": ("DROP TRIGGER audit_event_unchanged", "DROP TRIGGER audit_event_undeleted"),
    "postgres": ("DROP TRIGGER audit_event_kept ON audit_event",),
}


@pytest.fixture
async def site(store: Settings) -> AsyncIterator[cast.Site]:
    await cast.enter(store)
    async with cast.site(store) as site:
        yield site


# --- the session -------------------------------------------------------------------------------


async def test_a_browser_that_is_not_signed_in_has_no_session(site: cast.Site) -> None:
    browser = site.browser()

    front, form = await browser.get("/"), await browser.get("/sign-in")

    assert "set-cookie" not in front.headers
    assert list(form.cookies) == [CSRF_COOKIE]
    assert await StaffSession.count() == 0


async def test_signing_in_gives_a_session_that_only_this_host_gets_back(site: cast.Site) -> None:
    browser = site.browser()

    reply = await cast.sign_in(browser, "anna")

    assert (reply.status_code, reply.headers["location"]) == (303, "/results")
    [given] = [one for one in reply.headers.get_list("set-cookie") if one.startswith(COOKIE)]
    parts = {part.strip().lower() for part in given.split(";")[1:]}
    assert parts == {"httponly", "path=/", "samesite=lax", "secure"}
    assert (await browser.get("/account")).status_code == 200


async def test_the_database_holds_no_id_that_a_browser_could_send(site: cast.Site) -> None:
    browser = site.browser()
    await cast.sign_in(browser, "anna")

    [row] = await StaffSession.select()

    assert row["hash"] == sessions.hashed(browser.cookies[COOKIE])
    assert browser.cookies[COOKIE] not in str(row)


async def test_an_id_chosen_before_the_sign_in_is_not_taken_over(site: cast.Site) -> None:
    browser = site.browser()
    browser.cookies.set(COOKIE, "chosen-by-somebody-else", domain="127.0.0.1")

    await cast.sign_in(browser, "anna")
    thief = site.browser("thief")
    thief.cookies.set(COOKIE, "chosen-by-somebody-else")

    assert browser.cookies[COOKIE] != "chosen-by-somebody-else"
    assert (await thief.get("/account")).status_code == 303


async def test_a_second_sign_in_ends_the_first_session(site: cast.Site) -> None:
    browser = site.browser()
    await cast.sign_in(browser, "anna")
    first = browser.cookies[COOKIE]

    # Signed in already, the form is not shown: the token is that of any page.
    page = await browser.get("/account")
    fields = {"login": "anna", "password": cast.PASSWORD, **cast.token(page)}
    await browser.post("/sign-in", data=fields)
    old = site.browser("old")
    old.cookies.set(COOKIE, first)

    assert browser.cookies[COOKIE] != first
    assert (await old.get("/account")).status_code == 303


async def test_half_an_hour_without_a_page_ends_it(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    site.clock.pass_by(seconds=int(IDLE.total_seconds()) - 1)
    in_time = await anna.get("/account")
    site.clock.pass_by(seconds=int(IDLE.total_seconds()))
    too_late = await anna.get("/account")

    assert (in_time.status_code, too_late.status_code) == (200, 303)
    assert await StaffSession.count() == 0


async def test_eight_hours_end_it_however_busy_it_was(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    quarters = int(ABSOLUTE.total_seconds() // 60 // 15)

    replies = []
    for _ in range(quarters):
        site.clock.pass_by(minutes=15)
        replies.append((await anna.get("/account")).status_code)

    assert replies == [200] * (quarters - 1) + [303]


async def test_after_a_pause_the_form_says_why(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    site.clock.pass_by(minutes=31)

    form = await anna.get("/account", follow_redirects=True)

    assert "Du er logget ud efter en pause" in form.text
    assert 'value="/account"' in form.text


async def test_signing_out_ends_the_session_in_the_database_too(site: cast.Site) -> None:
    browser = site.browser()
    await cast.sign_in(browser, "anna")
    kept = browser.cookies[COOKIE]

    reply = await browser.post("/sign-out", data=cast.token(await browser.get("/account")))
    browser.cookies.set(COOKIE, kept, domain="127.0.0.1")

    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    assert (await browser.get("/account")).status_code == 303


async def test_ending_all_sessions_reaches_every_browser_of_the_account(site: cast.Site) -> None:
    anna, bo = await site.signed_in("anna"), await site.signed_in("bo")
    row = await Account.select(Account.id).where(Account.login == "anna").first()
    assert row is not None

    await sessions.end_all(row["id"])

    assert (await anna.get("/account")).status_code == 303
    assert (await bo.get("/account")).status_code == 200


async def test_a_name_is_spent_once_and_forgotten_after_its_time(site: cast.Site) -> None:
    now, kept = site.clock(), timedelta(minutes=10)

    first, again = [await sessions.spend("a state", now=now, kept=kept) for _ in range(2)]
    at_once = await asyncio.gather(*(sessions.spend("b", now=now, kept=kept) for _ in range(5)))
    browser = site.browser()
    browser.cookies.set(COOKIE, "spent a state", domain="127.0.0.1")
    page = await browser.get("/account")
    site.clock.pass_by(minutes=11)
    await site.signed_in("anna")  # each sign-in takes away what is over

    assert (first, again) == (True, False)
    assert Counter(at_once) == {True: 1, False: 4}
    assert page.status_code == 303
    assert await StaffSession.count() == 1


# --- posts from elsewhere ----------------------------------------------------------------------


async def test_every_unsafe_address_for_staff_refuses_a_post_without_its_token(
    site: cast.Site,
) -> None:
    anna = await site.signed_in("anna")
    addresses = {
        (method, re.sub(r"{\w+}", "1", route.path_format))
        for route in site.app.routes
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods
        if method not in ("GET", "HEAD", "OPTIONS") and not route.path_format.startswith("/svar")
    }

    replies = {
        (method, path): (await anna.request(method, path, data={"login": "anna"})).status_code
        for method, path in addresses
    }

    assert {("POST", "/sign-in"), ("POST", "/sign-out"), ("POST", "/language")} <= addresses
    assert set(replies.values()) == {403}
    assert (await anna.get("/account")).status_code == 200


async def test_a_token_of_another_browser_is_refused(site: cast.Site) -> None:
    anna, bo = await site.signed_in("anna"), await site.signed_in("bo")
    foreign = cast.token(await bo.get("/account"))
    await anna.get("/account")

    reply = await anna.post("/sign-out", data=foreign)

    assert reply.status_code == 403


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({"origin": "null"}, 303),
        ({"origin": "https://127.0.0.1:8000"}, 303),
        ({}, 303),
    ],
)
async def test_a_post_that_says_it_comes_from_elsewhere_is_refused_with_a_token_too(
    settings: Settings, sent: dict[str, str], status: int
) -> None:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        async with cast.site(settings) as site:
            anna = await site.signed_in("anna")
            fields = cast.token(await anna.get("/account"))

            reply = await anna.post("/sign-out", data=fields, headers=sent)

    assert reply.status_code == status


async def test_markup_in_the_token_cookie_stays_text(site: cast.Site) -> None:
    browser = site.browser()  # CVE-2026-48060: the cookie went into the form as it came
    browser.cookies.set(CSRF_COOKIE, '"><script>alert(1)</script>')

    form = await browser.get("/sign-in")

    assert "<script" not in form.text


async def test_a_body_that_is_too_long_is_refused(site: cast.Site) -> None:
    browser = site.browser()
    fields = cast.token(await browser.get("/sign-in"))

    reply = await browser.post("/sign-in", data={**fields, "login": "a" * 5_000_000})

    assert reply.status_code == 413
    assert "fylder for meget" in reply.text


# --- the password ------------------------------------------------------------------------------


async def test_a_wrong_password_and_an_unknown_login_read_the_same(site: cast.Site) -> None:
    browser = site.browser()

    wrong = await cast.sign_in(browser, "anna", "not the right sentence")
    unknown = await cast.sign_in(browser, "nobody", "not the right sentence")

    assert wrong.status_code == unknown.status_code == 422
    assert "passer ikke" in wrong.text
    assert wrong.text.replace('value="anna"', "") == unknown.text.replace('value="nobody"', "")
    assert "not the right sentence" not in wrong.text


async def test_an_account_that_is_stopped_reads_as_unknown(site: cast.Site) -> None:
    await Account.update({Account.active: False}).where(Account.login == "anna")

    reply = await cast.sign_in(site.browser(), "anna")

    assert reply.status_code == 422


@pytest.mark.parametrize("login", ["anna", "nobody"])
async def test_after_five_wrong_passwords_the_right_one_waits_too(
    site: cast.Site, login: str
) -> None:
    accounts._UNKNOWN.clear()
    browser = site.browser()
    for _ in range(5):
        await cast.sign_in(browser, login, "not the right sentence")

    at_once = await cast.sign_in(browser, login)
    site.clock.pass_by(minutes=1)
    later = await cast.sign_in(browser, login)

    assert at_once.status_code == 429
    assert "for mange forsøg" in at_once.text
    assert later.status_code == (303 if login == "anna" else 422)


async def test_the_right_password_forgets_the_wrong_ones(site: cast.Site) -> None:
    browser = site.browser()
    for _ in range(3):
        await cast.sign_in(browser, "anna", "not the right sentence")

    await cast.sign_in(browser, "anna")
    row = await Account.select(Account.failures).where(Account.login == "anna").first()

    assert row == {"failures": 0}


async def test_guesses_at_once_are_as_many_tries(site: cast.Site) -> None:
    guesses = [
        accounts.sign_in("anna", f"not the right sentence {n}", now=site.clock()) for n in range(12)
    ]

    ends = await asyncio.gather(*guesses, return_exceptions=True)

    assert Counter(type(end) for end in ends) == {SignInWrong: 5, SignInWaits: 12 - 5}


def test_a_wait_doubles_and_never_passes_a_quarter_of_an_hour() -> None:
    minutes = [wait_after(failures).total_seconds() / 60 for failures in (0, 4, 5, 6, 7, 8, 9, 99)]

    assert minutes == [0, 0, 1, 2, 4, 8, 15, 15]


# --- where it leads ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/waves/2026-4/units/C21", "/waves/2026-4/units/C21"),
        ("https://elsewhere.example/", ""),
        ("//elsewhere.example", ""),
        ("/\\elsewhere.example", ""),
        ("/%5celsewhere.example", ""),
        ("javascript:alert(1)", ""),
        ("/account\r\nset-cookie: a=b", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_signing_in_leads_to_a_page_of_ours_only(wanted: str | None, leads_to: str) -> None:
    assert own_address(wanted) == leads_to


async def test_signing_in_leads_on_to_the_page_that_was_asked_for(site: cast.Site) -> None:
    wanted = {"next": "/account"}

    ours = await cast.sign_in(site.browser("a"), "anna", **wanted)
    theirs = await cast.sign_in(site.browser("b"), "anna", next="//elsewhere.example")

    assert ours.headers["location"] == "/account"
    assert theirs.headers["location"] == "/results"


@pytest.mark.parametrize(
    ("login", "start"), [("anna", "/results"), ("carla", "/overview"), ("dan", "/accounts")]
)
async def test_each_role_starts_where_its_work_is(site: cast.Site, login: str, start: str) -> None:
    browser = await site.signed_in(login)

    reply = await browser.get("/sign-in")

    assert (reply.status_code, reply.headers["location"]) == (303, start)


async def test_the_language_is_remembered_with_the_account(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    fields = {**cast.token(await anna.get("/account")), "language": "en", "back": "/account"}

    reply = await anna.post("/language", data=fields, follow_redirects=True)

    assert '<html lang="en">' in reply.text
    assert "Your account" in reply.text


# --- the audit log -----------------------------------------------------------------------------


async def test_signing_in_is_written_down_by_day_in_a_chain(site: cast.Site) -> None:
    for login in ("anna", "bo"):
        await cast.sign_in(site.browser(login), login)

    events = await AuditEvent.select().order_by(AuditEvent.id)

    assert [event["what"] for event in events] == ["signed in", "signed in"]
    assert {event["day"] for event in events} == {cast.BEGIN.date()}
    assert events[1]["previous"] == events[0]["hash"]
    assert await audit.first_break() is None


@pytest.mark.parametrize("change", ["changed", "removed"])
async def test_an_event_changed_behind_our_back_breaks_the_chain(
    store: Settings, change: str
) -> None:
    for unit in ("C21", "C22", "C23"):
        await audit.record(by=None, what="opened report", on_what=f"2026-4/{unit}")
    [_, second, third] = await AuditEvent.select().order_by(AuditEvent.id)
    for drop in DROP_TRIGGERS[engine.current().engine_type]:
        await AuditEvent.raw(drop)

    before = await audit.first_break()
    event = AuditEvent.id == second["id"]
    if change == "changed":
        await AuditEvent.update({AuditEvent.on_what: "2026-4/B1"}).where(event)
    else:
        await AuditEvent.delete().where(event)
    after = await audit.first_break()

    assert before is None
    assert after == (second["id"] if change == "changed" else third["id"])


async def test_the_log_cannot_be_changed(store: Settings) -> None:
    await audit.record(by=None, what="opened report", on_what="2026-4/C21")

    for statement in (
        AuditEvent.update({AuditEvent.on_what: "2026-4/B1"}).where(AuditEvent.id > 0),
        AuditEvent.delete(force=True),
    ):
        with pytest.raises(Exception, match="append-only"):
            await statement
