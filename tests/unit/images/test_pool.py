"""Decoder processes under attack: what hangs, dies or grows costs one image, never the run."""

import contextlib
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from killing import wait_for_the_end
from lookalike.errors import ImageRejectedError, LookalikeError, StorageFullError
from lookalike.images import shared
from lookalike.images.limits import Limits
from lookalike.images.pool import Decoded, DecodePool, SameContent
from lookalike.images.preprocess import Preprocessing
from lookalike.types import Blob, File

SMALL = Preprocessing(8, 8, "bicubic", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))

TRAP = """
import hashlib, os, signal, time

true_sha256 = hashlib.sha256

def sha256(data=b""):
    if data.startswith(b"hang"):
        open(data[5:] or os.devnull, "wb").close()
        time.sleep(3600)
    if data.startswith(b"die by "):
        os.kill(os.getpid(), int(data[7:]))
    if data.startswith(b"eat"):
        bytearray(2 << 30)
    if data.startswith(b"talk"):
        print("noise on stdout", flush=True)
        os.write(1, b"noise on file descriptor 1")
    return true_sha256(data)

hashlib.sha256 = sha256
"""


@pytest.fixture
def trapped(tmp_path, monkeypatch):
    """Decoder processes in which a few bytes do what a flaw in a decoder would do."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(TRAP)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)


def pool(workers: int = 1, slots: int = 4, **limits: float) -> DecodePool:
    return DecodePool(SMALL, workers=workers, slots=slots, limits=Limits(**limits))


def written(path: Path, colour: str = "red") -> File:
    Image.new("RGB", (32, 32), colour).save(path, "PNG")
    return File(str(path))


def bytes_of(path: Path, data: bytes) -> File:
    path.write_bytes(data)
    return File(str(path))


def reason(decoding: DecodePool, location: File) -> tuple[str, str]:
    with pytest.raises(ImageRejectedError) as caught:
        decoding.submit(location).result(30)
    return caught.value.reason, caught.value.detail


def hanging(folder: Path) -> tuple[File, Path]:
    """An image at which a trapped decoder hangs, and a file that is there once it does."""
    begun = folder / "begun"
    return bytes_of(folder / "hang.png", b"hang " + os.fsencode(begun)), begun


def wait_for(begun: Path) -> None:
    deadline = time.monotonic() + 60
    while not begun.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def check_decodes(decoding: DecodePool, location: File, colour: tuple[int, int, int]) -> None:
    decoded = decoding.submit(location).result(30)
    assert isinstance(decoded, Decoded)
    assert (decoding.pixels(decoded) == colour).all()
    decoding.release(decoded)


def test_a_hang_is_a_timeout_and_the_next_image_decodes(trapped, tmp_path):
    with pool(seconds=2.0) as decoding:
        check_decodes(decoding, written(tmp_path / "a.png"), (255, 0, 0))
        image = bytes_of(tmp_path / "hang.png", b"hang")
        assert reason(decoding, image) == ("timeout", "decoding took more than 2 s")
        check_decodes(decoding, written(tmp_path / "b.png", "lime"), (0, 255, 0))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_death_is_a_crash_and_the_next_image_decodes(trapped, tmp_path, number):
    with pool() as decoding:
        deadly = bytes_of(tmp_path / "die.png", b"die by %d" % number)
        assert reason(decoding, deadly) == ("crash", f"the decoder process died: {number.name}")
        check_decodes(decoding, written(tmp_path / "b.png", "lime"), (0, 255, 0))


@pytest.mark.parametrize("workers", [1, 2])
def test_of_images_asked_for_together_only_the_guilty_ones_suffer(trapped, tmp_path, workers):
    good = {place: written(tmp_path / f"{place}.png", "lime") for place in (0, 2, 4, 6, 7, 8)}
    bad = {
        1: bytes_of(tmp_path / "die.png", b"die by %d" % signal.SIGKILL),
        3: bytes_of(tmp_path / "hang.png", b"hang"),
        5: bytes_of(tmp_path / "none.png", b"no image"),
    }
    with pool(workers, slots=9, seconds=2.0) as decoding:
        asked = [decoding.submit({**good, **bad}[place]) for place in range(9)]
        for place in good:
            decoded = asked[place].result(30)
            assert isinstance(decoded, Decoded)
            assert (decoding.pixels(decoded) == (0, 255, 0)).all()
            decoding.release(decoded)
        reasons = []
        for place in bad:
            with pytest.raises(ImageRejectedError) as caught:
                asked[place].result(30)
            reasons.append(caught.value.reason)
        assert reasons == ["crash", "timeout", "not-an-image"]
        assert decoding.free_slots == 9


def test_who_asks_no_more_keeps_nobody_waiting(trapped, tmp_path):
    image, begun = hanging(tmp_path)
    places = [written(tmp_path / f"{place}.png") for place in range(6)]
    with pool(slots=9, seconds=2.0) as decoding:
        asked = [decoding.submit(image)]
        wait_for(begun)
        asked += [decoding.submit(place) for place in places]
        assert [one.cancel() for one in asked[1:6]] == [True] * 5
        assert isinstance(asked[6].result(30), Decoded)


def test_closing_ends_what_is_asked_and_cancels_what_waits(trapped, tmp_path):
    image, begun = hanging(tmp_path)
    decoding = pool(slots=9, seconds=600.0)
    asked = [decoding.submit(image) for _ in range(9)]
    wait_for(begun)
    decoding.close()
    assert all(one.done() for one in asked)
    assert asked[8].cancelled()


def test_what_a_decoder_prints_does_not_confuse_the_conversation(trapped, tmp_path):
    with pool() as decoding:
        assert reason(decoding, bytes_of(tmp_path / "talk.png", b"talk"))[0] == "not-an-image"
        check_decodes(decoding, written(tmp_path / "b.png", "lime"), (0, 255, 0))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs RLIMIT_AS")
def test_a_grab_for_memory_is_out_of_memory_and_the_next_image_decodes(trapped, tmp_path):
    with pool() as decoding:
        assert reason(decoding, bytes_of(tmp_path / "eat.png", b"eat"))[0] == "out-of-memory"
        check_decodes(decoding, written(tmp_path / "b.png", "lime"), (0, 255, 0))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs RLIMIT_AS")
def test_a_picture_that_needs_more_memory_than_allowed_is_out_of_memory(tmp_path):
    side = 9_000
    packed = zlib.compressobj(1)
    rows = b"".join(packed.compress(bytes(1 + 3 * side)) for _ in range(side)) + packed.flush()
    parts = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", rows)]
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in [*parts, (b"IEND", b"")]:
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    big = bytes_of(tmp_path / "big.png", data)

    with pool(memory=100 * 2**20) as decoding:
        assert reason(decoding, big)[0] == "out-of-memory"
        check_decodes(decoding, written(tmp_path / "b.png", "lime"), (0, 255, 0))


def test_a_limit_on_pixels_above_pillows_own_counts(tmp_path):
    packed = zlib.compressobj(9)
    rows = packed.compress(bytes(20_000 * 1251)) + packed.flush()
    header = struct.pack(">IIBBBBB", 10_000, 20_000, 1, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]:
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    large = bytes_of(tmp_path / "large.png", data)

    with pool(pixels=200_000_000, memory=2**20) as decoding:
        assert reason(decoding, large)[0] == "out-of-memory"
    with pool(pixels=199_999_999) as decoding:
        limit = "10000 x 20000 is more than 199,999,999 pixels"
        assert reason(decoding, large) == ("too-large", limit)


def test_a_pipe_named_as_an_image_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pool(seconds=5.0) as decoding:
        pipe = File(str(tmp_path / "pipe.jpg"))
        assert reason(decoding, pipe) == ("unreadable", "not a regular file")


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: path.mkdir(), "unreadable"),
        (lambda path: path.symlink_to(path.with_name("nowhere")), "missing"),
        (lambda path: path.symlink_to(path), "unreadable"),
        (lambda path: path.symlink_to("/dev/zero"), "unreadable"),
        (lambda path: None, "missing"),
    ],
)
def test_what_is_no_file_is_said_so(tmp_path, make, expected):
    make(tmp_path / "x.jpg")
    with pool() as decoding:
        assert reason(decoding, File(str(tmp_path / "x.jpg")))[0] == expected


def test_a_file_above_the_limit_on_bytes_is_not_read(tmp_path):
    with (tmp_path / "x.jpg").open("wb") as file:
        file.truncate(10**12)
    with pool() as decoding:
        assert reason(decoding, File(str(tmp_path / "x.jpg")))[0] == "too-large"


def test_names_travel_to_the_process_byte_by_byte(tmp_path):
    for number, name in enumerate([b"new\nline", b"quo\"te'", b"caf\xe9", "\u202e🙈".encode()]):
        path = os.fsencode(tmp_path) + b"/" + name + b".png"
        colour = (number, 0, 0)
        Image.new("RGB", (9, 9), colour).save(os.fsdecode(path), "PNG")
        with pool() as decoding:
            check_decodes(decoding, File(os.fsdecode(path)), colour)


def test_bytes_that_can_be_had_only_once_travel_through_the_pipe(tmp_path):
    data = Path(written(tmp_path / "a.png").path).read_bytes()
    with pool() as decoding:
        check_decodes(decoding, Blob("some.tar.gz", "a.png", data), (255, 0, 0))


def test_known_content_is_not_decoded(tmp_path):
    import hashlib

    place = bytes_of(tmp_path / "a.png", b"not even an image")
    digest = hashlib.sha256(b"not even an image").digest()
    with pool() as decoding:
        assert decoding.submit(place, [bytes(32), digest]).result(30) == SameContent(digest)
        assert decoding.free_slots == 4


def test_slots_are_bounded_and_come_back(tmp_path):
    place = written(tmp_path / "a.png")
    with pool(workers=2, slots=3) as decoding:
        held = [decoding.submit(place).result(30) for _ in range(3)]
        with pytest.raises(LookalikeError, match="release one first"):
            decoding.submit(place)
        for decoded in held:
            assert isinstance(decoded, Decoded)
            decoding.release(decoded)
        assert reason(decoding, File(str(tmp_path / "nowhere.jpg")))[0] == "missing"
        assert decoding.free_slots == 3


def test_many_at_once_keep_to_their_own_slots(tmp_path):
    places = {}
    for level in range(0, 256, 8):
        Image.new("RGB", (20, 20), (level, 0, 0)).save(tmp_path / f"{level}.png")
        places[level] = File(str(tmp_path / f"{level}.png"))
    with pool(workers=3, slots=len(places)) as decoding:
        futures = {level: decoding.submit(place) for level, place in places.items()}
        for level, future in futures.items():
            decoded = future.result(30)
            assert isinstance(decoded, Decoded)
            assert (decoding.pixels(decoded) == (level, 0, 0)).all()


CHILDREN = Path("/proc/thread-self/children")


@pytest.mark.skipif(not CHILDREN.exists(), reason="counts processes where Linux lists them")
def test_few_tasks_go_to_who_is_warm_and_many_to_all(tmp_path):
    places = [written(tmp_path / f"{number}.png") for number in range(40)]
    before = children()
    with DecodePool(SMALL, workers=2, slots=40, backlog=4) as decoding:
        for place in places[:6]:
            check_decodes(decoding, place, (255, 0, 0))
        few = [decoding.submit(place) for place in places[:4]]
        [decoding.release(one.result(30)) for one in few]
        assert len(children() - before) == 1
        many = [decoding.submit(place) for place in places]
        [decoding.release(one.result(30)) for one in many]
        assert len(children() - before) == 2


def children() -> set[str]:
    """The processes that this thread and the others of this process have started."""
    found: set[str] = set()
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            found.update(task.read_text().split())
    return found


def test_closing_while_a_decoder_hangs_takes_no_longer_than_a_moment(trapped, tmp_path):
    decoding = pool(seconds=600.0)
    image, begun = hanging(tmp_path)
    future = decoding.submit(image)
    wait_for(begun)
    decoding.close()
    assert isinstance(future.exception(30), ImageRejectedError)


@pytest.mark.skipif(os.name != "posix", reason="the file keeps its name elsewhere")
def test_shared_memory_leaves_no_name_behind_even_while_in_use(monkeypatch, tmp_path):
    monkeypatch.setattr(shared, "IN_MEMORY", str(tmp_path))
    image = written(tmp_path / "a.png")
    with pool() as decoding:
        check_decodes(decoding, image, (255, 0, 0))
        assert list(tmp_path.iterdir()) == [tmp_path / "a.png"]


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_leaves_the_decoders_to_their_parent(tmp_path, number):
    script = f"""
import os, signal, sys, time
from lookalike.images.pool import DecodePool
from lookalike.images.preprocess import Preprocessing
from lookalike.types import File

signal.signal({int(number)}, lambda *_: None)
small = Preprocessing(8, 8, "bicubic", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
with DecodePool(small, workers=2, slots=8) as pool:
    for wait in (0.0, 0.1, 0.2, 0.4):
        future = pool.submit(File({written(tmp_path / "a.png").path!r}))
        time.sleep(wait)
        os.killpg(0, {int(number)})
        pool.release(future.result())
print("all decoded")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("all decoded\n", 0), done.stderr


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
def test_decoders_go_when_their_parent_is_killed(tmp_path):
    script = f"""
import os, signal
from lookalike.images.pool import DecodePool
from lookalike.images.preprocess import Preprocessing
from lookalike.types import File

small = Preprocessing(8, 8, "bicubic", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
pool = DecodePool(small, workers=1, slots=2)
pool.submit(File({written(tmp_path / "a.png").path!r})).result()
print(pool._crew._workers[0]._running.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    wait_for_the_end(int(done.stdout))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
def test_a_decoder_that_hangs_goes_even_without_its_parent(trapped, tmp_path):
    image, begun = hanging(tmp_path)
    script = f"""
import os, signal, time
from lookalike.images.limits import Limits
from lookalike.images.pool import DecodePool
from lookalike.images.preprocess import Preprocessing
from lookalike.types import File

small = Preprocessing(8, 8, "bicubic", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
pool = DecodePool(small, workers=1, slots=2, limits=Limits(seconds=1.0))
pool.submit(File({written(tmp_path / "a.png").path!r})).result()
print(pool._crew._workers[0]._running.process.pid, flush=True)
pool.submit(File({image.path!r}))
while not os.path.exists({str(begun)!r}):
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    wait_for_the_end(int(done.stdout))


def test_shared_memory_goes_elsewhere_when_the_first_place_is_full(monkeypatch, tmp_path):
    full = tmp_path / "full"
    monkeypatch.setattr(shared, "IN_MEMORY", str(full))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    memory = shared.SharedMemory(10_000)
    seen = shared.open_shared(memory.address)
    memory.map[9_999] = 77
    assert (seen[9_999], len(seen)) == (77, 10_000)
    memory.close()

    monkeypatch.setattr(tempfile, "tempdir", str(full))
    with pytest.raises(StorageFullError, match="No room for 10,000 bytes"):
        shared.SharedMemory(10_000)


def test_shared_memory_has_no_name_while_its_room_is_taken(monkeypatch, tmp_path):
    reserve, names = shared._reserve, []

    def looked(number, size):
        names.extend(tmp_path.iterdir())
        reserve(number, size)

    monkeypatch.setattr(shared, "IN_MEMORY", str(tmp_path))
    monkeypatch.setattr(shared, "_reserve", looked)
    shared.SharedMemory(10_000).close()
    assert names == list(tmp_path.iterdir()) == []


def test_code_that_lies_beside_the_images_does_not_run(tmp_path, monkeypatch):
    (tmp_path / "PIL").mkdir()
    for name in ("lookalike.py", "numpy.py", "json.py", "PIL/__init__.py", "sitecustomize.py"):
        trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\nraise SystemExit"
        (tmp_path / name).write_text(trap)
    monkeypatch.chdir(tmp_path)
    with pool() as decoding:
        check_decodes(decoding, written(tmp_path / "a.png"), (255, 0, 0))
    assert not (tmp_path / "sprung").exists()


def test_pixels_are_those_of_the_plain_way(tmp_path):
    noise = np.random.default_rng(3).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    expected = np.asarray(Image.fromarray(noise).resize((8, 8), Image.Resampling.BICUBIC))
    with pool() as decoding:
        decoded = decoding.submit(File(str(tmp_path / "a.png"))).result(30)
        assert isinstance(decoded, Decoded)
        assert np.array_equal(decoding.pixels(decoded), expected)
