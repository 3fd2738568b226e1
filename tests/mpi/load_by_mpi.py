# SPDX-License-Identifier: MIT
"""load_by_mpi.py FOLDER LARGE DEMO: for three ranks, as nodes with a root each
below the folder: cute_shm.load() of the file LARGE by MPI, and its failures.

DEMO is another HDF5 file.  A rank that finds something wrong ends the job.
"""
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback

import numpy

import cute_shm
from mpi4py import MPI

WORLD = MPI.COMM_WORLD
RANK = WORLD.rank
FOLDER, LARGE, DEMO = sys.argv[1:]
ROOT = os.path.join(FOLDER, str(RANK))


def load(project, file, **options):
    """What the load returns or raises, after which all ranks go on."""
    options = {"comm": WORLD, "ranks_as_nodes": True, "root": ROOT, **options}
    try:
        result = cute_shm.load(project, file, **options)
    except BaseException as e:
        result = e
    WORLD.Barrier()
    return result


def loaded(project, file, **options):
    """Load, which must succeed on all ranks, and return the results."""
    found = []
    p = load(project, file, result=found.append, **options)
    assert isinstance(p, cute_shm.Project), p
    assert len(found) == 1
    return p, found[0]


def fails(kind, *texts, file=LARGE, **options):
    """It fails on all ranks with this kind of error, and nothing is left."""
    e = load("p", file, **options)
    assert isinstance(e, kind), repr(e)
    for text in texts:
        assert text in str(e), str(e)
    assert os.listdir(ROOT) == [], os.listdir(ROOT)
    WORLD.Barrier()


def remove(*projects):
    for project in projects:
        cute_shm.unlink(project, ROOT)
    WORLD.Barrier()


def test_load():
    told = []
    p, result = loaded(
        "p", LARGE, progress=lambda *args: told.append(args)
    )
    assert told and all(0 <= done <= total for done, total, *_ in told), told
    assert [type(part) for part in told[0]] == [int, int, int, str]
    assert result.arrays == 202 and not result.current
    digests = WORLD.allgather(p.info.metadata_digest)
    with cute_shm.load("q", LARGE, root=ROOT) as q:
        assert digests == [q.info.metadata_digest] * 3
        for name in q:
            assert numpy.array_equal(p[name][()], q[name][()]), name
    p.close()
    remove("q")


def test_ensure():
    """After test_load()."""
    assert isinstance(load("p", LARGE), FileExistsError)
    if RANK == 1:
        cute_shm.unlink("p", ROOT)
    WORLD.Barrier()
    p, result = loaded("p", LARGE, ensure=True)
    assert len(p) == 202 and not result.current
    p, result = loaded("p", LARGE, ensure=True)
    assert len(p) == 202 and result.current
    # Only rank 0 knows the file.
    p, result = loaded("p", DEMO if RANK == 0 else None, overwrite=True)
    assert "large" not in p and not result.current
    remove("p")


def test_options():
    p, result = loaded("p", LARGE, select=["small*"], exclude="*1", jobs=1)
    with cute_shm.load(
        "q", LARGE, root=ROOT, select=["small*"], exclude="*1"
    ) as q:
        assert [*p] == [*q] and len(p) > 2
    remove("p", "q")
    p, result = loaded("p", {"a": DEMO, "b": LARGE})
    assert [*p] == ["a", "b"] and result.files == 2
    remove("p")
    pair = WORLD.Split(RANK // 2)
    if RANK < 2:
        p = cute_shm.load(
            "p", DEMO, comm=pair, ranks_as_nodes=True, root=ROOT
        )
        p.close()
    WORLD.Barrier()
    assert os.listdir(ROOT) == (["cute-shm.p"] if RANK < 2 else [])
    if RANK < 2:
        cute_shm.unlink("p", ROOT)
    # One node: the other ranks only wait, and open the project of the first.
    p = cute_shm.load("p", DEMO, comm=WORLD, root=os.path.join(FOLDER, "0"))
    assert len(WORLD.allgather(p.info.uuid)) == 3
    assert len(set(WORLD.allgather(p.info.uuid))) == 1
    WORLD.Barrier()
    if RANK == 0:
        cute_shm.unlink("p", ROOT)
    WORLD.Barrier()


def test_scatter():
    copy = DEMO + ".copy"
    if RANK == 0:
        shutil.copy(DEMO, copy)
    WORLD.Barrier()
    files = {"a": DEMO, "b": LARGE, "c": DEMO, "d": copy}
    p, result = loaded("p", files, scatter=True)
    assert [*p] == [["a", "d"], ["b"], ["c"]][RANK]
    assert result.files == 4
    info = subprocess.run(
        ["cute-shm-list", "--root", ROOT, "p"], capture_output=True, text=True
    )
    assert "cute-shm:share=[%d, 3]" % RANK in info.stdout, info
    remove("p")
    fails(ValueError, "cannot be shared by 3 nodes", scatter=True)


def test_failures():
    fails(OSError, "/0: ", "nothing.h5: No such file", file="nothing.h5")
    for rank in 0, 2:
        root = os.path.join(FOLDER, "none") if RANK == rank else ROOT
        fails(cute_shm.Error, "/%d: " % rank, "/none", root=root)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        if RANK == rank:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20 << 20, before[1]))
        fails(cute_shm.NoSpaceError, "/%d: " % rank)
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    fails(cute_shm.LimitError, "/0: ", max_size=1 << 20)
    fails(cute_shm.InvalidError, "ephemeral", ephemeral=True)


def test_communicators():
    fails(TypeError, "comm is str, not a communicator", comm="world")
    fails(TypeError, "comm is int, not a communicator", comm=0)
    fails(cute_shm.InvalidError, "MPI.COMM_NULL", comm=MPI.COMM_NULL)
    fails(ValueError, "need comm", comm=None)
    local = WORLD.Split(RANK // 2)
    inter = local.Create_intercomm(0, WORLD, 2 if RANK < 2 else 0)
    fails(cute_shm.InvalidError, "intercommunicator", comm=inter)


def test_callback():
    """An exception of a callback is that rank's, and ends the load on all."""

    def stop(*args):
        raise LookupError("enough")

    for rank in 0, 2:
        if RANK == rank:
            fails(LookupError, "enough", progress=stop)
        else:
            fails(cute_shm.CancelledError, "/%d: " % rank, "cancelled")


class Loader:
    """Another process that loads a project on one rank, as long as it may."""

    def __init__(self, rank):
        self.process = None
        if RANK == rank:
            self.process = subprocess.Popen(
                ["cute-shm-load", "--root", ROOT, "p", "-"],
                stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            while not os.listdir(ROOT):
                time.sleep(0.01)
        WORLD.Barrier()

    def end(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
        WORLD.Barrier()


def test_waiting():
    for rank in 0, 2:
        loader = Loader(rank)
        e = load("p", LARGE)
        assert isinstance(e, cute_shm.BusyError), repr(e)
        assert "/%d: " % rank in str(e), str(e)
        e = load("p", LARGE, wait=True, timeout=0.1)
        assert isinstance(e, TimeoutError), repr(e)
        loader.end()


def test_interrupt():
    """Ctrl-C on one rank ends the load, while it or another one waits."""
    for rank, waits in (0, 0), (2, 2), (2, 0), (0, 2):
        loader = Loader(waits)
        begun = threading.Event()

        def interrupt():
            begun.wait()
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        if RANK == rank:
            thread.start()
        e = load("p", LARGE, wait=True, progress=lambda *args: begun.set())
        if RANK == rank:
            thread.join()
            assert isinstance(e, KeyboardInterrupt), repr(e)
        else:
            assert isinstance(e, cute_shm.CancelledError), repr(e)
            assert "/%d: " % rank in str(e), str(e)
        loader.end()


try:
    test_load()
    test_ensure()
    test_options()
    test_scatter()
    test_failures()
    test_communicators()
    test_callback()
    test_waiting()
    test_interrupt()
    if RANK == 0:
        print("all is well")
except BaseException:
    traceback.print_exc()
    sys.stderr.flush()
    WORLD.Abort(1)
