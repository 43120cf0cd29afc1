"""Memory that the processes of one server share: a place for each, written by it, read by all.

Nobody takes a lock, so a process that is killed while it writes stops nobody: what was half written
does not fit its checksum, and the reader keeps what it read before.
"""

import struct
import time
from multiprocessing.sharedctypes import RawArray
from zlib import crc32

SIZE = 256 * 1024  # bytes of a place: some thousand counts
HEAD = struct.Struct("<II")  # length and checksum of what follows


class Slots:
    """One place for each process; handed to them as they are spawned."""

    def __init__(self, number: int) -> None:
        self.started = time.monotonic()  # the same clock in every process of the machine
        self._places = [RawArray("B", SIZE) for _ in range(number)]
        self._read = [b""] * number

    def write(self, number: int, body: bytes) -> None:
        """Tell the others; what does not fit is not told."""
        whole = HEAD.pack(len(body), crc32(body)) + body
        if len(whole) <= SIZE:
            memoryview(self._places[number]).cast("B")[: len(whole)] = whole

    def read(self) -> list[bytes]:
        """What each has told last; b"" of one that has told nothing yet."""
        for number, place in enumerate(self._places):
            memory = memoryview(place).cast("B")
            length, checksum = HEAD.unpack(memory[: HEAD.size])
            body = bytes(memory[HEAD.size : HEAD.size + min(length, SIZE)])
            if crc32(body) == checksum:
                self._read[number] = body
        return list(self._read)
