# SPDX-License-Identifier: MIT
"""Loaders of training data as they are written for h5py.

Each function takes what opens: h5py.File, or cute_shm.open.
"""
import multiprocessing
import os
import tempfile
import unittest

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


def make_demos(path):
    """As robomimic has them: data/demo_N with actions and obs."""
    rng = numpy.random.default_rng(1)
    with h5py.File(path, "w") as f:
        data = f.create_group("data")
        data.attrs["env_args"] = '{"env_name": "Lift"}'
        for i in range(12):
            n = 20 + i
            demo = data.create_group("demo_%d" % i)
            demo.attrs["num_samples"] = n
            demo["actions"] = rng.random((n, 7))
            demo["obs/image"] = rng.integers(0, 255, (n, 8, 8, 3), "u1")
            demo["obs/joints"] = rng.random((n, 7)).astype("f4")
        mask = f.create_group("mask")
        mask["train"] = numpy.array([b"demo_%d" % i for i in range(10)])


def sequences(opens, name):
    """All windows of ten steps of the demos of a mask."""
    with opens(name, "r") as f:
        demos = [e.decode("utf-8") for e in numpy.array(f["mask/train"][:])]
        demos = sorted(demos, key=lambda d: int(d[5:]))
        total, result = 0, []
        for ep in demos:
            n = f["data/{}".format(ep)].attrs["num_samples"]
            assert n == f["data/{}/actions".format(ep)].shape[0]
            keys = sorted(f["data/{}/obs".format(ep)].keys())
            for start in range(0, n - 10, 5):
                total += 1
                window = {
                    k: f["data/{}/obs/{}".format(ep, k)][start : start + 10]
                    for k in keys
                }
                window["actions"] = f["data/{}/actions".format(ep)][()][
                    start : start + 10
                ].astype("float32")
                result.append(window)
        return total, f["data"].attrs["env_args"], result


def make_episode(path):
    """As ACT has them: one file per episode."""
    with h5py.File(path, "w") as f:
        f.attrs["sim"] = True
        f["action"] = numpy.arange(140.0).reshape(10, 14)
        f["observations/qpos"] = numpy.ones((10, 14))
        f["observations/images/top"] = numpy.zeros((10, 6, 8, 3), "u1")


def episode(opens, name, start):
    with opens(name, "r") as root:
        is_sim = root.attrs["sim"]
        shape = root["/action"].shape
        qpos = root["/observations/qpos"][start]
        images = {
            cam: root[f"/observations/images/{cam}"][start]
            for cam in root["/observations/images"]
        }
        action = root["/action"][start:]
        padded = numpy.zeros(shape, dtype=numpy.float32)
        padded[: len(action)] = action
    return bool(is_sim), qpos, images, padded


class Lazy:
    """A data set that each worker opens when it needs it."""

    def __init__(self, opens, name):
        self.opens, self.name, self.file = opens, name, None

    def __getitem__(self, i):
        if self.file is None:
            self.file = self.opens(self.name, "r")
        return self.file["data/demo_%d/actions" % i][3].sum()


def make_sparse(path):
    """As AnnData has them: a CSR matrix as a group."""
    with h5py.File(path, "w") as f:
        f.attrs["encoding-type"] = "anndata"
        x = f.create_group("X")
        x.attrs["encoding-type"] = "csr_matrix"
        x.attrs["shape"] = numpy.array([3, 4])
        x["data"] = numpy.array([1, 2, 3], "f4")
        x["indices"] = numpy.array([0, 3, 2], "i4")
        x["indptr"] = numpy.array([0, 1, 1, 3], "i4")
        f["obs/_index"] = ["cell a", "cell b", "cell c"]


def dense(opens, name):
    with opens(name, "r") as f:
        g = f["X"]
        assert g.attrs["encoding-type"] == "csr_matrix"
        result = numpy.zeros(tuple(g.attrs["shape"]))
        ends = g["indptr"][:]
        for row in range(len(result)):
            part = slice(ends[row], ends[row + 1])
            result[row, g["indices"][part]] = g["data"][part]
        return f["obs/_index"].asstr()[:].tolist(), result


def make_weights(path):
    """As Keras has them: names of layers and weights in attributes."""
    with h5py.File(path, "w") as f:
        f.attrs["layer_names"] = numpy.array([b"dense", b"out"])
        for layer, n in (("dense", 3), ("out", 2)):
            g = f.create_group(layer)
            names = ["%s/kernel:0" % layer, "%s/bias:0" % layer]
            g.attrs["weight_names"] = numpy.array(names, "S")
            g[names[0]] = numpy.full((n, n), n, "f4")
            g[names[1]] = numpy.arange(n, dtype="f4")


def weights(opens, name):
    with opens(name, "r") as f:
        result = []
        for layer in f.attrs["layer_names"]:
            g = f[layer.decode("utf8")]
            for weight in g.attrs["weight_names"]:
                result.append(numpy.asarray(g[weight.decode("utf8")]))
        return result


def equal(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(equal, a, b))
    return numpy.array_equal(a, b)


def private_bytes(array, barrier, results):
    total = int(array[()].sum())
    barrier.wait()
    with open("/proc/self/smaps") as smaps:
        ours, pss = False, 0
        for line in smaps:
            if "-" in line.split(" ")[0]:
                ours = os.environ["CUTE_SHM_ROOT"] in line
            elif ours and line.startswith("Pss:"):
                pss += int(line.split()[1]) * 1024
    barrier.wait()
    results.put((total, pss))


class Loaders(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "x.h5")

    def same(self, make, read, *args):
        make(self.file)
        cute_shm.load("loader", self.file, overwrite=True).close()
        mine = read(cute_shm.open, "loader", *args)
        theirs = read(h5py.File, self.file, *args)
        self.assertTrue(equal(mine, theirs))

    def test_sequences(self):
        self.same(make_demos, sequences)

    def test_episodes(self):
        self.same(make_episode, episode, 4)

    def test_sparse(self):
        self.same(make_sparse, dense)

    def test_weights(self):
        self.same(make_weights, weights)

    def test_lazy(self):
        make_demos(self.file)
        cute_shm.load("loader", self.file, overwrite=True).close()
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            mine = pool.map(
                Lazy(cute_shm.open, "loader").__getitem__, range(9)
            )
        data = Lazy(h5py.File, self.file)
        self.assertEqual(mine, [data[i] for i in range(9)])
        data.file.close()

    def test_one_copy(self):
        size = 32 << 20
        with cute_shm.publish(
            "one", {"x": numpy.ones(size, "u1")}, overwrite=True
        ) as p:
            context = multiprocessing.get_context("spawn")
            barrier, results = context.Barrier(8), context.SimpleQueue()
            children = [
                context.Process(
                    target=private_bytes, args=(p["x"], barrier, results)
                )
                for _ in range(8)
            ]
            for child in children:
                child.start()
            found = [results.get() for _ in children]
            for child in children:
                child.join()
        self.assertEqual({total for total, _ in found}, {size})
        self.assertLess(sum(pss for _, pss in found), 1.2 * size)


if __name__ == "__main__":
    unittest.main()
