# SPDX-License-Identifier: MIT
"""Values of a segment as NumPy has them, and the reverse."""
import numpy


class Empty:
    """A null dataspace: a dtype is all that it has.

    Example::

        p = cute_shm.publish("null", {"x": cute_shm.Empty()})
        p["x"][()]                                 # -> Empty(dtype=None)
    """

    shape = None
    size = None

    def __init__(self, dtype=None):
        self.dtype = dtype

    def __eq__(self, other):
        return isinstance(other, Empty) and self.dtype == other.dtype

    def __hash__(self):
        return hash(Empty)

    def __repr__(self):
        return "Empty(dtype=%r)" % (self.dtype,)


_dtypes = {}


def item_dtype(text):
    """The dtype of the items of an array: of "*<f4" it is float32."""
    found = _dtypes.get(text)
    if found is None:
        found = numpy.dtype("S1" if text == "*|S1" else text.lstrip("*"))
        _dtypes[text] = found
    return found


def ragged(offsets, values, text, shape, as_text):
    """An object array with one value per list; a scalar gives the value."""
    flat = numpy.empty(len(offsets) - 1, dtype=object)
    ends = offsets.tolist()
    if text == "*|S1":
        data = values.tobytes()
        for i in range(len(flat)):
            item = data[ends[i] : ends[i + 1]]
            if as_text is not None:
                item = item.decode(*as_text)
            flat[i] = item
    else:
        for i in range(len(flat)):
            flat[i] = values[ends[i] : ends[i + 1]]
    return flat[0] if shape == () else flat.reshape(shape)


def attribute(found):
    """What h5py returns for an attribute, from what Node._attr() gives."""
    text, shape, data, values_at, value_count = found
    if text == "null":
        return Empty()
    dtype = item_dtype(text)
    if values_at is None:
        value = numpy.ndarray(shape, dtype, data or b"\0").copy()
        return value[()] if shape == () else value
    count = 1
    for n in shape:
        count *= n
    offsets = numpy.frombuffer(data, "<u8", count + 1)
    values = numpy.empty(0, dtype)
    if value_count:
        values = numpy.frombuffer(data, dtype, value_count, values_at)
    return ragged(offsets, values, text, shape, ("utf-8", "surrogateescape"))


class Encoded:
    """A value in the form of a segment: dtype, shape, and its bytes."""

    __slots__ = ("dtype", "shape", "data", "offsets")

    def __init__(self, dtype, shape, data, offsets=None):
        self.dtype = dtype
        self.shape = shape
        self.data = data
        self.offsets = offsets


def _bytes_view(array):
    return array.reshape(-1).view(numpy.uint8) if array.size else b""


def _lists(flat, where):
    """The offsets and the items of many lists."""
    kinds = {type(x) for x in flat}
    text = kinds <= {str, bytes, numpy.str_, numpy.bytes_}
    if text:
        parts = [
            x.encode("utf-8", "surrogateescape")
            if isinstance(x, str)
            else bytes(x)
            for x in flat
        ]
    else:
        parts = [numpy.asarray(x) for x in flat]
        if any(p.ndim != 1 or p.dtype.hasobject for p in parts):
            raise TypeError(
                "%s: a segment cannot have objects of type %s, only texts "
                "and one-dimensional arrays"
                % (where, ", ".join(sorted(k.__name__ for k in kinds)))
            )
    offsets = numpy.zeros(len(parts) + 1, "<u8")
    numpy.cumsum([len(p) for p in parts], out=offsets[1:])
    if text:
        return "*|S1", offsets, b"".join(parts)
    filled = [p for p in parts if p.size] or parts
    values = _plain(numpy.concatenate(filled), where)
    return "*" + values.dtype.str, offsets, _bytes_view(values)


def _plain(array, where):
    """C order, little-endian, and a dtype that a segment has."""
    dtype = array.dtype
    known = dtype.kind in "biufcmM" and dtype.str[1:] not in ("c32", "f12")
    if dtype.kind in "SV" and dtype.names is None:
        known = dtype.itemsize > 0
    if dtype.kind in "mM" and numpy.datetime_data(dtype)[0] == "generic":
        known = False
    if not known:
        raise TypeError(
            "%s: a segment cannot have the dtype %s" % (where, dtype)
        )
    # (ascontiguousarray() would make a scalar an array of one element.)
    return numpy.asarray(array, dtype.newbyteorder("<"), order="C")


def encode(value, where):
    """An Encoded of anything that NumPy takes for an array."""
    if isinstance(value, Empty):
        return Encoded("null", (), b"")
    array = numpy.asarray(value)
    if array.dtype.kind == "U":
        array = array.astype(object)
    if array.dtype.kind == "S" and array.dtype.itemsize == 0:
        array = array.astype("S1")
    if array.dtype.kind == "O":
        dtype, offsets, data = _lists(array.reshape(-1).tolist(), where)
        return Encoded(dtype, array.shape, data, offsets)
    array = _plain(array, where)
    return Encoded(array.dtype.str, array.shape, _bytes_view(array))
