#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A reader of cute-shm segments, written from cute-shm(5) alone.

    read_segment.py FILE...

Checks every rule of that page, and prints the tree with its values.  It
shares no code with the library and needs nothing but Python: a second opinion
on what the library writes, and the shortest way to learn the format.  Plain
code before fast code: a hash of 1 MiB takes a fraction of a second.

Exit status: 0 when all files are sound, 1 when one is not.
"""
import re
import struct
import sys

PAGE, LINE, ROW = 4096, 64, 16


class Damage(Exception):
    """A rule of cute-shm(5) that the bytes break."""


def need(condition, rule, *values):
    if not condition:
        raise Damage(rule % values)


def align(n, to):
    return (n + to - 1) // to * to


# ------------------------------------------------------------------ XXH3-64
# From the specification of xxHash: seed 0, default secret.

M32, M64 = (1 << 32) - 1, (1 << 64) - 1
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F,
                       0x165667B19E3779F9)
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PMX_1, PMX_2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET = bytes.fromhex("""
    b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f
    cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c
    3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8
    a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364
    eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e
    2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e""")


def u32(b, at):
    return int.from_bytes(b[at:at + 4], "little")


def u64(b, at):
    return int.from_bytes(b[at:at + 8], "little")


def fold(a, b):
    """The 128-bit product, its halves xored."""
    product = a * b
    return (product ^ product >> 64) & M64


def rotate(n, by):
    return (n << by | n >> 64 - by) & M64


def swap64(n):
    return int.from_bytes(n.to_bytes(8, "little"), "big")


def avalanche(h):
    h = (h ^ h >> 37) * PMX_1 & M64
    return h ^ h >> 32


def avalanche64(h):
    """The finaliser of the older XXH64, for the shortest inputs."""
    h = (h ^ h >> 33) * P64_2 & M64
    h = (h ^ h >> 29) * P64_3 & M64
    return h ^ h >> 32


def mix16(b, at, secret_at):
    return fold(u64(b, at) ^ u64(SECRET, secret_at),
                u64(b, at + 8) ^ u64(SECRET, secret_at + 8))


def xxh3_up_to_16(b):
    n = len(b)
    if n == 0:
        return avalanche64(u64(SECRET, 56) ^ u64(SECRET, 64))
    if n <= 3:
        joined = b[n - 1] | n << 8 | b[0] << 16 | b[n >> 1] << 24
        return avalanche64(joined ^ u32(SECRET, 0) ^ u32(SECRET, 4))
    if n <= 8:
        joined = u32(b, n - 4) | u32(b, 0) << 32
        h = joined ^ u64(SECRET, 8) ^ u64(SECRET, 16)
        h ^= rotate(h, 49) ^ rotate(h, 24)
        h = h * PMX_2 & M64
        h ^= (h >> 35) + n
        h = h * PMX_2 & M64
        return h ^ h >> 28
    low = u64(b, 0) ^ u64(SECRET, 24) ^ u64(SECRET, 32)
    high = u64(b, n - 8) ^ u64(SECRET, 40) ^ u64(SECRET, 48)
    return avalanche((n + swap64(low) + high + fold(low, high)) & M64)


def xxh3_up_to_128(b):
    n = len(b)
    h = n * P64_1
    for i in reversed(range((n - 1) // 32 + 1)):
        h += mix16(b, 16 * i, 32 * i)
        h += mix16(b, n - 16 * (i + 1), 32 * i + 16)
    return avalanche(h & M64)


def xxh3_up_to_240(b):
    n = len(b)
    h = n * P64_1
    for i in range(8):
        h += mix16(b, 16 * i, 16 * i)
    h = avalanche(h & M64)
    for i in range(8, n // 16):
        h += mix16(b, 16 * i, 16 * (i - 8) + 3)
    return avalanche(h + mix16(b, n - 16, 136 - 17) & M64)


def accumulate(acc, lanes, keys):
    """One stripe of 64 bytes: eight lanes of 8."""
    for i in range(8):
        keyed = lanes[i] ^ keys[i]
        acc[i ^ 1] += lanes[i]
        acc[i] = acc[i] + (keyed & M32) * (keyed >> 32) & M64
    for i in range(8):
        acc[i] &= M64


def scramble(acc, keys):
    for i in range(8):
        acc[i] = ((acc[i] ^ acc[i] >> 47) ^ keys[i]) * P32_1 & M64


def xxh3_long(b):
    n = len(b)
    acc = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    stripe = struct.Struct("<8Q")
    keys = [stripe.unpack_from(SECRET, 8 * i) for i in range(16)]
    last_keys = stripe.unpack_from(SECRET, 192 - 64)
    for i in range((n - 1) // 64):
        accumulate(acc, stripe.unpack_from(b, 64 * i), keys[i % 16])
        if i % 16 == 15:
            scramble(acc, last_keys)
    accumulate(acc, stripe.unpack_from(b, n - 64),
               stripe.unpack_from(SECRET, 192 - 64 - 7))
    h = n * P64_1
    for i in range(4):
        h += fold(acc[2 * i] ^ u64(SECRET, 11 + 16 * i),
                  acc[2 * i + 1] ^ u64(SECRET, 11 + 16 * i + 8))
    return avalanche(h & M64)


def xxh3_64(b):
    for most, way in ((16, xxh3_up_to_16), (128, xxh3_up_to_128),
                      (240, xxh3_up_to_240)):
        if len(b) <= most:
            return way(b)
    return xxh3_long(b)


# ------------------------------------------------------------------- dtypes

# dtype: bytes of an item, its code in Python's struct
PLAIN = {
    "|b1": (1, "?"), "|i1": (1, "b"), "|u1": (1, "B"), "<i2": (2, "h"),
    "<u2": (2, "H"), "<i4": (4, "i"), "<u4": (4, "I"), "<i8": (8, "q"),
    "<u8": (8, "Q"), "<f2": (2, "e"), "<f4": (4, "f"), "<f8": (8, "d"),
    "<c8": (8, "ff"), "<c16": (16, "dd"), "<f16": (16, None),
}
BYTES = re.compile(r"\|[SV]([1-9][0-9]*)$")
TIME = re.compile(r"<[Mm]8\[([1-9][0-9]*)?"
                  r"(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\]$")


def item_size(dtype):
    if dtype == "null":
        return 0
    base = dtype[1:] if dtype.startswith("*") else dtype
    if base in PLAIN:
        return PLAIN[base][0]
    m = BYTES.match(base)
    if m and int(m.group(1)) < 1 << 32:
        return int(m.group(1))
    m = TIME.match(base)
    need(m and m.group(1) != "1", "unknown dtype %r", dtype)
    return 8


def x87(b):
    """Extended precision: 63 bits of fraction below an explicit 1."""
    fraction, top = u64(b, 0), u32(b[8:10] + b"\0\0", 0)
    sign, exponent = (-1.0 if top & 0x8000 else 1.0), top & 0x7fff
    if exponent == 0x7fff:
        return sign * float("inf") if fraction << 1 & M64 == 0 \
            else float("nan")
    try:
        return sign * fraction * 2.0 ** (exponent - 16383 - 63)
    except OverflowError:
        return sign * float("inf")


def item(dtype, b):
    """One item as text."""
    if dtype[1] in "SV":
        return repr(b.rstrip(b"\0") if dtype[1] == "S" else b)[1:]
    if dtype[1] in "Mm":
        return str(int.from_bytes(b, "little", signed=True))
    if dtype == "<f16":
        return repr(x87(b))
    parts = struct.unpack("<" + PLAIN[dtype][1], b)
    return repr(complex(*parts)) if dtype[1] == "c" else repr(parts[0])


# ------------------------------------------------------------------ segment

FIELDS = """byte_order header_size segment_size metadata_size index_offset
    node_count records_offset records_size blocks_offset block_count
    live_offset array_count data_offset data_size array_bytes
    block_size""".split()


class Segment:
    def __init__(self, b):
        self.b = b
        self.nodes = {}                 # offset of record: node
        self.paths = set()
        self.arrays = []
        self.open_header()

    def zeros(self, begin, end, what):
        need(not any(self.b[begin:end]), "%s: bytes that are not zero", what)

    def text(self, at, size, what):
        """Text in a field of a fixed size."""
        field = self.b[at:at + size]
        need(b"\0" in field, "%s: no NUL", what)
        found = field[:field.index(b"\0")]
        need(field == found.ljust(size, b"\0"), "%s: not padded", what)
        return found

    def name(self, at, size, end, what):
        """A path or name that is padded to a row; and what follows it."""
        after = at + align(size + 1, ROW)
        need(after <= end, "%s: longer than its record", what)
        found = self.text(at, after - at, what)
        need(len(found) == size, "%s: a NUL at %d, not %d", what,
             len(found), size)
        return self.utf8(found, what), after

    def utf8(self, found, what):
        try:
            return found.decode("utf-8")
        except UnicodeDecodeError:
            raise Damage("%s: not UTF-8" % what) from None

    def shape(self, at, ndim, end, what):
        need(ndim <= 32, "%s: %d dimensions", what, ndim)
        after = at + align(8 * ndim, ROW)
        need(after <= end, "%s: its shape leaves the record", what)
        self.zeros(at + 8 * ndim, after, what + ": padding of the shape")
        return struct.unpack_from("<%dQ" % ndim, self.b, at), after

    # "When it opens the segment", in that page's order
    def open_header(self):
        b = self.b
        need(len(b) >= 512 and b[:8] == b"CUTE-SHM", "not a segment")
        version = self.text(8, 8, "version").decode("ascii", "replace")
        need(re.match(r"1\.[0-9]+$", version), "version is %r", version)
        self.minor = int(version[2:])
        h = dict(zip(FIELDS, struct.unpack_from("<16Q", b, 0x10)))
        self.__dict__.update(h)
        need(self.byte_order == 0x0102030405060708, "byte order")
        need(self.segment_size == len(b), "segment_size is %d, not %d",
             self.segment_size, len(b))
        need(u64(b, 0x1f8) == xxh3_64(b[:0x1f8]), "header digest differs")
        need(u32(b, 0x90) == 0, "unknown incompatible features")
        need(self.header_size == 1024, "header_size is %d", self.header_size)
        need(self.node_count >= 1, "no root")
        need(self.block_size and self.block_size % 64 == 0, "block_size")
        at = self.header_size
        for name, size, to in (("index", ROW * self.node_count, LINE),
                               ("records", self.records_size, LINE),
                               ("blocks", 8 * self.block_count, LINE),
                               ("live", LINE * self.array_count, PAGE),
                               ("data", self.data_size, PAGE)):
            begin = h[name + "_offset"]
            need(begin == align(at, to), "%s begin at %#x", name, begin)
            at = begin + size
            need(at <= len(b), "%s leave the segment", name)
        need(at == len(b), "bytes after the data")
        self.view = None
        if self.minor and u32(b, 0x94) & 2:
            self.view = begin, size = u64(b, 0xc8), u64(b, 0xd0)
            need(begin % PAGE == 0 and begin >= self.data_offset and
                 size and begin + size == len(b), "HDF5 view")
        need(self.metadata_size == self.blocks_offset + 8 * self.block_count,
             "metadata_size")

    def check(self):
        """All the rest of the page."""
        b = self.b
        self.check_second()
        need(b[0xb6] >> 4 == 4 and b[0xb8] >> 6 == 2, "uuid is no version 4")
        need(self.text(0xe0, 32, "creator"), "no creator")
        self.utf8(self.text(0xe0, 32, "creator"), "creator")
        source = self.text(0x100, 240, "source")
        need(source[:1] in (b"", b"/") or len(source) == 239,
             "the source's path is not absolute")
        need(source or not (u64(b, 0xa8) or u64(b, 0xc0)),
             "size or time of a source without a name")
        metadata = b[self.header_size:self.metadata_size]
        need(u64(b, 0x1f0) == xxh3_64(metadata), "metadata digest differs")
        self.zeros(self.index_offset + ROW * self.node_count,
                   self.records_offset, "after the index")
        records_end = self.records_offset + self.records_size
        self.zeros(records_end, self.blocks_offset, "after the records")
        self.zeros(self.metadata_size, self.live_offset, "after the metadata")
        self.zeros(self.live_offset + LINE * self.array_count,
                   self.data_offset, "after the live slots")
        root = self.read_node(self.records_offset, None, records_end)
        need(root["tag"] == b"GRUP", "the root is no group")
        need(root["next"] == records_end, "records after the root")
        need(len(self.nodes) == self.node_count, "node_count")
        self.check_index()
        for node in self.nodes.values():
            if node["tag"] == b"LINK":
                target = self.nodes.get(node["target"])
                need(target and target["tag"] != b"LINK",
                     "%s leads to no group or array", node["path"])
        self.check_arrays()
        for node in self.nodes.values():
            self.check_conventions(node)
        return root

    # On what, dtype, shape (None: one dimension of any length).
    RESERVED = {
        "cute-shm:enum-names": (b"ARRY", "*|S1", None),
        "cute-shm:enum-values": (b"ARRY", "", None),
        "cute-shm:compound": (b"GRUP", "*|S1", None),
        "cute-shm:datatype": (b"GRUP", "*|S1", ()),
        "cute-shm:unicode": (b"ARRY", "<u8", ()),
        "cute-shm:source": (b"GRUP", "*|S1", ()),
        "cute-shm:source-size": (b"GRUP", "<u8", ()),
        "cute-shm:source-mtime-ns": (b"GRUP", "<u8", ()),
        "cute-shm:source-parts": (b"GRUP", "*|S1", None),
        "cute-shm:source-parts-size": (b"GRUP", "<u8", None),
        "cute-shm:source-parts-mtime-ns": (b"GRUP", "<u8", None),
        "cute-shm:selection": (b"GRUP", "*|S1", None),
        "cute-shm:share": (b"GRUP", "<u8", (2,)),
    }

    def check_reserved(self, node):
        """Names that begin with cute-shm: their order, form and place."""
        names = list(node["attributes"])
        ours = [x for x in names if x.startswith("cute-shm:")]
        need(names[len(names) - len(ours):] == ours,
             "%r: reserved attributes before others", node["path"])
        need(ours == [x for x in self.RESERVED if x in ours],
             "%r: reserved attributes %r", node["path"], ours)
        for name in ours:
            tag, dtype, shape = self.RESERVED[name]
            got = node["attributes"][name]
            need(node["tag"] == tag and got["dtype"].startswith(dtype) and
                 (len(got["shape"]) == 1 if shape is None
                  else got["shape"] == shape),
                 "%r: %s", node["path"], name)
            need(node["path"] == "" or
                 name not in ("cute-shm:selection", "cute-shm:share"),
                 "%r: %s is for the root", node["path"], name)
        need("cute-shm:datatype" not in ours or not node["children"],
             "%r: a datatype with children", node["path"])
        need("cute-shm:unicode" not in ours or node["dtype"] == "*|S1",
             "%r: unicode", node["path"])
    def check_second(self):
        """The second superblock, and what of the header belongs to it."""
        b = self.b
        protected = b[0x200:0x400]
        if self.view:
            self.check_view()
            protected += b[self.view[0]:]
        else:
            self.zeros(0xc8, 0xd8, "header")
            self.zeros(0x200, 0x230, "superblock of a view")
        self.zeros(0x230, 0x3e0 if self.minor else 0x400, "second superblock")
        need(u64(b, 0xd8) == (xxh3_64(protected) if self.minor else 0),
             "digest of the second superblock")
        if not u32(b, 0x94) & 1:
            self.zeros(0x3f0, 0x400, "home of a lasting segment")

    def check_view(self):
        """Superblock and guard of the HDF5 view; the root is in the view."""
        b, (begin, size) = self.b, self.view
        need(b[0x200:0x20c] == b"\x89HDF\r\n\x1a\n\2\10\10\0",
             "signature of HDF5")
        base, extension, end, root = struct.unpack_from("<4Q", b, 0x20c)
        need((base, extension, end) == (512, begin - 512, len(b)),
             "superblock of the view")
        need(begin < root + 512 < len(b), "root of the view")
        need(u32(b, begin + 8) == 32 and b[begin + 40:begin + 48] ==
             b"cute-shm" and b[begin + 36] == 8, "guard of the view")

    def check_conventions(self, node):
        """Enumerations and records: attributes that have a meaning."""
        self.check_reserved(node)
        names = node["attributes"].get("cute-shm:enum-names")
        values = node["attributes"].get("cute-shm:enum-values")
        if names or values:
            need(names and values and node["tag"] == b"ARRY",
                 "%r: names and values of an enum", node["path"])
            need(names["dtype"] == "*|S1" and len(names["shape"]) == 1 and
                 names["shape"] == values["shape"],
                 "%r: names of an enum", node["path"])
            need(values["dtype"][1] in "iu" and
                 node["dtype"] in ("null", values["dtype"],
                                   "*" + values["dtype"]),
                 "%r: values of an enum", node["path"])
        fields = node["attributes"].get("cute-shm:compound")
        if fields:
            need(node["tag"] == b"GRUP" and fields["dtype"] == "*|S1" and
                 fields["shape"] == (len(node["children"]),),
                 "%r: fields of a record", node["path"])

    def check_index(self):
        rows = [struct.unpack_from("<QQ", self.b, self.index_offset + ROW * i)
                for i in range(self.node_count)]
        need(rows == sorted(rows), "the index is not sorted")
        need({at for _, at in rows} == set(self.nodes), "index is incomplete")
        for digest, at in rows:
            path = self.nodes[at]["path"]
            need(digest == xxh3_64(path.encode()), "hash of %r", path)

    def record(self, at, end, tags):
        need(end - at >= ROW, "no room for a record at %#x", at)
        tag, size, name_size, count = struct.unpack_from("<4sIII", self.b, at)
        need(tag in tags, "%r at %#x", tag, at)
        need(size % ROW == 0 and 0x40 <= size <= end - at,
             "record of %d bytes at %#x", size, at)
        return tag, size, name_size, count

    def read_node(self, at, parent, end):
        """The node at 'at' with all below it, up to 'end' at most."""
        tag, size, name_size, count = self.record(
            at, end, (b"GRUP", b"ARRY", b"LINK"))
        above, after, number = struct.unpack_from("<QQQ", self.b, at + 0x10)
        node = {"tag": tag, "at": at, "next": after, "attributes": {},
                "children": [], "target": number}
        self.nodes[at] = node
        path_at = at + 0x30
        if tag == b"ARRY":
            path_at = self.read_array(node, at, at + size)
        else:
            self.zeros(at + 0x28, at + 0x30, "%s at %#x" % (tag, at))
        path, stop = self.name(path_at, name_size, at + size,
                               "path at %#x" % path_at)
        need(stop == at + size, "%r: record_size is too large", path)
        self.check_path(path, parent)
        node["path"] = path
        need(above == (parent["at"] if parent else at), "%r: parent", path)

        at += size
        need(tag != b"LINK" or count == 0, "%r: link with attributes", path)
        for _ in range(count):
            at = self.read_attribute(node, at, end)
        while tag == b"GRUP" and at < after:
            need(after <= end, "%r: leaves its group", path)
            child = self.read_node(at, node, after)
            node["children"].append(child)
            at = child["next"]
        need(at == after, "%r: next is %#x, not %#x", path, after, at)
        need(tag != b"GRUP" or number == len(node["children"]),
             "%r: child_count is %d", path, number)
        return node

    def check_path(self, path, parent):
        need(path not in self.paths, "%r: there are two", path)
        self.paths.add(path)
        if parent is None:
            need(path == "", "the root has the path %r", path)
            return
        above, _, name = path.rpartition("/")
        need(name not in ("", ".", ".."), "%r: not a name", path)
        need(above == parent["path"], "%r: not below its group", path)
        need(above != "" or "/" not in path, "%r: leading slash", path)

    def read_array(self, node, at, end):
        need(end - at >= 0x80, "ARRY of %d bytes", end - at)
        what = "array at %#x" % at
        node["count"], size, ndim = struct.unpack_from("<QII", self.b,
                                                       at + 0x20)
        node["dtype"] = self.text(at + 0x30, 16, what).decode("latin-1")
        (node["data"], node["size"], node["digest"], node["first"],
         node["values"], slot) = struct.unpack_from("<6Q", self.b, at + 0x40)
        node["shape"], after = self.shape(at + 0x70, ndim, end, what)
        self.check_type(node["dtype"], size, node["shape"], node["count"],
                        what)
        need(node["data"] >= self.data_offset and
             node["data"] + node["size"] <= self.segment_size,
             "%s: its data lie outside", what)
        need(slot == len(self.arrays), "%s: live slot %d", what, slot)
        begin = node["data"] if node["dtype"][0] == "*" else 0
        if begin:
            begin += align(8 * (node["count"] + 1), LINE)
        need(node["values"] == begin, "%s: values_offset", what)
        self.check_size(node["dtype"], node["count"], node["data"],
                        begin, node["size"], what)
        self.arrays.append(node)
        return after

    def check_type(self, dtype, size, shape, count, what):
        need(size == item_size(dtype), "%s: item_size is %d", what, size)
        product = 0 if dtype == "null" else 1
        for n in shape:
            product *= n
        need(product == count <= M64, "%s: element_count is %d", what, count)
        need(dtype != "null" or not shape, "%s: null has no shape", what)

    def check_size(self, dtype, count, at, values, size, what):
        """That data are as long as their dtype and count say."""
        if dtype[0] != "*":
            need(size == count * item_size(dtype), "%s: size is %d", what,
                 size)
            return
        need(size >= values - at, "%s: no room for the offsets", what)
        offsets = struct.unpack_from("<%dQ" % (count + 1), self.b, at)
        need(offsets[0] == 0 and list(offsets) == sorted(offsets),
             "%s: offsets do not ascend from 0", what)
        need(offsets[-1] * item_size(dtype) == size - (values - at),
             "%s: size is %d", what, size)
        self.zeros(at + 8 * (count + 1), values, what + ": before the values")

    def read_attribute(self, node, at, end):
        _, size, name_size, ndim = self.record(at, end, (b"ATTR",))
        what = "attribute at %#x" % at
        dtype = self.text(at + 0x10, 16, what).decode("latin-1")
        bytes_, isize, zero = struct.unpack_from("<QII", self.b, at + 0x20)
        need(zero == 0, "%s: zero", what)
        name, after = self.name(at + 0x30, name_size, at + size, what)
        need(name and name not in node["attributes"], "%s: its name", what)
        shape, value = self.shape(after, ndim, at + size, what)
        count = 0 if dtype == "null" else 1
        for n in shape:
            count *= n
        self.check_type(dtype, isize, shape, count, what)
        need(value + align(bytes_, ROW) == at + size, "%s: its size", what)
        self.zeros(value + bytes_, at + size, what + ": padding")
        values = value + 8 * (count + 1) if dtype[0] == "*" else 0
        if values:
            need(values <= at + size, "%s: no room for the offsets", what)
        self.check_size(dtype, count, value, values, bytes_, what)
        node["attributes"][name] = {"dtype": dtype, "shape": shape,
                                    "count": count, "data": value,
                                    "values": values}
        return at + size

    def check_arrays(self):
        """Places and digests of the data."""
        at, row, total = self.data_offset, 0, 0
        need(len(self.arrays) == self.array_count, "array_count")
        for i, a in enumerate(self.arrays):
            path, size = a["path"], a["size"]
            begin = align(at, PAGE if size >= PAGE else LINE)
            need(a["data"] == begin, "%r: data at %#x", path, a["data"])
            self.zeros(at, begin, "before %r" % path)
            at = begin + size
            total += size
            row = self.check_data(a, row, self.check_slot(a, i))
        end = self.data_offset + self.data_size
        if self.view:
            end = self.view[0]
            self.zeros(at, end, "before the HDF5 view")
            at = align(at, PAGE)
        need(at == end, "data_size")
        need(total == self.array_bytes, "array_bytes")
        need(row == self.block_count, "block_count")

    def check_slot(self, a, i):
        """Sequence and, if there is one, the digest of an updated array."""
        at, path = self.live_offset + LINE * i, a["path"]
        sequence, pid, when, digest, digested = struct.unpack_from(
            "<IIQQI", self.b, at)
        self.zeros(at + 0x1c, at + LINE, "live slot of %r" % path)
        if sequence == 0:
            self.zeros(at, at + LINE, "live slot of %r" % path)
            return 0, None
        need(a["dtype"][0] != "*" and a["size"] > 0,
             "%r: cannot have been updated", path)
        need(sequence % 2 == 0, "%r: torn", path)
        need(pid and when, "%r: updated by nobody", path)
        need(digested % 2 == 0, "%r: digest of half an update", path)
        return sequence, digest if digested == sequence else None

    def check_data(self, a, row, slot):
        """The digest of the data, wherever it is; the next row."""
        path, data = a["path"], self.b[a["data"]:a["data"] + a["size"]]
        sequence, digest = slot
        pieces = [data[i:i + self.block_size]
                  for i in range(0, len(data), self.block_size)]
        rows = 8 * len(pieces) if len(pieces) > 1 else 0
        begin = self.blocks_offset + 8 * row
        published = self.b[begin:begin + rows]
        need(a["first"] == (row if rows else 0), "%r: first_block", path)
        need(not rows or a["digest"] == xxh3_64(published),
             "%r: digest of its blocks", path)
        if sequence and digest is None:
            return row + rows // 8      # unsealed
        if rows:
            blocks = b"".join(xxh3_64(p).to_bytes(8, "little")
                              for p in pieces)
            need(sequence or blocks == published, "%r: a block", path)
            data = blocks
        need(xxh3_64(data) == (digest if sequence else a["digest"]),
             "%r: digest", path)
        return row + rows // 8

    # ---------------------------------------------------------------- values

    def element(self, a, i):
        """Element i of an array, or of an attribute's value, as text."""
        dtype = a["dtype"]
        if dtype[0] != "*":
            size = item_size(dtype)
            at = a["data"] + i * size
            return item(dtype, self.b[at:at + size])
        size, base = item_size(dtype), dtype[1:]
        begin, end = struct.unpack_from("<QQ", self.b, a["data"] + 8 * i)
        items = self.b[a["values"] + begin * size:a["values"] + end * size]
        if base == "|S1":
            return repr(bytes(items))[1:]
        return "[%s]" % ", ".join(item(base, items[j:j + size])
                                  for j in range(0, len(items), size))

    def value(self, a, limit=8):
        """Dtype, shape, and the first elements."""
        some = [self.element(a, i) for i in range(min(a["count"], limit))]
        if a["count"] > limit:
            some.append("...")
        shape = "".join("[%d]" % n for n in a["shape"])
        return " ".join([a["dtype"] + shape] + some)

    def show(self, node, depth=0):
        indent = "  " * depth
        name = node["path"].rpartition("/")[2]
        if node["tag"] == b"ARRY":
            print("%s%s: %s" % (indent, name, self.value(node)))
        elif node["tag"] == b"LINK":
            print("%s%s -> /%s" % (indent, name,
                                   self.nodes[node["target"]]["path"]))
        else:
            print("%s%s/" % (indent, name))
        for attribute, value in node["attributes"].items():
            print("%s  @%s: %s" % (indent, attribute, self.value(value)))
        for child in node["children"]:
            self.show(child, depth + 1)


def main(files):
    sys.setrecursionlimit(100000)       # groups in groups in groups
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    status = 0
    for name in files:
        with open(name, "rb") as f:
            b = f.read()
        try:
            segment = Segment(b)
            root = segment.check()
        except Damage as damage:
            print("%s: %s" % (name, damage), file=sys.stderr)
            status = 1
            continue
        segment.show(root)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
