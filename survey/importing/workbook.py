"""Reading an XLSX file in a process of its own, with little memory and little time.

A workbook is a zip file from somewhere else: its sizes are checked before anything is unpacked,
nothing is unpacked to disk, and a parser that runs wild takes only the child with it. The child
gets the bytes on its standard input and answers with the cells; it never sees our environment.
"""

import os
import subprocess
import sys
import zipfile
from io import BytesIO
from typing import Final

import msgspec

from survey.importing.refusals import NotATable, OldWorkbook, WorkbookBroken, WorkbookTooBig

MAX_UNPACKED: Final = 50 * 1024**2  # bytes, trust.md 10
MAX_RATIO: Final = 100  # unpacked to packed, trust.md 10
MAX_PARTS: Final = 200  # files in the zip, trust.md 10
MEMORY: Final = 2 * 1024**3  # bytes of address space; the parser's libraries alone map 600 MB
SECONDS: Final = 20  # trust.md 10
ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0"  # .xls, and workbooks with a password

Cells = list[list[str]]


def looks_like_one(data: bytes) -> bool:
    """A zip file; raises `OldWorkbook` for Excel's format of before 2007."""
    if data.startswith(OLE):
        raise OldWorkbook
    return data.startswith(ZIP)


def sheets(data: bytes) -> list[tuple[str, Cells]]:
    """Each visible sheet: its name and its cells as text, from the first row; "" = empty.

    Dates come as "2026-03-03 00:00:00", numbers with a decimal point.
    """
    _check_sizes(data)
    here = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        child = subprocess.run(
            [sys.executable, "-m", "survey.importing.workbook"],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={**here, "POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise WorkbookTooBig from error
    if child.returncode != 0:
        raise WorkbookBroken
    return msgspec.msgpack.decode(child.stdout, type=list[tuple[str, Cells]])


def _check_sizes(data: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise WorkbookBroken from error
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * len(data):
        raise WorkbookTooBig
    if not any(part.filename.startswith("xl/") for part in parts):
        raise NotATable


def _child() -> None:
    """Standard input to standard output; an error of the parser is the exit status, no text."""
    import resource  # noqa: PLC0415 - only the child is limited

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import fastexcel  # noqa: PLC0415 - after the limits

    workbook = fastexcel.read_excel(sys.stdin.buffer.read())
    found: list[tuple[str, Cells]] = []
    for name in workbook.sheet_names:
        sheet = workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        if sheet.visible == "visible":
            rows = sheet.to_polars().rows() if sheet.width else []
            found.append((name, [[cell or "" for cell in row] for row in rows]))
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))


if __name__ == "__main__":
    try:
        _child()
    except Exception:  # noqa: BLE001 - whatever it was, it may quote a cell: say nothing
        sys.exit(1)
