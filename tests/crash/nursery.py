"""A process that has loaded the application, and forks servers of it.

The server is what `kernepuls serve` runs, in a process group of its own. Loading takes a second
and a half, forking a hundredth: so it can be killed often. Linux's own seccomp makes the disk of a
server fail, from the signal SIGUSR1 on: every fsync of the process answers "I/O error".
"""

import ctypes
import errno
import json
import os
import platform
import signal
import struct
import sys

import uvicorn  # noqa: F401 - loaded here, for every server

from survey import app, settings  # noqa: F401 - as above
from survey.cli.server import serve_at

PR_SET_NO_NEW_PRIVS, SET_FILTER, ALL_THREADS = 38, 1, 1  # linux/prctl.h, linux/seccomp.h
# Machine -> the numbers of seccomp, fsync and fdatasync.
CALLS = {"x86_64": (317, 74, 75), "aarch64": (277, 82, 83)}
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h
FAIL, ALLOW = 0x00050000 | errno.EIO, 0x7FFF0000


def fail_every_fsync(*_: object) -> None:
    """From here on, in every thread; nothing takes it back."""
    seccomp, fsync, fdatasync = CALLS[platform.machine()]
    steps = [
        (LOAD, 0, 0, 0),
        (IF_EQUAL, 1, 0, fsync),
        (IF_EQUAL, 0, 1, fdatasync),
        (RETURN, 0, 0, FAIL),
        (RETURN, 0, 0, ALLOW),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    told = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.syscall(seccomp, SET_FILTER, ALL_THREADS, told) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def serve(port: int, environment: dict[str, str]) -> None:
    os.setsid()
    os.dup2(2, 1)  # the pipe is for pids only
    os.environ.update(environment)
    signal.signal(signal.SIGUSR1, fail_every_fsync)
    serve_at(settings.from_environment(), host="127.0.0.1", port=port)
    os._exit(0)


def main() -> None:
    """Lines in: a port and its environment, or kill, or wait. Out: the pid, the status at the end.

    One server at a time; it ends with the lines.
    """
    server = 0
    try:
        for line in sys.stdin:
            order = json.loads(line)
            if isinstance(order, dict):
                server = os.fork() or serve(**order)
                told = server
            else:
                if order == "kill":
                    os.killpg(server, signal.SIGKILL)
                told = os.waitstatus_to_exitcode(os.waitpid(server, 0)[1])
                server = 0
            sys.stdout.write(f"{told}\n")
            sys.stdout.flush()
    finally:
        if server:
            os.killpg(server, signal.SIGKILL)


if __name__ == "__main__":
    main()
