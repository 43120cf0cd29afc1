"""Accounts of staff: invited by a link, changed, stopped, and led back in."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from survey import audit
from survey import settings as installation
from survey.actions import account_keeping, accounts
from survey.actions.account_keeping import LastAdministrator, LinkUnknown, OwnAccount
from survey.actions.accounts import PasswordGuessed, PasswordLength, SignInWrong, is_guessed
from survey.pages.accounts.typed import SECRET
from survey.sessions import COOKIE
from survey.settings import Settings
from survey.tables import (
    Account,
    AccountInvitation,
    AccountUnit,
    AuditEvent,
    OneTimeCode,
    StaffSession,
)
from tests import cast

NEW = "eight small words that only grete knows"


@pytest.fixture
async def on_both(store: Settings) -> AsyncIterator[cast.Site]:
    """As `site`, on SQLite and on PostgreSQL: for what the databases do in their own ways."""
    await cast.enter(store)
    async with cast.site(store) as site:
        yield site


async def id_of(login: str) -> int:
    row = await Account.select(Account.id).where(Account.login == login).first()
    assert row is not None
    return int(row["id"])


def form_of(page: Response) -> dict[str, str]:
    """The hidden fields every form has."""
    found = re.findall(r'name="(version|once|_csrf_token)" value="([0-9a-f]*)"', page.text)
    return dict(found)


def hidden_of(page: Response) -> dict[str, str]:
    """Every field with a value."""
    return dict(re.findall(r'name="([\w.]+)" value="([^"]*)"', page.text))


async def invited(dan: AsyncClient, **more: Any) -> Response:
    """Fill in the form for Grete, leadership team of C21."""
    form = form_of(await dan.get("/accounts/new"))
    fields = {"login": "grete", "role": "leadership_team", "units": "C21", "language": "da"}
    return await dan.post("/accounts/new", data={**form, **fields, **more})


def token_of(page: Response) -> str:
    found = re.search(r"/invited#([\w-]+)", page.text)
    assert found is not None
    return found[1]


# --- inviting ----------------------------------------------------------------------------------


async def test_an_invited_person_chooses_the_password_and_is_let_in(site: cast.Site) -> None:
    dan, grete = await site.signed_in("dan"), site.browser("grete")

    link = await invited(dan)
    token = {**cast.token(await grete.get("/invited")), "token": token_of(link)}
    welcome = await grete.post("/invited", data=token)
    let_in = await grete.post("/invited", data={**token, "password": NEW, "again": NEW})

    assert link.status_code == welcome.status_code == 200
    assert "grete" in welcome.text
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/account/one-time-codes")
    assert "Hjemmepleje Nord" in (await grete.get("/account")).text
    assert (await cast.sign_in(site.browser("again"), "grete", NEW)).status_code == 303


async def test_the_secret_of_a_link_is_kept_nowhere(site: cast.Site) -> None:
    token = token_of(await invited(await site.signed_in("dan")))

    kept = str([await table.select() for table in (AccountInvitation, AuditEvent, Account)])

    assert len(token) >= 256 / 6
    assert token not in kept


@pytest.mark.parametrize("end", ["used", "a newer one", "eight days", "stopped", "made up"])
async def test_a_link_works_once_for_seven_days_and_only_the_newest(
    site: cast.Site, end: str
) -> None:
    token = token_of(await invited(await site.signed_in("dan")))
    account, now = await id_of("grete"), site.clock()
    match end:
        case "used":
            await account_keeping.accept(token, NEW, now=now)
        case "a newer one":
            await account_keeping.invite_again(account, now=now, by=await id_of("dan"))
        case "eight days":
            now += timedelta(days=8)
        case "stopped":
            await account_keeping.stop(account, by=await id_of("dan"))
        case _:
            token += "x"

    with pytest.raises(LinkUnknown):
        await account_keeping.welcome(token, now=now)
    with pytest.raises(LinkUnknown):
        await account_keeping.accept(token, NEW, now=now)


async def test_a_form_sent_twice_is_one_account_and_its_newer_link_works(
    on_both: cast.Site,
) -> None:
    dan = await on_both.signed_in("dan")
    once = {"once": "0123456789abcdef"}

    first = token_of(await invited(dan, **once))
    second = token_of(await invited(dan, **once))
    other = await invited(dan)

    assert await Account.count().where(Account.login == "grete") == 1
    assert (await account_keeping.welcome(second, now=on_both.clock())).login == "grete"
    with pytest.raises(LinkUnknown):
        await account_keeping.welcome(first, now=on_both.clock())
    assert other.status_code == 422
    assert "allerede en konto" in other.text


async def test_before_the_password_is_chosen_nobody_signs_in(
    site: cast.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await invited(await site.signed_in("dan"))

    monkeypatch.setattr(accounts, "_dummy", lambda: accounts.HASHER.hash("a hash for nobody"))
    for password in ("", "a hash for nobody"):
        with pytest.raises(SignInWrong):
            await accounts.sign_in("grete", password, now=site.clock())


async def test_with_an_address_the_link_is_mailed_and_the_address_forgotten(
    site: cast.Site,
) -> None:
    page = await invited(await site.signed_in("dan"), email="grete@fjordlund.example")
    data = site.app.state.settings.data

    [mail] = (data / "mail" / "accounts").glob("*.eml")

    assert "er sendt til grete@fjordlund.example" in page.text
    assert f"/invited#{token_of(page)}" in mail.read_text().replace("=\n", "")
    database = b"".join(one.read_bytes() for one in data.glob("kernepuls.sqlite*"))
    assert b"grete@fjordlund" not in database


async def test_an_address_is_kept_for_word_of_reports_where_that_is_ticked(site: cast.Site) -> None:
    dan = await site.signed_in("dan")

    refused = await invited(dan, email="no address", told="1")
    await invited(dan, email="grete@fjordlund.example", told="1")

    row = await Account.select(Account.email).where(Account.login == "grete").first()
    assert refused.status_code == 422
    assert row == {"email": "grete@fjordlund.example"}


async def test_a_mail_that_cannot_be_sent_leaves_the_link_to_hand_over(site: cast.Site) -> None:
    page = await invited(await site.signed_in("dan"), email="no address")

    assert page.status_code == 200
    assert "kunne ikke sendes" in page.text
    assert token_of(page)


async def test_a_link_is_no_second_step(site: cast.Site) -> None:
    invited_ = await account_keeping.invite_again(
        await id_of("anna"), now=site.clock(), by=await id_of("dan")
    )
    await OneTimeCode.insert(OneTimeCode(account=await id_of("anna"), seed=b"-", last_step=0))
    browser = site.browser()
    form = {**cast.token(await browser.get("/invited")), "token": invited_.token}

    reply = await browser.post("/invited", data={**form, "password": NEW, "again": NEW})

    assert reply.headers["location"] == "/sign-in?done=chosen"
    assert COOKIE not in browser.cookies


# --- bad input ---------------------------------------------------------------------------------

BAD = {
    "everything empty": {"login": "", "role": "", "units": "", "language": ""},
    "no unit for a role with units": {"units": ""},
    "a unit that is gone": {"units": "XX"},
    "a login of two words": {"login": "grete holm"},
    "a login too long": {"login": "g" * 65},
    "a role that is none": {"role": "king"},
    "a language that is none": {"language": "tlh"},
}


async def test_what_cannot_be_used_is_told_beside_its_field_and_kept(site: cast.Site) -> None:
    dan, before = await site.signed_in("dan"), await Account.count()

    pages = {name: await invited(dan, **wrong) for name, wrong in BAD.items()}

    assert {name: page.status_code for name, page in pages.items()} == dict.fromkeys(BAD, 422)
    assert all("<title>Fejl: " in page.text for page in pages.values())
    assert await Account.count() == before


async def test_marks_that_turn_a_login_are_taken_out_of_it(site: cast.Site) -> None:
    await invited(await site.signed_in("dan"), login="g\u202erete\x07")

    assert await Account.exists().where(Account.login == "grete")


async def test_a_login_like_markup_or_a_formula_is_text(site: cast.Site) -> None:
    dan = await site.signed_in("dan")

    await invited(dan, login="=1+1<b>🙂</b>")
    page = await dan.get("/accounts")

    assert "=1+1&lt;b&gt;🙂&lt;/b&gt;" in page.text


async def test_a_search_for_units_sends_the_form_back_with_what_was_typed(
    site: cast.Site,
) -> None:
    dan = await site.signed_in("dan")

    page = await invited(dan, units="C21", find="syd", deed="find")
    below = await invited(dan, units="C21", open="C2")

    assert page.status_code == below.status_code == 200
    assert 'value="grete"' in page.text
    assert re.search(r'value="C21" checked', page.text)
    assert re.search(r'value="C22"', page.text)
    assert re.search(r'value="C22"', below.text)
    assert not await Account.exists().where(Account.login == "grete")


# --- changing ----------------------------------------------------------------------------------


async def test_another_role_ends_every_session_and_the_older_form_is_told(
    on_both: cast.Site,
) -> None:
    dan, anna = await on_both.signed_in("dan"), await on_both.signed_in("anna")
    address = f"/accounts/{await id_of('anna')}"
    mine = form_of(await dan.get(address))
    wanted = {**mine, "role": "bridge_builder", "units": ["C21", "B1"], "language": "en"}

    changed = await dan.post(address, data=wanted)
    late = await dan.post(address, data={**mine, "role": "works_committee", "language": "da"})

    assert (changed.status_code, late.status_code) == (303, 409)
    assert "Gemt imens:" in late.text
    assert (await anna.get("/account")).status_code == 303
    row = await Account.select().where(Account.login == "anna").first()
    assert row is not None
    assert (row["role"], row["language"], row["version"]) == ("bridge_builder", "en", 2)
    assert await AccountUnit.count().where(AccountUnit.account == row["id"]) == 2
    assert re.search(r'value="works_committee" checked', late.text)


async def test_nobody_stops_or_demotes_the_own_account_or_the_last_administrator(
    on_both: cast.Site,
) -> None:
    dan, carla = await id_of("dan"), await id_of("carla")

    with pytest.raises(OwnAccount):
        await account_keeping.stop(dan, by=dan)
    with pytest.raises(LastAdministrator):
        await account_keeping.stop(dan, by=carla)
    with pytest.raises(LastAdministrator):
        await account_keeping.change(
            dan, role="coordinator", units=(), language="da", version=1, by=carla
        )

    row = await Account.select().where(Account.id == dan).first()
    assert row is not None
    assert (row["active"], row["role"]) == (True, "administrator")
    assert not await AuditEvent.count()


async def test_a_stopped_account_is_out_and_comes_back_with_its_password(
    site: cast.Site,
) -> None:
    dan, anna = await site.signed_in("dan"), await site.signed_in("anna")
    address = f"/accounts/{await id_of('anna')}"
    form = form_of(await dan.get(address))

    await dan.post(f"{address}/stop", data=form)
    out = await anna.get("/account")
    closed = await cast.sign_in(site.browser("b"), "anna")
    await dan.post(f"{address}/restart", data=form)
    open_again = await cast.sign_in(site.browser("c"), "anna")

    assert (out.status_code, closed.status_code, open_again.status_code) == (303, 422, 303)
    whats = [row["what"] for row in await AuditEvent.select().order_by(AuditEvent.id)]
    assert whats == ["stopped account", "restarted account", "signed in"]
    assert await audit.first_break() is None


async def test_the_list_is_searched_and_paged(site: cast.Site) -> None:
    await Account.insert(
        *(Account(login=f"more{n:03}", password_hash="-", role="coordinator") for n in range(60))
    )
    dan = await site.signed_in("dan")

    first, second = await dan.get("/accounts"), await dan.get("/accounts?page=2")
    found, none = await dan.get("/accounts?find=nord"), await dan.get("/accounts?find=zzz")

    assert (first.text.count('<li>\n<p><a href="/accounts/'), "more059" in first.text) == (
        50,
        False,
    )
    assert "more059" in second.text
    assert re.findall(r'/accounts/\d+">(\w+)', found.text) == ["anna", "finn"]
    assert "Ingen konto" in none.text


async def test_the_administrator_sees_no_result_on_any_page_of_accounts(site: cast.Site) -> None:
    cast.store_releases(site.app.state.settings, *cast.WAVES)
    dan = await site.signed_in("dan")

    pages = [
        await dan.get(one) for one in ("/accounts", "/accounts/new", "/accounts/1", "/account")
    ]

    assert {page.status_code for page in pages} == {200}
    assert not any("/results" in page.text or "/units/" in page.text for page in pages)


# --- one's own account -------------------------------------------------------------------------


async def test_another_password_asks_for_the_old_one_and_ends_every_session(
    site: cast.Site,
) -> None:
    anna = await site.signed_in("anna")
    form = form_of(await anna.get("/account"))
    typed = {**form, "old": cast.PASSWORD, "password": NEW, "again": NEW}

    wrong = await anna.post("/account/password", data={**typed, "old": "not the right one"})
    differ = await anna.post("/account/password", data={**typed, "again": "another"})
    short = await anna.post("/account/password", data={**typed, "password": "x", "again": "x"})
    right = await anna.post("/account/password", data=typed)

    assert [one.status_code for one in (wrong, differ, short)] == [422] * 3
    assert NEW not in wrong.text + differ.text
    assert right.headers["location"] == "/sign-in?done=changed"
    assert await StaffSession.count() == 0
    assert (await cast.sign_in(site.browser("b"), "anna")).status_code == 422
    assert (await cast.sign_in(site.browser("b"), "anna", NEW)).status_code == 303


async def test_the_other_browsers_are_listed_and_signed_out(site: cast.Site) -> None:
    here, there = await site.signed_in("anna"), site.browser("phone")
    site.clock.pass_by(minutes=5)
    await cast.sign_in(there, "anna")

    page = await here.get("/account")
    await here.post("/account/sessions/end-others", data=form_of(page))

    assert "Siden 20. november 2026 kl. 09.05" in page.text
    assert page.text.count("(denne browser)") == 1
    assert (await here.get("/account")).status_code == 200
    assert (await there.get("/account")).status_code == 303


GUESSED = ["sommer2026!!", "Password1234", "qwertyuiopåq", "aaaaaaaaaaaab", "Anna12345678!"]
GOOD = ["a sentence of some words", "anna bager kage", "7$kQ9!2x#4&8", "æblegrødsfest"]


@pytest.mark.parametrize("password", GUESSED + GOOD)
def test_passwords_that_are_tried_first_are_refused(password: str) -> None:
    assert is_guessed(password, login="anna") is (password in GUESSED)


@pytest.mark.parametrize(
    ("password", "refused"), [("x" * 11, PasswordLength), ("x" * 129, PasswordLength)]
)
async def test_a_password_has_12_to_128_characters(password: str, refused: type) -> None:
    with pytest.raises(refused):
        await accounts.hashed_password(password, login="anna")
    with pytest.raises(PasswordGuessed):
        await accounts.hashed_password("x" * 128, login="anna")


# --- what was typed when a session ended -------------------------------------------------------

WRITTEN = "Vi mangler <b>tid</b> til overlap"


async def test_what_was_typed_when_the_session_ended_is_sent_again_by_a_button(
    site: cast.Site,
) -> None:
    dan = await site.signed_in("dan")
    form = {**form_of(await dan.get("/accounts/new")), "login": "grete holm", "role": "coordinator"}
    site.clock.pass_by(minutes=31)

    out = await dan.post("/accounts/new", data={**form, "language": "da", "find": ""})
    kept = hidden_of(out)
    wrong = await dan.post("/sign-in", data={**kept, "login": "dan", "password": "not this one"})
    back = await dan.post("/sign-in", data={**kept, "login": "dan", "password": cast.PASSWORD})
    fresh = hidden_of(back)
    again = await dan.post("/accounts/new", data=fresh)

    assert (out.status_code, wrong.status_code, back.status_code) == (401, 422, 200)
    assert "står her stadig" in out.text
    assert 'name="kept.login" value="grete holm"' in wrong.text
    assert '<div class="kp-typed">grete holm</div>' in back.text
    assert 'action="/accounts/new"' in back.text
    assert again.status_code == 422  # a login of two words: the form itself answers now
    assert 'value="grete holm"' in again.text
    assert not await Account.exists().where(Account.login == "grete holm")


async def test_what_was_typed_is_text_and_passwords_are_not_carried(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    form = form_of(await anna.get("/account"))
    site.clock.pass_by(minutes=31)
    typed = {**form, "old": "my old secret", "password": NEW, "again": NEW, "why": WRITTEN}

    out = await anna.post("/account/password", data=typed)

    assert out.status_code == 401
    assert "Vi mangler &lt;b&gt;tid&lt;/b&gt;" in out.text
    assert "my old secret" not in out.text
    assert NEW not in out.text


async def test_what_is_too_long_to_be_carried_is_said(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    form = form_of(await anna.get("/account"))
    site.clock.pass_by(minutes=31)

    out = await anna.post("/account/password", data={**form, "why": "ord " * 10_000})

    assert out.status_code == 401
    assert "er for langt" in out.text
    assert "ord ord" not in out.text


async def test_fields_are_carried_to_an_address_of_ours_only(site: cast.Site) -> None:
    browser = site.browser()
    form = {**cast.token(await browser.get("/sign-in")), "kept.why": WRITTEN}
    elsewhere = {"kept_to": "//elsewhere.example", "login": "anna", "password": cast.PASSWORD}

    reply = await browser.post("/sign-in", data={**form, **elsewhere})

    assert reply.status_code == 303
    assert WRITTEN not in reply.text


async def test_a_post_without_a_token_carries_nothing(site: cast.Site) -> None:
    browser = site.browser()
    await browser.get("/sign-in")

    reply = await browser.post("/account/password", data={"why": WRITTEN})

    assert reply.status_code == 403
    assert "Vi mangler" not in reply.text


def test_every_field_of_a_password_or_a_code_is_one_that_is_not_carried() -> None:
    found = set()
    for template in installation.TEMPLATES.rglob("*.html"):
        source = template.read_text(encoding="utf-8")
        for tag in re.findall(r"<input[^>]*>|\{\{ text\(.*?\) \}\}", source):
            if re.search(r'type="password"|kind="password"|one-time-code', tag):
                name = re.search(r'name="(\w+)"|text\([\w.]+, "(\w+)"', tag)
                assert name is not None, tag
                found.add(name[1] or name[2])

    assert found == {"password", "old", "again", "code"}
    assert found <= SECRET
