# SPDX-License-Identifier: MIT
"""The functions of the original Python package."""
import logging
import multiprocessing
import os
import tempfile
import unittest
from multiprocessing import shared_memory
from pathlib import Path

import numpy

import cute_shm


def tree():
    return {
        "a": numpy.array([[12, 0, 0], [0, 10, 0]], dtype=numpy.int64),
        "b": {"b1": numpy.zeros(100, "f4"), "b2": numpy.zeros(300, "f4")},
    }


def increment(project, n):
    a = cute_shm.shm_to_arrays(project)["a"]["data"]
    for _ in range(n):
        a += 1


def make_and_leave(project):
    cute_shm.arrays_to_shm(project, tree())


class Original(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ["CUTE_SHM_ROOT"])
        self.addCleanup(folder.cleanup)
        before = cute_shm.Project2Toml.root
        cute_shm.Project2Toml.root = Path(folder.name)
        self.addCleanup(setattr, cute_shm.Project2Toml, "root", before)

    def test_round_trip(self):
        with cute_shm.unlinked_arrays_to_shm("p", tree()) as path:
            self.assertEqual(path, cute_shm.Project2Toml.get_path("p"))
            self.assertTrue(path.exists())
            self.assertEqual(cute_shm.Project2Toml.list(), {"p": path})
            found = cute_shm.shm_to_arrays("p", persistent=False)
            self.assertEqual([*found], ["a", "b"])
            self.assertEqual([*found["b"]], ["b1", "b2"])
            data, meta = found["a"]["data"], found["a"]["meta"]
            numpy.testing.assert_array_equal(data, tree()["a"])
            self.assertEqual(meta["shape"], (2, 3))
            self.assertEqual(meta["dtype"], "int64")
            self.assertEqual(meta["attrs"], {})
            self.assertEqual(meta["shm"].size, 48)
            self.assertEqual(bytes(meta["shm"].buf), tree()["a"].tobytes())
            for name in (meta["shm_name"], meta["shm_private_name"]):
                with self.assertRaises(OSError):
                    shared_memory.SharedMemory(name)
            del meta["shm"], found, meta
            self.assertEqual(data[0, 0], 12)
        self.assertEqual(data[0, 0], 12)
        self.assertFalse(path.exists())
        with self.assertRaises(FileNotFoundError):
            cute_shm.shm_to_arrays("p")
        with self.assertRaises(FileNotFoundError):
            cute_shm.unlink("p")

    def test_overwrite(self):
        cute_shm.arrays_to_shm("p", tree())
        with self.assertRaises(FileExistsError):
            cute_shm.arrays_to_shm("p", tree())
        cute_shm.arrays_to_shm("p", {"x": numpy.ones(3)}, overwrite=True)
        self.assertEqual([*cute_shm.shm_to_arrays("p")], ["x"])
        cute_shm.arrays_to_shm("p", tree(), persistent=True, overwrite=True)
        self.assertFalse(cute_shm.info("p").ephemeral)
        cute_shm.unlink("p")

    def test_ends_with_its_process(self):
        child = multiprocessing.get_context("fork").Process(
            target=make_and_leave, args=("p",)
        )
        child.start()
        child.join()
        self.assertEqual(child.exitcode, 0)
        with self.assertRaises(FileNotFoundError):
            cute_shm.shm_to_arrays("p")
        cute_shm.arrays_to_shm("p", tree())
        cute_shm.unlink("p")

    def test_second_names(self):
        shared = {"x": numpy.arange(3)}
        shared["again"] = shared
        with cute_shm.unlinked_arrays_to_shm("p", {"g": shared, "h": shared}):
            found = cute_shm.shm_to_arrays("p")
            self.assertIs(found["g"], found["h"])
            self.assertIs(found["g"]["again"], found["g"])

    def test_texts(self):
        texts = {
            "u": numpy.array([["x", "gr\u00fcn"]]),
            "s": numpy.array([b"ab"]),
            "one": numpy.array("hello"),
        }
        with cute_shm.unlinked_arrays_to_shm("p", texts):
            for name, value in cute_shm.shm_to_arrays("p").items():
                self.assertEqual(value["data"].dtype, texts[name].dtype)
                numpy.testing.assert_array_equal(value["data"], texts[name])
                self.assertEqual(value["meta"]["attrs"], {})

    def test_assignments(self):
        with cute_shm.unlinked_arrays_to_shm("p", {"a": numpy.zeros((4, 6))}):
            a = cute_shm.shm_to_arrays("p")["a"]["data"]
            other = cute_shm.shm_to_arrays("p")["a"]["data"]
            expected = numpy.zeros((4, 6))

            def same():
                numpy.testing.assert_array_equal(other, expected)

            for array in (a, expected):
                array[...] = 1
                array[0] = numpy.arange(6)
                array[:, 2] = [5, 6, 7, 8]
                array[array > 6] = -1
                array[[0, 3]] *= 2
                array.T[1] = 9
                array[::-1, ::2][0] = 4
                array.reshape(-1)[5:7] = 3
                array[1:3][1][2] += 1.5
                array -= 1
                array /= 2
                array[0], array[1] = array[1].copy(), array[0].copy()
                array[1:] = array[:-1]
            same()
            for array in (a, expected):
                array[2, 3] = numpy.int8(7)
                array[3].fill(2)
            same()
            self.assertFalse(a.flags.writeable)
            with self.assertRaises(ValueError):
                a.sort()
            with self.assertRaises(ValueError):
                numpy.copyto(a, 1)
            with self.assertRaises(ValueError):
                a[0] = "no number"
            with self.assertRaises(ValueError):
                a[0] = [1, 2]
            with self.assertRaises(IndexError):
                a[7] = 1
            same()
            a[0, 0] = 1  # no lock is left
            copy = a.copy()
            copy[0, 0] = 5
            self.assertEqual(a[0, 0], 1)

    def test_results_are_plain(self):
        with cute_shm.unlinked_arrays_to_shm("p", tree()):
            a = cute_shm.shm_to_arrays("p")["a"]["data"]
            for result in (a.sum(), a.mean(), numpy.max(a), a[0].min()):
                self.assertIsInstance(result, numpy.generic)
            for result in (a + 1, 1 + a, numpy.sin(a), a.sum(axis=0), -a):
                self.assertIs(type(result), numpy.ndarray)
                self.assertTrue(result.flags.writeable)
            self.assertIs(type(numpy.where(a > 1, a, 0)), numpy.ndarray)

    def test_python_numbers(self):
        """A number in a += 1 has the type of the array, whatever NumPy."""
        for dtype in ("u1", "i2", "f4", "c8"):
            zeros = numpy.zeros(3, dtype)
            with cute_shm.unlinked_arrays_to_shm("p", {"a": zeros}):
                a = cute_shm.shm_to_arrays("p")["a"]["data"]
                a += 3
                a *= 2
                a[1:] -= 1
                self.assertEqual(a.dtype, zeros.dtype)
                self.assertEqual(a.tolist(), [6, 5, 5])

    def test_increments(self):
        arrays = {"a": numpy.zeros(1000, "i8")}
        with cute_shm.unlinked_arrays_to_shm("p", arrays):
            context = multiprocessing.get_context("fork")
            children = [
                context.Process(target=increment, args=("p", 500))
                for _ in range(5)
            ]
            for child in children:
                child.start()
            for child in children:
                child.join()
            a = cute_shm.shm_to_arrays("p")["a"]["data"]
            self.assertEqual((a.min(), a.max()), (2500, 2500))

    def test_small(self):
        self.assertEqual(cute_shm.bytes_to_human(0), "0 bytes")
        self.assertEqual(cute_shm.bytes_to_human(1536), "1.5 KB")
        self.assertEqual(cute_shm.bytes_to_human(5 << 30), "5.0 GB")
        with self.assertLogs("cute-shm", logging.DEBUG) as logs:
            with cute_shm.unlinked_arrays_to_shm("p", tree()):
                pass
        self.assertIn("transferring key 'b1'", "".join(logs.output))

    def test_hdf5(self):
        try:
            import h5py
            from cute_shm import _hdf5
        except ImportError:
            self.skipTest("h5py, or HDF5 in the package, is missing")
        file = Path(cute_shm.Project2Toml.root) / "x.hdf5"
        with h5py.File(file, "w") as f:
            f["x"] = numpy.arange(10.0)
            f["x"].attrs["unit"] = "m"
            f["g/y"] = numpy.ones((2, 3))
            self.assertEqual(cute_shm.hdf5_size(f), 128)
        self.assertEqual(cute_shm.hdf5_size(file), 128)
        with cute_shm.unlinked_hdf5_to_shm(file, "h", progress=True):
            found = cute_shm.shm_to_arrays("h")
            self.assertEqual(found["x"]["meta"]["attrs"], {"unit": "m"})
            self.assertEqual(found["g"]["y"]["data"].sum(), 6)
        self.assertFalse(cute_shm.Project2Toml.get_path("h").exists())
        path = cute_shm.hdf5_to_shm(file, "h")
        self.assertTrue(path.exists())
        with self.assertRaises(FileExistsError):
            cute_shm.hdf5_to_shm(file, "h")
        cute_shm.unlink("h")


if __name__ == "__main__":
    unittest.main()
