# SPDX-License-Identifier: MIT
"""The Python package, beside other ways to the same data, in one run.

Run by "make bench".  Times are medians, of all methods in turn; the last column
is how many times as long a method takes as ours.
"""
import multiprocessing
import os
import pickle
import statistics
import sys
import tempfile
import time
from multiprocessing import shared_memory

import numpy

import cute_shm

try:
    import h5py
    from cute_shm import _hdf5
except ImportError:
    h5py = None

SMALL = 1000  # elements
LARGE = 8 << 20  # elements, 64 MiB
WORKERS = 8


def times(methods, rounds, calls):
    """Seconds of a call of each method: the medians of all calls."""
    clock = time.perf_counter
    found = {name: [] for name in methods}
    for _ in range(rounds):
        for name, method in methods.items():
            for _ in range(calls):
                begin = clock()
                method()
                found[name].append(clock() - begin)
    return {name: statistics.median(t) for name, t in found.items()}


def show(what, rows):
    print("\n" + what)
    ours = next(iter(rows.values()))
    for name, seconds in rows.items():
        print(
            "  %-50s %10.2f us %7.1f" % (name, seconds * 1e6, seconds / ours)
        )


def one_array(folder):
    data = numpy.random.default_rng(1).random(SMALL)
    cute_shm.publish("one", {"g": {"x": data}}, overwrite=True).close()
    raw = os.path.join(folder, "x.raw")
    data.tofile(raw)
    memory = shared_memory.SharedMemory(create=True, size=data.nbytes)
    numpy.ndarray(SMALL, "<f8", memory.buf)[:] = data

    def ours():
        with cute_shm.open("one") as p:
            return p["g/x"][()][7]

    def attach():
        found = shared_memory.SharedMemory(memory.name)
        result = numpy.ndarray(SMALL, "<f8", found.buf)[7]
        found.close()
        return result

    methods = {
        "cute_shm.open(), one view": ours,
        "numpy.memmap, a file of one array": lambda: numpy.memmap(
            raw, "<f8", "r", shape=SMALL
        )[7],
        "multiprocessing.shared_memory, one array": attach,
    }
    if h5py is not None:
        file = os.path.join(folder, "one.h5")
        cute_shm.export("one", file)

        def theirs():
            with h5py.File(file, "r") as f:
                return f["g/x"][()][7]

        methods["h5py.File(), one array read"] = theirs
    try:
        assert len({method() for method in methods.values()}) == 1
        show("open, and one array of 8 KB", times(methods, 15, 200))
    finally:
        memory.close()
        memory.unlink()


def to_dict(folder):
    arrays = {
        "g%d" % g: {"x%d" % i: numpy.full(8, i) for i in range(100)}
        for g in range(10)
    }
    cute_shm.publish("dict", arrays, overwrite=True).close()

    def views():
        with cute_shm.open("dict") as p:
            return {
                name: {n: a[()] for n, a in group.items()}
                for name, group in p.items()
            }

    methods = {
        "cute_shm.shm_to_arrays()": lambda: cute_shm.shm_to_arrays("dict"),
        "cute_shm.open(), a dict of views": views,
    }
    if h5py is not None:
        file = os.path.join(folder, "dict.h5")
        cute_shm.export("dict", file)

        def theirs():
            with h5py.File(file, "r") as f:
                return {
                    name: {n: a[()] for n, a in group.items()}
                    for name, group in f.items()
                }

        methods["h5py.File(), all read"] = theirs
    show("1,000 arrays to a dict", times(methods, 9, 3))


def pss(path):
    """Bytes of a file in memory that this process pays for."""
    total, ours = 0, False
    with open("/proc/self/smaps") as smaps:
        for line in smaps:
            if "-" in line.split(" ")[0]:
                ours = path in line
            elif ours and line.startswith("Pss:"):
                total += int(line.split()[1]) << 10
    return total


def worker(sent, file, path, barrier, results):
    barrier.wait()
    begin = time.perf_counter()
    array = pickle.loads(sent)
    first = float(array[()][0])
    ours = time.perf_counter() - begin
    total = float(array[()].sum())
    barrier.wait()
    paid = pss(path)
    barrier.wait()
    theirs = None
    if file is not None:
        begin = time.perf_counter()
        with h5py.File(file, "r") as f:
            assert f["x"][()][0] == first
        theirs = time.perf_counter() - begin
    results.put((ours, theirs, paid, total))


def to_workers(folder):
    data = numpy.random.default_rng(1).integers(0, 99, LARGE).astype("<f8")
    p = cute_shm.publish("large", {"x": data}, overwrite=True)
    file = None
    if h5py is not None:
        file = os.path.join(folder, "large.h5")
        cute_shm.export("large", file, gzip=4, shuffle=True)
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(WORKERS), context.SimpleQueue()
    args = (pickle.dumps(p["x"]), file, p.filename, barrier, results)
    children = [
        context.Process(target=worker, args=args) for _ in range(WORKERS)
    ]
    for child in children:
        child.start()
    found = [results.get() for _ in children]
    for child in children:
        child.join()
    assert {total for *_, total in found} == {float(data.sum())}
    rows = {
        "by pickle, %d bytes are sent"
        % len(args[0]): statistics.median(t for t, *_ in found)
    }
    if file is not None:
        rows["h5py.File(), read (gzip, shuffle)"] = statistics.median(
            t for _, t, *_ in found
        )
    show(
        "one array of 64 MiB to %d spawn workers, each one's part" % WORKERS,
        rows,
    )
    print(
        "  %-50s %10.2f copies in memory (PSS)"
        % ("", sum(paid for _, _, paid, _ in found) / data.nbytes)
    )


def updates(folder):
    cute_shm.publish("live", {"x": numpy.zeros(10)}, overwrite=True).close()
    p = cute_shm.open("live", "r+")
    array, data = p["x"], numpy.arange(10.0)
    assigned = cute_shm.shm_to_arrays("live")["x"]["data"]
    lock, plain = multiprocessing.Lock(), numpy.zeros(10)

    def assign():
        assigned[...] = data

    def locked():
        with lock:
            plain[...] = data

    methods = {
        "array.update(x)": lambda: array.update(data),
        "array[...] = x, of shm_to_arrays()": assign,
        "multiprocessing.Lock, and a[...] = x": locked,
        "array.snapshot()": array.snapshot,
    }
    show("an update of 10 elements", times(methods, 15, 1000))


def main():
    print(
        "Python %s, NumPy %s%s: the package cute_shm; the last column is "
        "relative\nto the first row"
        % (
            sys.version.split()[0],
            numpy.__version__,
            ", h5py %s" % h5py.__version__ if h5py else "",
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        for part in (one_array, to_dict, to_workers, updates):
            part(folder)


if __name__ == "__main__":
    main()
