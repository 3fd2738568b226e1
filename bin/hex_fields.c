/* SPDX-License-Identifier: MIT */
#include "hex_fields.h"

#include <stddef.h>

const struct hex_field hex_header[] = {
	{ "magic", 8, TEXT },		{ "version", 8, TEXT },
	{ "byte_order", 8, HEX },	{ "header_size", 8, DECIMAL },
	{ "segment_size", 8, SIZE },	{ "metadata_size", 8, SIZE },
	{ "index_offset", 8, HEX },	{ "node_count", 8, DECIMAL },
	{ "records_offset", 8, HEX },	{ "records_size", 8, SIZE },
	{ "blocks_offset", 8, HEX },	{ "block_count", 8, DECIMAL },
	{ "live_offset", 8, HEX },	{ "array_count", 8, DECIMAL },
	{ "data_offset", 8, HEX },	{ "data_size", 8, SIZE },
	{ "array_bytes", 8, SIZE },	{ "block_size", 8, SIZE },
	{ "incompatible", 4, HEX },	{ "compatible", 4, HEX },
	{ "created", 8, TIME },		{ "creator_pid", 4, DECIMAL },
	{ "creator_uid", 4, DECIMAL },	{ "source_size", 8, SIZE },
	{ "uuid", 16, UUID },		{ "source_mtime", 8, TIME },
	{ "view_offset", 8, HEX },	{ "view_size", 8, SIZE },
	{ "view_digest", 8, DIGEST },	{ "creator", 32, TEXT },
	{ "source", 240, TEXT },	{ "metadata_digest", 8, DIGEST },
	{ "header_digest", 8, DIGEST }, { .name = NULL }
};

const struct hex_field hex_second[] = { { "superblock", 48, ZERO },
					{ "zero", 432, ZERO },
					{ "options_digest", 8, DIGEST },
					{ "source_digest", 8, DIGEST },
					{ "home_device", 8, HEX },
					{ "home_inode", 8, DECIMAL },
					{ .name = NULL } };

const struct hex_field hex_group[] = { { "tag", 4, TEXT },
				       { "record_size", 4, DECIMAL },
				       { "name_size", 4, DECIMAL },
				       { "attr_count", 4, DECIMAL },
				       { "parent", 8, NODE },
				       { "next", 8, HEX },
				       { "child_count", 8, DECIMAL },
				       { "zero", 8, ZERO },
				       { .name = NULL } };

const struct hex_field hex_link[] = { { "tag", 4, TEXT },
				      { "record_size", 4, DECIMAL },
				      { "name_size", 4, DECIMAL },
				      { "attr_count", 4, DECIMAL },
				      { "parent", 8, NODE },
				      { "next", 8, HEX },
				      { "target", 8, NODE },
				      { "zero", 8, ZERO },
				      { .name = NULL } };

const struct hex_field hex_array[] = { { "tag", 4, TEXT },
				       { "record_size", 4, DECIMAL },
				       { "name_size", 4, DECIMAL },
				       { "attr_count", 4, DECIMAL },
				       { "parent", 8, NODE },
				       { "next", 8, HEX },
				       { "element_count", 8, DECIMAL },
				       { "item_size", 4, DECIMAL },
				       { "ndim", 4, DECIMAL },
				       { "dtype", 16, TEXT },
				       { "data_offset", 8, HEX },
				       { "data_size", 8, SIZE },
				       { "digest", 8, DIGEST },
				       { "first_block", 8, DECIMAL },
				       { "values_offset", 8, HEX },
				       { "live_slot", 8, DECIMAL },
				       { .name = NULL } };

const struct hex_field hex_attr[] = { { "tag", 4, TEXT },
				      { "record_size", 4, DECIMAL },
				      { "name_size", 4, DECIMAL },
				      { "ndim", 4, DECIMAL },
				      { "dtype", 16, TEXT },
				      { "value_size", 8, SIZE },
				      { "item_size", 4, DECIMAL },
				      { "zero", 4, ZERO },
				      { .name = NULL } };

const struct hex_field hex_live[] = { { "sequence", 4, DECIMAL },
				      { "writer_pid", 4, DECIMAL },
				      { "updated", 8, TIME },
				      { "digest", 8, DIGEST },
				      { "digest_sequence", 4, DECIMAL },
				      { "zero", 36, ZERO },
				      { .name = NULL } };
