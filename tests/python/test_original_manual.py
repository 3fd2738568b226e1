# SPDX-License-Identifier: MIT
"""What the manual of the original package says, section by section.

The statements are ours; the calls, and what they promise, are the original's.
"""
import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Dict

import numpy as np

import cute_shm
import cute_shm as cute

try:
    import h5py
    from cute_shm import _hdf5
except ImportError:
    h5py = None


def nested() -> cute.ArrayDict:
    a = np.array([[12, 0, 0], [0, 10, 0], [0, 0, 0]], dtype=np.int64)
    b1 = np.zeros(100, dtype=np.float32)
    b2 = np.zeros(300, dtype=np.float32)
    b1[13], b2[21] = 23, 74
    return {"a": a, "b": {"b1": b1, "b2": b2}}


def only_the_data(project: str) -> np.ndarray:
    """The dicts, and meta["shm"] in them, are gone when this returns."""
    return cute.shm_to_arrays(project)["a"]["data"]


def sees(project, results):
    arrays = cute.shm_to_arrays(project)
    results.put([float(arrays["b"]["b1"]["data"][13]), [*arrays]])


class Manual(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ["CUTE_SHM_ROOT"])
        self.addCleanup(folder.cleanup)
        before = cute.Project2Toml.root
        cute.Project2Toml.root = Path(folder.name)
        self.addCleanup(setattr, cute.Project2Toml, "root", before)

    def same(self, found, arrays):
        self.assertEqual({*found}, {*arrays})
        for name, value in arrays.items():
            if isinstance(value, dict):
                self.same(found[name], value)
                continue
            self.assertEqual({*found[name]}, {"data", "meta"})
            data, meta = found[name]["data"], found[name]["meta"]
            self.assertIsInstance(data, np.ndarray)
            self.assertEqual(data.dtype, value.dtype)
            self.assertTrue(np.array_equal(data, value))
            self.assertEqual(meta["shape"], data.shape)
            self.assertEqual(meta["dtype"], str(data.dtype))
            self.assertIsInstance(meta["shm_name"], str)
            self.assertIsInstance(meta["shm_private_name"], str)
            self.assertGreaterEqual(meta["shm"].size, data.nbytes)

    def test_sharing_arrays(self):
        for persistent in (False, True):
            path = cute.arrays_to_shm(
                "myproject", nested(), persistent=persistent, overwrite=False
            )
            self.assertIsInstance(path, Path)
            self.assertTrue(path.exists())
            for again in (False, True):
                found = cute.shm_to_arrays("myproject", persistent=again)
                self.same(found, nested())
            with self.assertRaises(FileExistsError):
                cute.arrays_to_shm("myproject", nested(), persistent)
            cute.arrays_to_shm("myproject", {"c": np.ones(2)}, False, True)
            self.assertEqual([*cute.shm_to_arrays("myproject")], ["c"])
            cute.unlink("myproject")
            self.assertFalse(path.exists())
            with self.assertRaises(FileNotFoundError):
                cute.shm_to_arrays("myproject")
            self.same(found, nested())

    def test_context_manager(self):
        with cute.unlinked_arrays_to_shm("myproject", nested()) as path:
            self.same(cute.shm_to_arrays("myproject"), nested())
            self.assertEqual(cute.Project2Toml.list(), {"myproject": path})
            with self.assertRaises(FileExistsError):
                with cute.unlinked_arrays_to_shm("myproject", nested()):
                    self.fail("made twice")
            # What is there is not the other's to remove.
            self.same(cute.shm_to_arrays("myproject"), nested())
        self.assertEqual(cute.Project2Toml.list(), {})
        with self.assertRaisesRegex(KeyError, "mine"):
            with cute.unlinked_arrays_to_shm("myproject", nested()):
                raise KeyError("mine")
        self.assertEqual(cute.Project2Toml.list(), {})

    def test_other_processes(self):
        with cute.unlinked_arrays_to_shm("myproject", nested()):
            context = multiprocessing.get_context("fork")
            results = context.SimpleQueue()
            children = [
                context.Process(target=sees, args=("myproject", results))
                for _ in range(3)
            ]
            for child in children:
                child.start()
            for child in children:
                self.assertEqual(results.get(), [23.0, ["a", "b"]])
            for child in children:
                child.join()
            # The end of a reader removes nothing.
            self.same(cute.shm_to_arrays("myproject"), nested())

    def run_program(self, *lines):
        code = "\n".join(
            (
                "import numpy as np",
                "import cute_shm as cute",
                "from pathlib import Path",
                "cute.Project2Toml.root = Path(%r)"
                % str(cute.Project2Toml.root),
                *lines,
            )
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_persistence(self):
        make = "cute.arrays_to_shm('p', {'a': np.arange(4)}, persistent=%s)"
        show = "print(cute.shm_to_arrays('p', persistent=%s)['a']['data'])"
        self.run_program(make % True)
        for persistent in (False, True):
            said = self.run_program(show % persistent)
            self.assertEqual(said, "[0 1 2 3]\n")
        cute.unlink("p")
        self.run_program(make % False)
        self.assertEqual(cute.Project2Toml.list(), {})

    def test_server_and_client(self):
        """The array of one process changes under another's eyes."""
        with cute.unlinked_arrays_to_shm(
            "server", {"array": np.zeros(10, dtype=np.int32)}
        ):
            client = cute.shm_to_arrays("server", persistent=True)
            for i in range(10):
                new = np.zeros(10, dtype=np.int32)
                new[i] = 1
                server = cute.shm_to_arrays("server")
                server["array"]["data"][:] = new[:]
                seen = client["array"]["data"]
                self.assertEqual((int(seen[i]), int(seen.sum())), (1, 1))
                self.assertEqual(str(seen), str(new))

    def test_garbage_collection(self):
        with cute.unlinked_arrays_to_shm("myproject", nested()):
            arrays = cute.shm_to_arrays("myproject")
            data, meta = arrays["a"]["data"], arrays["a"]["meta"]
            del meta["shm"]
            self.assertEqual(int(data[0][0]), 12)
            del arrays, meta
            self.assertEqual(int(data[1][1]), 10)
            data = only_the_data("myproject")
            self.assertEqual(int(data[0][0]), 12)
        self.assertEqual(int(data[0][0]), 12)

    def test_logging(self):
        with self.assertLogs("cute-shm", logging.DEBUG) as logs:
            with cute.unlinked_arrays_to_shm("myproject", nested()):
                cute.shm_to_arrays("myproject")
        said = "\n".join(logs.output)
        for message in (
            "transferring key 'a' to shared memory (72.0 bytes)",
            "transferring key 'b2' to shared memory (1.17 KB)",
            "reading b1 from shared memory (400.0 bytes)",
            "unlinking the project 'myproject'",
        ):
            self.assertIn(message, said)

    def test_type_hints(self):
        arrays: cute_shm.ArrayDict = nested()
        cute_shm.arrays_to_shm("myproject", arrays)
        found: cute_shm.SharedArrayDict = cute_shm.shm_to_arrays("myproject")
        a: cute_shm.SharedArray = found["a"]
        meta: cute_shm.SharedArrayMeta = a["meta"]
        tree: Dict[str, cute_shm.MetaArrayDict] = {"b": {"c": meta}}
        self.assertEqual(tree["b"]["c"]["attrs"], {})
        made = cute_shm.SharedArrayMeta(shape=(1,), dtype="f4", attrs={})
        self.assertEqual(made["shape"], (1,))
        cute_shm.unlink("myproject")

    def test_bytes_to_human(self):
        for number, text in (
            (0, "0 bytes"),
            (-1, "<unknown>"),
            (1, "1.0 bytes"),
            (1023, "1023.0 bytes"),
            (1024, "1.0 KB"),
            (1 << 20, "1.0 MB"),
            (1234567, "1.18 MB"),
            (3 << 40, "3.0 TB"),
        ):
            self.assertEqual(cute.bytes_to_human(number), text)

    def test_progress(self):
        shown = cute.ShmProgress(1000)
        shown.start()
        shown.stop()

    def test_root(self):
        before = cute.Project2Toml.root
        new = before / "some" / "where"
        cute.Project2Toml.root = new
        path = cute.arrays_to_shm("elsewhere", nested())
        self.assertEqual(path.parent, new.resolve())
        self.assertEqual(cute.Project2Toml.list(), {"elsewhere": path})
        cute.Project2Toml.root = before
        with self.assertRaises(FileNotFoundError):
            cute.shm_to_arrays("elsewhere")
        cute.Project2Toml.root = new
        cute.unlink("elsewhere")


class Hdf5(unittest.TestCase):
    setUp = Manual.setUp

    def make_file(self):
        if h5py is None:
            self.skipTest("h5py, or HDF5 in the package, is missing")
        file = Path(cute.Project2Toml.root) / "file.hdf5"
        self.structured = np.array(
            [(1, 55.5, True), (2, 70.2, False)],
            [("id", "i4"), ("value", "f4"), ("flag", "?")],
        )
        with h5py.File(file, "w") as f:
            f["a"] = np.random.rand(10, 5)
            f["a"].attrs["description"] = "noise"
            f["a"].attrs["count"] = 3
            f["group/b"] = np.arange(6, dtype=">i2").reshape(2, 3)
            f["group/image"] = np.zeros((5, 4, 3), np.uint8)
            f["group/c64"] = np.ones((2, 2), np.complex64)
            f["structured"] = self.structured
            f.create_dataset("zip", data=np.ones(1000), compression="gzip")
        return file

    def check(self, found, file):
        with h5py.File(file, "r") as f:
            for path in ("a", "group/b", "group/image", "group/c64", "zip"):
                node = found
                for name in path.split("/"):
                    node = node[name]
                self.assertTrue(np.array_equal(node["data"], f[path][:]), path)
                self.assertEqual(node["meta"]["attrs"], dict(f[path].attrs))
        for name in self.structured.dtype.names:
            self.assertTrue(
                np.array_equal(
                    found["structured"][name]["data"], self.structured[name]
                )
            )

    def test_transfer(self):
        file = self.make_file()
        for progress in (False, True):
            cute.hdf5_to_shm(
                file,
                "myproject",
                progress=progress,
                persistent=progress,
                overwrite=False,
            )
            self.check(cute.shm_to_arrays("myproject", persistent=True), file)
            with self.assertRaises(FileExistsError):
                cute.hdf5_to_shm(file, "myproject")
            cute.hdf5_to_shm(file, "myproject", overwrite=True)
            cute.unlink("myproject")
        for wrong in (file.with_name("no.hdf5"), Path(__file__)):
            with self.assertRaises(OSError):
                cute.hdf5_to_shm(wrong, "myproject")
        self.assertEqual(cute.Project2Toml.list(), {})

    def test_context_manager(self):
        file = self.make_file()
        with cute.unlinked_hdf5_to_shm(file, "myproject", True, False):
            self.check(cute.shm_to_arrays("myproject"), file)
        with cute.unlinked_hdf5_to_shm(str(file), "myproject"):
            self.check(cute.shm_to_arrays("myproject"), file)
        self.assertEqual(cute.Project2Toml.list(), {})

    def test_size(self):
        file = self.make_file()
        with h5py.File(file, "r") as f:
            expected = sum(
                f[path].nbytes
                for path in (
                    "a",
                    "group/b",
                    "group/image",
                    "group/c64",
                    "structured",
                    "zip",
                )
            )
            self.assertEqual(cute.hdf5_size(f), expected)
        self.assertEqual(cute.hdf5_size(file), expected)
        self.assertEqual(cute.hdf5_size(str(file)), expected)

    def test_logging(self):
        file = self.make_file()
        with self.assertLogs("cute-shm", logging.DEBUG) as logs:
            with cute.unlinked_hdf5_to_shm(file, "myproject"):
                pass
        self.assertIn("finished transferring", "\n".join(logs.output))


if __name__ == "__main__":
    unittest.main()
