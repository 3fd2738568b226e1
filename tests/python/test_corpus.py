# SPDX-License-Identifier: MIT
"""Real HDF5 files, through h5py and as projects: every node and attribute.

CUTE_SHM_CORPUS names a folder of such files.
"""
import os
import unittest
from collections import Counter

import numpy

import cute_shm

try:
    import h5py
    from cute_shm import _hdf5
except ImportError:
    h5py = None

CORPUS = os.environ.get("CUTE_SHM_CORPUS")
MOST = 64 << 20  # bytes of a data set that is compared


def setUpModule():
    if h5py is None:
        raise unittest.SkipTest("h5py, or HDF5 in the package, is missing")
    if not CORPUS:
        raise unittest.SkipTest("CUTE_SHM_CORPUS names no folder")


def has_a_form(dtype):
    """Whether h5py and a segment have the same idea of this dtype."""
    if dtype.names:
        return all(has_a_form(dtype[name]) for name in dtype.names)
    if dtype.subdtype:
        return has_a_form(dtype.subdtype[0])
    if h5py.check_ref_dtype(dtype) or dtype.kind == "V":
        return False
    if dtype.kind == "O":
        if h5py.check_string_dtype(dtype):
            return True
        below = h5py.check_vlen_dtype(dtype)
        return below is not None and below.kind in "biufc"
    return dtype.itemsize > 0 and not (
        dtype.kind in "fc"
        and dtype.itemsize in (12, 16, 24, 32)
        and dtype != "c16"
    )


def names_of(mapping):
    """Its names, as far as h5py can read them."""
    try:
        return [*mapping]
    except Exception:
        return []


class Corpus(unittest.TestCase):
    def setUp(self):
        self.counts = Counter()
        self.wrong = []

    def note(self, where, *what):
        self.wrong.append("%s: %s" % (where, " ".join(map(repr, what))))

    def same(self, mine, theirs, where):
        """Compare two values; count it."""
        self.counts["values"] += 1
        if isinstance(theirs, h5py.Empty):
            if not isinstance(mine, cute_shm.Empty):
                self.note(where, mine, theirs)
            return
        a, b = numpy.asarray(mine), numpy.asarray(theirs)
        if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
            self.note(where, a.shape, a.dtype, b.shape, b.dtype)
        elif b.dtype.kind == "O":
            for x, y in zip(a.reshape(-1), b.reshape(-1)):
                if not numpy.array_equal(x, y):
                    self.note(where, x, y)
                    break
        elif a.dtype != b.dtype.newbyteorder("<"):
            self.note(where, a.dtype, b.dtype)
        elif a.tobytes() != b.astype(a.dtype).tobytes():
            self.note(where, "bytes differ")

    def same_attrs(self, mine, theirs, where):
        for name in names_of(theirs.attrs):
            at = "%s@%s" % (where, name)
            try:
                value = theirs.attrs[name]
                dtype = theirs.attrs.get_id(name).dtype
            except Exception:
                self.counts["attributes that h5py cannot read"] += 1
                continue
            if dtype.names or not has_a_form(dtype):
                self.counts["attributes of other types"] += 1
            elif name not in mine.attrs:
                if not self.is_left_out(at):
                    self.note(at, "is missing")
            else:
                self.same(mine.attrs[name], value, at)

    def is_left_out(self, path):
        return any(
            path == p or path.startswith((p + "/", p + "@"))
            for p in self.left_out
        )

    def same_dataset(self, mine, theirs, where):
        try:
            dtype, shape = theirs.dtype, theirs.shape
            if theirs.nbytes > MOST:
                raise MemoryError
            value = theirs[()]
        except Exception:
            self.counts["data sets that h5py cannot read"] += 1
            return
        if not has_a_form(dtype):
            self.counts["data sets of other types"] += 1
        elif dtype.names:
            if not isinstance(mine, cute_shm.Group):
                self.note(where, mine)
            elif value.size and value.shape:
                self.same_records(mine, value, where)
        elif not isinstance(mine, cute_shm.Array) or (
            # What h5py has in the dtype are the last dimensions here.
            mine.shape
            != numpy.shape(value)
        ):
            self.note(where, mine, shape)
        else:
            self.same(mine[()], value, where)
            if shape and shape[0]:
                self.same(mine[-1], theirs[-1], where)
                self.same(mine[:2], theirs[:2], where)

    def same_records(self, mine, theirs, where):
        records = mine.as_records()
        if records.dtype.names != theirs.dtype.names:
            self.note(where, records.dtype, theirs.dtype)
            return
        for name in theirs.dtype.names:
            if theirs.dtype[name].names is None:
                self.same(records[name], theirs[name], where + "/" + name)

    def same_group(self, mine, theirs, where, seen):
        self.same_attrs(mine, theirs, where)
        for name in names_of(theirs):
            if isinstance(name, bytes):
                self.counts["names that are no UTF-8"] += 1
                continue
            path = "%s/%s" % (where.rstrip("/"), name)
            try:
                node = theirs[name]
            except Exception:
                self.counts["links to nowhere"] += 1
                continue
            if node.id in seen or node.file.filename != theirs.file.filename:
                continue
            seen.append(node.id)
            below = mine.get(name)
            if isinstance(node, h5py.Datatype):
                continue
            if below is None:
                if not self.is_left_out(path) and (
                    isinstance(node, h5py.Group) or has_a_form(node.dtype)
                ):
                    self.note(path, "is missing")
            elif isinstance(node, h5py.Group):
                if not isinstance(below, cute_shm.Group):
                    self.note(path, below)
                    continue
                self.same_group(below, node, path, seen)
            else:
                self.counts["data sets"] += 1
                self.same_dataset(below, node, path)
                self.same_attrs(below, node, path)

    def same_file(self, file):
        results = []
        try:
            h5 = h5py.File(file, "r")
        except OSError:
            self.counts["files that h5py cannot open"] += 1
            return
        with h5:
            try:
                project = cute_shm.load(
                    "corpus",
                    file,
                    overwrite=True,
                    keep_going=True,
                    max_size=256 << 20,
                    result=results.append,
                )
            except cute_shm.Error as e:
                self.counts["files not loaded: %s" % e] += 1
                return
            self.left_out = [
                "/" + x.path.strip("/") for x in results[0].left_out
            ]
            with project:
                self.same_group(project, h5, "/", [h5.id])
            self.counts["files"] += 1

    def test_all(self):
        for folder, _, names in os.walk(CORPUS):
            for name in sorted(names):
                if name.endswith(".tsv"):
                    continue
                before = len(self.wrong)
                self.same_file(os.path.join(folder, name))
                for i in range(before, len(self.wrong)):
                    self.wrong[i] = name + " " + self.wrong[i]
        for what, count in sorted(self.counts.items()):
            print("%8d %s" % (count, what))
        self.assertGreater(self.counts["files"], 0)
        self.assertEqual(
            self.wrong,
            [],
            "\n%d:\n%s" % (len(self.wrong), "\n".join(self.wrong[:80])),
        )


if __name__ == "__main__":
    unittest.main()
