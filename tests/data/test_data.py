"""ganbook.data: finding, verifying and downloading the files; images, conversions, batches."""

import errno
import fcntl
import gzip
import hashlib
import http.server
import itertools
import json
import math
import multiprocessing
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ganbook import data
from ganbook.data import DataError, Images, batches, download, files, to_float, to_uint8
from ganbook.data.catalogue import FASHION_MNIST, MNIST, Dataset, IdxFile
from ganbook.data.idx import read

N_TRAIN, N_TEST = 50, 20
GiB = 1 << 30


def content_of(shape, seed):
    """An IDX file made by hand."""
    entries = np.random.default_rng(seed).integers(
        0, 10 if len(shape) == 1 else 256, shape, dtype=np.uint8
    )
    return (
        struct.pack(">BBBB", 0, 0, 8, len(shape))
        + struct.pack(f">{len(shape)}i", *shape)
        + entries.tobytes()
    )


SHAPES = {
    "train-images-idx3-ubyte": (N_TRAIN, 28, 28),
    "train-labels-idx1-ubyte": (N_TRAIN,),
    "t10k-images-idx3-ubyte": (N_TEST, 28, 28),
    "t10k-labels-idx1-ubyte": (N_TEST,),
}
CONTENT = {name: content_of(shape, seed) for seed, (name, shape) in enumerate(SHAPES.items())}
FILES = [
    IdxFile(name, shape, hashlib.md5(CONTENT[name]).hexdigest()) for name, shape in SHAPES.items()
]
TINY = Dataset(
    "TINY", "MNIST", ("", "mnist", "MNIST/raw"), (FILES[0], FILES[1]), (FILES[2], FILES[3])
)
IMAGES = FILES[0]


def lay(folder, packed=True, only=tuple(SHAPES)):
    folder.mkdir(parents=True, exist_ok=True)
    for name in only:
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(CONTENT[name]))
        else:
            (folder / name).write_bytes(CONTENT[name])
    return folder


def refusal(path, file=IMAGES):
    """The message of the DataError that reading `path` gives; the file must survive it untouched."""
    before = (path.stat().st_size, path.stat().st_mtime_ns)
    with pytest.raises(DataError) as caught:
        read(path, file)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == before
    message = str(caught.value)
    assert message.startswith(f"{path}: found ")
    assert "expected" in message and "left as it is" in message and "move it away" in message
    return message


def require_mnist():
    """Give the real MNIST's location on disk; without it fail under CI, and skip elsewhere."""
    place = data.locate(MNIST)
    if None in place.values():
        reason = (
            "MNIST is not on disk: set GANBOOK_DATA to its folder, or run `python -m ganbook data`"
        )
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return place


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine with an empty home: no data folder is named and the cache is empty; gives the
    cache.
    """
    monkeypatch.delenv("GANBOOK_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / ".cache"))
    monkeypatch.setenv("no_proxy", "*")
    return data.cache_folder()


@pytest.fixture
def offline(monkeypatch):
    """A machine without network: every connection is refused."""

    def refuse(*_args, **_kwargs):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


# Reading one file


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
@pytest.mark.parametrize("packed", [True, False])
def test_read_returns_the_entries(tmp_path, file, packed):
    lay(tmp_path, packed)
    entries = read(tmp_path / (file.name + ".gz" * packed), file)
    header = 4 * (1 + len(file.shape))
    expected = np.frombuffer(CONTENT[file.name], np.uint8)[header:].reshape(file.shape)
    assert entries.dtype == torch.uint8
    np.testing.assert_array_equal(entries.numpy(), expected)


def test_content_decides_whether_a_file_is_gzipped(tmp_path):
    misnamed = tmp_path / f"{IMAGES.name}.gz"
    misnamed.write_bytes(CONTENT[IMAGES.name])
    assert read(misnamed, IMAGES).shape == IMAGES.shape
    misnamed = tmp_path / IMAGES.name
    misnamed.write_bytes(gzip.compress(CONTENT[IMAGES.name]))
    assert read(misnamed, IMAGES).shape == IMAGES.shape


@pytest.mark.parametrize("keep", [0, 1, 3, 9, 100, -9, -1])
def test_truncated_gzip_is_refused(tmp_path, keep):
    path = tmp_path / f"{IMAGES.name}.gz"
    path.write_bytes(gzip.compress(CONTENT[IMAGES.name])[:keep])
    message = refusal(path)
    if keep == 0:
        assert "an empty file" in message
    elif keep > 2 or keep < 0:
        assert (
            "fails after" in message
            and "end-of-stream" in message
            and f"{IMAGES.size} readable" in message
        )


@pytest.mark.parametrize("keep", [0, 1, 15, 16, 17, -1])
def test_truncated_file_is_refused(tmp_path, keep):
    path = tmp_path / IMAGES.name
    whole = CONTENT[IMAGES.name]
    path.write_bytes(whole[:keep])
    message = refusal(path)
    if keep == 16 or keep == 17 or keep == -1:
        assert f"found {len(whole[:keep])} bytes of content; expected {IMAGES.size}" in message


def test_a_flipped_bit_in_a_gzip_never_changes_what_is_read(tmp_path):
    file = FILES[1]
    whole = bytearray(gzip.compress(CONTENT[file.name]))
    path = tmp_path / f"{file.name}.gz"
    expected = torch.frombuffer(bytearray(CONTENT[file.name][8:]), dtype=torch.uint8)
    refused = 0
    for bit in range(8 * len(whole)):
        damaged = whole.copy()
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            assert torch.equal(read(path, file), expected)
        except DataError:
            refused += 1
    in_header = 8 * 10  # time stamp, flags and operating system carry no content
    assert 8 * len(whole) - in_header - 10 <= refused < 8 * len(whole)


@pytest.mark.parametrize("place", [16, 17, 20_000, IMAGES.size - 1])
def test_one_wrong_bit_has_the_wrong_md5(tmp_path, place):
    damaged = bytearray(CONTENT[IMAGES.name])
    damaged[place] ^= 1
    path = tmp_path / IMAGES.name
    path.write_bytes(damaged)
    message = refusal(path)
    assert (
        hashlib.md5(damaged).hexdigest() in message and f"expected the MD5 {IMAGES.md5}" in message
    )


def test_wrong_magic_is_refused(tmp_path):
    path = tmp_path / IMAGES.name
    path.write_bytes(b"\x00\x00\x0d\x03" + CONTENT[IMAGES.name][4:])
    assert "no such header, but b'\\x00\\x00\\r\\x03" in refusal(path)
    path.write_bytes(b"<!DOCTYPE html><html>sign in to the wireless network</html>")
    message = refusal(path)
    assert "b'<!DOCTYP'" in message and f"a header for {N_TRAIN} images x 28 x 28" in message


def test_images_and_labels_swapped_are_named(tmp_path):
    path = tmp_path / IMAGES.name
    path.write_bytes(CONTENT["train-labels-idx1-ubyte"])
    assert (
        f"found a header for {N_TRAIN} labels; expected a header for {N_TRAIN} images"
        in refusal(path)
    )
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(CONTENT[IMAGES.name][:200]))
    message = refusal(path, FILES[1])
    assert (
        f"found a header for {N_TRAIN} images x 28 x 28; expected a header for {N_TRAIN} labels"
        in message
    )


def test_training_and_test_files_swapped_are_named(tmp_path):
    path = tmp_path / IMAGES.name
    path.write_bytes(CONTENT["t10k-images-idx3-ubyte"])
    assert f"found a header for {N_TEST} images" in refusal(path)


def test_oversized_files_are_refused_without_using_memory(tmp_path):
    sparse = tmp_path / IMAGES.name
    sparse.write_bytes(CONTENT[IMAGES.name])
    os.truncate(sparse, 4 * GiB)
    bomb = tmp_path / f"{IMAGES.name}.gz"
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(CONTENT[IMAGES.name])]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(24)] + [packer.flush()]
    bomb.write_bytes(b"".join(parts))
    one_more = tmp_path / "one-more"
    one_more.write_bytes(CONTENT[IMAGES.name] + b"\0")
    member = tmp_path / "second-member.gz"
    member.write_bytes(gzip.compress(CONTENT[IMAGES.name]) + gzip.compress(b"x"))
    tracemalloc.start()
    try:
        assert f"{4 * GiB} bytes on disk; expected at most {IMAGES.size}" in refusal(sparse)
        # A bomb this dense is larger on disk than the content it pretends to be; a wider limit lets
        # it in.
        wide = IdxFile(IMAGES.name, (100, 28, 28), "")
        assert bomb.stat().st_size < wide.size
        assert "found a header" in refusal(bomb, wide)
        for path in (one_more, member):
            assert "more bytes than that of content" in refusal(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 << 20, f"{peak} bytes of memory for files of {IMAGES.size}"


def test_gzip_bomb_with_the_right_beginning_is_stopped(tmp_path):
    whole = content_of((5, 28, 28), 9)[:16] + bytes(5 * 784)
    file = IdxFile("x", (5, 28, 28), hashlib.md5(whole).hexdigest())
    bomb = tmp_path / "x.gz"
    bomb.write_bytes(gzip.compress(whole + bytes(2 << 20)))
    assert bomb.stat().st_size < file.size
    assert "more bytes than that" in refusal(bomb, file)


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    path = tmp_path / "gone"
    with pytest.raises(DataError, match=f"{path}: found a file that fails after 0 bytes"):
        read(path, IMAGES)


# Searching


@pytest.mark.parametrize("layout", ["", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("place", ["root", "environment", "cache"])
def test_every_place_and_layout_is_found(
    tmp_path, nowhere, offline, monkeypatch, place, layout, packed
):
    top = nowhere if place == "cache" else tmp_path / "books"
    lay(top / layout, packed)
    if place == "environment":
        monkeypatch.setenv("GANBOOK_DATA", str(top))
    root = top if place == "root" else None
    for split, n in (("train", N_TRAIN), ("test", N_TEST)):
        images = files.load(TINY, split, root)
        assert images.x.shape == (n, 1, 28, 28) and images.x.dtype == torch.uint8
        assert images.y.shape == (n,) and images.y.dtype == torch.int64
        names = [file.name for file in TINY.split(split)]
        assert images.x.numpy().tobytes() == CONTENT[names[0]][16:]
        assert bytes(images.y.tolist()) == CONTENT[names[1]][8:]
    assert all(path.is_relative_to(top / layout) for path in data.locate(TINY, root).values())


def test_places_are_searched_in_order(tmp_path, nowhere, monkeypatch):
    lay(nowhere)
    assert set(data.locate(TINY)[name] for name in SHAPES) == {
        nowhere / f"{name}.gz" for name in SHAPES
    }
    monkeypatch.setenv(
        "GANBOOK_DATA", str(lay(tmp_path / "named", only=[IMAGES.name]).parent / "named")
    )
    assert data.locate(TINY)[IMAGES.name] == tmp_path / "named" / f"{IMAGES.name}.gz"
    root = lay(tmp_path / "root", packed=False)
    assert data.locate(TINY, root)[IMAGES.name] == root / IMAGES.name
    lay(root)
    assert data.locate(TINY, root)[IMAGES.name] == root / IMAGES.name, "plain before gzipped"


def test_files_of_one_split_may_lie_apart(tmp_path, nowhere, offline):
    lay(nowhere / "MNIST/raw", only=["train-labels-idx1-ubyte"])
    assert len(files.load(TINY, "train", lay(tmp_path / "root", only=[IMAGES.name]))) == N_TRAIN


def test_home_is_expanded_and_an_empty_variable_is_no_folder(
    tmp_path, nowhere, offline, monkeypatch
):
    lay(tmp_path / "home" / "books")
    assert len(files.load(TINY, "test", "~/books")) == N_TEST
    monkeypatch.setenv("GANBOOK_DATA", "~/books")
    assert len(files.load(TINY, "test")) == N_TEST
    monkeypatch.setenv("GANBOOK_DATA", "")
    monkeypatch.chdir(tmp_path / "home" / "books")
    with pytest.raises(DataError, match="download failed"):
        files.load(TINY, "test")


def test_a_damaged_file_is_reported_though_a_later_place_holds_a_good_one(
    tmp_path, nowhere, monkeypatch
):
    lay(nowhere)
    good = lay(tmp_path / "named")
    monkeypatch.setenv("GANBOOK_DATA", str(good))
    bad = lay(tmp_path / "root")
    path = bad / f"{IMAGES.name}.gz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match=f"^{path}: found"):
        files.load(TINY, "train", bad)
    assert len(files.load(TINY, "test", bad)) == N_TEST, "the other split is whole"
    path.rename(path.with_suffix(".bad"))
    assert len(files.load(TINY, "train", bad)) == N_TRAIN, "once moved away, the search goes on"


def test_unlikely_things_under_the_name_are_passed_by(tmp_path, nowhere, offline):
    root = tmp_path / "root"
    (root / IMAGES.name).mkdir(parents=True)
    os.mkfifo(root / f"{IMAGES.name}.gz")
    lay(root / "mnist")
    assert data.locate(TINY, root)[IMAGES.name] == root / "mnist" / f"{IMAGES.name}.gz"


def test_root_that_is_no_folder(tmp_path, nowhere):
    (tmp_path / "file").touch()
    for root in (tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(DataError, match="is no folder"):
            data.mnist("train", root)


@pytest.mark.parametrize("load", [data.mnist, data.fashion_mnist])
def test_unknown_split(load):
    with pytest.raises(ValueError, match='\'validation\'; expected "train" or "test"'):
        load("validation")


# Downloading


class Server(http.server.ThreadingHTTPServer):
    """A mirror on this machine: serves what is in `files` and counts the requests."""

    def __init__(self, files):
        self.files, self.requests = files, []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        name = self.path.lstrip("/")
        if self.command == "GET":
            self.server.requests.append(name)
        body = self.server.files.get(name)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body or b"")

    def log_message(self, *_args):
        pass


@pytest.fixture
def mirror(nowhere, monkeypatch):
    """Torchvision's own MNIST class, pointed at a mirror on this machine that holds the tiny set."""
    from torchvision import datasets

    packed = {f"{name}.gz": gzip.compress(content) for name, content in CONTENT.items()}
    server = Server(packed)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    sums = [(name, hashlib.md5(body).hexdigest()) for name, body in packed.items()]
    monkeypatch.setattr(datasets.MNIST, "resources", sums)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def litter(cache):
    return sorted(path.name for path in cache.iterdir() if path.name.startswith(".download"))


def test_download_through_torchvision(nowhere, mirror, capfd):
    images = files.load(TINY, "train")
    assert images.x.numpy().tobytes() == CONTENT[IMAGES.name][16:]
    asked = len(mirror.requests)
    assert set(mirror.requests) == {f"{name}.gz" for name in SHAPES}
    stored = sorted(path.name for path in (nowhere / "MNIST/raw").iterdir())
    assert stored == sorted(f"{name}.gz" for name in SHAPES) and litter(nowhere) == []
    files.load(TINY, "test")
    files.load(TINY, "train")
    assert len(mirror.requests) == asked, "one download serves both splits and every later call"
    assert capfd.readouterr() == ("", ""), "no progress bar in captured output"
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_download_never_overwrites(nowhere, mirror, ending):
    kept = nowhere / "MNIST/raw" / f"t10k-images-idx3-ubyte{ending}"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"the reader's own")
    files.load(TINY, "train")
    assert kept.read_bytes() == b"the reader's own"
    with pytest.raises(DataError, match=f"^{kept}: found no such header"):
        files.load(TINY, "test")


def test_download_that_brings_the_wrong_thing(nowhere, mirror, monkeypatch):
    from torchvision import datasets

    broken = bytearray(CONTENT[IMAGES.name])
    broken[1000] ^= 1
    mirror.files[f"{IMAGES.name}.gz"] = gzip.compress(broken)
    with pytest.raises(DataError, match=r"download failed(.|\n)*corrupted"):  # torchvision saw it
        files.load(TINY, "test")
    monkeypatch.setattr(
        datasets.MNIST, "resources", [(name, None) for name, _ in datasets.MNIST.resources]
    )
    with pytest.raises(
        DataError, match=f"download failed.*expected the MD5 {IMAGES.md5}"
    ):  # we saw it
        files.load(TINY, "test")
    assert list((nowhere / "MNIST/raw").iterdir()) == [] and litter(nowhere) == []


def test_download_that_lacks_a_file(nowhere, mirror, monkeypatch):
    from torchvision import datasets

    del mirror.files["t10k-labels-idx1-ubyte.gz"]
    with pytest.raises(DataError, match=r"download failed(.|\n)*404"):
        files.load(TINY, "train")
    monkeypatch.setattr(datasets.MNIST, "resources", datasets.MNIST.resources[:3])
    monkeypatch.setattr(datasets.MNIST, "_load_data", lambda self: (None, None))
    with pytest.raises(DataError, match="it brought no t10k-labels-idx1-ubyte"):
        files.load(TINY, "train")
    assert list((nowhere / "MNIST/raw").iterdir()) == []


def test_stalled_connection_ends(nowhere, mirror, monkeypatch):
    from torchvision import datasets

    monkeypatch.setattr(download, "STALLED", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(
            datasets.MNIST, "mirrors", [f"http://127.0.0.1:{silent.getsockname()[1]}/"]
        )
        last_resort = threading.Timer(
            30, silent.close
        )  # resets the connection, so that nothing hangs here
        last_resort.start()
        with pytest.raises(DataError, match=r"download failed.*timed out"):
            files.load(TINY, "train")
        last_resort.cancel()
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("load", [data.mnist, data.fashion_mnist])
def test_offline_without_data_names_three_ways_out(nowhere, offline, load, monkeypatch):
    monkeypatch.setattr(files, "FASHION_MNIST", Dataset(**{**vars(FASHION_MNIST), "system": ()}))
    with pytest.raises(DataError) as caught:
        load()
    message = str(caught.value)
    assert "unreachable" in message
    for way in ("(1) with a network", str(nowhere), "(2) copy the files train-images-idx3-ubyte", "root=",
                "GANBOOK_DATA", "(3) use ganbook.data.digits()"):  # fmt: skip
        assert way in message
    assert ("apt install dataset-fashion-mnist" in message) == (load is data.fashion_mnist)


def test_cache_below_a_file_cannot_be_written(nowhere, mirror):
    nowhere.parent.parent.mkdir(parents=True)
    nowhere.parent.write_text("a file where the cache should be")
    with pytest.raises(
        DataError, match=r"cache folder .* cannot be written: .*\n?.*Three ways out"
    ):
        files.load(TINY, "train")
    assert mirror.requests == []
    assert nowhere.parent.read_text() == "a file where the cache should be"


def no_locks(handle, how):
    raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


def child(job, scratch, result):
    """What a fresh process does: load the tiny set with a downloader that copies local files."""
    torch.set_num_threads(1)

    def fetch(dataset, folder):
        with open(scratch / "log", "a") as log:
            log.write("fetched\n")
        raw = folder / "MNIST/raw"
        if job == "die":
            lay(raw, only=list(CONTENT)[:2])
            (raw / "t10k-images-idx3-ubyte.gz").write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        lay(raw)
        time.sleep(0.5)

    download.fetch = fetch
    if job == "no-lock":
        fcntl.flock = no_locks
    if job == "nobody":
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    if job in ("lock", "no-lock"):
        (scratch / f"ready-{os.getpid()}").touch()
        while len(list(scratch.glob("ready-*"))) < 2:
            time.sleep(0.01)
    try:
        result.send(files.load(TINY, "train").x.numpy().tobytes() == CONTENT[IMAGES.name][16:])
    except DataError as error:
        result.send(str(error))


@pytest.fixture
def run(tmp_path, nowhere):
    """Run `child` in processes of their own, at once; give what each sent (None: it died)."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("needs a system that forks")
    fork = multiprocessing.get_context("fork")
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def together(*jobs):
        started = []
        for job in jobs:
            receive, send = fork.Pipe(duplex=False)
            process = fork.Process(target=child, args=(job, scratch, send), daemon=True)
            process.start()
            send.close()
            started.append((process, receive))
        results = []
        for process, receive in started:
            process.join(60)
            assert process.exitcode is not None, "still waiting after a minute"
            results.append(receive.recv() if process.exitcode == 0 else None)
        return results

    together.fetched = lambda: (scratch / "log").read_text().count("fetched")
    return together


@pytest.mark.parametrize("job", ["lock", "no-lock"])
def test_two_processes_download_at_once(nowhere, run, job):
    assert run(job, job) == [True, True]
    assert run.fetched() == 1
    assert litter(nowhere) == []
    assert {path.name for path in nowhere.iterdir()} == {"MNIST"}
    assert len(list((nowhere / "MNIST/raw").iterdir())) == 4


def test_a_download_that_is_killed_leaves_nothing_half_done(nowhere, run):
    assert run("die") == [None]
    assert list((nowhere / "MNIST/raw").iterdir()) == [] and len(litter(nowhere)) == 1
    assert run("again") == [True]
    assert litter(nowhere) == [], "the next download clears what the killed one left"


def test_read_only_cache(run, monkeypatch):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        monkeypatch.setenv("XDG_CACHE_HOME", folder)
        cache = data.cache_folder()
        cache.mkdir(parents=True)
        cache.chmod(0o555)
        # For root every folder is writable, so that the child becomes somebody else.
        message = run("nobody" if os.geteuid() == 0 else "plain")[0]
        assert (
            f"the cache folder {cache} cannot be written" in message
            and "Permission denied" in message
        )
        assert "Three ways out" in message
        assert list(cache.iterdir()) == []


# The real MNIST and Fashion-MNIST


def test_missing_mnist_fails_under_ci_and_skips_elsewhere(nowhere, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="GANBOOK_DATA"):
        require_mnist()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="GANBOOK_DATA"):
        require_mnist()


def test_mnist_is_mnist():
    require_mnist()
    train, test = data.mnist("train"), data.mnist("test")
    assert train.x.shape == (60_000, 1, 28, 28) and test.x.shape == (10_000, 1, 28, 28)
    assert train.y.bincount().tolist() == [
        5923,
        6742,
        5958,
        6131,
        5842,
        5421,
        5918,
        6265,
        5851,
        5949,
    ]
    assert test.y.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert train.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    pixels = train.x.double() / 255
    assert abs(pixels.mean().item() - 0.1307) < 5e-5 and abs(pixels.std().item() - 0.3081) < 5e-5
    upright = train.x[train.y == 1].double().mean(0)[0]
    assert upright[:, 12:16].sum() > 3 * upright[12:16, :].sum(), (
        "ones stand: rows and columns are not swapped"
    )


def unpacked(path):
    body = path.read_bytes()
    return bytearray(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)


def test_damaged_mnist_is_refused(tmp_path):
    place = require_mnist()
    content = unpacked(place["t10k-images-idx3-ubyte"])
    path = tmp_path / "t10k-images-idx3-ubyte"

    def refused(body):
        path.write_bytes(body)
        with pytest.raises(DataError) as caught:
            data.mnist("test", tmp_path)
        assert str(path) in str(caught.value)
        return str(caught.value)

    assert "2646ac647ad5339dbf082846283269ea" in refused(content[:-1] + bytes([content[-1] ^ 1]))
    assert "found 7840015 bytes of content; expected 7840016" in refused(content[:-1])
    assert "10000 labels; expected a header for 10000 images" in refused(
        unpacked(place["t10k-labels-idx1-ubyte"])
    )
    path.write_bytes(content)
    assert len(data.mnist("test", tmp_path)) == 10_000


def test_mnist_in_the_place_of_fashion_mnist_is_named(tmp_path):
    place = require_mnist()
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(unpacked(place["t10k-images-idx3-ubyte"]))
    with pytest.raises(DataError, match=r"which is that of MNIST's t10k-images-idx3-ubyte"):
        data.fashion_mnist("test", tmp_path)


def test_fashion_mnist_ignores_the_flat_files_of_a_shared_folder(
    tmp_path, nowhere, offline, monkeypatch
):
    fashion = Dataset(
        **{**vars(FASHION_MNIST), "train": TINY.train, "test": TINY.test, "system": ()}
    )
    lay(tmp_path / "named")
    monkeypatch.setenv("GANBOOK_DATA", str(tmp_path / "named"))
    assert set(data.locate(fashion).values()) == {None}
    assert None not in data.locate(fashion, tmp_path / "named").values()
    lay(tmp_path / "named" / "fashion-mnist")
    assert len(files.load(fashion, "test")) == N_TEST


def test_fashion_mnist_of_the_debian_package():
    if None in data.locate(FASHION_MNIST).values():
        pytest.skip("Fashion-MNIST is not on disk: on Debian, apt install dataset-fashion-mnist")
    train, test = data.fashion_mnist("train"), data.fashion_mnist("test")
    assert train.y.bincount().tolist() == [6000] * 10 and test.y.bincount().tolist() == [1000] * 10
    assert train.y[:5].tolist() == [9, 0, 0, 3, 0]
    assert abs((train.x.double() / 255).mean().item() - 0.2860) < 5e-5


def test_catalogue_agrees_with_torchvision():
    from torchvision import datasets

    for dataset in (MNIST, FASHION_MNIST):
        theirs = getattr(datasets, dataset.torchvision)
        assert [name for name, _ in theirs.resources] == [
            f"{file.name}.gz" for file in dataset.files
        ]
        assert dataset.layouts[-1] == f"{theirs.__name__}/raw"
    assert [file.size for file in MNIST.files] == [47_040_016, 60_008, 7_840_016, 10_008]


# Images and conversions


def some(n=10, channels=1):
    x = torch.arange(n * channels * 16).remainder(256).to(torch.uint8).reshape(n, channels, 4, 4)
    return Images(x, torch.arange(n) % 10)


def test_images_pick():
    images = some()
    assert len(images) == 10
    assert repr(images) == "Images(x: uint8 (10, 1, 4, 4), y: int64 (10,))"
    for index in (slice(2, 5), torch.tensor([2, 3, 4]), (images.y > 1) & (images.y < 5)):
        part = images[index]
        assert torch.equal(part.x, images.x[2:5]) and part.y.tolist() == [2, 3, 4]
    with pytest.raises(ValueError, match=r"images\.x\[3\]"):
        images[3]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            torch.zeros(3, 1, 4, 4),
            torch.zeros(3, dtype=torch.int64),
            "x is torch.float32 .*to_uint8",
        ),
        (
            torch.zeros(3, 4, 4, dtype=torch.uint8),
            torch.zeros(3, dtype=torch.int64),
            r"x is .*\(3, 4, 4\)",
        ),
        (np.zeros((3, 1, 4, 4), np.uint8), torch.zeros(3, dtype=torch.int64), "x is ndarray"),
        (torch.zeros(3, 1, 4, 4, dtype=torch.uint8), torch.zeros(3), "y is torch.float32"),
        (
            torch.zeros(3, 1, 4, 4, dtype=torch.uint8),
            torch.zeros(2, dtype=torch.int64),
            "3 images but 2 labels",
        ),
    ],
)
def test_images_refuse(x, y, message):
    with pytest.raises(ValueError, match=message):
        Images(x, y)


def test_every_byte_survives_the_round_trip():
    every = torch.arange(256, dtype=torch.uint8)
    x = to_float(every)
    assert x.dtype == torch.float32 and x[0] == -1 and x[255] == 1
    assert torch.equal(to_uint8(x), every)
    assert torch.equal(to_uint8(x.double()), every)


def test_to_float_is_to_tensor_and_normalize():
    from torchvision import transforms

    article = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    picture = torch.arange(256, dtype=torch.uint8).reshape(16, 16)
    expected = article(picture.numpy()[:, :, None])
    torch.testing.assert_close(to_float(picture)[None], expected, rtol=0, atol=2e-7)


def test_to_uint8_rounds_and_clamps():
    x = torch.tensor([-7.0, -1.0, 7.0, 1.0, 0.0039, -0.0039], requires_grad=True)
    bytes_ = to_uint8(x)
    assert bytes_.tolist() == [0, 0, 255, 255, 128, 127] and not bytes_.requires_grad
    step = 2 / 255
    levels = torch.arange(1, 255)
    for shift in (-0.49, 0.49):
        near = -1 + (levels + shift) * step
        assert torch.equal(to_uint8(near), levels.to(torch.uint8))
    assert x.tolist()[0] == -7.0
    assert to_uint8(torch.tensor([-1.0, 1.0], dtype=torch.bfloat16)).tolist() == [0, 255]


def test_conversions_refuse():
    with pytest.raises(ValueError, match=r"float32; expected torch.uint8"):
        to_float(torch.zeros(3))
    with pytest.raises(ValueError, match="uint8; expected floating-point"):
        to_uint8(torch.zeros(3, dtype=torch.uint8))
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="1 of 2 entries are NaN or infinite"):
            to_uint8(torch.tensor([0.0, bad]))


def test_digits():
    from sklearn.datasets import load_digits

    images = data.digits()
    assert images.x.shape == (1797, 1, 8, 8) and images.y.bincount().tolist() == np.bincount(
        load_digits().target).tolist()  # fmt: skip
    levels = images.x.unique().tolist()
    assert len(levels) == 17 and levels[0] == 0 and levels[-1] == 255
    np.testing.assert_array_equal(np.rint(images.x[:, 0].numpy() / 255 * 16), load_digits().images)


def test_stacked():
    source = Images(
        torch.arange(10, dtype=torch.uint8).reshape(10, 1, 1, 1).expand(10, 1, 4, 4) * 20,
        torch.arange(10),
    )
    images = data.stacked(source, 5000, torch.Generator().manual_seed(1))
    assert images.x.shape == (5000, 3, 4, 4) and images.y.shape == (5000,)
    a, b, c = (images.x[:, channel, 2, 1].long() // 20 for channel in range(3))
    assert torch.equal(images.y, 100 * a + 10 * b + c)
    for digit in (a, b, c):  # 500 each, standard deviation 21
        assert digit.bincount(minlength=10).sub(500).abs().max() < 5 * 21.3
    assert len(images.y.unique()) > 980  # 1000 (1 - exp(-5)) = 993 expected
    again = data.stacked(source, 5000, torch.Generator().manual_seed(1))
    assert torch.equal(images.x, again.x)
    assert not torch.equal(images.y, data.stacked(source, 5000, torch.Generator().manual_seed(2)).y)


def test_stacked_refuses():
    generator = torch.Generator()
    for n in (0, -3, 2.0, True):
        with pytest.raises(ValueError, match="expected a whole number of images"):
            data.stacked(some(), n, generator)
    with pytest.raises(ValueError, match=r"expected \(N, 1, H, W\)"):
        data.stacked(some(channels=3), 5, generator)
    with pytest.raises(ValueError, match=r"expected \(N, 1, H, W\)"):
        data.stacked(some()[:0], 5, generator)
    with pytest.raises(ValueError, match="labels run from 0 to 11; expected 0 to 9"):
        data.stacked(Images(some(2).x, torch.tensor([0, 11])), 5, generator)


# Batches


def numbered(n):
    """n images of one pixel row that spell their own number in two bytes."""
    number = torch.arange(n)
    x = torch.stack([number // 256, number % 256], 1).to(torch.uint8).reshape(n, 1, 1, 2)
    return Images(x, torch.zeros(n, dtype=torch.int64))


def numbers(batch):
    pair = to_uint8(batch).long().flatten(1)
    return (256 * pair[:, 0] + pair[:, 1]).tolist()


@pytest.mark.parametrize(("n", "size"), [(1000, 128), (12, 4), (5, 5), (7, 1)])
def test_epochs_are_shuffled_without_replacement(n, size):
    stream = batches(numbered(n), size, torch.Generator().manual_seed(3))
    epochs = []
    for epoch in range(1, 4):
        drawn = []
        for step in range(stream.steps_per_epoch):
            batch = next(stream)
            expected = size if step < n // size else n % size
            assert batch.shape == (expected, 1, 1, 2) and batch.dtype == torch.float32
            assert stream.epoch == epoch
            drawn += numbers(batch)
        assert sorted(drawn) == list(range(n))
        epochs.append(drawn)
    if n > 5:
        assert epochs[0] != epochs[1] != epochs[2] and epochs[0] != sorted(epochs[0])
    assert stream.steps_per_epoch == -(-n // size)


def test_last_batch_of_mnist_has_96():
    require_mnist()
    stream = batches(data.mnist(), 128, torch.Generator().manual_seed(0))
    sizes = [len(next(stream)) for _ in range(stream.steps_per_epoch)]
    assert sizes == [128] * 468 + [96]
    batch = next(stream)
    assert batch.shape == (128, 1, 28, 28) and batch.min() == -1 and batch.max() == 1


def test_the_generator_is_the_only_source_of_randomness():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one, two = (batches(numbered(100), 30, torch.Generator().manual_seed(7)) for _ in range(2))
    next(one)
    torch.rand(5)
    torch.set_rng_state(before)
    two_batches = [numbers(next(two)) for _ in range(9)]
    one.load_state_dict(batches(numbered(100), 30, torch.Generator().manual_seed(7)).state_dict())
    assert [numbers(next(one)) for _ in range(9)] == two_batches
    assert torch.equal(torch.get_rng_state(), before)
    assert iter(two) is two


def test_batches_leave_the_bytes_alone():
    images = numbered(10)
    kept = images.x.clone()
    next(batches(images, 10, torch.Generator())).zero_()
    assert torch.equal(images.x, kept)
    assert next(batches(images.x, 3, torch.Generator(), device="cpu")).shape == (3, 1, 1, 2)


@pytest.mark.parametrize(
    "steps", [0, 1, 3, 4, 5, 8, 11]
)  # 4 batches an epoch: starts, middles and ends
def test_position_is_saved_and_restored(steps):
    stream = batches(numbered(100), 30, torch.Generator().manual_seed(11))
    for _ in range(steps):
        next(stream)
    state = stream.state_dict()
    plain = {name: value for name, value in state.items() if not isinstance(value, torch.Tensor)}
    tensors = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    assert json.loads(json.dumps(plain)) == plain and {t.dtype for t in tensors.values()} == {
        torch.uint8
    }
    expected = [numbers(next(stream)) for _ in range(10)]
    resumed = batches(numbered(100), 30, torch.Generator().manual_seed(99))
    next(resumed)
    resumed.load_state_dict(json.loads(json.dumps(plain)) | tensors)
    assert resumed.state_dict().keys() == state.keys()
    assert all(torch.equal(resumed.state_dict()[name], tensors[name]) for name in tensors)
    assert [numbers(next(resumed)) for _ in range(10)] == expected
    assert resumed.epoch == stream.epoch
    stream.load_state_dict(state)  # and back in time, in the same object
    assert [numbers(next(stream)) for _ in range(10)] == expected


def test_position_is_exact_even_when_the_generator_is_shared():
    shared = torch.Generator().manual_seed(5)
    stream = batches(numbered(50), 20, shared)
    next(stream)
    torch.randn(17, generator=shared)
    state = stream.state_dict()

    def future():
        return [
            (numbers(next(stream)), torch.randn(3, generator=shared).tolist()) for _ in range(6)
        ]

    expected = future()
    stream.load_state_dict(state)
    assert future() == expected


def test_unfit_states_are_refused_and_change_nothing():
    stream = batches(numbered(100), 30, torch.Generator().manual_seed(1))
    next(stream)
    state = stream.state_dict()
    damaged = [
        (state | {"samples": 99}, "samples 99, but here it is 100"),
        (state | {"batch_size": 20}, "batch_size 20, but here it is 30"),
        (state | {"position": 31}, "position 31 is no border"),
        (state | {"position": 101}, "position 101 is no border"),
        (state | {"position": -30}, "position -30 is no border"),
        (state | {"generator": state["generator"][:100]}, "no usable generator state"),
        (state | {"epoch_state": state["generator"].float()}, "no usable generator state"),
        (state | {"epoch_state": None}, "no usable generator state"),
        ({k: v for k, v in state.items() if k != "position"}, "expected .*position"),
    ]
    for bad, message in damaged:
        with pytest.raises(ValueError, match=message):
            stream.load_state_dict(bad)
    untouched = batches(numbered(100), 30, torch.Generator().manual_seed(1))
    next(untouched)
    assert [numbers(next(stream)) for _ in range(9)] == [numbers(next(untouched)) for _ in range(9)]


@pytest.mark.parametrize(
    ("images", "size", "generator", "message"),
    [
        (numbered(10), 11, torch.Generator(), "batch_size is 11, but there are 10 samples"),
        (
            numbered(10),
            0,
            torch.Generator(),
            "batch_size is 0; expected a positive integer",
        ),
        (numbered(10), -1, torch.Generator(), "batch_size is -1; expected"),
        (numbered(10), 2.0, torch.Generator(), "batch_size is 2.0; expected"),
        (numbered(10), True, torch.Generator(), "batch_size is True; expected"),
        (numbered(10)[:0], 1, torch.Generator(), "holds no samples"),
        (torch.tensor(3.0), 1, torch.Generator(), "the data are Tensor; expected a tensor of samp"),
        ((), 1, torch.Generator(), "the data are NoneType; expected"),
        (
            (torch.zeros(4), torch.zeros(3)),
            1,
            torch.Generator(),
            "the data have 4, 3 rows; expected as many in each tensor",
        ),
        ([1, 2], 1, torch.Generator(), "the data are list; expected a tensor of samples"),
        (numbered(10), 2, None, "generator is None; expected"),
        (numbered(10), 2, 0, "generator is 0; expected"),
    ],
)
def test_batches_refuse(images, size, generator, message):
    with pytest.raises(ValueError, match=message):
        batches(images, size, generator)


def test_a_batch_takes_no_work_per_image():
    class Count(TorchDispatchMode):
        operations = 0

        def __torch_dispatch__(self, function, _types, args=(), kwargs=None):
            self.operations += 1
            return function(*args, **(kwargs or {}))

    counts = []
    for size in (1, 500):
        stream = batches(numbered(1000), size, torch.Generator())
        next(stream)
        with Count() as count:
            next(stream)
        counts.append(count.operations)
    assert counts[0] == counts[1] <= 6


def test_heavy_libraries_load_only_when_needed():
    code = "import sys, ganbook.data; print(sorted({'torchvision', 'sklearn'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(Path(data.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_named_sets_are_functions_with_a_test():
    """A set that joins DATASETS needs a row here, and the test that the row names."""
    rows = {
        "mnist": (data.mnist, test_mnist_is_mnist),
        "fashion-mnist": (data.fashion_mnist, test_fashion_mnist_of_the_debian_package),
        "digits": (data.digits, test_digits),
    }
    assert set(rows) == set(data.DATASETS), (
        "write a test of the new set's number, shape, range and labels in tests/data/test_data.py, "
        "then add the set's function and that test to the rows above"
    )
    for name, (load, _) in rows.items():
        assert data.DATASETS[name] is load


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64])
@pytest.mark.parametrize("shape", [(10,), (10, 7), (10, 2, 3, 4, 5)])
def test_batches_of_anything_come_as_they_are(dtype, shape):
    x = torch.arange(math.prod(shape)).reshape(shape).to(dtype)
    stream = batches(x, 4, torch.Generator().manual_seed(1))
    epoch = [next(stream) for _ in range(stream.steps_per_epoch)]
    assert [len(batch) for batch in epoch] == [4, 4, 2]
    joined = torch.cat(epoch)
    assert joined.dtype == dtype and joined.shape == x.shape
    order = joined.flatten(1).double().sum(1).argsort() if x.ndim > 1 else joined.argsort()
    assert torch.equal(joined[order], x)


def test_rows_of_a_tuple_stay_together_and_labels_stay_integers():
    x = torch.arange(10, dtype=torch.uint8)[:, None].expand(10, 3).contiguous()
    y = torch.arange(10)
    codes = torch.arange(10, dtype=torch.uint8)
    for a, b, c in itertools.islice(batches((x, y, codes), 4, torch.Generator()), 5):
        assert a.dtype == torch.float32 and b.dtype == torch.int64 and c.dtype == torch.uint8
        torch.testing.assert_close((a[:, 0] + 1) * 127.5, b.float())
        assert torch.equal(b, c.long())


def test_a_failure_names_the_folders_and_the_near_names(tmp_path, monkeypatch):
    """Errata: neither a folder that is not there nor files under near names were mentioned."""
    monkeypatch.setattr("ganbook.data.download.fetch", no_network)
    monkeypatch.setattr("ganbook.data.files.cache_folder", lambda: tmp_path / "cache")
    near = tmp_path / "near"
    near.mkdir()
    for name in ("train-images.idx3-ubyte", "unrelated.txt"):
        (near / name).write_bytes(b"")
    monkeypatch.setenv("GANBOOK_DATA", str(near))
    with pytest.raises(DataError) as error:
        data.mnist()
    said = str(error.value)
    assert f"Looked in {near}," in said and str(tmp_path / "cache") in said
    assert f"{near / 'train-images.idx3-ubyte'} has nearly the right name" in said
    assert "rename it to train-images-idx3-ubyte." in said and "unrelated" not in said
    monkeypatch.setenv("GANBOOK_DATA", str(tmp_path / "gone"))
    with pytest.raises(DataError, match=r"GANBOOK_DATA is '.*gone', which is no folder"):
        data.mnist()


def no_network(*_):
    raise OSError("no network")
