"""Units and staff in from the browser: upload, columns, a look at what it would do, and then it.

Between the steps the file lies encrypted for the session that sent it (`importing.parking`), so
nobody else's browser can go on with it. No step shows a CPR number, and no address a person.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final, TypeAlias

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import organisation
from survey.access import plans
from survey.actions.importing import KINDS, Done, day_of, import_parked, looked_at
from survey.actions.opening import LOCAL
from survey.actor import Actor
from survey.errors import N_, BadInput, ChangedMeanwhile, KernepulsError
from survey.importing import parking, professions
from survey.importing.cells import masked
from survey.importing.files import table_to_map
from survey.importing.labels import COLUMNS, DELIMITERS
from survey.importing.mapping import STAFF, UNITS, Kind, chosen
from survey.importing.parking import Parked
from survey.importing.reading import MAX_BYTES, Table
from survey.importing.refusals import ColumnMissing, NoHeader
from survey.importing.roster import StaffImport, tree_on
from survey.pages.forms import Fields, done, notice, posted
from survey.pages.layout import language_for, page, settings_of
from survey.pages.organisation.import_columns import filled, headings_of, lacking, wanted_places
from survey.pages.organisation.import_values import decided_from, staff_view, units_view
from survey.pages.uploads import uploaded
from survey.sessions import COOKIE, Clock
from survey.texts import Voice, sentence

AnyRequest: TypeAlias = Request[Any, Any, Any]
HERE: Final = "/organisation/import"
FORM_BODY: Final = 1024**2  # bytes: a decision for each of hundreds of job titles
UPLOAD_BODY: Final = MAX_BYTES + 2 * 1024**2  # the reader's own limit says it better than ours
FIRST: Final = {
    "gone": N_(
        "The file is not here any more: it is deleted after half an hour, and nobody can open it "
        "once you have signed out. Nothing was changed. Upload it again."
    ),
    "cancelled": N_("The import was cancelled. The file is deleted, and nothing was changed."),
}
LOOK: Final = {
    "decided": N_("Your choices are counted in. Nothing is saved yet."),
    "look": N_("Your choices are counted in. Look the numbers through, and then import."),
    "changed": N_(
        "Somebody has changed the organisation since you opened this page. Nothing was saved. "
        "The numbers are new: look them through, and then import."
    ),
}


class FileMissing(BadInput):
    sentence = N_("Choose a file first.")


class HeadingsMissing(BadInput):
    sentence = N_(
        "We found no line of headings in the first 20 lines. Nothing is changed. "
        "Write one above the rows, as: unit code, first name, last name."
    )


class ImportPages(Controller):
    """The steps of an import, for those who prepare waves."""

    path = HERE
    guards = (plans,)

    @get("/", name="import")
    async def begin(self, request: AnyRequest) -> Response[Any]:
        """Step 1: which file, and the day a staff list is true for."""
        parking.sweep(settings_of(request).data, now=_now(request))
        return await _first(request, Fields())

    @post("/", request_max_body_size=UPLOAD_BODY)
    async def upload(self, request: AnyRequest) -> Response[Any]:
        """Read the file in memory, drop what is never kept, and park the rest."""
        fields, file = await posted(request), uploaded(await request.form(), "file")
        kind = KINDS.get(fields.choice("kind", tuple(KINDS)), STAFF)
        as_of = fields.day("as_of", required=False)
        if file is None:
            fields.problems["file"] = FileMissing()
        elif not fields.problems:
            try:
                table = await _read(request, file.data, kind)
            except NoHeader:
                fields.problems["file"] = HeadingsMissing()
            except KernepulsError as error:
                fields.problems["file"] = error
            else:
                name = parking.new_name()
                parked = Parked(kind=kind.name, file=masked(file.name), table=table, as_of=as_of)
                await _keep(request, name, parked)
                return done(f"{HERE}/{name}")
        return await _first(request, fields, status=422)

    @get("/{name:str}", name="import_columns")
    async def columns(self, request: AnyRequest, name: FromPath[str]) -> Response[Any]:
        """Step 2: what each heading was read as."""
        parked = await _parked(request, name)
        if parked is None:
            return done(HERE, "gone")
        return _columns(request, name, parked, filled(parked))

    @post("/{name:str}", request_max_body_size=FORM_BODY)
    async def choose(self, request: AnyRequest, name: FromPath[str]) -> Response[Any]:
        """Take the columns as they were chosen, and forget every other."""
        parked = await _parked(request, name)
        if parked is None or parked.table is None:
            return done(HERE, "gone")
        fields, table, kind = await posted(request), parked.table, KINDS[parked.kind]
        wanted = wanted_places(fields, table, kind)
        if not fields.problems:
            try:
                mapping = chosen(table.mapping, kind, wanted, row=table.header_line)
            except ColumnMissing as error:
                fields.problems["columns"] = lacking(Voice(language_for(request)), error)
            else:
                kept = parking.reduced(replace(table, mapping=mapping))
                await _keep(request, name, replace(parked, table=kept, mapped=True))
                return done(f"{HERE}/{name}/preview")
        return _columns(request, name, parked, fields, status=422)

    @get("/{name:str}/preview", name="import_preview")
    async def preview(self, request: AnyRequest, name: FromPath[str]) -> Response[Any]:
        """Step 3: the dry run, with what there is to decide."""
        parked = await _parked(request, name)
        if parked is None or parked.table is None:
            return done(HERE, "gone")
        return await _preview(request, name, parked, parked.table)

    @post("/{name:str}/preview", request_max_body_size=FORM_BODY)
    async def decide(self, request: AnyRequest, name: FromPath[str]) -> Response[Any]:
        """Count the choices in; import when that is asked for and nothing new was chosen."""
        parked = await _parked(request, name)
        if parked is None:
            return done(HERE, "gone")
        if parked.outcome is not None or parked.table is None:  # sent twice
            return done(f"{HERE}/{name}/done")
        fields = await posted(request)
        if parked.kind == UNITS.name:
            return await _import(request, name, parked, parked.table, fields.value("seen"))
        return await _decided(request, name, parked, parked.table, fields)

    @get("/{name:str}/done", name="import_done")
    async def over(self, request: AnyRequest, name: FromPath[str]) -> Response[Any]:
        """Step 4: what was done, and what to do next."""
        parked = await _parked(request, name)
        if parked is None or parked.outcome is None:
            return done(HERE, "gone")
        return page(
            request,
            "pages/staff/import_done.html",
            kind=parked.kind,
            outcome=parked.outcome,
        )

    @post("/{name:str}/cancel")
    async def cancel(self, request: AnyRequest, name: FromPath[str]) -> Response[Any]:
        """Delete the file at once."""
        if await _parked(request, name) is not None:
            parking.forget(settings_of(request).data, name)
        return done(HERE, "cancelled")


ROUTES: list[ControllerRouterHandler] = [ImportPages]


# --- the parked file ---------------------------------------------------------------------------


def _now(request: AnyRequest) -> Any:  # noqa: ANN401 - a datetime; the clock is the app's
    clock: Clock = request.app.state.now
    return clock()


def _today(request: AnyRequest) -> date:
    today: date = _now(request).astimezone(LOCAL).date()
    return today


async def _read(request: AnyRequest, data: bytes, kind: Kind) -> Table:
    """The table without what is never kept. In a thread: a workbook may take seconds."""
    codes = frozenset(await organisation.tree(None))

    def work() -> Table:
        table = table_to_map(data, kind, folder=settings_of(request).data)
        return parking.scrubbed(table, kind, codes=codes)

    return await asyncio.to_thread(work)


async def _parked(request: AnyRequest, name: str) -> Parked | None:
    return await asyncio.to_thread(
        parking.fetch, settings_of(request).data, name, _secret(request), now=_now(request)
    )


async def _keep(request: AnyRequest, name: str, parked: Parked) -> None:
    """Write it for this session, and have it deleted in half an hour if nobody goes on."""
    data, now = settings_of(request).data, _now(request)
    await asyncio.to_thread(parking.keep, data, name, _secret(request), parked, now=now)
    later = parking.KEPT.total_seconds()
    asyncio.get_running_loop().call_later(later + 1, parking.sweep_now, data)


def _secret(request: AnyRequest) -> str:
    return request.cookies[COOKIE]


# --- step 1 ------------------------------------------------------------------------------------


async def _first(request: AnyRequest, fields: Fields, *, status: int = 200) -> Response[Any]:
    voice = Voice(language_for(request))
    has_units = bool(await organisation.tree(None))
    if not fields.value("kind"):
        fields.typed["kind"] = [STAFF.name if has_units else UNITS.name]
    return page(
        request,
        "pages/staff/import.html",
        status=status,
        fields=fields,
        has_units=has_units,
        notice=notice(request, voice, FIRST),
    )


# --- step 2 ------------------------------------------------------------------------------------


def _columns(
    request: AnyRequest, name: str, parked: Parked, fields: Fields, *, status: int = 200
) -> Response[Any]:
    table = parked.table
    if table is None:
        return done(f"{HERE}/{name}/done")
    voice, kind = Voice(language_for(request)), KINDS[parked.kind]
    headings = headings_of(voice, table, kind)
    return page(
        request,
        "pages/staff/import_columns.html",
        status=status,
        here=f"{HERE}/{name}",
        fields=fields,
        file=parked.file,
        kind=kind.name,
        table=table,
        delimiter=voice.gettext(DELIMITERS.get(table.delimiter or "", ""))
        if table.delimiter
        else "",
        headings=headings,
        labels={
            **{f"column-{heading.place}": heading.text for heading in headings},
            "columns": voice.gettext("Columns"),
        },
        choices=[
            (column, voice.gettext(COLUMNS[column]))
            for column in kind.columns
            if column not in parking.PERSON
        ],
        rows=len(table.lines),
        as_of=day_of(parked, _today(request)) if kind is STAFF else None,
        as_of_from=_as_of_from(voice, parked),
    )


def _as_of_from(voice: Voice, parked: Parked) -> str:
    if parked.as_of:
        return voice.gettext("as you wrote")
    if parked.table and parked.table.extract_date:
        return voice.gettext("from the line above the headings")
    return voice.gettext("today; the file has no date")


# --- steps 3 and 4 -----------------------------------------------------------------------------


async def _preview(  # noqa: PLR0913 - what the page is made of
    request: AnyRequest,
    name: str,
    parked: Parked,
    table: Table,
    fields: Fields | None = None,
    *,
    status: int = 200,
) -> Response[Any]:
    voice = Voice(language_for(request))
    common = {
        "here": f"{HERE}/{name}",
        "file": parked.file,
        "kind": parked.kind,
        "notice": notice(request, voice, LOOK),
    }
    try:
        looked = await looked_at(settings_of(request), parked, table, today=_today(request))
    except KernepulsError as error:
        return page(
            request,
            "pages/staff/import_refused.html",
            status=error.status,
            problem=sentence(error, voice.language),
            **common,
        )
    template = "import_staff.html" if isinstance(looked, StaffImport) else "import_units.html"
    return page(
        request,
        f"pages/staff/{template}",
        status=status,
        **common,
        **await _looked(voice, parked, looked, fields),
    )


async def _decided(
    request: AnyRequest, name: str, parked: Parked, table: Table, fields: Fields
) -> Response[Any]:
    """Keep what was chosen; import where that was asked for and the choices were seen before."""
    _, tree = await tree_on(day_of(parked, _today(request)))
    groups = professions.find(settings_of(request).data, beside=None).names
    decided = decided_from(fields, tree, groups)
    asked = fields.value("deed") == "import"
    if fields.problems:
        return await _preview(request, name, parked, table, fields, status=422)
    if asked and decided == parked.decided:
        return await _import(request, name, parked, table, fields.value("seen"))
    await _keep(request, name, replace(parked, decided=decided))
    return done(f"{HERE}/{name}/preview", "look" if asked else "decided")


async def _looked(
    voice: Voice, parked: Parked, looked: Done, fields: Fields | None
) -> Mapping[str, object]:
    if isinstance(looked, StaffImport):
        tree = await organisation.tree(looked.compared_with)
        view = staff_view(voice, looked, parked.decided, tree)
        return {"view": view, "fields": fields or view.fields}
    return {"view": units_view(voice, looked), "fields": Fields()}


async def _import(
    request: AnyRequest, name: str, parked: Parked, table: Table, seen: str
) -> Response[Any]:
    actor: Actor = request.user
    try:
        outcome = await import_parked(
            settings_of(request),
            parked,
            table,
            by=actor.account,
            today=_today(request),
            expected=seen,
        )
    except ChangedMeanwhile:
        return done(f"{HERE}/{name}/preview", "changed")
    except KernepulsError:  # the page of the look says which, and what to do
        return done(f"{HERE}/{name}/preview")
    # From here on nothing of the file is left: not even encrypted.
    await _keep(request, name, Parked(kind=parked.kind, file="", table=None, outcome=outcome))
    return done(f"{HERE}/{name}/done")
