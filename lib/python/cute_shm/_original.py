# SPDX-License-Identifier: MIT
"""The functions of the original Python package, on this library."""
import logging
import math
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Tuple, TypedDict, Union

import numpy

from . import _projects
from ._nodes import Array, Project, _open
from ._root import Project2Toml, chosen
from ._shm_array import updating

logger = logging.getLogger("cute-shm")

# Of which dtype "<U..." a text array was.
_UNICODE = "python:dtype"

# The projects that end with this process, by path.
_owned = {}


class Shm:
    """What has the memory of an array: its name, size and bytes."""

    __slots__ = ("_node", "name", "__weakref__")

    def __init__(self, node, name):
        self._node = node
        self.name = name

    @property
    def size(self):
        """Bytes."""
        return self._node._data_size

    @property
    def buf(self):
        """The bytes, read-only."""
        return memoryview(numpy.frombuffer(self._node, numpy.uint8))

    def close(self):
        """Nothing: the memory stays as long as something uses it."""


class SharedArrayMeta(TypedDict, total=False):
    """About an array of a project.

    Example::

        meta = cute_shm.shm_to_arrays("demos")["demo_0"]["joints"]["meta"]
        meta["shape"], meta["dtype"]               # -> ((100, 14), 'float64')
    """

    shm_name: str
    shm_private_name: str
    shm: Shm
    shape: Tuple[int, ...]
    dtype: str
    attrs: Dict[str, Any]


class SharedArray(TypedDict):
    """An array of a project, and about it.

    Example::

        joints = cute_shm.shm_to_arrays("demos")["demo_0"]["joints"]
        joints["data"].mean()                      # -> 1.0
        joints["meta"]["attrs"]                    # -> {'unit': 'rad'}
    """

    meta: SharedArrayMeta
    data: numpy.ndarray


SharedArrayDict = Dict[str, Union[SharedArray, "SharedArrayDict"]]
MetaArrayDict = Dict[str, Union[SharedArrayMeta, "MetaArrayDict"]]
ArrayDict = Dict[str, Union["ArrayDict", numpy.ndarray]]


def bytes_to_human(size_bytes):
    """A number of bytes for people: "1.5 KB"; a KB has 1024 bytes.

    Example::

        cute_shm.bytes_to_human(1536)              # -> '1.5 KB'
    """
    if size_bytes == 0:
        return "0 bytes"
    if size_bytes < 0:
        return "<unknown>"
    names = ("bytes", "KB", "MB", "GB", "TB", "PB")
    power = min(int(math.log(size_bytes, 1024)), len(names) - 1)
    return "%s %s" % (round(size_bytes / 1024.0**power, 2), names[power])


class ShmProgress:
    """A line on standard error, if that is a terminal: how far a load is.

    Example::

        shown = cute_shm.ShmProgress(1 << 20)
        shown.start()
        shown.update(1 << 19)
        shown.stop()
    """

    def __init__(self, total_bytes):
        self._total = total_bytes
        self._shown = False

    def start(self):
        """Begin."""

    def update(self, done):
        """Show that so many bytes are done."""
        if not sys.stderr.isatty():
            return
        part = 100.0 * done / self._total if self._total else 0
        sys.stderr.write(
            "\rUploaded data: %3.0f%% %s / %s \033[K"
            % (part, bytes_to_human(done), bytes_to_human(self._total))
        )
        sys.stderr.flush()
        self._shown = True

    def stop(self):
        """Finish the line."""
        if self._shown:
            sys.stderr.write("\n")
        self._shown = False


def _make_root():
    if chosen(None) is not None:
        Path(Project2Toml.root).mkdir(parents=True, exist_ok=True)


def _keep(project, persistent):
    """The path of a new project; an ephemeral one ends with the process."""
    path = project.filename
    _owned.pop(path, None)
    if not persistent:
        _owned[path] = project
    return Path(path)


def _unicode_dtypes(tree, path, found, seen):
    if id(tree) in seen:
        return
    seen.add(id(tree))
    for name, value in tree.items():
        if isinstance(value, dict):
            _unicode_dtypes(value, path + name + "/", found, seen)
            continue
        if isinstance(value, numpy.ndarray) and value.dtype.kind == "U":
            dtype = value.dtype.newbyteorder("<").str
            found[path + name] = {_UNICODE: dtype}
        logger.debug(
            "transferring key '%s' to shared memory (%s)",
            name,
            bytes_to_human(getattr(value, "nbytes", 0)),
        )


def arrays_to_shm(project, arrays, persistent=False, overwrite=False):
    """Put a nested dict of arrays into shared memory.

    Args:
        project: its name
        arrays: {name: array or dict}
        persistent: False: the project ends with this process, at the latest
        overwrite: replace a project of that name

    Returns:
        The path of the segment.

    Raises:
        FileExistsError: the project exists, and overwrite is False

    Example::

        arrays = {"a": numpy.zeros((2, 3)), "b": {"c": numpy.arange(4)}}
        cute_shm.arrays_to_shm("mine", arrays, overwrite=True)
        cute_shm.shm_to_arrays("mine")["b"]["c"]["data"].sum()     # -> 6
    """
    _make_root()
    attrs = {}
    _unicode_dtypes(arrays, "", attrs, set())
    made = _projects.publish(
        project,
        arrays,
        attrs=attrs,
        ephemeral=not persistent,
        overwrite=overwrite,
    )
    logger.debug("transfer of '%s' to shared memory finished", project)
    return _keep(made, persistent)


@contextmanager
def unlinked_arrays_to_shm(project, arrays, overwrite=False):
    """As :func:`arrays_to_shm`, for a ``with``: the project ends with it.

    Example::

        with cute_shm.unlinked_arrays_to_shm("here", {"a": numpy.ones(3)}):
            cute_shm.shm_to_arrays("here")["a"]["data"].sum()      # -> 3.0
    """
    path = arrays_to_shm(project, arrays, overwrite=overwrite)
    try:
        yield path
    finally:
        unlink(project)


_names = {}


def _dtype_name(dtype):
    name = _names.get(dtype)
    if name is None:
        name = _names[dtype] = str(dtype)
    return name


def _one(node, project, writable):
    """The dict of one array."""
    attrs = dict(node.attrs) if node._attr_count else {}
    text = node._dtype
    unicode = attrs.pop(_UNICODE, None)
    if text[0] == "*":
        data = node.asstr()[()] if text == "*|S1" else node[()]
        data = numpy.asarray(data, unicode or object)
    elif text == "null":
        data = numpy.empty(0)
    elif writable:
        data = updating(node)
    else:
        data = node._view()
    # The slash keeps multiprocessing.shared_memory from opening, and its
    # tracker from removing, what is not its own.
    name = "%s/%s" % (project, node._path)
    meta = {
        "shm_name": name,
        "shm_private_name": "/" + name,
        "shm": Shm(node, name),
        "shape": data.shape,
        "dtype": _dtype_name(data.dtype),
        "attrs": attrs,
    }
    return {"meta": meta, "data": data}


def _open_for_update(project):
    try:
        return _open(project, "r+", chosen(None)), True
    except PermissionError:
        return _open(project, "r", chosen(None)), False


def shm_to_arrays(project, persistent=True):
    """The arrays of a project as nested dicts.

    Each array is {"data": the array, "meta": about it}.  Assignments to an
    array are updates, see :class:`ShmArray`, if this process may write.
    ``persistent`` is accepted and ignored: reading never removes a project.

    Raises:
        FileNotFoundError: there is no such project

    Example::

        arrays = cute_shm.shm_to_arrays("demos")
        arrays["demo_0"]["joints"]["data"].shape   # -> (100, 14)
    """
    logger.debug("opening the project '%s'", project)
    mapping, writable = _open_for_update(project)
    root = mapping.root(Project)
    result = {}
    debug = logger.isEnabledFor(logging.DEBUG)
    found = {root._record: result}
    todo = [(root, result)]
    while todo:
        group, into = todo.pop()
        for name, node in group._items():
            record = node._record
            if record not in found:
                if isinstance(node, Array):
                    if debug:
                        logger.debug(
                            "reading %s from shared memory (%s)",
                            name,
                            bytes_to_human(node._data_size),
                        )
                    found[record] = _one(node, project, writable)
                else:
                    found[record] = {}
                    todo.append((node, found[record]))
            into[name] = found[record]
    logger.debug("finished reading the project '%s'", project)
    return result


def unlink(project, root=None, *, idle=False):
    """Remove a project; who has it open keeps it.

    ``idle=True`` removes it only if no process has it open, else
    :class:`BusyError`.  Returns the bytes of memory that it held.

    Raises:
        FileNotFoundError: there is no such project

    Example::

        cute_shm.publish("scratch", {"x": numpy.zeros(3)}).close()
        cute_shm.unlink("scratch") > 0             # -> True
    """
    logger.debug("unlinking the project '%s'", project)
    folder = chosen(root) or str(Project2Toml.root)
    freed = _projects.unlink(project, root, idle=idle)
    for path in list(_owned):
        if os.path.dirname(path) == os.path.realpath(folder):
            if not _owned[path].is_current:
                del _owned[path]
    return freed


def hdf5_size(h5, select=(), exclude=()):
    """The bytes of data that the arrays of an HDF5 file would have.

    ``h5`` is a path, or a group of h5py.

    Example::

        cute_shm.hdf5_size("demos.h5", select="demo_0/joints")     # -> 11200
    """
    if hasattr(h5, "visititems"):
        sizes = []
        h5.visititems(lambda _, item: sizes.append(getattr(item, "nbytes", 0)))
        return int(sum(sizes))
    return _projects.hdf5_size(h5, select, exclude)


def hdf5_to_shm(
    hdf5_path, project, progress=False, persistent=False, overwrite=False
):
    """Put the content of an HDF5 file into shared memory.

    Args:
        hdf5_path: the file
        project: its name
        progress: show on standard error how far it is
        persistent, overwrite: as in :func:`arrays_to_shm`

    Returns:
        The path of the segment.

    Example::

        cute_shm.hdf5_to_shm("demos.h5", "h", overwrite=True)
        [*cute_shm.shm_to_arrays("h")["demo_0"]]   # -> ['joints', 'camera']
    """
    _make_root()
    logger.debug("transferring '%s' to shared memory", hdf5_path)
    made = _projects.load(
        project,
        hdf5_path,
        ephemeral=not persistent,
        overwrite=overwrite,
        progress=bool(progress),
    )
    logger.debug("finished transferring '%s' to shared memory", hdf5_path)
    return _keep(made, persistent)


@contextmanager
def unlinked_hdf5_to_shm(hdf5_path, project, progress=False, overwrite=False):
    """As :func:`hdf5_to_shm`, for a ``with``: the project ends with it.

    Example::

        with cute_shm.unlinked_hdf5_to_shm("demos.h5", "while"):
            cute_shm.info("while").ephemeral       # -> True
    """
    hdf5_to_shm(hdf5_path, project, progress, overwrite=overwrite)
    try:
        yield
    finally:
        unlink(project)
