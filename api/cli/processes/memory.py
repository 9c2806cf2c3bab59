"""Memory: what the processes of one server share, and what each gives back to the system."""

from __future__ import annotations

import ctypes
import gc
import mmap
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
"""What `mallopt` of the GNU C library calls them."""

_LARGE = 1 << 20
"""Bytes that go back at once when they are freed, and that may wait at the end of the heap."""


def share() -> None:
    """Leave alone, from now on, what is loaded, so that copies of this process share it.

    It is looked through for garbage no more, and of the libraries the pages go that only loading
    them has looked at; what is needed again is read from the system's cache.
    """
    _thrifty()
    gc.collect()
    gc.freeze()
    with suppress(AttributeError):  # where there is no such list
        madvise = ctypes.CDLL(None).madvise
        for part in psutil.Process().memory_maps(grouped=False):
            if part.path.startswith("/") and "w" not in part.perms and not part.anonymous:
                start, end = (int(each, 16) for each in part.addr.split("-"))
                size = ctypes.c_size_t(end - start)
                madvise(ctypes.c_void_p(start), size, mmap.MADV_DONTNEED)


def _thrifty() -> None:
    """Have this process and its copies give back what they free; for before there are threads.

    A stock of free memory for each thread is of little use where most wait for one interpreter
    lock. Other C libraries than GNU's do as they do.
    """
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_ARENA_MAX, 2)
        mallopt(_MMAP_THRESHOLD, _LARGE)  # else it grows with what is freed, and the next with it
        mallopt(_TRIM_THRESHOLD, _LARGE)
