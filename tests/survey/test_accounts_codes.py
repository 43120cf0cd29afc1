"""One-time codes: set up, asked for, never taken twice, and replaced by a spare one."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click
import pyotp
import pytest
from httpx import AsyncClient, Response

from survey import engine, sessions
from survey.actions import accounts, one_time_codes
from survey.actions.accounts import SignInWaits, SignInWrong
from survey.actions.one_time_codes import SecondStep, SetUpTooOld
from survey.actor import Actor, Role
from survey.cli import wave
from survey.settings import Settings
from survey.tables import Account, OneTimeCode, RecoveryCode
from tests import cast

PUBLIC_URL = "https://puls.kommune.example"


@pytest.fixture
async def on_both(store: Settings) -> AsyncIterator[cast.Site]:
    """As `site`, on SQLite and on PostgreSQL: for what the databases do in their own ways."""
    await cast.enter(store)
    async with cast.site(store) as site:
        yield site


async def set_up(site: cast.Site, browser: AsyncClient) -> tuple[str, Response]:
    """As a person with a phone does: the key of the page, and the reply with the spare codes."""
    page = await browser.get("/account/one-time-codes")
    seed = seed_of(page)
    typed = {"sealed": sealed_of(page), "code": code_of(seed, site.clock()), **cast.token(page)}
    return seed, await browser.post("/account/one-time-codes", data=typed)


def seed_of(page: Response) -> str:
    found = re.search(r"<code>((?:[A-Z2-7]{4} ?){8})</code>", page.text)
    assert found is not None
    return found[1].replace(" ", "")


def sealed_of(page: Response) -> str:
    found = re.search(r'name="sealed" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def spare_of(page: Response) -> list[str]:
    return re.findall(r"<code>((?:\w{4}-){3}\w{4})</code>", page.text)


def code_of(seed: str, now: datetime) -> str:
    return pyotp.TOTP(seed).at(now)


async def test_with_codes_the_password_alone_opens_nothing(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    seed, spare = await set_up(site, anna)
    site.clock.pass_by(seconds=30)

    alone = await cast.sign_in(site.browser("b"), "anna")
    wrong = await cast.sign_in(site.browser("b"), "anna", code="000000")
    right = await cast.sign_in(site.browser("b"), "anna", code=code_of(seed, site.clock()))

    assert len(set(spare_of(spare))) == 10
    assert (alone.status_code, wrong.status_code, right.status_code) == (422, 422, 303)
    assert "engangskode passer ikke" in alone.text


async def test_a_code_works_once_also_when_it_comes_twice_at_the_same_moment(
    on_both: cast.Site,
) -> None:
    seed, _ = await set_up(on_both, await on_both.signed_in("anna"))
    on_both.clock.pass_by(seconds=30)
    now = on_both.clock()
    typed = SecondStep(code_of(seed, now), one_time_codes.key(on_both.app.state.settings))

    ends = await asyncio.gather(
        *(accounts.sign_in("anna", cast.PASSWORD, now=now, second=typed) for _ in range(4)),
        return_exceptions=True,
    )

    assert Counter(type(end) for end in ends) == {int: 1, SignInWrong: 3}


async def test_the_code_that_set_it_up_does_not_sign_in_too(site: cast.Site) -> None:
    seed, _ = await set_up(site, await site.signed_in("anna"))

    reply = await cast.sign_in(site.browser("b"), "anna", code=code_of(seed, site.clock()))

    assert reply.status_code == 422


async def test_a_phone_may_be_half_a_minute_off(site: cast.Site) -> None:
    seed, _ = await set_up(site, await site.signed_in("anna"))
    account, key = await account_of("anna"), one_time_codes.key(site.app.state.settings)

    fits = {}
    for late in (-60, -30, 30, 60):
        site.clock.pass_by(minutes=10)
        now = site.clock()
        typed = SecondStep(code_of(seed, now + timedelta(seconds=late)), key)
        fits[late] = await one_time_codes.fits(account, typed, now=now)

    assert fits == {-60: False, -30: True, 30: True, 60: False}


async def test_a_spare_code_stands_in_for_the_phone_once_and_for_its_owner_only(
    on_both: cast.Site,
) -> None:
    _, page = await set_up(on_both, await on_both.signed_in("anna"))
    _, other = await set_up(on_both, await on_both.signed_in("bo"))
    mine, theirs = spare_of(page)[0], spare_of(other)[0]

    foreign = await cast.sign_in(on_both.browser("b"), "anna", code=theirs)
    first = await cast.sign_in(on_both.browser("b"), "anna", code=mine.lower().replace("-", " "))
    again = await cast.sign_in(on_both.browser("c"), "anna", code=mine)

    assert (foreign.status_code, first.status_code, again.status_code) == (422, 303, 422)
    assert await RecoveryCode.count() == 2 * 10 - 1


async def test_wrong_codes_wait_as_wrong_passwords_do(site: cast.Site) -> None:
    await set_up(site, await site.signed_in("anna"))
    second = SecondStep("000000", one_time_codes.key(site.app.state.settings))
    now = site.clock()

    kinds = []
    for _ in range(6):
        try:
            await accounts.sign_in("anna", cast.PASSWORD, now=now, second=second)
        except (SignInWrong, SignInWaits) as error:
            kinds.append(type(error))

    assert kinds == [SignInWrong] * 5 + [SignInWaits]


async def test_neither_the_seed_nor_a_spare_code_stands_in_the_database(site: cast.Site) -> None:
    seed, page = await set_up(site, await site.signed_in("anna"))

    kept = str([await table.select() for table in (OneTimeCode, RecoveryCode)])

    assert seed not in kept
    assert not [code for code in spare_of(page) if code in kept]
    for told in (SecondStep("123456", b"key"), one_time_codes.SetUp("a", "b", "c")):
        assert "123456" not in repr(told)
        assert "key" not in repr(told)


async def test_without_the_key_no_code_fits_but_a_spare_one(site: cast.Site) -> None:
    """As after a restore on another machine: the key is in no backup."""
    seed, page = await set_up(site, await site.signed_in("anna"))
    site.clock.pass_by(minutes=1)
    account = await account_of("anna")
    now = site.clock()

    async def fits(code: str) -> bool:
        return await one_time_codes.fits(account, SecondStep(code, b"k" * 32), now=now)

    assert not await fits(code_of(seed, now))
    assert await fits(spare_of(page)[0])


async def test_a_seed_of_another_account_sets_nothing_up(site: cast.Site) -> None:
    key = one_time_codes.key(site.app.state.settings)
    anna, bo = await actor("anna"), await actor("bo")
    drawn = one_time_codes.draw(bo, issuer="Kernepuls", key=key)
    code = code_of(drawn.text.replace(" ", ""), site.clock())

    with pytest.raises(SetUpTooOld):
        await one_time_codes.turn_on(
            anna, sealed=drawn.sealed, code=code, key=key, now=site.clock()
        )
    with pytest.raises(SetUpTooOld):
        one_time_codes.again(bo, "not sealed", issuer="Kernepuls", key=key)


async def test_after_a_wrong_code_the_same_picture_is_shown(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    page = await anna.get("/account/one-time-codes")
    typed = {"sealed": sealed_of(page), "code": "000000", **cast.token(page)}

    again = await anna.post("/account/one-time-codes", data=typed)

    assert again.status_code == 422
    assert seed_of(again) == seed_of(page)
    assert not await OneTimeCode.count()


async def test_another_phone_new_spare_codes_and_turning_off_ask_for_the_password(
    site: cast.Site,
) -> None:
    anna = await site.signed_in("anna")
    _, first = await set_up(site, anna)
    refused = [
        (await set_up(site, anna))[1],
        await anna.post("/account/one-time-codes/spare", data=cast.token(first)),
        await anna.post("/account/one-time-codes/off", data=cast.token(first)),
    ]
    form = {**cast.token(first), "password": cast.PASSWORD}

    fresh = await anna.post("/account/one-time-codes/spare", data=form)
    off = await anna.post("/account/one-time-codes/off", data=form)

    assert [reply.status_code for reply in refused] == [422] * 3
    assert not set(spare_of(fresh)) & set(spare_of(first))
    assert off.headers["location"] == "/account?done=off"
    assert (await anna.get("/account")).status_code == 200
    assert await OneTimeCode.count() + await RecoveryCode.count() == 0


async def test_the_administrator_removes_the_codes_of_a_lost_phone(site: cast.Site) -> None:
    anna, dan = await site.signed_in("anna"), await site.signed_in("dan")
    await set_up(site, anna)
    form = cast.token(await dan.get("/accounts"))

    await dan.post(f"/accounts/{await account_of('anna')}/codes/remove", data=form)

    assert (await anna.get("/account")).status_code == 303
    assert (await cast.sign_in(site.browser("b"), "anna")).status_code == 303


async def test_who_agrees_on_the_command_line_types_a_code_too(
    site: cast.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Settings = site.app.state.settings
    seed, _ = await set_up(site, await site.signed_in("anna"))
    monkeypatch.setenv("KERNEPULS_DATA", str(settings.data))
    later = datetime.now(UTC)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: code_of(seed, later))
    # Set up by the clock of the test; the command reads the clock of the machine.
    await OneTimeCode.update({OneTimeCode.last_step: 0}).where(OneTimeCode.last_step > 0)

    agreed = await wave._signed_in("anna", cast.PASSWORD)

    assert agreed == await account_of("anna")


# --- who has to have them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "login", "must"),
    [
        (PUBLIC_URL, "carla", True),
        (PUBLIC_URL, "dan", True),
        (PUBLIC_URL, "anna", False),
        ("http://127.0.0.1:8000", "dan", False),
        ("http://localhost:8000", "carla", False),
    ],
)
def test_who_keeps_or_plans_has_to_have_codes_where_others_reach_the_server(
    settings: Settings, url: str, login: str, must: bool
) -> None:
    role = Role(cast.CAST[login][0])

    assert one_time_codes.is_required(replace(settings, url=url), role) is must


async def test_before_they_are_set_up_nothing_else_opens(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_time_codes, "LOOPBACK", frozenset())
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        async with cast.site(settings) as site:
            browser = site.browser()
            to = await cast.sign_in(browser, "carla", next="/waves")
            page = await browser.get("/waves")
            form = cast.token(await browser.get("/account"))
            post = await browser.post("/trials/new", data=form)
            old = browser.cookies[sessions.COOKIE]
            _, spare = await set_up(site, browser)
            after = await browser.get("/waves")
            off = await browser.post(
                "/account/one-time-codes/off", data={**form, "password": cast.PASSWORD}
            )

    assert to.headers["location"] == page.headers["location"] == "/account/one-time-codes"
    assert post.status_code == 403
    assert spare.status_code == after.status_code == 200
    assert browser.cookies[sessions.COOKIE] != old
    assert off.status_code == 409


async def account_of(login: str) -> int:
    row = await Account.select(Account.id).where(Account.login == login).first()
    assert row is not None
    return int(row["id"])


async def actor(login: str) -> Actor:
    found = await sessions.known(await account_of(login))
    assert found is not None
    return found
