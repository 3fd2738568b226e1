# SPDX-License-Identifier: MIT
"""Loads and exports, compared with h5py."""
import multiprocessing
import os
import pathlib
import signal
import tempfile
import threading
import _thread
import time
import unittest
import zlib

import numpy

import cute_shm

try:
    import h5py
    from cute_shm import _hdf5
except ImportError:
    h5py = None


def setUpModule():
    if h5py is None:
        raise unittest.SkipTest("h5py, or HDF5 in the package, is missing")
    # In the background of a shell it may be ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def ensured(path):
    """In a process: whether the project was there already."""
    found = []
    cute_shm.load("ensured", path, ensure=True, result=found.append).close()
    return found[0].current


def make_file(path):
    with h5py.File(path, "w") as f:
        f.attrs["title"] = "t\u00e4st"
        f.attrs["version"] = 3
        f["ints"] = numpy.arange(24, dtype="<i4").reshape(2, 3, 4)
        f["big_endian"] = numpy.arange(5, dtype=">f8")
        f["scalar"] = 2.5
        f["bool"] = numpy.array([True, False])
        f["complex"] = numpy.array([1 + 2j, 3])
        f["half"] = numpy.arange(3, dtype="f2")
        f["fixed"] = numpy.array([b"ab", b"c"])
        f["text"] = ["x", "", "gr\u00fcn"]
        f["one_text"] = "hello"
        f["empty"] = numpy.empty((0, 3), "f4")
        f["null"] = h5py.Empty("f4")
        f.create_dataset(
            "zip",
            data=numpy.arange(10000).reshape(100, 100),
            chunks=(10, 50),
            compression="gzip",
            shuffle=True,
        )
        lists = f.create_dataset("ragged", (3,), h5py.vlen_dtype("f4"))
        lists[0], lists[2] = [1, 2, 3], [7]
        g = f.create_group("g/deep")
        g["x"] = numpy.arange(3.0)
        g["x"].attrs["unit"] = "m"
        g["x"].attrs["array"] = numpy.array([1.5, 2.5])
        g["x"].attrs["texts"] = ["a", "bb"]
        g["x"].attrs["bytes"] = numpy.bytes_(b"abc")
        g["x"].attrs["flag"] = True
        g["x"].attrs["nothing"] = h5py.Empty("f4")
        g["hard"] = g["x"]
        table = numpy.zeros(5, [("i", "<i4"), ("v", "<f8", 3), ("s", "S4")])
        table["i"], table["s"] = range(5), b"ab"
        f["table"] = table
        f["soft"] = h5py.SoftLink("/g/deep")


class Loading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.file = os.path.join(folder.name, "x.h5")
        make_file(cls.file)

    def same(self, mine, theirs, where):
        if isinstance(theirs, h5py.Empty):
            self.assertIsInstance(mine, cute_shm.Empty, where)
        elif isinstance(theirs, numpy.ndarray) and theirs.dtype.kind == "O":
            self.assertEqual(mine.dtype.kind, "O", where)
            self.assertEqual(mine.shape, theirs.shape, where)
            for a, b in zip(mine.reshape(-1), theirs.reshape(-1)):
                numpy.testing.assert_array_equal(a, b, where)
        elif isinstance(theirs, (numpy.ndarray, numpy.generic)):
            self.assertEqual(mine.dtype, theirs.dtype.newbyteorder("<"), where)
            numpy.testing.assert_array_equal(mine, theirs, where)
        else:
            self.assertIs(type(mine), type(theirs), where)
            self.assertEqual(mine, theirs, where)

    def same_node(self, mine, theirs):
        where = theirs.name
        if isinstance(theirs, h5py.Dataset) and theirs.dtype.names:
            self.assertIsInstance(mine, cute_shm.Group)
            records = mine.as_records()
            self.assertEqual(records.dtype, theirs.dtype)
            numpy.testing.assert_array_equal(records, theirs[()])
            return
        self.assertEqual({*mine.attrs.keys()}, {*theirs.attrs.keys()}, where)
        for name in theirs.attrs:
            self.same(
                mine.attrs[name], theirs.attrs[name], "%s@%s" % (where, name)
            )
        if isinstance(theirs, h5py.Group):
            self.assertEqual({*mine}, {*theirs}, where)
            self.assertEqual(len(mine), len(theirs))
            for name in theirs:
                self.same_node(mine[name], theirs[name])
            return
        self.assertEqual(mine.shape, theirs.shape, where)
        self.assertEqual(mine.size, theirs.size, where)
        self.same(mine[()], theirs[()], where)
        if theirs.shape and len(theirs):
            self.same(mine[-1], theirs[-1], where)
            self.same(mine[:1], theirs[:1], where)
            self.assertEqual(len(mine), len(theirs))
        if theirs.shape and h5py.check_string_dtype(theirs.dtype):
            self.same(mine.asstr()[()], theirs.asstr()[()], where)

    def test_every_node(self):
        with cute_shm.load("h", self.file, overwrite=True) as p, h5py.File(
            self.file
        ) as f:
            self.same_node(p, f)
            mine, theirs = [], []
            p.visit(mine.append)
            f.visit(theirs.append)
            # Of two hard links either may be the link; columns are ours.
            either = {
                "g/deep/x",
                "g/deep/hard",
                "table/i",
                "table/s",
                "table/v",
            }
            self.assertEqual({*mine} - either, {*theirs} - either)
            self.assertEqual(p["soft/x"].attrs["unit"], "m")
            self.assertEqual(p["g/deep/hard"], p["g/deep/x"])
            self.assertEqual(p.info.source, os.path.realpath(self.file))

    def test_export(self):
        back = os.path.join(self.folder, "back.h5")
        with cute_shm.load("h", self.file, overwrite=True):
            cute_shm.export("h", back, gzip=1)
        with cute_shm.open("h") as p, h5py.File(back) as f:
            self.same_node(p, f)

    def test_published_again(self):
        """What tells how to read the data goes with them."""
        source = os.path.join(self.folder, "kinds.h5")
        back = os.path.join(self.folder, "kinds-back.h5")
        colours = h5py.enum_dtype({"red": 1, "green": 3}, "u1")
        table = numpy.zeros(2, [("i", "<i4"), ("v", "<f8", 3)])
        with h5py.File(source, "w") as f:
            f["colour"] = numpy.array([3, 1, 1], "u1").astype(colours)
            f["table"] = table
            f["g/table"] = table
            f["type"] = numpy.dtype("<f4")
            f["type"].attrs["unit"] = "m"
        with cute_shm.load("h", [source], overwrite=True) as p:
            with cute_shm.publish("again", p["kinds"], overwrite=True) as m:
                self.assertEqual([*m.attrs], [])
                self.assertNotIn("cute-shm:source", m.attrs)
            cute_shm.publish("again", {"x": p}, overwrite=True).close()
        with cute_shm.open("again") as m:
            self.assertEqual(m["x/kinds/table"].as_records().dtype, table.dtype)
            cute_shm.publish("h", m["x/kinds"], overwrite=True).close()
        cute_shm.export("h", back)
        with h5py.File(back) as f:
            self.assertEqual(f["table"].dtype, table.dtype)
            self.assertEqual(f["g/table"].dtype, table.dtype)
            self.assertEqual(
                h5py.check_enum_dtype(f["colour"].dtype),
                h5py.check_enum_dtype(colours),
            )
            self.assertIsInstance(f["type"], h5py.Datatype)
            self.assertEqual(f["type"].dtype, numpy.dtype("<f4"))
        cute_shm.unlink("again")

    def test_options(self):
        found = []
        p = cute_shm.load(
            "h",
            self.file,
            overwrite=True,
            select="g/*",
            exclude="g/deep/hard",
            result=found.append,
        )
        self.assertEqual([*p], ["g"])
        self.assertEqual(found[0].arrays, 1)
        del p
        with self.assertRaises(FileExistsError):
            cute_shm.load("h", self.file)
        with self.assertRaises(FileNotFoundError):
            cute_shm.load("h", self.file, overwrite=True, select="nothing*")
        with self.assertRaises(OSError):
            cute_shm.load("h2", __file__)
        with self.assertRaises(OSError):
            cute_shm.load("h2", "/nonexistent.h5")
        with self.assertRaises(cute_shm.LimitError):
            cute_shm.load("h2", self.file, max_size=100)
        self.assertGreater(cute_shm.hdf5_size(self.file), 80000)

    def test_ensure(self):
        cute_shm.load("n", self.file, ensure=True).close()
        uuid = cute_shm.info("n").uuid
        cute_shm.load("n", self.file, ensure=True).close()
        self.assertEqual(cute_shm.info("n").uuid, uuid)
        with cute_shm.open("n") as p:
            self.assertEqual(p.source_state, "current")
            os.utime(self.file, (1, 1))
            self.assertEqual(p.source_state, "changed")
        cute_shm.load("n", self.file, ensure=True).close()
        self.assertNotEqual(cute_shm.info("n").uuid, uuid)
        with cute_shm.publish("none", {"a": 1}) as p:
            self.assertIsNone(p.source_state)

    def test_other_files_take_part(self):
        folder = os.path.dirname(self.file)
        other = os.path.join(folder, "other.h5")
        path = os.path.join(folder, "leads.h5")
        make_file(other)
        with h5py.File(path, "w") as f:
            f["link"] = h5py.ExternalLink("other.h5", "/ints")
        cute_shm.load("n", path, ensure=True).close()
        with cute_shm.open("n") as p:
            self.assertEqual(p.source_state, "current")
            parts = p.attrs["cute-shm:source-parts"]
            self.assertEqual(list(parts), [other])
            st = os.stat(other)
            times = p.attrs["cute-shm:source-parts-mtime-ns"]
            self.assertEqual(list(times), [st.st_mtime_ns])
            os.utime(other, (1, 1))
            self.assertEqual(p.source_state, "changed")
            os.unlink(other)
            self.assertEqual(p.source_state, "changed")

    def test_ensure_knows_the_selection(self):
        found = []
        how = {"ensure": True, "result": found.append, "timeout": 60}
        for select in (), ("*",), ("*",):
            cute_shm.load("sel", self.file, select=select, **how).close()
        self.assertEqual([r.current for r in found], [False, False, True])
        self.assertEqual(found[1].arrays, found[2].arrays)
        with self.assertRaises(ValueError):
            cute_shm.load("sel", self.file, ensure=True, timeout=0)

    def test_ensure_together(self):
        start = multiprocessing.get_context("spawn").Pool
        with start(4) as pool:
            current = pool.map(ensured, [self.file] * 8, 1)
        self.assertEqual(sorted(current), [False] + [True] * 7)

    def test_ephemeral(self):
        with cute_shm.load("e", self.file, ephemeral=True) as p:
            self.assertTrue(p.info.ephemeral)
        self.assertRaises(FileNotFoundError, cute_shm.open, "e")


class Files(unittest.TestCase):
    """Several files, each of which becomes a group."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.files = []
        for i in (10, 9, 1):
            self.files.append(os.path.join(folder.name, "e%d.h5" % i))
            with h5py.File(self.files[-1], "w") as f:
                f.attrs["i"] = i
                f["x/y"] = numpy.arange(i)

    def load(self, files, **options):
        found = []
        p = cute_shm.load(
            "files", files, ephemeral=True, result=found.append, **options
        )
        self.addCleanup(p.close)
        return p, found[0]

    def test_list(self):
        p, result = self.load(self.files)
        self.assertEqual(list(p), ["e10", "e9", "e1"])
        self.assertEqual(result.files, 3)
        self.assertEqual(result.arrays, 3)
        self.assertEqual(p["e9"].attrs["i"], 9)
        self.assertEqual(len(p["e9/x/y"]), 9)
        st = os.stat(self.files[1])
        attrs = p["e9"].attrs
        real = os.path.realpath(self.files[1])
        self.assertEqual(attrs["cute-shm:source"], real)
        self.assertEqual(attrs["cute-shm:source-size"], st.st_size)
        self.assertEqual(attrs["cute-shm:source-mtime-ns"], st.st_mtime_ns)

    def test_folder(self):
        p, result = self.load(self.folder, select="*/x")
        self.assertEqual(list(p), ["e1", "e9", "e10"])
        self.assertEqual(result.files, 3)
        self.assertEqual(p.source_state, "current")
        os.unlink(self.files[2])
        self.assertEqual(p.source_state, "changed")

    def test_reuse(self):
        found = []

        def ensure():
            cute_shm.load(
                "reused",
                self.folder,
                ensure=True,
                reuse=True,
                result=found.append,
            ).close()
            return found[-1]

        self.assertEqual(ensure().reused, 0)
        self.addCleanup(cute_shm.unlink, "reused")
        self.assertTrue(ensure().current)
        os.utime(self.files[1], (1, 1))
        result = ensure()
        self.assertFalse(result.current)
        self.assertEqual(result.reused, 2)
        self.assertGreater(result.reused_bytes, 0)
        p, _ = self.load(self.folder)
        with cute_shm.open("reused") as q:
            self.assertEqual(
                p.info.metadata_digest, q.info.metadata_digest
            )
        with self.assertRaises(ValueError):
            cute_shm.load("reused", self.folder, reuse=True)

    def test_dict(self):
        names = {"b": self.files[0], "a": pathlib.Path(self.files[1])}
        p, result = self.load(names)
        self.assertEqual(list(p), ["b", "a"])
        self.assertEqual(p["a"].attrs["i"], 9)

    def test_one_file_is_no_group(self):
        p, result = self.load(self.files[0])
        self.assertEqual(list(p), ["x"])
        self.assertEqual(result.files, 0)

    def test_errors(self):
        for files in (
            [],
            {},
            [self.files[0], self.files[0]],
            {"a": self.files[0], "b": self.files[0]},
        ):
            with self.assertRaises(ValueError):
                self.load(files)
        for files in ([3], {"a": None}, 3):
            with self.assertRaises(TypeError):
                self.load(files)
        with self.assertRaises(OSError) as e:
            self.load([self.files[0], "gone.h5"])
        self.assertIn("gone.h5", str(e.exception))

    def test_size(self):
        self.assertEqual(cute_shm.hdf5_size(self.folder), 8 * 20)


class Stopping(unittest.TestCase):
    """A load that has seconds of work: it must end long before.

    Of each chunk one element is in the dataset, so 4 MiB are decoded for a
    byte: a third of a millisecond for one decoder, and 25 times that for
    another, so a first load tells how many chunks there must be.
    """

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.file = os.path.join(folder.name, "wide.h5")
        cls.write(100)
        begin = time.monotonic()
        cute_shm.load("first", cls.file, jobs=1, ephemeral=True).close()
        cls.write(min(4000, int(100 * 4 / (time.monotonic() - begin))))

    @classmethod
    def write(cls, count):
        wide = 1 << 22
        chunk = zlib.compress(bytes(wide))
        with h5py.File(cls.file, "w") as f:
            x = f.create_dataset(
                "x",
                (count, 1),
                "u1",
                maxshape=(None, None),
                chunks=(1, wide),
                compression="gzip",
            )
            for i in range(len(x)):
                x.id.write_direct_chunk((i, 0), chunk)

    def stopped(self, progress, error, text=""):
        with self.assertRaises(error) as e:
            cute_shm.load("s", self.file, jobs=1, progress=progress)
        self.assertIn(text, str(e.exception))
        self.assertRaises(FileNotFoundError, cute_shm.open, "s")

    def test_exception(self):
        calls = []

        def progress(done, total, objects, path):
            calls.append((done, total, objects, path))
            raise KeyError("enough")

        self.stopped(progress, KeyError, "enough")
        self.assertEqual(len(calls), 1)

    def test_interrupt(self):
        def progress(*_):
            if not interrupted:
                interrupted.append(True)
                _thread.interrupt_main()

        interrupted = []
        self.stopped(progress, KeyboardInterrupt)
        self.assertEqual(interrupted, [True])

    def test_other_threads_run(self):
        """While one loads: sooner or later, on a machine that is busy."""
        count, stop = [0], threading.Event()

        def work():
            while not stop.is_set():
                count[0] += 1
                time.sleep(0.001)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            for _ in range(100):
                before = count[0]
                cute_shm.load(
                    "beside", self.file, jobs=1, ephemeral=True
                ).close()
                if count[0] - before > 5:
                    return
            self.fail("no other thread runs during a load")
        finally:
            stop.set()
            thread.join()


if __name__ == "__main__":
    unittest.main()
