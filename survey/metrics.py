"""Counts for whoever looks after the server, in the text format of Prometheus.

Nothing here names a unit, a wave, a code or an address, and nothing tells when somebody answered.
What anybody may ask for is counted in whole tens and brought up to date once in a quarter of an
hour: a count of each second would be the list of times at which a small wave answered, and would
be joined with who was seen at a screen. For the same reason free room comes in whole hundred MiB,
since a database that grows by one answer is a clock too, and the queue in whole tens. Only pages
behind a guard, which no respondent opens, are counted one by one.
"""

import os
import resource
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from litestar.types import Message, Scope

STEP = 10  # people: fewer are never told apart
QUARTER = 900  # seconds between two looks at what anybody may ask for
SENT = "/svar/send"
# What a reply to a sent answer says of it (trust.md 3); another status is `other`.
OUTCOMES = {
    200: "accepted",
    403: "ballot_refused",
    404: "wave_unknown",
    409: "page_old",
    410: "wave_closed",
    413: "too_large",
    422: "not_filled_in",
    503: "server_busy",
}
BATCHES = (1, 10, 50, 200)  # upper ends of the sizes of a commit
MIB = 2**20
DISK_STEP = 100 * MIB
DISK_ALARM = 0.8  # of the disk used: time to act (trust.md 12)
NOWHERE = "none"  # the route of an address that no page has
FORMAT = "text/plain; version=0.0.4"

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """The counts of one server process since it started."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._started = clock()
        self._looked = -1  # the quarter of the last look
        self._staff: Counter[Labels] = Counter()
        self._anybody: Counter[Labels] = Counter()
        self._outcomes: Counter[Labels] = Counter()
        self._shown: dict[str, dict[Labels, int]] = {}

    async def count(self, message: Message, scope: Scope) -> None:
        """Litestar's before_send hook: every reply, by its route and the first digit of its status.

        The route is the template of the address: what stands in an address is never looked at.
        """
        if message["type"] != "http.response.start":
            return
        status = int(message["status"])
        route = str(scope.get("path_template") or NOWHERE)
        labels = (("method", _method(scope)), ("route", route), ("status", f"{status // 100}xx"))
        (self._staff if _is_guarded(scope) else self._anybody)[labels] += 1
        if route == SENT and scope.get("method") == "POST":
            self._outcomes[(("outcome", OUTCOMES.get(status, "other")),)] += 1

    def text(self, *, waiting: int, batches: Mapping[int, int], data: Path) -> str:
        """The page a monitor reads: `waiting` answers, commits by size, the disk `data` is on."""
        shown = self._seldom(batches)
        usage = shutil.disk_usage(data)
        families = (
            ("requests_total", "counter", "Replies to pages behind a sign-in.", self._staff),
            (
                "open_requests_total",
                "counter",
                "Replies to addresses anybody may open, in whole tens, every quarter of an hour.",
                shown["anybody"],
            ),
            (
                "answers_total",
                "counter",
                "Answers sent, by what became of them, in whole tens, every quarter of an hour.",
                shown["outcomes"],
            ),
            (
                "intake_batches_total",
                "counter",
                "Commits of answers by size, in whole tens, every quarter of an hour.",
                shown["batches"],
            ),
            (
                "intake_waiting",
                "gauge",
                "Answers in the queue, in whole tens.",
                _one(_tens(waiting)),
            ),
            (
                "disk_free_bytes",
                "gauge",
                "Free room where the data lie, in whole hundred MiB.",
                _one(usage.free // DISK_STEP * DISK_STEP),
            ),
            (
                "disk_used_ratio",
                "gauge",
                "Used share of that disk, in whole hundredths.",
                _one(usage.used * 100 // usage.total / 100),
            ),
            ("memory_bytes", "gauge", "Memory of this process, in whole MiB.", _one(_memory())),
            (
                "memory_peak_bytes",
                "gauge",
                "The most memory this process had, in whole MiB.",
                _one(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 * MIB),
            ),
        )
        return "".join(line for family in families for line in _lines(*family))

    def _seldom(self, batches: Mapping[int, int]) -> dict[str, dict[Labels, int]]:
        """What anybody did, as it was at the last full quarter that somebody looked in."""
        quarter = int((self.clock() - self._started) // QUARTER)
        if quarter != self._looked:
            self._looked = quarter
            self._shown = {
                "anybody": _in_tens(self._anybody.items()),
                "outcomes": _in_tens(self._outcomes.items()),
                "batches": _in_tens(_by_size(batches)),
            }
        return self._shown


def _by_size(batches: Mapping[int, int]) -> Iterator[tuple[Labels, int]]:
    low = 0
    for high in BATCHES:
        many = sum(times for size, times in batches.items() if low < size <= high)
        yield (("size", f"{low + 1}-{high}" if high > 1 else "1"),), many
        low = high


def _in_tens(counts: Iterable[tuple[Labels, int]]) -> dict[Labels, int]:
    """Nothing under ten is there: that a route was asked for at all is news too."""
    return {labels: _tens(times) for labels, times in counts if times >= STEP}


def _tens(number: int) -> int:
    return number // STEP * STEP


def _one(value: float) -> dict[Labels, float]:
    return {(): value}


def _memory() -> int:
    """Resident bytes in whole MiB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // MIB * MIB


def _is_guarded(scope: Scope) -> bool:
    """Behind a guard; an address that is new or unknown counts as open to anybody."""
    handler = scope.get("route_handler")
    return bool(handler and handler.resolve_guards())


def _method(scope: Scope) -> str:
    """A known method: a visitor may send any word as one."""
    method = str(scope.get("method", ""))
    return method if method in ("GET", "HEAD", "POST", "OPTIONS") else "other"


def _lines(name: str, kind: str, about: str, values: Mapping[Labels, float]) -> Iterator[str]:
    """One family of Prometheus; with several processes each has its own, told by its number."""
    yield f"# HELP kernepuls_{name} {about}\n# TYPE kernepuls_{name} {kind}\n"
    process = ("process", str(os.getpid()))
    for labels, value in sorted(values.items()):
        told = ",".join(f'{label}="{text}"' for label, text in (*labels, process))
        yield f"kernepuls_{name}{{{told}}} {value}\n"
