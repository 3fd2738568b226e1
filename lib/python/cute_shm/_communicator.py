# SPDX-License-Identifier: MIT
"""Communicators of mpi4py, for loads by MPI."""
import importlib.util
import sys

from ._errors import InvalidError, StateError, UnsupportedError, failure

_RANKS_AS_NODES, _SCATTER = 1, 2


def _load_mpi():
    try:
        from . import _mpi
    except ImportError as e:
        if e.name == __package__:
            text = "cute-shm was built without MPI"
        else:
            text = "cute_shm._mpi cannot be loaded: %s" % e
        raise failure(UnsupportedError.code, text) from None
    return _mpi


def _name(version):
    """Of 'MPICH Version:\\t4.0.2\\n...', or 'Open MPI v4.1.4, package: ...'."""
    name = " ".join(version.split("\n")[0].split(",")[0].split())
    return name.replace(" Version:", "")


def _must_be_same(mpi, MPI):
    """mpi4py and cute-shm use one MPI: else its handles are nothing to us.

    The size of a handle tells Open MPI from MPICH and its relatives, even if
    the linker has found a call of ours in mpi4py's library.  The version tells
    most others, and of two copies of one library ours was not begun.
    """
    built_with, version, size = mpi.about()
    theirs = MPI.Get_library_version().rstrip("\0")
    if MPI._sizeof(MPI.COMM_WORLD) != size:
        ours = "was built with " + built_with
    elif theirs != version:
        ours = "uses " + _name(version)
    elif MPI.Is_initialized() and not mpi.is_running():
        ours = "uses another copy of it"
    else:
        return
    raise failure(
        UnsupportedError.code,
        "mpi4py uses %s, but cute-shm %s: both need the same library"
        % (_name(theirs), ours),
    )


def by_mpi(comm, scatter, ranks_as_nodes):
    """The last argument of ``_hdf5.load``: None without a communicator."""
    if comm is None:
        if scatter or ranks_as_nodes:
            raise ValueError("scatter and ranks_as_nodes need comm")
        return None
    # Who has a communicator has imported it; importing it would begin MPI.
    MPI = sys.modules.get("mpi4py.MPI")
    if MPI is None or not isinstance(comm, MPI.Comm):
        text = "comm is %s, not a communicator of mpi4py" % type(comm).__name__
        if MPI is None and importlib.util.find_spec("mpi4py") is None:
            text += ", which is not installed"
        raise TypeError(text)
    mpi = _load_mpi()
    _must_be_same(mpi, MPI)
    if comm == MPI.COMM_NULL:
        raise failure(InvalidError.code, "comm is MPI.COMM_NULL")
    if not MPI.Is_initialized() or MPI.Is_finalized():
        when = " any more" if MPI.Is_finalized() else ""
        raise failure(StateError.code, "MPI is not initialised" + when)
    flags = (scatter and _SCATTER) | (ranks_as_nodes and _RANKS_AS_NODES)
    return mpi.load, comm.py2f(), int(flags)
