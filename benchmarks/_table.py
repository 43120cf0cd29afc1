"""How every benchmark is printed: a figure, its target beside it, and whether it is reached."""

from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. Without a target it only explains the others."""

    name: str
    found: float
    unit: str
    target: float | None = None
    kind: Literal["at most", "at least"] = "at most"
    digits: int = 0

    @property
    def reached(self) -> str:
        if self.target is None:
            return ""
        is_reached = (
            self.found <= self.target if self.kind == "at most" else self.found >= self.target
        )
        return "yes" if is_reached else "NO"


def show(title: str, figures: list[Figure]) -> None:
    """Print the figures. A missed target is news and no failure: machines differ."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("figure")
    for column in ("measured", "target", "reached"):
        table.add_column(column, justify="right")
    for one in figures:
        target = "" if one.target is None else f"{one.kind} {one.target:,.{one.digits}f}"
        table.add_row(one.name, f"{one.found:,.{one.digits}f} {one.unit}", target, one.reached)
    Console(width=100).print(table)
