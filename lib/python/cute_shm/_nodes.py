# SPDX-License-Identifier: MIT
"""Projects, groups and arrays, with the manners of h5py."""
import difflib
import os
import weakref
from collections.abc import Mapping
from contextlib import contextmanager

import numpy

from . import _core, _values, _watch
from ._errors import AccessError, InvalidError, NoNodeError, NotFoundError
from ._errors import TimeoutError as _TimeoutError
from ._errors import failure
from ._root import chosen
from ._shm_array import updating as _updating

# The open mappings by (path, UUID, mode), for what arrives by pickle.
_mappings = weakref.WeakValueDictionary()

_RESERVED = "cute-shm:"
_COMPOUND = _RESERVED + "compound"


_ANY_OWNER = 1
_FLAGS = {"r": 0, "r+": 2, "c": 4}


def _mode(mapping):
    flags = mapping.flags & ~_ANY_OWNER
    return "r+" if flags == 2 else "c" if flags == 4 else "r"


def _flags(mode, any_owner=False):
    if mode not in _FLAGS:
        raise ValueError("mode %r: it is 'r', 'r+' or 'c'" % (mode,))
    return _FLAGS[mode] | (_ANY_OWNER if any_owner else 0)


def _open(name, mode, root=None, any_owner=False, by_path=False):
    return _core.open(name, by_path, chosen(root), _flags(mode, any_owner))


def _shared(path, uuid, mode):
    """The mapping that a pickle names: one for all that come from it.

    If the project was removed, a mapping of it in this process will do.
    """
    key = (path, uuid, mode)
    mapping = _mappings.get(key)
    if mapping is not None:
        return mapping
    for other in _FLAGS:
        open_one = _mappings.get((path, uuid, other))
        if open_one is not None:
            trusted = open_one.flags & _ANY_OWNER
            mapping = open_one.reopen(_flags(mode, trusted))
            break
    else:
        mapping = _open(path, mode, by_path=True)
        if mapping.identity()[1] != uuid:
            raise NotFoundError(
                "%s: the project was replaced after this was pickled" % path
            )
    _mappings[key] = mapping
    return mapping


def _unpickle(path, uuid, mode, node):
    root = _shared(path, uuid, mode).root(Project)
    return root if node is None else root["/" + node]


def _as_path(path):
    """A path as text; h5py gives and takes names that are no UTF-8 as bytes."""
    if isinstance(path, bytes):
        return path.decode("utf-8", "surrogateescape")
    if not isinstance(path, str):
        raise TypeError("a path is a str, not %s" % type(path).__name__)
    return path


class Attributes(Mapping):
    """The attributes of a node, read-only: ``a.attrs["unit"]``.

    Values are as h5py returns them: NumPy scalars and arrays, ``str`` for
    texts of variable length.

    Example::

        joints = cute_shm.open("demos")["demo_0/joints"]
        joints.attrs["unit"], "scale" in joints.attrs      # -> ('rad', False)
    """

    __slots__ = ("_node",)

    def __init__(self, node):
        self._node = node

    def __getitem__(self, name):
        found = self._node._attr(name)
        if found is None:
            has = ", ".join(repr(n) for n in list(self)[:8]) or "none"
            raise NoNodeError(
                "%s has no attribute %r; it has %s"
                % (self._node.name, name, has)
            )
        return _values.attribute(found)

    def __contains__(self, name):
        return isinstance(name, str) and self._node._attr(name) is not None

    def __iter__(self):
        return (
            n for n in self._node._attr_names() if not n.startswith(_RESERVED)
        )

    def __len__(self):
        return sum(1 for _ in self)

    def __repr__(self):
        return "<Attributes of %s: %s>" % (
            self._node.name,
            ", ".join(self) or "none",
        )


class _Common:
    """What groups and arrays share."""

    __slots__ = ()

    @property
    def name(self):
        """The path by which it was reached, with a leading slash."""
        return "/" + self._name

    @property
    def attrs(self):
        """The attributes, a read-only mapping."""
        return Attributes(self)

    @property
    def parent(self):
        """The group that holds this; the root is its own parent."""
        return self._parent()

    def __eq__(self, other):
        if not isinstance(other, _core.Node):
            return NotImplemented
        mine, others = self._mapping, other._mapping
        if mine is None or others is None:
            return self is other
        return self._record == other._record and (
            mine is others or mine.identity() == others.identity()
        )

    def __hash__(self):
        return hash(("cute_shm", self._record))

    def __reduce__(self):
        mapping = self._mapping
        if mapping is None:
            raise ValueError("the project is closed")
        path, uuid = mapping.identity()
        mode = _mode(mapping)
        _mappings.setdefault((path, uuid, mode), mapping)
        node = None if isinstance(self, Project) else self._name
        return _unpickle, (path, uuid, mode, node)


class Group(_Common, _core.Node):
    """A group: a read-only mapping of names to groups and arrays.

    ``g["a/b"]`` follows paths and links; a leading slash begins at the root.

    Example::

        demo = cute_shm.open("demos")["demo_0"]
        [*demo], "joints" in demo          # -> (['joints', 'camera'], True)
    """

    __slots__ = ()

    def __getitem__(self, path):
        path = _as_path(path)
        found = self._get(path)
        if found is None:
            raise NoNodeError(self._missing(path))
        return found

    def _missing(self, path):
        parts = [p for p in path.split("/") if p]
        group = self._get("/") if path.startswith("/") else self
        for i, part in enumerate(parts):
            below = group._get(part) if isinstance(group, Group) else None
            if below is None:
                break
            group = below
        else:
            i, part = 0, path
        text = "no %r" % path
        if not isinstance(group, Group):
            return "%s: %s is an array" % (text, group.name)
        names = group._names()
        near = difflib.get_close_matches(part, names[:10000], 4, 0.6)
        if near:
            return "%s: %s has no %r; did you mean %s?" % (
                text,
                group.name,
                part,
                " or ".join(map(repr, near)),
            )
        if not names:
            return "%s: the group %s is empty" % (text, group.name)
        more = ", ... (%d in all)" % len(names) if len(names) > 8 else ""
        return "%s: %s has %s%s" % (
            text,
            group.name,
            ", ".join(map(repr, names[:8])),
            more,
        )

    def get(self, path, default=None):
        """The node at a path, or the default."""
        try:
            found = self._get(_as_path(path))
        except InvalidError:  # no node can have it
            found = None
        return default if found is None else found

    def __contains__(self, path):
        if not isinstance(path, (str, bytes)):
            return False
        return self.get(path) is not None

    def __iter__(self):
        return iter(self._names())

    def __len__(self):
        return self._child_count

    def __bool__(self):
        return self._mapping is not None

    def keys(self):
        """The names in this group, in the order of creation."""
        return dict.fromkeys(self._names()).keys()

    def values(self):
        """The groups and arrays in this group; links are followed."""
        return dict(self._items()).values()

    def items(self):
        """Pairs of name and node."""
        return dict(self._items()).items()

    def _below(self):
        start = len(self._path) + 1 if self._path else 0
        node = self._next(self)
        while node is not None:
            yield node._path[start:], node
            node = self._next(node)

    def visit(self, func):
        """Call ``func(path)`` for all below, links left out.

        Paths are relative to this group.  A result that is not None ends the
        visit and is returned.
        """
        for path, _ in self._below():
            result = func(path)
            if result is not None:
                return result
        return None

    def visititems(self, func):
        """As :meth:`visit`, with ``func(path, node)``."""
        for path, node in self._below():
            result = func(path, node)
            if result is not None:
                return result
        return None

    def as_records(self):
        """The structured array of a group that was a compound; a copy."""
        if _COMPOUND not in self.attrs:
            raise TypeError("%s was no compound" % self.name)
        names = numpy.atleast_1d(self.attrs[_COMPOUND]).tolist()
        columns = [
            c.as_records() if isinstance(c, Group) else c[()]
            for _, c in self._items()
        ]
        shape = tuple(os.path.commonprefix([c.shape for c in columns]))
        fields = [
            (name, c.dtype, c.shape[len(shape) :])
            for name, c in zip(names, columns)
        ]
        records = numpy.empty(shape, fields)
        for name, column in zip(names, columns):
            records[name] = column
        return records

    def __repr__(self):
        if self._mapping is None:
            return "<Closed cute_shm group>"
        return '<cute_shm group "%s" (%d members)>' % (self.name, len(self))


Mapping.register(Group)


class Project(Group):
    """An open project: its root group, and a context manager.

    ``close()`` drops the project's own reference; groups, arrays and views
    that were taken from it stay valid, and the last one unmaps it.

    Example::

        with cute_shm.open("demos") as p:
            first = p["demo_0/joints"][0]
        first.shape                                # -> (14,)
    """

    __slots__ = ()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        """Drop the reference; the project cannot be used afterwards."""
        self._drop()

    def _open_mapping(self):
        if self._mapping is None:
            raise ValueError("the project is closed")
        return self._mapping

    def reopen(self, mode="r"):
        """The same segment once more, in another mode.

        It works also when the project was removed or replaced meanwhile::

            with p.reopen("r+") as w:
                w["x"].update(0)
        """
        mapping = self._open_mapping()
        flags = _flags(mode, mapping.flags & _ANY_OWNER)
        return mapping.reopen(flags).root(Project)

    @property
    def mode(self):
        """'r', 'r+' or 'c'."""
        return _mode(self._open_mapping())

    @property
    def info(self):
        """The :class:`Info` of the project."""
        return Info(self._open_mapping().info())

    @property
    def filename(self):
        """The path of the segment."""
        return self._open_mapping().identity()[0]

    @property
    def is_current(self):
        """False if the project was removed or replaced meanwhile."""
        return self._open_mapping().is_current()

    @property
    def source_state(self):
        """What has become of the file that the project was loaded from.

        'current': same size and time of modification; 'changed'; 'gone';
        'unknown': it cannot be examined, or was a pipe; None: the project is
        from no file.  Of several files, each a group, one is enough for
        'changed': it changed, is gone, or came into the folder that was
        loaded.  So is any other file that took part: the target of an external
        link, a raw file, a source of a virtual dataset.  This waits as long as
        the file system does.
        """
        return self._open_mapping().source_state()

    def __repr__(self):
        if self._mapping is None:
            return "<Closed cute_shm project>"
        info = self.info
        return '<cute_shm project "%s" (mode %s, %d arrays)>' % (
            info.project or info.path,
            self.mode,
            info.array_count,
        )


class Info:
    """The description of a project; each field is an attribute.

    ``project``, ``path``, ``size`` (bytes of the segment), ``array_count``,
    ``array_bytes``, ``created_ns`` (Unix time), ``creator``, ``source``,
    ``ephemeral``, ``in_use``, ``uuid``, ``mode``, ``uid``, ``error`` (0, or
    why it cannot be opened) with its ``message``, and some more.

    Example::

        cute_shm.open("demos").info.ephemeral      # -> False
    """

    def __init__(self, fields):
        self.__dict__.update(fields)

    def __repr__(self):
        return "Info(%s)" % ", ".join(
            "%s=%r" % f for f in self.__dict__.items()
        )


class _Text:
    """What :meth:`Array.asstr` gives."""

    def __init__(self, array, encoding, errors):
        self._array = array
        self._how = (encoding, errors)

    def __getitem__(self, index):
        array = self._array
        if array._values_at is not None:
            return array._lists(self._how, index)
        value = array._view()[index]
        if isinstance(value, bytes):
            return value.decode(*self._how)
        result = numpy.empty(value.shape, object)
        result.reshape(-1)[:] = [
            x.decode(*self._how) for x in value.reshape(-1).tolist()
        ]
        return result

    def __len__(self):
        return len(self._array)

    def __iter__(self):
        return (self[i] for i in range(len(self)))


def _seconds(timeout):
    return -1.0 if timeout is None else float(timeout)


class Array(_Common, _core.Node):
    """An array of a project; ``a[...]`` is a NumPy view of the one copy.

    ``a[()]`` and slices are views without a copy.  With mode 'r' they are
    read-only; with 'c' they may be written to, on private copies; with 'r+'
    they are :class:`ShmArray`, of which each assignment is an update, as is
    ``a[3:5] = x``.  They stay valid after ``close()`` and after the project is
    removed.
    A ragged array (h5py: of variable length) gives an object array; its parts
    are ``offsets`` and ``values``, and ``a[i]`` is a view of one list.

    Example::

        joints = cute_shm.open("demos")["demo_0/joints"]
        joints[10:20].shape, joints.dtype, joints.name
        numpy.asarray(joints).mean()               # -> 1.0
    """

    __slots__ = ()

    def _view(self):
        text = self._dtype
        if text == "null":
            return None
        if self._mapping.flags & 2 and text[0] != "*":
            return _updating(self)
        return numpy.ndarray(self._shape, _values.item_dtype(text), self)

    def _lists(self, how, index):
        if isinstance(index, (int, numpy.integer)) and len(self._shape) == 1:
            n = self._shape[0]
            i = int(index) + (n if index < 0 else 0)
            if not 0 <= i < n:
                raise IndexError(
                    "index %d is out of bounds for the size %d of %s"
                    % (index, n, self.name)
                )
            ends = self.offsets[i : i + 2].tolist()
            item = self.values[ends[0] : ends[1]]
            if self._dtype != "*|S1":
                return item
            item = item.tobytes()
            return item if how is None else item.decode(*how)
        everything = _values.ragged(
            self.offsets, self.values, self._dtype, self._shape, how
        )
        if self._shape == ():
            return everything
        return everything[index]

    @property
    def shape(self):
        """The shape; () of a scalar, None without a dataspace."""
        return None if self._dtype == "null" else self._shape

    @property
    def dtype(self):
        """The NumPy dtype; object for ragged arrays and their texts."""
        text = self._dtype
        if text[0] == "*":
            return numpy.dtype(object)
        return None if text == "null" else _values.item_dtype(text)

    @property
    def ndim(self):
        """The number of dimensions."""
        return len(self._shape)

    @property
    def size(self):
        """The number of elements."""
        return None if self._dtype == "null" else self._element_count

    @property
    def nbytes(self):
        """The bytes of the data in the segment."""
        return self._data_size

    @property
    def offsets(self):
        """Of a ragged array: list i is values[offsets[i]:offsets[i + 1]]."""
        self._must_be_ragged()
        return numpy.ndarray(self._element_count + 1, "<u8", self)

    @property
    def values(self):
        """Of a ragged array: the items of all lists."""
        self._must_be_ragged()
        dtype = _values.item_dtype(self._dtype)
        return numpy.ndarray(
            self._value_count,
            dtype,
            self,
            self._values_at if self._value_count else 0,
        )

    def _must_be_ragged(self):
        if self._values_at is None:
            raise TypeError(
                "%s of %s is not ragged" % (self.name, self._dtype)
            )

    def __getitem__(self, index):
        if self._values_at is not None:
            return self._lists(None, index)
        view = self._view()
        if view is None:
            return _values.Empty()
        return view[index]

    def __setitem__(self, index, value):
        view = self._one_kind()
        if not self._mapping.flags & (_FLAGS["r+"] | _FLAGS["c"]):
            raise AccessError(
                "%s: the project was opened with mode 'r'; open it with 'r+' "
                "to update it, or with 'c' to change a private copy"
                % self.name
            )
        view[index] = value

    def __array__(self, dtype=None, copy=None):
        array = self[()]
        if not isinstance(array, numpy.ndarray):
            array = (
                numpy.asarray(array)
                if self._values_at is not None
                else self._view()
            )
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError("a copy is needed for dtype %s" % dtype)
            return array.astype(dtype)
        return array.copy() if copy else array

    def __arrow_c_schema__(self):
        """The type of :meth:`__arrow_c_array__`."""
        return self._arrow_schema()

    def __arrow_c_array__(self, requested_schema=None):
        """For Arrow, without a copy: ``pyarrow.array(a)``.

        Lists become LargeList; texts LargeString, or LargeBinary if some are
        no UTF-8.  The offsets are checked once, before.  Arrays of one
        dimension of numbers, times and fixed bytes keep their type.

        Raises:
            TypeError: more dimensions, or a dtype with another layout in Arrow
            ValueError: the offsets are damaged
        """
        return self._arrow_schema(), self._arrow_array()

    def __dlpack_device__(self):
        """(1, 0): memory of the CPU."""
        return 1, 0

    def __dlpack__(
        self, *, stream=None, max_version=None, dl_device=None, copy=None
    ):
        """For ``from_dlpack()``, without a copy unless ``copy`` is True.

        The data are read-only, which DLPack can say since 1.0.  Mode 'c' gives
        data that may be written to.

        Raises:
            BufferError: the consumer does not know DLPack 1.0, and the data
                are read-only; or DLPack has no such dtype or device
        """
        if stream is not None or dl_device not in (None, (1, 0)):
            raise BufferError(
                "%s is in the memory of the CPU, which has no streams"
                % self.name
            )
        memory = self
        if copy and self._values_at is None and self._dtype != "null":
            memory = self._view().copy()
        versioned = max_version is not None and max_version[0] >= 1
        return self._dlpack(memory, versioned, memory is not self)

    def __len__(self):
        if not self._shape:
            raise TypeError("a scalar has no length")
        return self._shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return True

    def asstr(self, encoding="utf-8", errors="strict"):
        """The texts as ``str``: ``a.asstr()[0]``, ``a.asstr()[:]``."""
        if self._dtype != "*|S1" and self._dtype[:2] != "|S":
            raise TypeError("%s of %s has no texts" % (self.name, self.dtype))
        return _Text(self, encoding, errors)

    def astype(self, dtype):
        """A copy with another dtype."""
        return self[()].astype(dtype)

    def read_direct(self, dest, source_sel=None, dest_sel=None):
        """Copy into an array, as h5py does."""
        dest[() if dest_sel is None else dest_sel] = self[
            () if source_sel is None else source_sel
        ]

    def _one_kind(self):
        if self._dtype[0] == "*" or self._dtype == "null":
            raise TypeError(
                "%s of %s cannot be updated in place"
                % (self.name, self._dtype)
            )
        return self._view()

    def snapshot(self, timeout=-1):
        """A private copy, all of it from between the same two updates.

        Seconds of timeout; None or negative: none.

        Raises:
            TornError: a writer died in the middle of an update
            TimeoutError: updates left no time for a copy

        Example::

            q = p["joints/q"].snapshot()
        """
        view = self._one_kind()
        copy = numpy.empty_like(view, subok=False)
        self._snapshot(
            copy.reshape(-1).view(numpy.uint8) if copy.size else bytearray(),
            _seconds(timeout),
        )
        return copy

    def update(self, value, timeout=-1):
        """Replace all data in one step; the project is open with mode 'r+'.

        Seconds of timeout; None or negative: none.  It heals a torn array.

        Raises:
            PermissionError: the mode is not 'r+'
            TimeoutError: another process kept the array locked

        Example::

            with cute_shm.open("robot", "r+") as p:
                p["joints/q"].update(angles)
        """
        view = self._one_kind()
        new = numpy.empty_like(view, subok=False)
        new[...] = value
        self._update(
            0,
            new.reshape(-1).view(numpy.uint8) if new.size else b"",
            _seconds(timeout),
        )

    @contextmanager
    def updating(self, timeout=-1):
        """One update, as a ``with``: the array to write to.

        No other writer comes between.  The array is for the ``with`` only,
        and so are views of it.  If the block raises, what it has written until
        then is the update.

        Raises:
            TornError: a writer died in the middle of an update; ``update()``
                replaces all data, and so heals the array
        """
        view = self._one_kind()
        update, offset = self._begin(view, _seconds(timeout), True)
        update.refuse_torn()
        array = numpy.ndarray(view.shape, view.dtype, update, offset)
        try:
            yield array
        finally:
            array.flags.writeable = False
            update.end()

    def wait(self, since, timeout=-1):
        """Sleep until the sequence is even and not ``since``; return it.

        Seconds of timeout; None or negative: none.  Ctrl-C ends it.

        Raises:
            TimeoutError: there was no update in time
            TornError: a writer died in the middle of an update

        Example::

            seen = a.sequence
            while True:
                seen = a.wait(seen)
                show(a.snapshot())
        """
        return self._wait(since, _seconds(timeout))

    async def changed(self, since=None, timeout=None):
        """As :meth:`wait`, for asyncio: ``seen = await a.changed(seen)``.

        Without ``since`` it waits for the next update.  Seconds of timeout;
        None or negative: none.  Many awaits share a thread, which ends with
        the last of them.
        """
        import asyncio

        if since is None:
            since = self.sequence
        try:
            return self._wait(since, 0.0)
        except _TimeoutError:
            if timeout is not None and timeout == 0:
                raise
        future = asyncio.get_running_loop().create_future()
        sleeper = _watch.add(self, since, future)
        try:
            return await asyncio.wait_for(
                future, None if timeout is None or timeout < 0 else timeout
            )
        except asyncio.TimeoutError:
            raise failure(
                _TimeoutError.code, "%s: no update in time" % self.name
            ) from None
        finally:
            _watch.remove(sleeper, future)

    @property
    def sequence(self):
        """0 before the first update, odd during one, and 2 more after each."""
        return self._state()[0]

    def __repr__(self):
        if self._dtype == "null":
            return '<cute_shm array "%s": no data>' % self.name
        return '<cute_shm array "%s": shape %s, type "%s">' % (
            self.name,
            self.shape,
            self._dtype,
        )


_core.set_types(Group, Array)


def open(project, mode="r", root=None, *, any_owner=False):
    """Open a project and return it as a :class:`Project`.

    Args:
        project: its name; or a path, with a slash, of a segment
        mode: 'r' read-only; 'r+' allows ``update()``, and views are
            :class:`ShmArray`; 'c' gives views that may be written to, on
            private copies of the pages that change
        root: the folder of the segments; None: $CUTE_SHM_ROOT, or /dev/shm
        any_owner: trust segments of other users, too

    Raises:
        FileNotFoundError: there is no such project
        PermissionError: it belongs to another user, or may not be read
        ValueError: it is damaged

    Example::

        with cute_shm.open("demos") as p:
            joints = p["demo_0/joints"][10:20]
    """
    name = os.fspath(project)
    mapping = _open(name, mode, root, any_owner, by_path="/" in name)
    return mapping.root(Project)
