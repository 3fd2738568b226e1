# SPDX-License-Identifier: MIT
"""How long a load takes beside h5py, which reads all of the same file.

compare.py [FILE.h5 ...]; without files it makes one of each kind that "make
bench" measures.  Each round loads the file with cute_shm.load() and reads every
dataset and attribute with h5py, here, in turn.  The page cache has the file.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import cute_shm

try:
    import h5py
except ImportError:
    print("compare.py: there is no h5py, so nothing to compare with")
    sys.exit(0)


def read(path):
    """All that the file holds, in private memory: what users do without us."""
    found = {}

    def keep(name, item):
        attributes = dict(item.attrs)
        data = item[()] if isinstance(item, h5py.Dataset) else None
        found[name] = attributes, data

    with h5py.File(path, "r") as f:
        found["/"] = dict(f.attrs), None
        f.visititems(keep)
    return found


def load(path):
    return cute_shm.load("compare", path)


def seconds(call, path):
    """Of the call alone: what it has made goes afterwards."""
    begin = time.perf_counter()
    made = call(path)
    end = time.perf_counter()
    if call is load:
        made.close()
        cute_shm.unlink("compare")
    return end - begin


def compare(path, rounds):
    """Seconds of each round: of loads, and of h5py."""
    times = {load: [], read: []}
    for turn in range(rounds):
        for call in (load, read) if turn % 2 else (read, load):
            times[call].append(seconds(call, path))
    return times[load], times[read]


def compare_all(files, rounds):
    print(
        "h5py %s, HDF5 %s, %d CPUs; medians of %d rounds\n%-16s %8s %8s %8s %7s"
        % (
            h5py.__version__,
            h5py.version.hdf5_version,
            len(os.sched_getaffinity(0)),
            rounds,
            "file",
            "ours, s",
            "best",
            "h5py, s",
            "times",
        )
    )
    for path in files:
        name = os.path.basename(path).rpartition(".")[0]
        try:
            ours, theirs = compare(path, rounds)
        except OSError as error:  # a filter that h5py lacks
            print("%-16s %s" % (name, error))
            continue
        median = statistics.median(ours)
        print(
            "%-16s %8.3f %8.3f %8.3f %7.1f"
            % (
                name,
                median,
                min(ours),
                statistics.median(theirs),
                statistics.median(theirs) / median,
            ),
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="kinds whose names begin so")
    parser.add_argument("--bench", default="tests/bench/bench")
    options = parser.parse_args()
    if options.files:
        compare_all(options.files, options.rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [options.bench, "--files", folder]
        if options.only:
            command += ["--only", options.only]
        subprocess.run(command, check=True)
        made = sorted(os.path.join(folder, f) for f in os.listdir(folder))
        compare_all(made, options.rounds)


if __name__ == "__main__":
    main()
