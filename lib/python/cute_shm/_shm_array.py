# SPDX-License-Identifier: MIT
"""Arrays that are written to by updates."""
import operator

import numpy

from . import _core
from ._values import item_dtype


def _node(array):
    """The node that has the memory of an array, or None."""
    base = array
    while True:
        if isinstance(base, _core.Node):
            return base
        if isinstance(base, memoryview):
            base = base.obj
        elif isinstance(base, numpy.ndarray):
            base = base.base
        else:
            return None


def _is_whole(node, memory, key):
    """True if memory[key] = x writes each element of the node's array."""
    part = memory[key]
    if not isinstance(part, numpy.ndarray):
        return node._element_count == 1
    size = part.itemsize
    for stride, n in sorted(zip(map(abs, part.strides), part.shape)):
        if n != 1 and stride != size:
            return False
        size *= n
    return size == node._data_size and numpy.may_share_memory(part, memory)


def _assign(array, node, key, value):
    """One update: array[key] = value(memory), or none of it."""
    update, offset = node._begin(array, -1.0, False)
    try:
        memory = numpy.ndarray(
            array.shape, array.dtype, update, offset, array.strides
        )
        if update.torn and (
            callable(value) or not _is_whole(node, memory, key)
        ):
            update.refuse_torn()
        if callable(value):
            value = value(memory)
        update.assign(memory, key, value)
    except BaseException:
        update.abandon()
        raise


def _same_place(a, b):
    return (
        a.shape == b.shape
        and a.strides == b.strides
        and a.dtype == b.dtype
        and a.__array_interface__["data"] == b.__array_interface__["data"]
    )


def _in_place(compute):
    def method(self, other):
        node = _node(self)
        # NumPy 2 takes a Python number for one of the array's own type.
        if not isinstance(other, (int, float, complex)):
            other = numpy.asarray(other)
        if node is None or not self.size:
            result = compute(self.view(numpy.ndarray), other)
            self.view(numpy.ndarray)[...] = result
            return self

        def result(memory):
            new = compute(memory, other)
            if not numpy.can_cast(new.dtype, memory.dtype, "same_kind"):
                raise TypeError(
                    "cannot store a result of %s in an array of %s"
                    % (new.dtype, memory.dtype)
                )
            return new.astype(memory.dtype, copy=False)

        _assign(self, node, ..., result)
        return self

    return method


class ShmArray(numpy.ndarray):
    """An array of a project, of which each assignment is an update.

    ``a[...] = x``, ``a[3:5] = x``, ``a.T[0] = x`` and ``a += x`` take the lock
    of the array, so that writers of several processes do not mix, and
    ``snapshot()`` never gets half of one.  ``a[0] += 1`` is a read and a write:
    another writer may come between.  All else that writes is refused.

    An assignment that fails changes nothing.  If a writer died in the middle
    of an update, the array is torn: assignments to a part of it raise
    :class:`TornError`; ``a[...] = x`` heals it.

    Example::

        a = cute_shm.shm_to_arrays("demos")["demo_0"]["camera"]["data"]
        a[0] = 7
        a[1:] += 1
        a[0, 0, 0]                                 # -> 7
    """

    def __setitem__(self, key, value):
        node = _node(self)
        if node is None or not self.size:
            super().__setitem__(key, value)
            return
        if isinstance(value, ShmArray):
            if _same_place(numpy.asarray(self[key]), numpy.asarray(value)):
                return  # the second half of a[key] += x
            value = numpy.array(value)
        # What cannot be converted fails before the update begins.
        value = numpy.asarray(value).astype(self.dtype)
        _assign(self, node, key, value)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        """Results are plain arrays, and scalars, as those of an ndarray."""
        if array is self:
            return array
        return array[()] if array.ndim == 0 else array.view(numpy.ndarray)

    def fill(self, value):
        """Set all elements, in one update."""
        self[...] = value

    __iadd__ = _in_place(operator.add)
    __isub__ = _in_place(operator.sub)
    __imul__ = _in_place(operator.mul)
    __itruediv__ = _in_place(operator.truediv)
    __ifloordiv__ = _in_place(operator.floordiv)
    __imod__ = _in_place(operator.mod)
    __ipow__ = _in_place(operator.pow)
    __iand__ = _in_place(operator.and_)
    __ior__ = _in_place(operator.or_)
    __ixor__ = _in_place(operator.xor)
    __ilshift__ = _in_place(operator.lshift)
    __irshift__ = _in_place(operator.rshift)


def updating(node):
    """The array of a node, as ShmArray."""
    dtype = item_dtype(node._dtype)
    return numpy.ndarray.__new__(ShmArray, node._shape, dtype, node)
