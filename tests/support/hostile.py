"""What tests of checkpoints do to a process of its own: no room, no right to write."""

import json
import os
import resource
import shutil
import tempfile
from pathlib import Path

from ganbook.checkpoints import Checkpoint, CheckpointError
from support.runs import Run, listing


def hostile(folder):
    """Errors under a limit on file sizes, in a read-only folder and in another user's; run in a
    process of its own.
    """
    folder, said = Path(folder), {}

    def attempt(name, path):
        try:
            Run().fit(6, Checkpoint(path, every=3))
        except CheckpointError as error:
            said[name] = str(error)

    path = folder / "run.ckpt"
    Run().fit(3, Checkpoint(path))
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    attempt("limit", path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    said["intact"], said["listing"] = path.read_bytes() == before, sorted(listing(folder))
    foreign = Path("/") / "run.ckpt"
    if os.geteuid() == 0:
        foreign = path
        os.chown(folder, 1, 1)
        folder.chmod(0o755)
        own = Path(tempfile.mkdtemp())
        os.chown(own, 65534, 65534)
        os.seteuid(65534)
    else:
        own = Path(tempfile.mkdtemp())
    attempt("owner", foreign)
    (own / "run.ckpt").write_bytes(before)
    own.chmod(0o555)
    attempt("read-only", own / "run.ckpt")
    said["intact there"] = (own / "run.ckpt").read_bytes() == before
    own.chmod(0o755)
    attempt("writable again", own / "run.ckpt")
    halfway = own / "halfway.ckpt"
    try:
        Run().fit(
            6,
            Checkpoint(halfway, every=3),
            lambda step, game: own.chmod(0o555) if step == 4 else None,
        )
    except CheckpointError as error:
        said["halfway"] = str(error)
    own.chmod(0o755)
    said["after halfway"] = len(Run().fit(6, Checkpoint(halfway, every=3)).history)
    said["left"] = sorted(p.name for p in own.glob("*halfway*"))
    (own / "run.ckpt").chmod(0)
    attempt("unreadable", own / "run.ckpt")
    shutil.rmtree(own)
    print(json.dumps(said))
