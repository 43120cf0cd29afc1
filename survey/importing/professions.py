"""Job titles to profession groups, by the organisation's own list; the rest is `øvrige`."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from survey.importing.mapping import PROFESSIONS
from survey.importing.reading import read
from survey.settings import SEEDS

OTHERS: Final = "øvrige"
FILE: Final = "professions.csv"
SHIPPED: Final = SEEDS / "fjordlund" / FILE


@dataclass(frozen=True, slots=True)
class Professions:
    """The list and where it was found; titles are compared without case and extra space."""

    groups: Mapping[str, str]  # plain title -> group
    source: Path

    def group(self, title: str) -> str:
        """The group of a job title, or `øvrige`."""
        return self.groups.get(_plain(title), OTHERS)

    def knows(self, title: str) -> bool:
        """The list has the title; no title at all is nothing to decide on."""
        return not title.strip() or _plain(title) in self.groups

    def with_more(self, titles: Mapping[str, str]) -> "Professions":
        """The list with titles that somebody has placed in a group."""
        if not titles:
            return self
        more = {_plain(title): group for title, group in titles.items()}
        return Professions({**self.groups, **more}, self.source)

    @property
    def names(self) -> tuple[str, ...]:
        """The groups, in order; `øvrige` is always one."""
        return tuple(sorted({*self.groups.values(), OTHERS}))

    @property
    def shipped(self) -> bool:
        """Not the organisation's own list but the one that comes with the program."""
        return self.source == SHIPPED


def load(source: Path) -> Professions:
    """The list in a file with the columns job_title and profession; a group names itself too."""
    table = read(source.read_bytes(), PROFESSIONS)
    titles, groups = table.column("job_title") or (), table.column("profession") or ()
    pairs = [(_plain(title), group.strip()) for title, group in zip(titles, groups, strict=True)]
    return Professions({_plain(group): group for _, group in pairs} | dict(pairs), source)


def find(data: Path, beside: Path | None) -> Professions:
    """The data folder's list, else the one beside the staff file, else the shipped one."""
    folders = [data, beside.parent] if beside is not None else [data]
    own = (folder / FILE for folder in folders)
    return load(next((file for file in own if file.is_file()), SHIPPED))


def save(professions: Professions, data: Path) -> Path:
    """Keep the list as the organisation's own, in the data folder."""
    file, fresh = data / FILE, data / f"{FILE}.part"
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("job_title", "profession"))
    writer.writerows(sorted(professions.groups.items()))
    fresh.write_text(text.getvalue(), encoding="utf-8")
    fresh.replace(file)
    return file


def _plain(title: str) -> str:
    return " ".join(title.split()).casefold()
