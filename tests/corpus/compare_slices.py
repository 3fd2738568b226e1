# SPDX-License-Identifier: MIT
"""Slices of the numeric datasets of a file, against what h5py reads of them.

compare_slices.py FILE PROJECT prints "same N" or what differs.  The slices
depend on the file's name alone.
"""
import io
import random
import subprocess
import sys

import h5py
import numpy

# What h5py raises for what it cannot read.
UNREADABLE = (OSError, RuntimeError, KeyError, ValueError, TypeError)

MOST = 12  # datasets of a file
MOST_BYTES = 64 << 20


def parts(rng, size):
    """An item for a dimension, as a text and for h5py."""
    kind = rng.randrange(4)
    first = rng.randrange(size)
    last = rng.randrange(first, size) + 1
    step = rng.choice((1, 1, 2, 3, 7, max(1, size // 5)))
    if kind == 0:
        return ":", slice(None)
    if kind == 1:
        return str(first), first
    if kind == 2:
        return f"{first}:{last}", slice(first, last)
    return f"{first}:{last}:{step}", slice(first, last, step)


def candidates(file):
    """Paths of the datasets that h5py and NumPy read as we do."""
    found = []

    def see(name, item):
        if (isinstance(item, h5py.Dataset) and item.shape and
                item.dtype.kind in "iuf" and item.dtype.itemsize <= 8 and
                not h5py.check_enum_dtype(item.dtype) and
                0 < item.size * item.dtype.itemsize <= MOST_BYTES and
                not set(name) & set("*?[\\") and name.isascii()):
            found.append(name)

    file.visititems(see)
    return found


def expected(file, rng):
    """Patterns, and the values that they should give, by path."""
    ret = {}
    names = candidates(file)
    for name in rng.sample(names, min(MOST, len(names))):
        items = [parts(rng, n) for n in file[name].shape]
        try:
            value = numpy.asarray(file[name][tuple(i for _, i in items)])
        except UNREADABLE:
            continue
        ret[name] = (f"{name}[{','.join(t for t, _ in items)}]", value)
    return ret


def load(project, path, select):
    """Load these; what is said if that fails."""
    command = ["cute-shm-hdf5", "-o", "--no-progress", project, path]
    for pattern in select:
        command += ["--select", pattern]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr if done.returncode else None


def main():
    path, project = sys.argv[1:]
    rng = random.Random(path.rsplit("/", 1)[-1])
    try:
        with h5py.File(path, "r") as file:
            wanted = expected(file, rng)
    except UNREADABLE:
        wanted = {}
    if not wanted:
        print("none")
        return 0
    problem = load(project, path, [p for p, _ in wanted.values()])
    if problem and load(project, path, wanted):
        print("none")
        return 0
    if problem:
        print("failed", path, problem)
        return 1
    for name, (pattern, value) in wanted.items():
        dump = subprocess.run(["cute-shm-dump", "--npy", project, name],
                              capture_output=True)
        ours = numpy.load(io.BytesIO(dump.stdout))
        if (ours.shape != value.shape or
                not numpy.array_equal(ours, value,
                                      equal_nan=value.dtype.kind == "f")):
            print("differs", path, pattern)
            return 1
    print("same", len(wanted))
    return 0


sys.exit(main())
