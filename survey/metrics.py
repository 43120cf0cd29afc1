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

import msgspec
from litestar.types import Message, Scope

from survey.slots import Slots

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
Counts = dict[Labels, int]


class Told(msgspec.Struct, frozen=True):
    """What a process has counted. `seldom` by family; `shown` is that at the last full quarter."""

    staff: Counts
    seldom: dict[str, Counts]
    shown: dict[str, Counts]
    waiting: int
    memory: int
    peak: int


TOLD = msgspec.msgpack.Decoder(Told)


class Metrics:
    """The counts of one server process since it started, or of a team of them together.

    Of a team each member tells the others in its slot, and any of them shows the sum. Who takes a
    dead one's place counts on from there.
    """

    def __init__(
        self,
        slots: Slots | None = None,
        *,
        slot: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._slots, self._slot = slots, slot
        self._started = slots.started if slots else clock()
        before = slots.read()[slot] if slots else b""
        told = TOLD.decode(before) if before else Told({}, {}, {}, 0, 0, 0)
        self._staff = Counter(told.staff)
        self._anybody = Counter(told.seldom.get("anybody", {}))
        self._outcomes = Counter(told.seldom.get("outcomes", {}))
        self._batches = told.seldom.get("batches", {})  # of the processes before this one
        self._shown = told.shown
        # The quarter of the last look; who goes on for another one waits for the next.
        self._looked = self._quarter() if told.shown else -1

    def count(self, message: Message, scope: Scope) -> None:
        """Every reply, by its route and the first digit of its status.

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

    def tell(self, *, waiting: int, batches: Mapping[int, int]) -> None:
        """Let the rest of the team know; a process of its own has nobody to tell."""
        if self._slots:
            told = self._told(waiting, batches)
            self._slots.write(self._slot, msgspec.msgpack.encode(told))

    def text(self, *, waiting: int, batches: Mapping[int, int], data: Path) -> str:
        """The page a monitor reads: `waiting` answers, commits by size, the disk `data` is on."""
        told = self._everybody(waiting, batches)
        usage = shutil.disk_usage(data)
        families = (
            (
                "requests_total",
                "counter",
                "Replies to pages behind a sign-in.",
                _sum(one.staff for one in told),
            ),
            (
                "open_requests_total",
                "counter",
                "Replies to addresses anybody may open, in whole tens, every quarter of an hour.",
                _in_tens(_sum(one.shown["anybody"] for one in told)),
            ),
            (
                "answers_total",
                "counter",
                "Answers sent, by what became of them, in whole tens, every quarter of an hour.",
                _in_tens(_sum(one.shown["outcomes"] for one in told)),
            ),
            (
                "intake_batches_total",
                "counter",
                "Commits of answers by size, in whole tens, every quarter of an hour.",
                _in_tens(_sum(one.shown["batches"] for one in told)),
            ),
            (
                "intake_waiting",
                "gauge",
                "Answers in the queue, in whole tens.",
                _one(_tens(sum(one.waiting for one in told))),
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
            (
                "memory_bytes",
                "gauge",
                "Memory of the server, all its processes together, in whole MiB.",
                _one(sum(one.memory for one in told)),
            ),
            (
                "memory_peak_bytes",
                "gauge",
                "The most memory each of them had, together, in whole MiB.",
                _one(sum(one.peak for one in told)),
            ),
            ("processes", "gauge", "Server processes that are counted.", _one(len(told))),
        )
        # A team goes by the number of the process that keeps it: its members come and go.
        process = os.getppid() if self._slots else os.getpid()
        return "".join(line for family in families for line in _lines(process, *family))

    def _everybody(self, waiting: int, batches: Mapping[int, int]) -> list[Told]:
        if not self._slots:
            return [self._told(waiting, batches)]
        self.tell(waiting=waiting, batches=batches)
        return [TOLD.decode(body) for body in self._slots.read() if body]

    def _told(self, waiting: int, batches: Mapping[int, int]) -> Told:
        """What anybody did is shown as it was at the last full quarter that somebody looked in."""
        seldom = {
            "anybody": dict(self._anybody),
            "outcomes": dict(self._outcomes),
            "batches": _sum((dict(_by_size(batches)), self._batches)),
        }
        if self._quarter() != self._looked:
            self._looked, self._shown = self._quarter(), seldom
        return Told(
            staff=dict(self._staff),
            seldom=seldom,
            shown=self._shown,
            waiting=waiting,
            memory=_memory(),
            peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 * MIB,
        )

    def _quarter(self) -> int:
        return int((self.clock() - self._started) // QUARTER)


async def count(message: Message, scope: Scope) -> None:
    """Litestar's before_send hook: the reply is counted by the process that gives it."""
    counted: Metrics = scope["litestar_app"].state.metrics
    counted.count(message, scope)


def _sum(counts: Iterable[Counts]) -> Counts:
    whole: Counter[Labels] = Counter()
    for one in counts:
        whole.update(one)
    return whole


def _by_size(batches: Mapping[int, int]) -> Iterator[tuple[Labels, int]]:
    low = 0
    for high in BATCHES:
        many = sum(times for size, times in batches.items() if low < size <= high)
        yield (("size", f"{low + 1}-{high}" if high > 1 else "1"),), many
        low = high


def _in_tens(counts: Counts) -> Counts:
    """Nothing under ten is there: that a route was asked for at all is news too."""
    return {labels: _tens(times) for labels, times in counts.items() if times >= STEP}


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


def _lines(
    process: int, name: str, kind: str, about: str, values: Mapping[Labels, float]
) -> Iterator[str]:
    """One family of Prometheus, told by the number of the server's process."""
    yield f"# HELP kernepuls_{name} {about}\n# TYPE kernepuls_{name} {kind}\n"
    for labels, value in sorted(values.items()):
        told = ",".join(f'{label}="{text}"' for label, text in (*labels, ("process", str(process))))
        yield f"kernepuls_{name}{{{told}}} {value}\n"
