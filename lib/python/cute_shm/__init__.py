# SPDX-License-Identifier: MIT
"""Numerical arrays in shared memory: one copy for all processes.

A project is a tree of groups and arrays, as in an HDF5 file.  Code that reads
``h5py.File(path)`` reads ``cute_shm.open(project)``::

    import cute_shm, numpy

    cute_shm.publish("robot", {"joints": {"q": numpy.zeros(7)}})

    with cute_shm.open("robot") as p:       # in any process
        q = p["joints/q"][()]               # a view of the one copy

    cute_shm.unlink("robot")

``load()`` makes a project of an HDF5 file.  Projects, groups and arrays that
are pickled send their names, not their bytes, to other processes.

Differences to h5py: arrays are read without a copy, so a view shows later
updates (``snapshot()`` does not); compounds are groups of columns; the order
of names is that of creation; dtypes are little-endian.
"""
from . import _core
from ._errors import (
    AccessError,
    BusyError,
    CancelledError,
    CorruptError,
    Error,
    ExistsError,
    FormatError,
    InvalidError,
    LimitError,
    NoNodeError,
    NoSpaceError,
    NotFoundError,
    OutOfMemoryError,
    OwnerError,
    SourceError,
    StateError,
    SystemError,
    TimeoutError,
    TornError,
    TypeMismatchError,
    UnsupportedError,
)
from ._nodes import Array, Attributes, Group, Info, Project, open
from ._original import (
    ArrayDict,
    MetaArrayDict,
    SharedArray,
    SharedArrayDict,
    SharedArrayMeta,
    ShmProgress,
    arrays_to_shm,
    bytes_to_human,
    hdf5_size,
    hdf5_to_shm,
    shm_to_arrays,
    unlink,
    unlinked_arrays_to_shm,
    unlinked_hdf5_to_shm,
)
from ._projects import (
    Damage,
    LeftOut,
    LoadResult,
    export,
    info,
    list,
    load,
    publish,
    restore,
    verify,
)
from ._root import Project2Toml
from ._shm_array import ShmArray
from ._values import Empty

__version__ = _core.version()
__all__ = [name for name in dir() if not name.startswith("_")]
