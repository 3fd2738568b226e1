# SPDX-License-Identifier: MIT
"""Communicators that load() refuses, without an MPI that runs.

tests/mpi/python.sh has the loads.
"""
import sys
import types
import unittest

import cute_shm

try:
    from cute_shm import _mpi
except ImportError:
    _mpi = None


class Comm:
    """A communicator of an mpi4py that is not there."""

    rank = 0

    def py2f(self):
        raise AssertionError("its handle was used")


class Refused(unittest.TestCase):
    def setUp(self):
        self.before = {
            name: sys.modules.get(name) for name in ("mpi4py", "mpi4py.MPI")
        }
        self.mpi4py("MPICH Version:\t4.0.2\nMPICH Release date: ...", 4)

    def tearDown(self):
        for name, module in self.before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module

    def mpi4py(self, version, size):
        MPI = types.ModuleType("mpi4py.MPI")
        MPI.Comm = Comm
        MPI.COMM_WORLD, MPI.COMM_NULL = Comm(), Comm()
        MPI._sizeof = lambda handle: size
        MPI.Get_library_version = lambda: version + "\0"
        MPI.Is_initialized = lambda: True
        MPI.Is_finalized = lambda: False
        sys.modules["mpi4py"] = types.ModuleType("mpi4py")
        sys.modules["mpi4py.MPI"] = MPI
        return MPI

    def refused(self, kind, text, **options):
        with self.assertRaisesRegex(kind, text):
            cute_shm.load("p", "nothing.h5", **options)

    def test_no_communicator(self):
        self.refused(TypeError, "^comm is str, not a comm", comm="world")
        self.refused(TypeError, "^comm is int, not a comm", comm=0)
        self.refused(ValueError, "need comm", scatter=True)
        self.refused(ValueError, "need comm", ranks_as_nodes=True)

    def test_no_mpi4py(self):
        del sys.modules["mpi4py.MPI"]
        sys.modules["mpi4py"] = None
        self.refused(TypeError, "mpi4py, which is not installed", comm=Comm())

    @unittest.skipIf(_mpi, "built with MPI")
    def test_no_mpi(self):
        text = "^cute-shm was built without MPI$"
        self.refused(cute_shm.UnsupportedError, text, comm=Comm())

    @unittest.skipUnless(_mpi, "built without MPI")
    def test_other_mpi(self):
        built_with, version, size = _mpi.about()
        unsupported = cute_shm.UnsupportedError
        self.mpi4py("MPICH Version:\t4.0.2\nand more", size + 4)
        text = "^mpi4py uses MPICH 4.0.2, but cute-shm was built with %s: both"
        self.refused(unsupported, text % built_with, comm=Comm())
        self.mpi4py("Open MPI v9.9.9, package: Debian", size)
        text = "^mpi4py uses Open MPI v9.9.9, but cute-shm uses [MO]"
        self.refused(unsupported, text, comm=Comm())
        # The same, but it was not begun: the one that was is another copy.
        self.mpi4py(version, size)
        text = "uses another copy of it: both need the same library$"
        self.refused(unsupported, text, comm=Comm())

    @unittest.skipUnless(_mpi, "built without MPI")
    def test_state(self):
        built_with, version, size = _mpi.about()
        MPI = self.mpi4py(version, size)
        MPI.Is_initialized = lambda: False
        text = "MPI is not initialised$"
        self.refused(cute_shm.StateError, text, comm=Comm())
        self.refused(ValueError, "MPI.COMM_NULL", comm=MPI.COMM_NULL)


if __name__ == "__main__":
    unittest.main()
