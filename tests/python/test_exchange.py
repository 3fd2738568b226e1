# SPDX-License-Identifier: MIT
"""Arrow's C data interface and DLPack, read as C programs read them."""
import ctypes
import gc
import unittest
import weakref

import numpy

import cute_shm

P = ctypes.POINTER


class Schema(ctypes.Structure):
    pass


Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", P(P(Schema))),
    ("dictionary", P(Schema)),
    ("release", ctypes.c_void_p),
    ("private", ctypes.c_void_p),
]


class ArrowArray(ctypes.Structure):
    pass


ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", P(ctypes.c_void_p)),
    ("children", P(P(ArrowArray))),
    ("dictionary", P(ArrowArray)),
    ("release", ctypes.c_void_p),
    ("private", ctypes.c_void_p),
]


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", ctypes.c_int32 * 2),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", P(ctypes.c_int64)),
        ("strides", P(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


class Plain(ctypes.Structure):
    _fields_ = [
        ("tensor", Tensor),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    ]


_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype = ctypes.c_void_p
_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_set_name = ctypes.pythonapi.PyCapsule_SetName
_set_name.argtypes = [ctypes.py_object, ctypes.c_char_p]


def content(capsule, name, kind):
    return kind.from_address(_pointer(capsule, name))


def call(function, struct):
    # The GIL is released, as a C program may have done.
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(function)(ctypes.addressof(struct))


def move(struct):
    """As a consumer takes a schema or an array over."""
    mine = type(struct)()
    ctypes.pointer(mine)[0] = struct
    struct.release = None
    return mine


def buffer(array, i, dtype, n):
    size = numpy.dtype(dtype).itemsize * n
    memory = (ctypes.c_char * size).from_address(array.buffers[i])
    return numpy.frombuffer(memory, dtype, n)


class Exchange(unittest.TestCase):
    def setUp(self):
        lists = numpy.empty(3, object)
        lists[:] = [numpy.arange(3, dtype="<f4"), [], [7]]
        lists[1] = numpy.empty(0, "<f4")
        lists[2] = numpy.array([7], "<f4")
        none = numpy.empty(0, object)
        self.arrays = {
            "lists": lists,
            "texts": ["gr\u00fcn", "", "x", "\U0001f600"],
            "bytes": numpy.array([b"\xff\xfe", b"a"], object),
            "cut": numpy.array([b"gr\xc3", b"\xbcn"], object),
            "none": none,
            "numbers": numpy.arange(5, dtype="<i8"),
            "times": numpy.array(["2020-01-01"], "M8[ns]"),
            "fixed": numpy.array([b"ab", b"c"]),
            "matrix": numpy.arange(6.0).reshape(2, 3),
            "flags": numpy.array([True, False]),
            "days": numpy.array(["2020-01-01"], "M8[D]"),
            "one": numpy.float64(2.5),
            "empty": numpy.empty((0, 3), "<f4"),
        }
        cute_shm.publish("x", self.arrays, overwrite=True).close()
        self.p = cute_shm.open("x")
        self.addCleanup(self.p.close)

    def arrow(self, name, mode="r"):
        node = cute_shm.open("x", mode)[name]
        pair = node.__arrow_c_array__()
        return (
            pair,
            content(pair[0], b"arrow_schema", Schema),
            content(pair[1], b"arrow_array", ArrowArray),
        )

    def test_lists(self):
        pair, schema, array = self.arrow("lists")
        self.assertEqual(schema.format, b"+L")
        self.assertEqual(schema.n_children, 1)
        self.assertEqual(schema.children[0][0].format, b"f")
        self.assertEqual(schema.children[0][0].name, b"item")
        self.assertEqual((array.length, array.null_count), (3, 0))
        self.assertEqual((array.n_buffers, array.n_children), (2, 1))
        self.assertEqual(array.offset, 0)
        self.assertIsNone(array.buffers[0])
        self.assertEqual(buffer(array, 1, "<i8", 4).tolist(), [0, 3, 3, 4])
        item = array.children[0][0]
        self.assertEqual((item.length, item.n_buffers), (4, 2))
        self.assertIsNone(item.buffers[0])
        self.assertEqual(buffer(item, 1, "<f4", 4).tolist(), [0, 1, 2, 7])
        # The one copy.
        self.assertEqual(
            array.buffers[1] % 64 + item.buffers[1] % 64, 0, "alignment"
        )

    def test_texts(self):
        for name, form in (
            ("texts", b"U"),
            ("bytes", b"Z"),
            ("cut", b"Z"),
            ("none", b"U"),
        ):
            pair, schema, array = self.arrow(name)
            self.assertEqual(schema.format, form, name)
            self.assertEqual((schema.n_children, array.n_children), (0, 0))
            self.assertEqual(array.n_buffers, 3)
            wanted = [
                x if isinstance(x, bytes) else x.encode()
                for x in self.arrays[name]
            ]
            self.assertEqual(array.length, len(wanted))
            ends = buffer(array, 1, "<i8", len(wanted) + 1).tolist()
            data = buffer(array, 2, "u1", ends[-1]).tobytes()
            self.assertEqual(
                [data[a:b] for a, b in zip(ends, ends[1:])], wanted
            )

    def test_utf8_as_python_has_it(self):
        for text in (
            b"\x7f",
            b"\xc2\x80",
            b"\xe0\xa0\x80",
            b"\xed\x9f\xbf",
            b"\xf0\x90\x80\x80",
            b"\xf4\x8f\xbf\xbf",
            b"\x80",
            b"\xc0\x80",
            b"\xc1\xbf",
            b"\xe0\x9f\xbf",
            b"\xed\xa0\x80",
            b"\xf0\x8f\xbf\xbf",
            b"\xf4\x90\x80\x80",
            b"\xf5\x80\x80\x80",
            b"\xe2\x82",
            b"\xe2\x82\x41",
            b"\xff",
        ):
            try:
                text.decode()
                form = b"U"
            except UnicodeDecodeError:
                form = b"Z"
            texts = numpy.array([text], object)
            with cute_shm.publish("u", {"t": texts}, overwrite=True) as p:
                capsule = p["t"].__arrow_c_schema__()
                self.assertEqual(
                    content(capsule, b"arrow_schema", Schema).format, form
                )

    def test_plain_arrays(self):
        for name, form, dtype, n in (
            ("numbers", b"l", "<i8", 5),
            ("times", b"tsn:", "<i8", 1),
            ("fixed", b"w:2", "S2", 2),
        ):
            pair, schema, array = self.arrow(name)
            self.assertEqual(schema.format, form)
            self.assertEqual((array.length, array.n_buffers), (n, 2))
            self.assertEqual(
                buffer(array, 1, dtype, n).tolist(),
                self.arrays[name].astype(dtype).tolist(),
            )
        for name in ("matrix", "one", "flags", "days"):
            with self.assertRaisesRegex(TypeError, "/" + name):
                self.p[name].__arrow_c_array__()

    def test_damaged_offsets(self):
        p = cute_shm.open("x", "c")
        a = p["lists"]
        a.__arrow_c_array__()
        a.offsets[1] = 5
        for _ in range(2):
            with self.assertRaisesRegex(ValueError, "/lists: offset 1 is 5"):
                a.__arrow_c_array__()
        a.offsets[1] = 2
        # The capsule frees what it holds when it goes.
        _, capsule = a.__arrow_c_array__()
        array = content(capsule, b"arrow_array", ArrowArray)
        self.assertEqual(buffer(array, 1, "<i8", 4).tolist(), [0, 2, 3, 4])

    def test_lifetime(self):
        for name in ("lists", "texts", "numbers"):
            project = cute_shm.open("x")
            mapping = weakref.ref(project._mapping)
            pair = project[name].__arrow_c_array__()
            project.close()
            del project
            gc.collect()
            self.assertIsNotNone(mapping())
            # A consumer takes them over, and a child away from its parent.
            schema = move(content(pair[0], b"arrow_schema", Schema))
            array = move(content(pair[1], b"arrow_array", ArrowArray))
            del pair
            item = None
            if array.n_children:
                item = move(array.children[0][0])
                kind = move(schema.children[0][0])
            call(schema.release, schema)
            self.assertIsNone(schema.release)
            call(array.release, array)
            self.assertIsNone(array.release)
            if item is not None:
                self.assertEqual(kind.format, b"f")
                call(kind.release, kind)
                self.assertIsNotNone(mapping())
                self.assertEqual(buffer(item, 1, "<f4", 4)[3], 7)
                call(item.release, item)
            self.assertIsNone(mapping())
        # Or drops the capsules.
        project = cute_shm.open("x")
        mapping = weakref.ref(project._mapping)
        pair = project["lists"].__arrow_c_array__(), project[
            "lists"
        ].__arrow_c_schema__()
        del project, pair
        self.assertIsNone(mapping())

    def test_pyarrow(self):
        try:
            import pyarrow
        except ImportError:
            self.skipTest("no pyarrow")
        self.assertEqual(
            pyarrow.array(self.p["lists"]).to_pylist(), [[0, 1, 2], [], [7]]
        )
        self.assertEqual(
            pyarrow.array(self.p["texts"]).to_pylist(), self.arrays["texts"]
        )


class DLPack(Exchange):
    # Without the tests of that class.
    for _name in dir(Exchange):
        if _name.startswith("test_"):
            locals()[_name] = None
    del _name

    def tensor(self, node, **options):
        capsule = node.__dlpack__(max_version=(1, 0), **options)
        return capsule, content(capsule, b"dltensor_versioned", Versioned)

    def test_read_only(self):
        self.assertEqual(self.p["matrix"].__dlpack_device__(), (1, 0))
        capsule, v = self.tensor(self.p["matrix"])
        self.assertEqual((v.major, v.flags), (1, 1))
        t = v.tensor
        self.assertEqual((t.code, t.bits, t.lanes), (2, 64, 1))
        self.assertEqual([*t.device], [1, 0])
        self.assertEqual(t.shape[: t.ndim], [2, 3])
        self.assertEqual(t.strides[: t.ndim], [3, 1])
        self.assertEqual(t.byte_offset, 0)
        view = self.p["matrix"][()]
        self.assertEqual(t.data, view.__array_interface__["data"][0])
        for node in (cute_shm.open("x", "r+")["matrix"], self.p["one"]):
            capsule, v = self.tensor(node)
            self.assertEqual(v.flags, 1)
        capsule, v = self.tensor(self.p["matrix"], copy=False)
        self.assertEqual(v.flags, 1)

    def test_copies(self):
        capsule, v = self.tensor(self.p["matrix"], copy=True)
        self.assertEqual(v.flags, 2)
        data = (ctypes.c_double * 6).from_address(v.tensor.data)
        self.assertEqual([*data], [0, 1, 2, 3, 4, 5])
        data[0] = 9
        self.assertEqual(self.p["matrix"][0, 0], 0)
        node = cute_shm.open("x", "c")["matrix"]
        capsule, v = self.tensor(node)
        self.assertEqual(v.flags, 0)
        (ctypes.c_double * 6).from_address(v.tensor.data)[0] = 9
        self.assertEqual(node[0, 0], 9)
        self.assertEqual(self.p["matrix"][0, 0], 0)

    def test_consumers_without_the_flag(self):
        for options in ({}, {"max_version": None}, {"max_version": (0, 8)}):
            with self.assertRaisesRegex(BufferError, 'mode="c"'):
                self.p["matrix"].__dlpack__(**options)
        capsule = self.p["matrix"].__dlpack__(copy=True)
        plain = content(capsule, b"dltensor", Plain)
        self.assertEqual(plain.tensor.shape[:2], [2, 3])
        node = cute_shm.open("x", "c")["matrix"]
        array = numpy.from_dlpack(node)
        self.assertEqual(array.tolist(), self.arrays["matrix"].tolist())
        self.assertTrue(numpy.shares_memory(array, node[()]))
        if int(numpy.__version__.split(".")[0]) < 2:
            with self.assertRaisesRegex(BufferError, 'mode="c"'):
                numpy.from_dlpack(self.p["matrix"])
        else:
            array = numpy.from_dlpack(self.p["matrix"])
            self.assertFalse(array.flags.writeable)

    def test_what_it_has_not(self):
        for name in ("lists", "texts", "times", "fixed"):
            for copy in (None, True):
                with self.assertRaisesRegex(BufferError, "/" + name):
                    self.tensor(self.p[name], copy=copy)
        with self.assertRaises(BufferError):
            self.tensor(self.p["one"], stream=1)
        with self.assertRaises(BufferError):
            self.tensor(self.p["one"], dl_device=(2, 0))
        self.tensor(self.p["one"], dl_device=(1, 0))
        self.tensor(self.p["empty"])
        capsule, v = self.tensor(self.p["flags"])
        self.assertEqual(v.tensor.code, 6)

    def test_lifetime(self):
        for mode in ("r", "c"):
            project = cute_shm.open("x", mode)
            mapping = weakref.ref(project._mapping)
            capsule, v = self.tensor(project["matrix"])
            project.close()
            del project
            self.assertIsNotNone(mapping())
            # A consumer takes it over, and deletes it later.
            _set_name(capsule, b"used_dltensor_versioned")
            del capsule
            self.assertIsNotNone(mapping())
            call(v.deleter, v)
            self.assertIsNone(mapping())
        project = cute_shm.open("x", "c")
        mapping = weakref.ref(project._mapping)
        capsules = (
            project["matrix"].__dlpack__(),
            self.tensor(project["matrix"])[0],
        )
        del project, capsules
        self.assertIsNone(mapping())


if __name__ == "__main__":
    unittest.main()
