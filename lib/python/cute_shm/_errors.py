# SPDX-License-Identifier: MIT
"""The exceptions of cute_shm: each is also a built-in one."""
import errno


class Error(Exception):
    """A call of the library failed; ``str(e)`` is its sentence.

    ``e.code`` is the library's number for the kind of failure.
    """

    code = 0

    def __str__(self):
        return str(self.args[0]) if self.args else ""


class InvalidError(Error, ValueError):
    """An argument is not valid."""

    code = -1


class OutOfMemoryError(Error, MemoryError):
    """No private memory is left."""

    code = -2


class SystemError(Error, OSError):
    """A call of the operating system failed."""

    code = -3


class NotFoundError(Error, FileNotFoundError):
    """No such project or file."""

    code = -4


class NoNodeError(Error, KeyError):
    """A project has no group, array or attribute of that name."""

    code = -4


class ExistsError(Error, FileExistsError):
    """The name is taken already."""

    code = -5


class OwnerError(Error, PermissionError):
    """The project belongs to another user."""

    code = -6


class AccessError(Error, PermissionError):
    """The project may not be read, or not be written to."""

    code = -7


class FormatError(Error, ValueError):
    """It is no segment at all."""

    code = -8


class UnsupportedError(Error, NotImplementedError):
    """It is newer than this library."""

    code = -9


class CorruptError(Error, ValueError):
    """A size, an offset or a digest is wrong."""

    code = -10


class NoSpaceError(Error, MemoryError):
    """It does not fit into memory; the sentence has numbers and a remedy."""

    code = -11


class TypeMismatchError(Error, TypeError):
    """The wrong kind of node, or a dtype that a segment cannot have."""

    code = -12


class StateError(Error, RuntimeError):
    """The call must come at another time."""

    code = -13


class CancelledError(Error, RuntimeError):
    """A callback stopped the call."""

    code = -14


class SourceError(Error, OSError):
    """The HDF5 file cannot be read."""

    code = -15


class TimeoutError(Error, TimeoutError):
    """The time was up."""

    code = -17


class TornError(Error, RuntimeError):
    """A writer died during an update of the array."""

    code = -18


class BusyError(Error, BlockingIOError):
    """Another process uses it."""

    code = -19


class LimitError(Error, RuntimeError):
    """It exceeds a bound of the options."""

    code = -20


_by_code = {
    c.code: c
    for c in list(globals().values())
    if isinstance(c, type) and issubclass(c, Error) and c is not NoNodeError
}

_errnos = {
    -4: errno.ENOENT,
    -5: errno.EEXIST,
    -6: errno.EPERM,
    -7: errno.EACCES,
    -17: errno.ETIMEDOUT,
    -19: errno.EBUSY,
}


def failure(code, sentence, missing=0):
    """The exception for a code of the library; for the extension modules.

    ``missing`` is what cute_shm_missing() says: 2 a node, 3 an attribute.
    """
    if code == NoNodeError.code and missing in (2, 3):
        return NoNodeError(sentence)
    error = _by_code.get(code, Error)(sentence)
    error.code = code
    if code in _errnos:
        error.errno = _errnos[code]
    return error
