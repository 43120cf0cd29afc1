"""`kernepuls backup` and `restore`: the installation in one encrypted file, and back from it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from survey.actions.opening import today_here
from survey.cli import spoken
from survey.operations import backup as making
from survey.operations import envelope
from survey.operations import restore as restoring
from survey.operations.archive import Manifest
from survey.settings import from_environment
from survey.texts import Voice

FILE = click.Path(path_type=Path, dir_okay=False)
THERE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.option("--to", "target", type=FILE, help="The file to write; a backup there is replaced.")
@click.option("--key-file", type=THERE, help="The key that --new-key made.")
@click.option("--new-key", type=FILE, help="Make a key for backups in this file, and nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backup(
    target: Path | None, key_file: Path | None, new_key: Path | None, *, as_json: bool
) -> None:
    """Write the installation to one encrypted file while answers arrive; without its keys."""
    if new_key is not None:
        _new_key(new_key)
        return
    if target is None or key_file is None:
        raise click.UsageError("--to and --key-file are needed, or --new-key alone.")
    settings = from_environment()
    made = asyncio.run(
        making.make(
            settings,
            target,
            key=envelope.key_of(key_file),
            today=today_here(),
            watch=_watch(making.STEPS),
        )
    )
    size = target.stat().st_size
    if as_json:
        _print_json(
            {
                "file": str(target),
                "bytes": size,
                **_facts(made.manifest),
                "damaged": made.damaged,
            }
        )
        return
    voice = Voice(spoken())
    said = voice.gettext(
        "%(file)s: %(size)s MB (tables: %(tables)s, files: %(files)s), read back and verified. "
        "The keys of the waves are not in it: keep their second copy apart from it."
    )
    facts = {**_facts(made.manifest), "size": voice.number(max(1, round(size / 2**20)))}
    click.echo(said % {"file": target, **facts})
    for wave in made.damaged:
        warned = voice.gettext(
            "The released files of wave %(wave)s are missing or changed here, and so in the "
            "backup. Their second copy lies in %(folder)s."
        )
        click.echo(warned % {"wave": wave, "folder": settings.backup}, err=True)


@click.command()
@click.argument("file", type=THERE)
@click.option("--key-file", type=THERE, required=True, help="The key the backup was made with.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def restore(file: Path, key_file: Path, *, as_json: bool) -> None:
    """Put the backup FILE into an empty installation, whole or not at all."""
    done = asyncio.run(
        restoring.restore(
            from_environment(),
            file,
            key=envelope.key_of(key_file),
            watch=_watch(restoring.STEPS),
        )
    )
    if as_json:
        _print_json(
            {**_facts(done.manifest), "waves": done.waves, "without_keys": done.without_keys}
        )
        return
    voice = Voice(spoken())
    said = voice.gettext(
        "Put back from %(made)s (tables: %(tables)s, waves: %(waves)s, files: %(files)s); every "
        "row and byte was counted. Keys, mails, cards and posters are not in a backup."
    )
    made = voice.full_date(done.manifest.made)
    click.echo(said % {**_facts(done.manifest), "made": made, "waves": done.waves})
    for wave in done.without_keys:
        asked = voice.gettext(
            "Wave %(wave)s needs its keys: put their second copy back in %(folder)s before the "
            "server starts."
        )
        click.echo(asked % {"wave": wave, "folder": done.folder / wave})


def _new_key(file: Path) -> None:
    envelope.new_key(file)
    said = Voice(spoken()).gettext(
        "The key lies in %(file)s, readable for you only. Keep a copy where no backup lies: "
        "without it no backup can be opened."
    )
    click.echo(said % {"file": file})


def _facts(manifest: Manifest) -> dict[str, object]:
    """Never how many rows: of an open wave that would be how many have answered."""
    return {
        "made": manifest.made.isoformat(),
        "engine": manifest.engine,
        "tables": len(manifest.tables),
        "files": sum(not name.startswith("database/") for name in manifest.files),
    }


def _watch(steps: tuple[str, ...]) -> Callable[[int, str], None]:
    voice = Voice(spoken())
    return lambda number, step: click.echo(
        f"{number}/{len(steps)} {voice.gettext(step)} ...", err=True
    )


def _print_json(facts: dict[str, object]) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(facts)).decode())
