# SPDX-License-Identifier: MIT
"""Open and read, with the manners of h5py."""
import unittest

import numpy

import cute_shm

TREE = {
    "a": numpy.arange(12, dtype="<i4").reshape(3, 4),
    "b": {
        "scalar": numpy.float64(2.5),
        "empty": numpy.empty((0, 3), "<f4"),
        "text": numpy.array(["x", "", "gr\u00fcn"]),
        "fixed": numpy.array([b"ab", b"c"]),
        "flags": numpy.array([True, False]),
        "time": numpy.array(["2020-01-01", "2021-02-03"], "M8[D]"),
        "deep": {"z": numpy.array([1 + 2j])},
    },
    "big_endian": numpy.arange(3, dtype=">f8"),
    "fortran": numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
}
ATTRS = {
    "": {"version": 3, "title": "t\u00e4st", "none": cute_shm.Empty()},
    "a": {
        "unit": "m",
        "scale": numpy.float32(0.5),
        "list": [1, 2, 3],
        "names": ["x", "yy"],
    },
    "b": {"flag": numpy.bool_(True), "bytes": numpy.bytes_(b"abc")},
}


class Reading(unittest.TestCase):
    def setUp(self):
        cute_shm.publish("p", TREE, attrs=ATTRS, overwrite=True)
        self.p = cute_shm.open("p")
        self.addCleanup(self.p.close)

    def test_values(self):
        def compare(group, tree):
            self.assertEqual([*group], [*tree])
            for name, value in tree.items():
                if isinstance(value, dict):
                    self.assertIsInstance(group[name], cute_shm.Group)
                    compare(group[name], value)
                elif name != "text":
                    found = group[name]
                    self.assertEqual(found.shape, value.shape)
                    self.assertEqual(
                        found.dtype, value.dtype.newbyteorder("<")
                    )
                    numpy.testing.assert_array_equal(found[()], value)
                    numpy.testing.assert_array_equal(
                        numpy.asarray(found), value
                    )

        compare(self.p, TREE)

    def test_text(self):
        t = self.p["b/text"]
        self.assertEqual(t.dtype, object)
        self.assertEqual(t[()].tolist(), [b"x", b"", "gr\u00fcn".encode()])
        self.assertEqual(t[2], "gr\u00fcn".encode())
        self.assertEqual(t[-3], b"x")
        self.assertEqual(t.asstr()[:].tolist(), ["x", "", "gr\u00fcn"])
        self.assertEqual(t.asstr()[2], "gr\u00fcn")
        self.assertEqual(self.p["b/fixed"].asstr()[()].tolist(), ["ab", "c"])
        with self.assertRaises(IndexError):
            t[3]
        with self.assertRaises(TypeError):
            self.p["a"].asstr()

    def test_ragged(self):
        lists = numpy.empty(3, object)
        lists[:] = [numpy.arange(3.0), numpy.empty(0), numpy.array([7.0])]
        with cute_shm.publish(
            "r", {"r": lists, "none": numpy.empty(0, object)}, overwrite=True
        ) as p:
            r = p["r"]
            self.assertEqual(r[0].tolist(), [0, 1, 2])
            self.assertEqual(r[1].size, 0)
            self.assertEqual([x.tolist() for x in r[()]], [[0, 1, 2], [], [7]])
            self.assertEqual(r.offsets.tolist(), [0, 3, 3, 4])
            self.assertEqual(r.values.dtype, numpy.float64)
            self.assertFalse(r[0].flags.writeable)
            self.assertEqual(p["none"][()].shape, (0,))
            with self.assertRaises(TypeError):
                r.snapshot()
        with self.assertRaises(TypeError):
            self.p["a"].offsets

    def test_paths_that_cannot_be(self):
        p = self.p
        for path in ("a//b", "..", "\udcff", b"\xff", b"nothing"):
            self.assertNotIn(path, p)
            self.assertIsNone(p.get(path))
        self.assertEqual(p[b"a"], p["a"])
        self.assertRaises(TypeError, lambda: p[3])
        self.assertNotIn(3, p)

    def test_mapping(self):
        p = self.p
        self.assertEqual(len(p), 4)
        self.assertIn("b/deep/z", p)
        self.assertNotIn("b/deep/y", p)
        self.assertNotIn(5, p)
        self.assertIsNone(p.get("nothing"))
        self.assertEqual(p.get("nothing", 7), 7)
        self.assertEqual(p["b"]["deep"].name, "/b/deep")
        self.assertEqual(p["b/deep"]["/a"], p["a"])
        self.assertEqual(p["b/deep/z"].parent.parent, p["b"])
        self.assertEqual(p["/"].name, "/")
        self.assertEqual([v.name for v in p["b/deep"].values()], ["/b/deep/z"])
        self.assertEqual({k: v.name for k, v in p.items()}["b"], "/b")
        self.assertEqual(dict(p).keys(), p.keys())

    def test_visit(self):
        names, pairs = [], {}
        self.assertIsNone(self.p.visit(names.append))
        self.p.visititems(lambda n, node: pairs.update({n: node}))
        self.assertEqual(names, [*pairs])
        self.assertIn("b/deep/z", names)
        self.assertEqual(self.p["b/deep"].visit(lambda n: n), "z")
        self.assertEqual(pairs["a"].shape, (3, 4))

    def test_links(self):
        shared = {"x": numpy.arange(3)}
        with cute_shm.publish(
            "l", {"g": shared, "h": shared}, overwrite=True
        ) as p:
            self.assertEqual(p["g/x"], p["h/x"])
            self.assertEqual(p["h"], p["g"])
            self.assertEqual([*p], ["g", "h"])
            names = []
            p.visit(names.append)
            self.assertEqual(names, ["g", "g/x"])

    def test_attrs(self):
        root, a, b = (self.p[n].attrs for n in ("/", "a", "b"))
        self.assertEqual(root["version"], 3)
        self.assertIsInstance(root["version"], numpy.int64)
        self.assertEqual(root["title"], "t\u00e4st")
        self.assertIsInstance(root["title"], str)
        self.assertIsInstance(root["none"], cute_shm.Empty)
        self.assertEqual([*a], ["unit", "scale", "list", "names"])
        self.assertIsInstance(a["scale"], numpy.float32)
        self.assertEqual(a["list"].tolist(), [1, 2, 3])
        self.assertEqual(a["names"].tolist(), ["x", "yy"])
        self.assertIs(b["flag"].__class__, numpy.bool_)
        self.assertEqual(b["bytes"], b"abc")
        with self.assertRaisesRegex(
            KeyError, "/a has no attribute 'nothing'; it has 'unit'"
        ):
            a["nothing"]

    def test_key_errors(self):
        for path, words in (
            ("b/deap", "/b has no 'deap'; did you mean 'deep'"),
            ("c/d", "/ has 'a', 'b'"),
            ("a/x", "/a is an array"),
        ):
            with self.assertRaises(KeyError) as e:
                self.p[path]
            self.assertIn(path, str(e.exception))
            self.assertIn(words, str(e.exception))
            self.assertIsInstance(e.exception, cute_shm.Error)

    def test_read_only_views(self):
        view = self.p["a"][1:]
        self.assertFalse(view.flags.writeable)
        self.assertFalse(view.flags.owndata)
        with self.assertRaises(ValueError):
            view[0] = 1
        with self.assertRaises(ValueError):
            view.flags.writeable = True
        self.assertTrue(memoryview(self.p["a"]).readonly)

    def test_private_copies(self):
        with cute_shm.open("p", "c") as p:
            a = p["a"][()]
            a += 1
            self.assertEqual(p["a"][0, 0], 1)
        self.assertEqual(self.p["a"][0, 0], 0)

    def test_update(self):
        with cute_shm.open("p", "r+") as p:
            p["a"].update(7, timeout=5)
            self.assertEqual(self.p["a"][2, 3], 7)
            self.assertEqual(self.p["a"].sequence, 2)
            self.assertEqual(self.p["a"].wait(0), 2)
            self.assertTrue((self.p["a"].snapshot() == 7).all())
            with self.assertRaises(TimeoutError):
                self.p["a"].wait(2, timeout=0.01)
            with p["a"].updating() as w:
                w[0] += 1
                self.assertEqual(self.p["a"].sequence, 3)
            self.assertEqual(self.p["a"].sequence, 4)
            with self.assertRaises(ValueError):
                w[0] = 1
            self.assertEqual(self.p["a"][0, 0], 8)
        del p
        self.assertEqual(w[0, 0], 8)
        with self.assertRaises(PermissionError):
            self.p["a"].update(1)
        with self.assertRaises(TypeError):
            self.p["b"].as_records()

    def test_errors(self):
        for error, call in (
            (FileNotFoundError, lambda: cute_shm.open("nothing")),
            (FileExistsError, lambda: cute_shm.publish("p", {})),
            (ValueError, lambda: cute_shm.open("p", "w")),
            (ValueError, lambda: cute_shm.publish("a b/c", {})),
            (FileNotFoundError, lambda: cute_shm.unlink("nothing")),
            (TypeError, lambda: cute_shm.publish("q", {"x": object()})),
            (
                TypeError,
                lambda: cute_shm.publish("q", {"x": numpy.zeros(1, "c32")}),
            ),
            (TypeError, lambda: cute_shm.publish("q", {3: 1})),
            (TypeError, lambda: self.p[3]),
        ):
            with self.assertRaises(error):
                call()
        with self.assertRaisesRegex(TypeError, "/g/x"):
            cute_shm.publish("q", {"g": {"x": object()}})
        with self.assertRaisesRegex(cute_shm.Error, "nothing"):
            cute_shm.open("nothing")

    def test_closed(self):
        with cute_shm.open("p") as p:
            a, view = p["a"], p["a"][()]
        self.assertFalse(p)
        with self.assertRaises(ValueError):
            p["a"]
        self.assertIn("Closed", repr(p))
        self.assertEqual(view[2, 3], 11)
        self.assertEqual(a[2, 3], 11)


class Projects(unittest.TestCase):
    def test_list(self):
        cute_shm.publish("listed", TREE, overwrite=True)
        self.assertIn("listed", [i.project for i in cute_shm.list()])
        info = cute_shm.info("listed")
        self.assertEqual(info.array_count, 10)
        self.assertEqual(cute_shm.open("listed").info.uuid, info.uuid)
        self.assertEqual(cute_shm.verify("listed"), [])
        self.assertGreater(cute_shm.unlink("listed"), 0)
        self.assertNotIn("listed", [i.project for i in cute_shm.list()])

    def test_ephemeral(self):
        p = cute_shm.publish("e", {"x": [1]}, ephemeral=True)
        view = p["x"][()]
        p.close()
        self.assertIn("e", [i.project for i in cute_shm.list()])
        del view
        self.assertNotIn("e", [i.project for i in cute_shm.list()])

    def test_verify(self):
        p = cute_shm.publish("v", {"x": numpy.ones(100000)}, overwrite=True)
        with open(p.filename, "r+b") as f:
            f.seek(p.info.size - 64)
            f.write(b"!")
        damages = cute_shm.verify("v")
        self.assertTrue(damages)
        self.assertIsInstance(damages[0].message, str)

        def stop(done, total):
            raise KeyError("stop")

        with self.assertRaisesRegex(KeyError, "stop"):
            cute_shm.verify("v", progress=stop)

    def test_export_segment(self):
        import os
        import tempfile

        with tempfile.TemporaryDirectory() as tmp:
            file = os.path.join(tmp, "x.shm")
            cute_shm.publish("x", TREE, attrs=ATTRS, overwrite=True)
            cute_shm.export("x", file)
            with self.assertRaises(FileExistsError):
                cute_shm.export("x", file)
            self.assertEqual(cute_shm.open(file)["a"][1, 1], 5)
            with cute_shm.restore("y", file, overwrite=True) as p:
                self.assertEqual(p["a"].attrs["unit"], "m")


if __name__ == "__main__":
    unittest.main()
