"""The threads of a service share the heaps of the C library, as glibc itself counts them."""

import platform
import subprocess
import sys

import pytest

LIBRARY, VERSION = platform.libc_ver()
GLIBC = tuple(map(int, VERSION.split("."))) if LIBRARY == "glibc" else ()

COUNTED = """
import ctypes, sys, tempfile, threading
from lookalike.api.heaps import HEAPS, share_heaps

shared = sys.argv[1] == "shared" and share_heaps()
meeting = threading.Barrier(16)

def work():
    kept = [bytes(2000 + size) for size in range(50)]
    meeting.wait()
    return kept

threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    told = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, told)
    libc.fclose(told)
    print(shared, HEAPS, file.read().count(b"<heap nr="))
"""


def told(program, how):
    command = [sys.executable, "-c", program, how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


@pytest.mark.skipif(not GLIBC, reason="the C library here is not glibc")
def test_sixteen_threads_share_two_heaps():
    asked, most, found = told(COUNTED, "shared")
    assert asked == "True"
    assert int(found) <= int(most) == 2
    assert int(told(COUNTED, "own")[2]) > 2


LARGE_ONES = """
import ctypes, sys
from lookalike.api.heaps import share_heaps

class Told(ctypes.Structure):  # struct mallinfo2
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
        "fordblks", "keepcost",
    )]

shared = sys.argv[1] == "shared" and share_heaps()
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Told
large = bytearray(8 << 20)
del large
before = libc.mallinfo2().hblks
large = bytearray(4 << 20)
print(shared, libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(GLIBC < (2, 33), reason="no glibc that says what lies outside its heaps")
def test_large_blocks_stay_outside_the_heaps_however_many_came_before():
    assert told(LARGE_ONES, "shared") == ["True", "1"]
    assert told(LARGE_ONES, "own") == ["False", "0"]
