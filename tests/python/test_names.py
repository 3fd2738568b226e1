# SPDX-License-Identifier: MIT
"""Names by links, identity, other modes, and calls that Ctrl-C stops."""
import os
import pickle
import signal
import subprocess
import sys
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
    # In the background of a shell it may be ignored, in children, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def make(links):
    shared = {"x": numpy.arange(3), "up": None}
    tree = {"g": {"deep": shared}, "soft": shared}
    if links:
        shared["up"] = tree["g"]
    else:
        del shared["up"]
    return tree


class Names(unittest.TestCase):
    def setUp(self):
        cute_shm.publish("n", make(True), overwrite=True).close()
        self.p = cute_shm.open("n")
        self.addCleanup(self.p.close)

    def test_as_it_was_reached(self):
        p = self.p
        for path in (
            "g/deep/x",
            "soft",
            "soft/x",
            "soft/up",
            "soft/up/deep/x",
            "g/deep/up/deep/up",
        ):
            node = p[path]
            self.assertEqual(node.name, "/" + path)
            self.assertEqual(
                node.parent.name, "/" + os.path.dirname(path), path
            )
            self.assertEqual(p["/" + path + "/"].name, "/" + path)
            self.assertEqual(pickle.loads(pickle.dumps(node)).name, node.name)
            self.assertEqual(pickle.loads(pickle.dumps(node)), node)
        self.assertEqual(p["soft"]["x"].name, "/soft/x")
        self.assertEqual(p["soft"]["/g"].name, "/g")
        self.assertEqual(p["soft"].parent, p)
        self.assertEqual(p["soft"], p["g/deep"])
        self.assertEqual(hash(p["soft/x"]), hash(p["g/deep/x"]))
        self.assertEqual(
            [v.name for v in p["soft"].values()], ["/soft/x", "/soft/up"]
        )
        self.assertEqual([v.name for v in p.values()], ["/g", "/soft"])
        names = []
        p["soft"].visititems(lambda name, n: names.append((name, n.name)))
        self.assertEqual(names, [("x", "/soft/x")])
        with self.assertRaisesRegex(KeyError, "'soft/y': /soft has 'x', 'up'"):
            p["soft/y"]

    @unittest.skipIf(h5py is None, "no h5py")
    def test_as_h5py(self):
        with tempfile.TemporaryDirectory() as tmp:
            file = os.path.join(tmp, "x.h5")
            with h5py.File(file, "w") as f:
                f["g/deep/x"] = numpy.arange(3)
                f["g/hard"] = f["g/deep"]
                f["soft"] = h5py.SoftLink("/g/deep")
                f["g/deep/up"] = h5py.SoftLink("/g")
                f["g/deep/x"].attrs["a"] = 1
            with cute_shm.load("h", file, overwrite=True) as p, h5py.File(
                file
            ) as f:
                for path in (
                    "soft",
                    "g/hard/x",
                    "soft/x",
                    "soft/up/hard/up/deep/x",
                    "g/deep/up/deep",
                ):
                    mine, theirs = p[path], f[path]
                    self.assertEqual(mine.name, theirs.name)
                    self.assertEqual(mine.parent.name, theirs.parent.name)
                    self.assertEqual([*mine.attrs], [*theirs.attrs])
                self.assertEqual(p["soft"]["x"].name, f["soft"]["x"].name)

    def test_published_again(self):
        with cute_shm.publish("m", self.p, overwrite=True) as m:
            self.assertEqual(m["soft"], m["g/deep"])
            self.assertEqual(m["g/deep/up"], m["g"])
            self.assertEqual(m.info.node_count, self.p.info.node_count)
        arrays = cute_shm.shm_to_arrays("m")
        self.assertIs(arrays["soft"], arrays["g"]["deep"])
        self.assertIs(arrays["g"]["deep"]["up"], arrays["g"])
        self.assertIs(arrays["soft"]["x"], arrays["g"]["deep"]["x"])
        both = {"a": self.p["g/deep/x"], "b": self.p["soft/x"]}
        with cute_shm.publish("m", both, overwrite=True) as m:
            self.assertEqual(m["a"], m["b"])
            self.assertEqual(m.info.array_count, 1)


class Modes(unittest.TestCase):
    def setUp(self):
        cute_shm.publish("o", make(False), overwrite=True).close()
        self.p = cute_shm.open("o")
        self.addCleanup(self.p.close)

    def test_reopen(self):
        x = self.p["g/deep/x"]
        cute_shm.unlink("o")
        with self.p.reopen("r+") as w:
            self.assertEqual(w.mode, "r+")
            self.assertEqual(w.info.uuid, self.p.info.uuid)
            self.assertEqual(w.filename, self.p.filename)
            w["g/deep/x"].update(5)
        self.assertEqual(x[()].tolist(), [5, 5, 5])
        with self.p.reopen("c") as c:
            a = c["g/deep/x"][()]
            a[0] = 7
            self.assertEqual(c["g/deep/x"][0], 7)
            self.assertEqual(c["g/deep/x"].snapshot()[0], 5)
            self.assertTrue(memoryview(c["g/deep/x"]).readonly is False)
        self.assertEqual(x[0], 5)
        with self.assertRaises(ValueError):
            self.p.reopen("w")
        self.p.close()
        with self.assertRaises(ValueError):
            self.p.reopen()

    def test_pickles_of_a_removed_project(self):
        data = pickle.dumps(self.p["g/deep/x"])
        cute_shm.unlink("o")
        self.assertEqual(pickle.loads(data)[()].tolist(), [0, 1, 2])
        # In another mode than any that is open.
        function, args = self.p["g/deep/x"].__reduce__()
        args = args[:2] + ("c",) + args[3:]
        copy = function(*args)[()]
        copy[0] = 9
        self.assertEqual(self.p["g/deep/x"][0], 0)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = int(pickle.loads(data)[2]) + 5
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(pid, 0)[1], 7 << 8)

    @unittest.skipIf(h5py is None, "no h5py")
    def test_export_without_its_name(self):
        with tempfile.TemporaryDirectory() as tmp:
            cute_shm.unlink("o")
            for file in ("x.h5", "x.shm"):
                cute_shm.export(self.p, os.path.join(tmp, file))
            with h5py.File(os.path.join(tmp, "x.h5")) as f:
                self.assertEqual(f["soft/x"][()].tolist(), [0, 1, 2])
            copy = cute_shm.open(os.path.join(tmp, "x.shm"))
            self.assertEqual(copy["soft/x"][2], 2)


STOPPED = """
import os, signal, sys, threading
import cute_shm, numpy
data = numpy.zeros(6 << 20)
calls = 0
def progress(done, total, *rest):
    global calls
    calls += 1
    if calls == 1:
        os.kill(os.getpid(), signal.SIGINT)
what, folder = sys.argv[1:]
if what != "publish":
    cute_shm.publish("c", {"x": data}).close()
try:
    if what == "publish":
        cute_shm.publish("c", {"x": data}, progress=progress)
    elif what == "verify":
        cute_shm.verify("c", progress=progress)
    else:
        file = os.path.join(folder, "x." + what)
        cute_shm.export("c", file, progress=progress)
except KeyboardInterrupt:
    print(calls, [p.project for p in cute_shm.list()], os.listdir(folder))
"""


class Stopping(unittest.TestCase):
    def test_ctrl_c(self):
        cases = ["publish", "verify", "shm"] + ["h5"] * (h5py is not None)
        for what in cases:
            with tempfile.TemporaryDirectory() as tmp:
                root = os.path.join(tmp, "root")
                folder = os.path.join(tmp, "out")
                os.mkdir(root)
                os.mkdir(folder)
                done = subprocess.run(
                    [sys.executable, "-c", STOPPED, what, folder],
                    env=dict(os.environ, CUTE_SHM_ROOT=root),
                    capture_output=True,
                    text=True,
                )
                there = [] if what == "publish" else ["c"]
                self.assertEqual(
                    (done.stdout, done.stderr),
                    ("1 %s []\n" % there, ""),
                    what,
                )

    def test_no_node(self):
        with self.assertRaisesRegex(KeyError, "there is no /nothing") as e:
            cute_shm.publish("s", {"x": 1}, attrs={"nothing": {"a": 1}})
        self.assertIsInstance(e.exception, cute_shm.NoNodeError)
        self.assertNotIsInstance(e.exception, FileNotFoundError)
        with self.assertRaises(cute_shm.NotFoundError):
            cute_shm.open("nothing")

    def test_an_exception_of_the_program(self):
        def progress(done, total):
            raise LookupError("stop")

        with self.assertRaisesRegex(LookupError, "stop"):
            cute_shm.publish(
                "s", {"x": numpy.zeros(6 << 20)}, progress=progress
            )
        with self.assertRaises(FileNotFoundError):
            cute_shm.open("s")
        seen = []
        cute_shm.publish(
            "s",
            {"x": numpy.zeros(6 << 20)},
            progress=lambda *numbers: seen.append(numbers),
        ).close()
        self.assertEqual(seen[-1], (48 << 20, 48 << 20))
        cute_shm.unlink("s")


if __name__ == "__main__":
    unittest.main()
