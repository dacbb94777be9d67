"""Locks where the file system has none, killed holders, folders that cannot be synced, two renames."""

import errno
import fcntl
import os
import signal
import socket
import stat
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from ganbook import data, locks
from ganbook.checkpoints import Checkpoint, CheckpointError, files
from ganbook.data import download
from ganbook.data.catalogue import MNIST
from ganbook.exercises.engine import state
from ganbook.training import Game, fit

STEPS = 6
NO_LOCKS = sorted({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL})
NAMES = [errno.errorcode[number] for number in NO_LOCKS]

pytestmark = pytest.mark.filterwarnings("ignore:the file system of .* has no locks")


def train(path, steps=STEPS, every=2, callback=None):
    """A tiny run with its file; its weights and its next draw at the end."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        G = nn.Sequential(nn.Linear(2, 4), nn.Unflatten(1, (1, 2, 2)))
        D = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.Dropout(0.2))
    adam = partial(torch.optim.Adam, lr=1e-2)
    game = Game(G, D, adam(G.parameters()), adam(D.parameters()), latent=2)
    x = torch.randint(256, (12, 1, 2, 2), generator=torch.Generator().manual_seed(1))
    batches = data.batches(x.to(torch.uint8), 4, torch.Generator().manual_seed(2))
    kept = path and Checkpoint(path, every=every)
    fit(game, batches, steps=steps, seed=3, checkpoint=kept, callback=callback)
    return [*(p.tolist() for p in (*G.parameters(), *D.parameters())), game.draw(2).tolist()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.ckpt"


def listing(folder):
    return {p.name for p in folder.iterdir()}


def without_locks(monkeypatch, number=errno.ENOTSUP):
    def refused(handle, how):
        raise OSError(number, os.strerror(number))

    locks._say_once.cache_clear()
    monkeypatch.setattr(fcntl, "flock", refused)


@pytest.fixture
def no_locks(monkeypatch):
    without_locks(monkeypatch)


def in_a_process(work):
    """Fork; the child does `work` and ends with its value as status, 99 after an error."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            status = work() or 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    return child


def status_of(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def holder(lock, then=signal.pause):
    """A process that holds a lock, and by now has it; what it does `then` ends it."""
    read, write = os.pipe()

    def hold():
        with lock():
            os.write(write, b"!")
            then()

    child = in_a_process(hold)
    os.close(write)
    assert os.read(read, 1) == b"!"
    os.close(read)
    return child


@pytest.fixture
def live(path):
    """The number of a living process that is the writer of `path`."""
    child = None

    def start():
        nonlocal child
        child = holder(lambda: files.lock(path))
        return child

    yield start
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


# File systems without locks


@pytest.mark.parametrize("number", NO_LOCKS, ids=NAMES)
def test_a_run_is_saved_and_resumed_where_there_are_no_locks(path, monkeypatch, number):
    whole = train(None)
    without_locks(monkeypatch, number)
    with pytest.warns(RuntimeWarning, match="file system of .* has no locks") as said:
        train(path, 3)
    assert [str(w.message).count(os.strerror(number)) for w in said] == [1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # once a folder is enough
        assert train(path) == whole
    assert listing(path.parent) == {"run.ckpt", "run.ckpt.previous"}


@pytest.mark.parametrize("number", NO_LOCKS, ids=NAMES)
def test_two_writers_are_told_apart_there(path, monkeypatch, live, number):
    without_locks(monkeypatch, number)
    pid = live()
    soft = path.with_name(".run.ckpt.lock.soft")
    message = rf"run\.ckpt has a writer already, process {pid} \(if .*, remove {soft}\): wait"
    with pytest.raises(CheckpointError, match=message):
        train(path)
    assert listing(path.parent) == {soft.name}


def test_a_second_run_in_the_same_process_too(path, no_locks):
    def second(step, game):
        with pytest.raises(CheckpointError, match=rf"writer already, process {os.getpid()} "):
            train(path)

    assert train(path, callback=second) == train(None)


def test_an_error_of_another_kind_is_no_missing_lock(path, monkeypatch):
    without_locks(monkeypatch, errno.EIO)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CheckpointError, match=r"cannot write .*run\.ckpt: .*Input/output"):
            train(path)


def test_a_signed_lock_is_not_removed_by_one_who_could_not_lock_it(path, monkeypatch, live):
    """A server that has no lock to give for a moment: the holder's file stays."""
    pid = live()
    without_locks(monkeypatch, errno.ENOLCK)
    lock = path.with_name(".run.ckpt.lock")
    with pytest.warns(RuntimeWarning, match="has no locks"), files.lock(path):
        assert lock.read_text().startswith(f"{pid}\n")
    assert listing(path.parent) == {lock.name}


def test_a_read_only_folder_is_explained_there_too(no_locks):
    def refused():
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        with pytest.raises(CheckpointError, match=r"the folder .* is read-only \(mode 555\)"):
            train(Path(folder) / "run.ckpt")

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        assert status_of(in_a_process(refused)) == 0
        assert listing(Path(folder)) == set()


# Killed holders


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_soft_lock_of_a_killed_process_is_taken_over(path, no_locks):
    child = holder(lambda: files.lock(path), die)
    assert status_of(child) == -signal.SIGKILL
    soft = path.with_name(".run.ckpt.lock.soft")
    assert soft.read_text().startswith(f"{child}\n")
    with files.lock(path):
        assert soft.read_text().startswith(f"{os.getpid()}\n")
    assert listing(path.parent) == set()


def test_also_while_a_worker_that_it_forked_lives(path, no_locks):
    read, write = os.pipe()

    def fork_and_die():
        if os.fork() == 0:
            os.close(write)
            os.read(read, 1)  # until the test closes its end
            os._exit(0)
        die()

    assert status_of(holder(lambda: files.lock(path), fork_and_die)) == -signal.SIGKILL
    with files.lock(path):
        pass
    os.close(write)
    os.close(read)


def test_a_forked_process_does_not_take_the_soft_lock_away(path, no_locks):
    child = None
    try:
        with files.lock(path):
            child = os.fork()
            if child:
                assert status_of(child) == 0
                with pytest.raises(CheckpointError, match="has a writer already"), files.lock(path):
                    pass
    finally:
        if child == 0:
            os._exit(0 if path.with_name(".run.ckpt.lock.soft").exists() else 1)
    assert listing(path.parent) == set()


@pytest.mark.parametrize("number", [None, errno.ENOTSUP], ids=["locks", "no locks"])
def test_kills_at_every_step_and_inside_the_save(path, monkeypatch, number):
    whole = train(None)
    if number:
        without_locks(monkeypatch, number)
    replace = os.replace

    def killed_at(step):
        train(path, every=1, callback=lambda now, game: die() if now >= step else None)

    def killed_between_the_renames():
        def dying(a, b):
            if b == path and path.with_name("run.ckpt.previous").exists():
                die()
            replace(a, b)

        files.os.replace = dying
        train(path, every=1)

    steps = []
    for step in (2, 4):
        assert status_of(in_a_process(partial(killed_at, step))) == -signal.SIGKILL
        assert status_of(in_a_process(killed_between_the_renames)) == -signal.SIGKILL
        steps.append(len(files.read(files.previous(path))["rows"]))
        assert not path.exists()
    assert steps == [1, 3]
    assert train(path, every=1) == whole
    assert listing(path.parent) == {"run.ckpt", "run.ckpt.previous"}


# Who holds it


@pytest.mark.parametrize("wait", [0.0, 0.2])
def test_a_living_holder_is_named_by_its_number(path, live, wait):
    pid, lock = live(), path.with_name(".run.ckpt.lock")
    with pytest.raises(locks.HeldError) as error, locks.locked(lock, wait):
        pass
    assert error.value.strerror == f"process {pid}"
    with pytest.raises(CheckpointError, match=rf"has a writer already, process {pid}: wait for it"):
        train(path)
    assert lock.read_text() == f"{pid}\n{socket.gethostname()}\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("41\nelsewhere\n", "process 41 on elsewhere (if it no longer runs, remove "),
        ("", "another process (if it no longer runs, remove "),
    ],
)
def test_a_holder_that_cannot_be_asked_is_not_robbed(path, no_locks, content, message):
    """On another machine, or killed before it had signed: the reader is told which file to remove."""
    soft = path.with_name(".run.ckpt.lock.soft")
    soft.write_text(content)
    with pytest.raises(CheckpointError) as error:
        train(path)
    assert f"{message}{soft})" in str(error.value)
    assert soft.read_text() == content


def test_a_lock_file_of_an_earlier_version_is_in_nobodys_way(path, no_locks):
    lock = path.with_name(".run.ckpt.lock")
    lock.touch()
    train(path, 2)
    lock.write_text(", process 41")
    train(path, 4)
    assert len(files.read(path)["rows"]) == 4


def test_what_a_killed_holder_had_signed_is_written_over(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text("9" * 40 + "\n" + "a host with a long name" * 4)
    with locks.locked(lock):
        assert lock.read_text() == f"{os.getpid()}\n{socket.gethostname()}\n"


def test_one_waits_for_a_lock_that_is_given_back(tmp_path):
    lock = tmp_path / "lock"
    read, write = os.pipe()

    def until_told():
        os.close(write)
        os.read(read, 1)

    child = holder(lambda: locks.locked(lock), until_told)
    os.close(read)
    os.close(write)
    with locks.locked(lock, 20.0):
        assert lock.read_text().startswith(f"{os.getpid()}\n")
    assert status_of(child) == 0
    assert listing(tmp_path) == set()


def test_a_lock_whose_file_was_renamed_away_is_refused(tmp_path, monkeypatch):
    """As on NFS, where a file that is removed while it is open keeps a name."""
    lock, flock = tmp_path / "lock", fcntl.flock

    def renamed(handle, how):
        if lock.exists():
            lock.rename(tmp_path / ".nfs01")
        flock(handle, how)

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", renamed)
        with pytest.raises(locks.HeldError, match="another process"), locks.locked(lock):
            pass
    with locks.locked(lock):
        pass


def test_no_folder_is_made_for_a_lock(tmp_path):
    with pytest.raises(FileNotFoundError), locks.locked(tmp_path / "none" / "lock"):
        pass
    assert listing(tmp_path) == set()


def test_an_error_in_the_block_gives_the_lock_back(tmp_path):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), locks.locked(tmp_path / "lock"):
            raise ZeroDivisionError
    assert listing(tmp_path) == set()


# Folders that cannot be synced


def synced(monkeypatch, number, fails):
    sync = os.fsync

    def refusing(handle):
        if fails(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        sync(handle)

    monkeypatch.setattr(os, "fsync", refusing)


@pytest.mark.parametrize(
    "name", ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EIO", "ENOSPC", "EROFS"]
)
def test_a_folder_that_cannot_be_synced_is_no_failure(path, monkeypatch, name):
    number = getattr(errno, name)
    synced(monkeypatch, number, stat.S_ISDIR)
    if name in ("EIO", "ENOSPC", "EROFS"):  # a disk that fails is
        with pytest.raises(CheckpointError, match=r"cannot write .*run\.ckpt"):
            train(path)
    else:
        train(path, 3)
        assert train(path) == train(None)


def test_a_file_that_cannot_be_synced_is(path, monkeypatch):
    synced(monkeypatch, errno.EINVAL, stat.S_ISREG)
    with pytest.raises(CheckpointError, match=r"cannot write .*run\.ckpt: .*Invalid argument"):
        train(path)
    assert listing(path.parent) == set()


# The progress of exercises


@pytest.fixture
def progress(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBOOK_STATE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("number", NO_LOCKS, ids=NAMES)
def test_progress_is_saved_where_there_are_no_locks(progress, monkeypatch, number):
    without_locks(monkeypatch, number)
    with pytest.warns(RuntimeWarning, match="has no locks"):
        assert state.record("1.1") == ""
    assert state.record("1.2") == ""
    assert list(state.solved()) == ["1.1", "1.2"]
    assert listing(progress) == {"exercises.json"}


@pytest.mark.parametrize("number", [None, errno.ENOTSUP], ids=["locks", "no locks"])
def test_two_processes_that_save_progress_lose_none(progress, monkeypatch, number):
    if number:
        without_locks(monkeypatch, number)
    ids = [[f"{chapter}.{i}" for i in range(10)] for chapter in (1, 2)]

    def save(these):
        return sum(state.record(id) != "" for id in these)

    children = [in_a_process(partial(save, these)) for these in ids]
    assert [status_of(child) for child in children] == [0, 0]
    assert sorted(state.solved()) == [*ids[0], *ids[1]]
    assert listing(progress) == {"exercises.json"}


def test_progress_that_another_process_holds_is_said(progress, monkeypatch):
    monkeypatch.setattr(state, "PATIENCE", 0.1)
    lock = progress / "exercises.lock"
    child = holder(lambda: locks.locked(lock))
    try:
        said = state.record("1.1")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert (
        said
        == f"(Your progress could not be saved: process {child} holds {Path(progress) / 'exercises.json'}.)"
    )
    assert state.solved() == {}
    assert state.record("1.1") == ""


# The data cache


def test_a_download_that_does_not_end_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PATIENCE", 0.1)
    child = holder(lambda: locks.locked(tmp_path / ".lock"))
    message = rf"MNIST .*not found on disk, and process {child} has been downloading to {tmp_path}"
    try:
        with pytest.raises(data.DataError, match=message):
            download.download(MNIST, tmp_path)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
