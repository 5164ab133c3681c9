"""What a confined process does to itself before it reads anything: it gives up what it could do harm with.

Everywhere: it has no environment and no descriptors but its two pipes (`process` sees to that). Where the system knows
resource limits: memory, processor time, open files, no core, no file written. On Linux besides: it ends with its
parent, has a network of its own in which nobody is, and may start no program, make, change or remove no file, and
signal nobody. What a system does not know is left out.
"""

from __future__ import annotations

import os
import sys
from typing import Any

OPEN_FILES = 64
_PDEATHSIG, _KILL, _NO_NEW_RIGHTS = 1, 9, 38
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_EXECUTE = 1
_FILE_RIGHTS = ((1, _EXECUTE | 1 << 1 | 0x1FF << 4), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
"""Since which version of Landlock: start, write, make and remove of every kind; move; cut; control a device."""
_NEW_USER, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000


def confine(parent: int, *, written: int = 0) -> None:
    """Give up files, network and life beyond that of the process `parent`; `written` bytes may go into own files."""
    limit(RLIMIT_CORE=0, RLIMIT_NOFILE=OPEN_FILES, RLIMIT_FSIZE=written)
    if sys.platform != "linux":
        return
    _end_with(parent)
    _leave_network()
    _leave_files(written)


def limit(**limits: int) -> None:
    """Lower limits of the system by their names in `resource`; what a system does not know is left out."""
    try:
        import resource
    except ImportError:
        return
    for name, most in limits.items():
        what = getattr(resource, name, None)
        if what is None:
            continue
        try:
            _, hard = resource.getrlimit(what)
            lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (lowered, lowered))
        except (ValueError, OSError):
            continue


def limit_seconds(seconds: int) -> None:
    """Let the process work so many seconds more; a wall clock outside says it more sharply."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + seconds + 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    except (ValueError, OSError):
        return


def _end_with(parent: int) -> None:
    _libc().prctl(_PDEATHSIG, _KILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before this was said
        os._exit(1)


def _leave_network() -> None:
    """Move into a network without a neighbour; where nobody but root may, nothing changes."""
    libc = _libc()
    if libc.unshare(_NEW_USER | _NEW_NETWORK | _NEW_IPC) != 0:
        libc.unshare(_NEW_NETWORK | _NEW_IPC)


def _leave_files(written: int) -> None:
    """Give up making, changing, removing and starting files, TCP, and signals to others, as far as the kernel knows.

    Landlock, https://docs.kernel.org/userspace-api/landlock.html: three calls that are the same on every kernel, so no
    package is needed; those there are cost 60 ms and more at every start.
    """
    import ctypes

    libc = _libc()
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return
    files = sum(right for since, right in _FILE_RIGHTS if version >= since)
    rules = (ctypes.c_uint64 * 3)(files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    known = 24 if version >= 6 else 16 if version >= 4 else 8
    handle = libc.syscall(_CREATE, ctypes.byref(rules), ctypes.c_size_t(known), ctypes.c_uint32(0))
    if handle < 0:
        return
    if written:
        folder = os.open(".", os.O_RDONLY)
        rule = (files & ~_EXECUTE).to_bytes(8, sys.byteorder) + folder.to_bytes(4, sys.byteorder)
        libc.syscall(_ADD, ctypes.c_int(handle), ctypes.c_int(1), rule, ctypes.c_uint32(0))
        os.close(folder)
    libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
    libc.syscall(_RESTRICT, ctypes.c_int(handle), ctypes.c_uint32(0))
    os.close(handle)


def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)
