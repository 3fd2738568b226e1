# SPDX-License-Identifier: MIT
# Segments of cute-shm, for the Kaitai Struct compiler (https://kaitai.io), which
# makes a reader of this in any of its languages.  Written from cute-shm(5),
# which has the rules; this describes what is where, and checks little.
meta:
  id: cute_shm
  title: cute-shm segment
  license: MIT
  endian: le
  encoding: UTF-8
doc: |
  Numerical arrays in one self-describing file, often in shared memory: a header
  and a second superblock of 512 bytes each, an index of paths, records of
  groups, arrays, links and attributes, digests of blocks, live slots, and the
  data.
doc-ref: cute-shm(5)
seq:
  - id: header
    type: header
  - id: second
    type: second
    size: header.header_size - 512
instances:
  index:
    pos: header.index_offset
    type: index_row
    repeat: expr
    repeat-expr: header.node_count
  records:
    pos: header.records_offset
    size: header.records_size
    type: records
  block_digests:
    pos: header.blocks_offset
    type: u8
    repeat: expr
    repeat-expr: header.block_count
  live_slots:
    pos: header.live_offset
    type: live_slot
    repeat: expr
    repeat-expr: header.array_count
  view:
    pos: header.view_offset
    size: header.view_size
    if: header.view_offset != 0
    doc: HDF5 metadata that describe the same tree
types:
  header:
    seq:
      - id: magic
        contents: CUTE-SHM
      - id: version
        type: strz
        size: 8
      - id: byte_order
        contents: [8, 7, 6, 5, 4, 3, 2, 1]
      - id: header_size
        type: u8
        valid: 1024
      - id: segment_size
        type: u8
        valid: _io.size
      - id: metadata_size
        type: u8
      - id: index_offset
        type: u8
      - id: node_count
        type: u8
      - id: records_offset
        type: u8
      - id: records_size
        type: u8
      - id: blocks_offset
        type: u8
      - id: block_count
        type: u8
      - id: live_offset
        type: u8
      - id: array_count
        type: u8
      - id: data_offset
        type: u8
      - id: data_size
        type: u8
      - id: array_bytes
        type: u8
        doc: sum of the arrays' sizes, without padding
      - id: block_size
        type: u8
        doc: bytes under one block digest
      - id: incompatible
        type: u4
        valid: 0
        doc: bits of features that a reader has to know
      - id: compatible
        type: u4
        doc: "bit 0: ephemeral; bit 1: with an HDF5 view"
      - id: created_ns
        type: u8
        doc: Unix time in nanoseconds
      - id: creator_pid
        type: u4
      - id: creator_uid
        type: u4
      - id: source_size
        type: u8
      - id: uuid
        size: 16
      - id: source_mtime_ns
        type: u8
      - id: view_offset
        type: u8
      - id: view_size
        type: u8
      - id: view_digest
        type: u8
      - id: creator
        type: strz
        size: 32
      - id: source
        size: 240
        doc: path of the source, bytes that need not be UTF-8
      - id: metadata_digest
        type: u8
      - id: header_digest
        type: u8
    instances:
      ephemeral:
        value: (compatible & 1) != 0
  second:
    seq:
      - id: superblock
        size: 480
        doc: of HDF5, or zero
      - id: options_digest
        type: u8
      - id: source_digest
        type: u8
      - id: home_device
        type: u8
      - id: home_inode
        type: u8
  index_row:
    seq:
      - id: hash
        type: u8
      - id: offset
        type: u8
  live_slot:
    seq:
      - id: sequence
        type: u4
        doc: odd while a writer is at work
      - id: writer_pid
        type: u4
      - id: updated_ns
        type: u8
      - id: digest
        type: u8
      - id: digest_sequence
        type: u4
      - id: zero
        size: 36
  records:
    seq:
      - id: record
        type: record
        repeat: eos
        doc: each node is followed by its attributes
  record:
    seq:
      - id: tag
        type: u4
        enum: tag
      - id: record_size
        type: u4
      - id: name_size
        type: u4
      - id: count
        type: u4
        doc: attributes that follow a node; dimensions of an attribute
      - id: body
        size: record_size - 16
        type:
          switch-on: tag
          cases:
            'tag::group': group
            'tag::array': array
            'tag::link': link
            'tag::attribute': attribute
  group:
    seq:
      - id: parent
        type: u8
      - id: next
        type: u8
      - id: child_count
        type: u8
      - id: zero
        type: u8
      - id: path
        type: str
        size: _parent.name_size
  link:
    seq:
      - id: parent
        type: u8
      - id: next
        type: u8
      - id: target
        type: u8
        doc: offset of the record of a group or array
      - id: zero
        type: u8
      - id: path
        type: str
        size: _parent.name_size
  array:
    seq:
      - id: parent
        type: u8
      - id: next
        type: u8
      - id: element_count
        type: u8
      - id: item_size
        type: u4
      - id: ndim
        type: u4
        valid:
          max: 32
      - id: dtype
        type: strz
        size: 16
      - id: data_offset
        type: u8
      - id: data_size
        type: u8
      - id: digest
        type: u8
      - id: first_block
        type: u8
      - id: values_offset
        type: u8
        doc: of a ragged array, whose dtype begins with an asterisk
      - id: live_slot
        type: u8
      - id: shape
        type: u8
        repeat: expr
        repeat-expr: ndim
      - id: padding
        size: (ndim % 2) * 8
      - id: path
        type: str
        size: _parent.name_size
    instances:
      data:
        io: _root._io
        pos: data_offset
        size: data_size
  attribute:
    seq:
      - id: dtype
        type: strz
        size: 16
      - id: value_size
        type: u8
      - id: item_size
        type: u4
      - id: zero
        type: u4
      - id: name
        type: str
        size: _parent.name_size
      - id: name_padding
        size: 16 - _parent.name_size % 16
      - id: shape
        type: u8
        repeat: expr
        repeat-expr: _parent.count
      - id: shape_padding
        size: (_parent.count % 2) * 8
      - id: value
        size: value_size
enums:
  tag:
    0x50555247: group
    0x59525241: array
    0x4b4e494c: link
    0x52545441: attribute
