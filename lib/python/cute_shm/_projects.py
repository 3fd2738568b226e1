# SPDX-License-Identifier: MIT
"""Make, list, check, move and remove projects."""
import builtins
import os
from collections.abc import Mapping
from contextlib import contextmanager

from . import _core, _values
from ._communicator import by_mpi
from ._errors import UnsupportedError, failure
from ._nodes import Array, Group, Info, Project, _open
from ._root import chosen

try:
    from . import _hdf5
except ImportError:
    _hdf5 = None

_OVERWRITE, _REPLACE, _EPHEMERAL = 1, 2, 4


@contextmanager
def _shown(progress):
    """The callable for an argument 'progress'; True shows a line."""
    if progress is not True:
        yield progress or None
        return
    from ._original import ShmProgress

    line = ShmProgress(0)

    def show(done, total, *rest):
        line._total = total
        line.update(done)

    line.start()
    try:
        yield show
    finally:
        line.stop()


def _describe_attrs(builder, path, attrs):
    for name, value in attrs.items():
        v = _values.encode(value, "/%s@%s" % (path, name))
        if v.offsets is None:
            builder.attr(path, name, v.dtype, v.shape, v.data)
        else:
            builder.attr_ragged(
                path, name, v.dtype, v.shape, v.offsets, v.data
            )


# What tells how to read the data.  What tells where they are from is not kept:
# the new project is no load of those files.
_OF_GROUP = ("cute-shm:compound", "cute-shm:datatype")
_OF_ARRAY = ("cute-shm:enum-names", "cute-shm:enum-values")


def _all_attrs(node, reserved):
    """Those of a group or array; the reserved ones do not show in attrs."""
    attrs = dict(node.attrs)
    attrs.update((n, node.attrs[n]) for n in reserved if n in node.attrs)
    return attrs


def _describe_array(builder, path, value):
    if isinstance(value, Array):
        attrs = _all_attrs(value, _OF_ARRAY)
        value = _values.Empty() if value.shape is None else value[()]
    else:
        attrs = {}
    v = _values.encode(value, "/" + path)
    if v.offsets is None:
        builder.array(path, v.dtype, v.shape, v.data)
    else:
        builder.ragged(path, v.dtype, v.shape, v.offsets, v.data)
    _describe_attrs(builder, path, attrs)


def _identity(value):
    """What two names of one group or array have in common."""
    if isinstance(value, (Group, Array)):
        return value._record, value._mapping
    return id(value)


def _describe(builder, prefix, tree, made):
    for name, value in tree.items():
        if not isinstance(name, str):
            raise TypeError(
                "/%s%r: a name is a str, not %s"
                % (prefix, name, type(name).__name__)
            )
        path = prefix + name
        if not isinstance(value, (Mapping, Group, Array)):
            _describe_array(builder, path, value)
            continue
        identity = _identity(value)
        if identity in made:
            builder.link(path, made[identity][0])
            continue
        # The value is kept, so that no other one gets its identity.
        made[identity] = path, value
        if isinstance(value, Array):
            _describe_array(builder, path, value)
        else:
            builder.group(path)
            if isinstance(value, Group):
                _describe_attrs(builder, path, _all_attrs(value, _OF_GROUP))
            _describe(builder, path + "/", value, made)


def publish(
    project,
    arrays,
    attrs=None,
    ephemeral=False,
    overwrite=False,
    *,
    root=None,
    mode=0,
    group=None,
    jobs=0,
    max_size=0,
    replace=False,
    progress=None,
):
    """Put arrays into a new project, and return it open.

    Args:
        project: its name
        arrays: a nested dict, or a group of another project; what is not a
            dict is made an array by NumPy.
            A dict that occurs twice becomes a link.  Texts (``str``, "U", or
            objects) become texts of variable length, lists of arrays of
            different lengths in an object array become a ragged array
        attrs: {path: {name: value}}; "" is the root
        ephemeral: it ends when the last reference to the result goes
        overwrite: replace a project of that name in one step
        root, mode, group: folder, permissions (0: 0600) and group
        replace: overwrite, and drop the old one first if both do not fit
        jobs: threads; 0: the CPUs that the process may use
        max_size: bytes of the segment; 0: no bound
        progress: called as progress(done, total), in bytes; Ctrl-C or an
            exception there stops it, and nothing is published; True: show a
            line on standard error, if that is a terminal

    Raises:
        FileExistsError: the name is taken
        MemoryError: it does not fit
        TypeError: a dtype that a segment cannot have; it names the path

    Example::

        cute_shm.publish("robot", {"joints": {"q": numpy.zeros(7)}},
                         attrs={"joints": {"unit": "rad"}})
    """
    flags = (
        (overwrite and _OVERWRITE)
        | (ephemeral and _EPHEMERAL)
        | (replace and _REPLACE)
    )
    builder = _core.Builder(
        project, chosen(root), int(flags), mode, group, jobs, max_size
    )
    if isinstance(arrays, Group):
        _describe_attrs(builder, "", _all_attrs(arrays, _OF_GROUP))
    _describe(builder, "", arrays, {_identity(arrays): ("", arrays)})
    for path, values in (attrs or {}).items():
        _describe_attrs(builder, path.strip("/"), values)
    with _shown(progress) as report:
        return builder.publish(report).root(Project)


def list(root=None):
    """An :class:`Info` for each project of the root, sorted by name.

    Example::

        for info in cute_shm.list():
            print(info.project, info.size, info.in_use)
    """
    return [Info(fields) for fields in _core.list(chosen(root))]


def info(project, root=None):
    """The :class:`Info` of one project.

    Example::

        cute_shm.info("demos").array_count         # -> 2
    """
    return Info(
        _open(
            os.fspath(project), "r", root, True, "/" in os.fspath(project)
        ).info()
    )


def unlink(project, root=None, *, idle=False):
    """Remove a project; who has it open keeps it.

    ``idle=True`` removes it only if no process has it open, else
    :class:`BusyError`.  Returns the bytes of memory that it held.
    """
    return _core.unlink(project, chosen(root), 1 if idle else 0)


class Damage:
    """A damage that :func:`verify` found: ``path`` (or None), ``message``.

    Example::

        [damage.path for damage in cute_shm.verify("demos")]    # -> []
    """

    def __init__(self, code, path, offset, begin, end, message):
        self.code = code
        self.path = path
        self.offset = offset
        self.begin = begin
        self.end = end
        self.message = message

    def __repr__(self):
        return "<Damage: %s>" % self.message


def _mapping(project, root):
    if isinstance(project, Project):
        return project._open_mapping()
    name = os.fspath(project)
    return _open(name, "r", root, True, "/" in name)


def verify(project, root=None, *, metadata_only=False, jobs=0, progress=None):
    """Check all digests of a project (a name, a path or a Project).

    Returns a list of :class:`Damage`, empty if all is sound.
    ``progress(done, total)`` is called with bytes; Ctrl-C stops the check.

    Example::

        cute_shm.verify("demos")                   # -> []
    """
    with _shown(progress) as report:
        found = _mapping(project, root).verify(metadata_only, jobs, report)
    return [Damage(*damage) for damage in found[3]]


def _must_have_hdf5():
    if _hdf5 is None:
        raise failure(UnsupportedError.code, "cute-shm was built without HDF5")


def export(
    project,
    file,
    root=None,
    *,
    overwrite=False,
    segment=None,
    gzip=0,
    shuffle=False,
    jobs=0,
    progress=None,
):
    """Write a project to a file.

    An HDF5 file; or, if ``segment`` is true or the file is called ``*.shm``, a
    copy of the segment, which ``open()`` and ``load()`` take.

    Example::

        cute_shm.export("demos", "copy.h5", gzip=4, shuffle=True)
        cute_shm.export("demos", "copy.shm")
    """
    mapping = _mapping(project, root)
    if segment is None:
        segment = os.fsdecode(file).endswith(".shm")
    if segment:
        with _shown(progress) as report:
            mapping.export(file, overwrite, report)
        return
    _must_have_hdf5()
    with _shown(progress) as report:
        _hdf5.export(
            mapping.handle(),
            file,
            1 if overwrite else 0,
            gzip,
            shuffle,
            0,
            jobs,
            report,
        )


def _patterns(given):
    if isinstance(given, (str, bytes)):
        given = (given,)
    return tuple(os.fsencode(pattern) for pattern in given)


class LeftOut:
    """What a load left out: ``path``, ``reason``, ``failed``, ...

    Example::

        results = []
        cute_shm.load("lo", "demos.h5", keep_going=True, result=results.append)
        [item.reason for item in results[0].left_out]      # -> []
    """

    def __init__(self, path, reason, failed, incomplete, changed):
        self.path = path
        self.reason = reason
        self.failed = bool(failed)
        self.incomplete = bool(incomplete)
        self.changed = bool(changed)

    def __repr__(self):
        return "<LeftOut %s: %s>" % (self.path, self.reason)


class LoadResult:
    """The counts of a load: ``arrays``, ``groups``, ``links``, ``bytes``,
    ``segment_size``, ``seconds``, and ``left_out``, a list; ``current`` is true
    if the project was there already, so that nothing was loaded; ``partial`` if
    something that could not be read was left out, now or when it was loaded;
    ``files`` is 0 if one file was loaded as it is; ``reused`` of several were
    copied from the old project, with ``reused_bytes`` of data.

    Example::

        found = []
        cute_shm.load("lr", "demos.h5", exclude="*/c*", result=found.append)
        found[0].arrays                            # -> 1
    """

    def __init__(self, fields):
        self.__dict__.update(fields)
        self.current = bool(self.current)
        self.partial = bool(self.partial)
        self.left_out = [LeftOut(*item) for item in fields["left_out"]]

    def __repr__(self):
        return "<LoadResult: %d arrays, %d bytes, %d left out>" % (
            self.arrays,
            self.bytes,
            len(self.left_out),
        )


def _sources(file):
    """One path, or, of files that become groups, pairs of name and path."""
    if isinstance(file, Mapping):
        return tuple((str(name), path) for name, path in file.items())
    if not isinstance(file, (str, bytes, os.PathLike)):
        return tuple((None, path) for path in file)
    return ((None, file),) if os.path.isdir(file) else file


def _run_load(
    project,
    file,
    root=None,
    flags=0,
    mode=0,
    group=None,
    jobs=0,
    select=(),
    exclude=(),
    max_memory=0,
    max_size=0,
    max_seconds=0,
    timeout=0,
    progress=None,
    mpi=None,
):
    """Load the file, or, without a project, only look what it has."""
    _must_have_hdf5()
    root = chosen(root)
    with _shown(progress) as report:
        fields = _hdf5.load(
            project,
            _sources(file),
            root,
            flags,
            mode,
            group,
            jobs,
            _patterns(select),
            _patterns(exclude),
            max_memory,
            max_size,
            float(max_seconds),
            float(timeout),
            report,
            mpi,
        )
    return fields.pop("handle"), LoadResult(fields)


def load(
    project,
    file,
    *,
    root=None,
    overwrite=False,
    replace=False,
    ensure=False,
    reuse=False,
    wait=False,
    timeout=None,
    ephemeral=False,
    keep_going=False,
    external=True,
    select=(),
    exclude=(),
    mode=0,
    group=None,
    jobs=0,
    max_memory=0,
    max_size=0,
    max_seconds=0,
    progress=None,
    result=None,
    comm=None,
    scatter=False,
    ranks_as_nodes=False,
):
    """Load an HDF5 file as a project, and return it open.

    Args:
        project: its name
        file: the HDF5 file; it is read by a process of its own.  Several
            files become groups: a list of paths, or a folder, for groups with
            the names of the files, or a dict of names and paths
        ensure: return the project that holds this file as it is now, with
            these options: open it if it is there, wait for another process
            that loads it, or else load it and replace an older one
        reuse: with ensure and several files: copy the groups of files that
            have not changed from an older project, and read only the others
        wait: if another process loads a project of this name, wait for it
            first, instead of :class:`BusyError`
        timeout: seconds to wait for other processes; None: no bound
        overwrite, replace, ephemeral, mode, group, root: as in publish()
        keep_going: leave out what cannot be read
        external: False: read no other files
        select, exclude: patterns of paths, as of fnmatch
        max_memory, max_size, max_seconds: bounds; 0: the default
        progress: called as progress(done, total, objects, path), in bytes,
            about ten times a second; Ctrl-C or an exception there stops the
            load, and nothing is published; True: show a line on standard
            error, if that is a terminal
        result: called with the :class:`LoadResult`
        comm: a communicator of mpi4py, such as ``MPI.COMM_WORLD``: all its
            ranks make this call with the same arguments.  Rank 0 reads the
            file, once for all nodes, and only it looks at ``file``; all nodes
            have the project afterwards, or none, and each rank opens that of
            its node.  ``progress`` is called on the first rank of each node,
            with the bytes that it reads or receives, and only rank 0 shows a
            line; what is left out is known on rank 0
        scatter: with ``comm``: each node reads its share of the files, and
            has only that; see cute-shm-mpi(1)
        ranks_as_nodes: with ``comm``: each rank has a ``root`` of its own

    Raises:
        OSError: the file is not HDF5, is damaged, or a filter is missing
        FileExistsError, MemoryError: as in publish()
        BusyError: another process loads the project, without ensure or wait
        TimeoutError: it still does after the timeout
        UnsupportedError: ``comm`` without MPI, or with another one than that
            of mpi4py

    Example::

        with cute_shm.load("new", "demos.h5", ensure=True) as p:
            p["demo_0/joints"].dtype               # -> dtype('float64')
        with cute_shm.load("two", {"a": "demos.h5"}) as p:
            p["a/demo_0/joints"].dtype             # -> dtype('float64')
    """
    if timeout is not None and timeout <= 0:
        raise ValueError("timeout %r: it is positive, or None" % (timeout,))
    flags = (
        (1 if overwrite else 0)
        | (2 if keep_going else 0)
        | (0 if external else 4)
        | (8 if replace else 0)
        | (16 if ephemeral else 0)
        | (32 if ensure else 0)
        | (64 if wait else 0)
        | (256 if reuse else 0)
    )
    mpi = by_mpi(comm, scatter, ranks_as_nodes)
    if mpi is not None and comm.rank != 0:
        file, progress = "", None if progress is True else progress
    capsule, counts = _run_load(
        project,
        file,
        root,
        flags,
        mode,
        group,
        jobs,
        select,
        exclude,
        max_memory,
        max_size,
        max_seconds,
        timeout or 0,
        progress,
        mpi,
    )
    if result is not None:
        result(counts)
    if mpi is not None:
        return _open(project, "r", root).root(Project)
    return _core.adopt(capsule).root(Project)


def hdf5_size(file, select=(), exclude=()):
    """The bytes of data that the arrays of an HDF5 file would have."""
    return _run_load(None, file, select=select, exclude=exclude)[1].bytes


def restore(project, file, *, root=None, overwrite=False, progress=None):
    """Make a project from a segment that ``export()`` saved.

    Example::

        cute_shm.export("demos", "saved.shm")
        with cute_shm.restore("restored", "saved.shm") as p:
            [*p]                                   # -> ['demo_0']
    """
    with builtins.open(file, "rb") as f, _shown(progress) as report:
        mapping = _core.load(
            project,
            f.fileno(),
            chosen(root),
            _OVERWRITE if overwrite else 0,
            report,
        )
    return mapping.root(Project)
