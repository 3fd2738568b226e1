/* SPDX-License-Identifier: MIT */
#include "hex_fields.h"

#include <stddef.h>

#include <cute_shm_format.h>

/* A member of struct format_TYPE, whose name in cute-shm(5) may differ. */
#define NAMED(name, type, member, kind) \
	{ \
		name, offsetof(struct format_##type, member), \
			sizeof(((struct format_##type *)0)->member), kind \
	}
#define FIELD(type, member, kind) NAMED(#member, type, member, kind)
#define END \
	{ \
		.name = NULL \
	}

const struct hex_field hex_header[] = {
	FIELD(header, magic, TEXT),
	FIELD(header, version, TEXT),
	FIELD(header, byte_order, HEX),
	FIELD(header, header_size, DECIMAL),
	FIELD(header, segment_size, SIZE),
	FIELD(header, metadata_size, SIZE),
	FIELD(header, index_offset, HEX),
	FIELD(header, node_count, DECIMAL),
	FIELD(header, records_offset, HEX),
	FIELD(header, records_size, SIZE),
	FIELD(header, blocks_offset, HEX),
	FIELD(header, block_count, DECIMAL),
	FIELD(header, live_offset, HEX),
	FIELD(header, array_count, DECIMAL),
	FIELD(header, data_offset, HEX),
	FIELD(header, data_size, SIZE),
	FIELD(header, array_bytes, SIZE),
	FIELD(header, block_size, SIZE),
	FIELD(header, incompatible, HEX),
	FIELD(header, compatible, HEX),
	NAMED("created", header, created_ns, TIME),
	FIELD(header, creator_pid, DECIMAL),
	FIELD(header, creator_uid, DECIMAL),
	FIELD(header, source_size, SIZE),
	FIELD(header, uuid, UUID),
	NAMED("source_mtime", header, source_mtime_ns, TIME),
	FIELD(header, view_offset, HEX),
	FIELD(header, view_size, SIZE),
	FIELD(header, view_digest, DIGEST),
	FIELD(header, creator, TEXT),
	FIELD(header, source, TEXT),
	FIELD(header, metadata_digest, DIGEST),
	FIELD(header, header_digest, DIGEST),
	END,
};

const struct hex_field hex_second[] = {
	FIELD(second, superblock, ZERO),
	FIELD(second, zero, ZERO),
	FIELD(second, options_digest, DIGEST),
	FIELD(second, source_digest, DIGEST),
	FIELD(second, home_device, HEX),
	FIELD(second, home_inode, DECIMAL),
	END,
};

/* libhdf5 has a superblock of its own there, of 48 bytes. */
const struct hex_field hex_viewed[] = {
	{ "hdf5_signature", 0, 8, HEX },
	{ "hdf5_version", 8, 1, DECIMAL },
	{ "size_of_offsets", 9, 1, DECIMAL },
	{ "size_of_lengths", 10, 1, DECIMAL },
	{ "base_address", 12, 8, DECIMAL },
	{ "extension_address", 20, 8, HEX },
	{ "end_of_file", 28, 8, DECIMAL },
	{ "root_address", 36, 8, HEX },
	{ "checksum", 44, 4, HEX },
	FIELD(second, zero, ZERO),
	FIELD(second, options_digest, DIGEST),
	FIELD(second, source_digest, DIGEST),
	FIELD(second, home_device, HEX),
	FIELD(second, home_inode, DECIMAL),
	END,
};

const struct hex_field hex_group[] = {
	NAMED("tag", node, record.tag, TEXT),
	NAMED("record_size", node, record.record_size, DECIMAL),
	NAMED("name_size", node, record.name_size, DECIMAL),
	NAMED("attr_count", node, record.count, DECIMAL),
	FIELD(node, parent, NODE),
	FIELD(node, next, HEX),
	NAMED("child_count", node, child_or_target, DECIMAL),
	FIELD(node, zero, ZERO),
	END,
};

const struct hex_field hex_link[] = {
	NAMED("tag", node, record.tag, TEXT),
	NAMED("record_size", node, record.record_size, DECIMAL),
	NAMED("name_size", node, record.name_size, DECIMAL),
	NAMED("attr_count", node, record.count, DECIMAL),
	FIELD(node, parent, NODE),
	FIELD(node, next, HEX),
	NAMED("target", node, child_or_target, NODE),
	FIELD(node, zero, ZERO),
	END,
};

const struct hex_field hex_array[] = {
	NAMED("tag", array, record.tag, TEXT),
	NAMED("record_size", array, record.record_size, DECIMAL),
	NAMED("name_size", array, record.name_size, DECIMAL),
	NAMED("attr_count", array, record.count, DECIMAL),
	FIELD(array, parent, NODE),
	FIELD(array, next, HEX),
	FIELD(array, element_count, DECIMAL),
	FIELD(array, item_size, DECIMAL),
	FIELD(array, ndim, DECIMAL),
	FIELD(array, dtype, TEXT),
	FIELD(array, data_offset, HEX),
	FIELD(array, data_size, SIZE),
	FIELD(array, digest, DIGEST),
	FIELD(array, first_block, DECIMAL),
	FIELD(array, values_offset, HEX),
	FIELD(array, live_slot, DECIMAL),
	END,
};

const struct hex_field hex_attr[] = {
	NAMED("tag", attr, record.tag, TEXT),
	NAMED("record_size", attr, record.record_size, DECIMAL),
	NAMED("name_size", attr, record.name_size, DECIMAL),
	NAMED("ndim", attr, record.count, DECIMAL),
	FIELD(attr, dtype, TEXT),
	FIELD(attr, value_size, SIZE),
	FIELD(attr, item_size, DECIMAL),
	FIELD(attr, zero, ZERO),
	END,
};

const struct hex_field hex_live[] = {
	FIELD(live, sequence, DECIMAL),
	FIELD(live, writer_pid, DECIMAL),
	NAMED("updated", live, updated_ns, TIME),
	FIELD(live, digest, DIGEST),
	FIELD(live, digest_sequence, DECIMAL),
	FIELD(live, zero, ZERO),
	END,
};
