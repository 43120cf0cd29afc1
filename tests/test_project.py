"""The project keeps its word: two commands, whole wheel, complete catalogues, a true README."""

import re
import subprocess
import sys
from pathlib import Path

from survey.cli import WHERE
from tests.conftest import LONGEST

ROOT = Path(__file__).parent.parent
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\n")


def test_every_text_has_danish_and_english_and_no_text_is_left_over() -> None:
    told = subprocess.run(
        [sys.executable, ROOT / "locales" / "update.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.stdout.strip() == ""
    assert told.returncode == 0


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    hosts = re.compile(r"https?://[a-z.-]*(py[p]i|pythonhoste[d]|npmj[s]|debia[n])\.")
    paths = re.compile(r"(^|[^a-zA-Z0-9_.])/(wor[k]|roo[t])/")

    for name in filter(None, TRACKED):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".pdf", ".parquet"}:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not hosts.search(text), name
            assert not paths.search(text), name


def test_every_package_of_the_locks_has_a_hash() -> None:
    for lock in ("requirements.lock", "tests/requirements.lock"):
        for block in re.split(r"\n(?=\S)", (ROOT / lock).read_text()):
            if block.strip() and not block.startswith("#"):
                assert "--hash=sha256:" in block, block.split("\n")[0]


def test_the_readme_has_a_line_for_every_command_and_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    settings = re.findall(r'"(KERNEPULS_\w+)"', (ROOT / "survey/settings.py").read_text())

    missing = [f"kernepuls {command}" for command in WHERE if f"kernepuls {command}" not in readme]
    missing += [name for name in settings if f"`{name}`" not in readme]

    assert missing == []


def test_the_decisions_of_the_readme_are_numbered_without_gaps() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    numbers = [int(number) for number in re.findall(r"^### Decision (\d+):", readme, re.MULTILINE)]
    named = {int(number) for number in re.findall(r"decision (\d+)", _code())}

    assert numbers == list(range(1, len(numbers) + 1))
    assert named <= set(numbers)


def _code() -> str:
    return "\n".join(
        (ROOT / name).read_text(encoding="utf-8")
        for name in TRACKED
        if name.startswith(("survey/", "analysis/")) and name.endswith(".py")
    )


def test_every_file_that_is_tested_early_is_there() -> None:
    assert [name for name in LONGEST if f"tests/{name}" not in TRACKED] == []
    assert len(set(LONGEST)) == len(LONGEST)


def test_an_installed_wheel_works_outside_the_checkout(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT], check=True
    )
    (wheel,) = tmp_path.glob("kernepuls-*.whl")
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True)
    environment = {"PYTHONPATH": str(site), "PATH": "", "KERNEPULS_DATA": str(tmp_path / "data")}

    def kernepuls(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-P", site / "bin" / "kernepuls", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    where = subprocess.run(
        [sys.executable, "-P", "-c", "import survey; print(survey.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    seeds = site / "survey" / "seeds" / "fjordlund"

    assert where.startswith(str(site))
    kernepuls("init")
    assert "63" in kernepuls("import", "units", str(seeds / "units.csv"))
    assert (tmp_path / "data" / "kernepuls.sqlite").is_file()
    assert (site / "survey" / "templates" / "pages").is_dir()
    assert (site / "survey" / "locales" / "da" / "LC_MESSAGES" / "kernepuls.mo").is_file()
    assert (site / "survey" / "assets" / "manifest.json").is_file()
