/* SPDX-License-Identifier: MIT */
/* Check the path index: sorted, complete, correct, and no path twice. */

#include <inttypes.h>
#include <string.h>

#include "verify/verify.h"

/* Add a node of a damaged tree that only the index leads to. */
static void
take_in(struct verify *v, const struct format_index_row *row)
{
	struct cute_shm_array array;
	struct record r;
	bool readable;

	if (v->records_left == 0 || node_record(v->shm, row->offset, &r) != 0)
		return;
	if (!verify_take(&v->records_left, r.after - r.offset)) {
		v->records_left = 0;
		return;
	}
	if (path_hash(r.path, r.path_size) != row->hash)
		return;
	readable = r.kind == CUTE_SHM_ARRAY &&
		   array_record(v->shm, &r, &array) == 0 &&
		   block_rows_ok(v->shm, &array, r.array->first_block) &&
		   verify_take(&v->data_left, array.data_size);
	verify_node_add(v, &r, row->hash, readable);
}

static void
verify_row(struct verify *v, const struct format_index_row *row, uint64_t at)
{
	struct verify_node *node = verify_node_at(v, row->offset);

	if (node) {
		node->indexed = true;
		if (node->hash != row->hash)
			verify_damage(v, NULL, at, 0,
				      "index row at %#" PRIx64
				      ": hash %016" PRIx64 ", that of the path "
				      "is %016" PRIx64,
				      at, row->hash, node->hash);
	} else if (v->complete) {
		verify_damage(v, NULL, at, 0,
			      "index row at %#" PRIx64 " leads"
			      " to %#" PRIx64 ", which is no node",
			      at, row->offset);
	} else {
		take_in(v, row);
	}
}

/* Find equal paths among adjacent rows with the same hash. */
static void
verify_twice(struct verify *v, const struct format_index_row *rows,
	     uint64_t count)
{
	struct verify_node *node;
	const char *twice;
	struct record r;
	uint64_t i;

	if (count < 2)
		return;
	for (i = 0; i < count; i++) {
		node = verify_node_at(v, rows[i].offset);
		if (node && !node->listed &&
		    node_record(v->shm, rows[i].offset, &r) == 0)
			text_list_add(v, r.path);
		if (node)
			node->listed = true;
	}
	twice = text_list_twice(&v->texts);
	if (twice)
		verify_damage(v, NULL, rows[0].offset, 0, "two nodes /%s",
			      twice);
}

static void
verify_complete(struct verify *v)
{
	struct record r;
	size_t i;

	for (i = 0; i < v->walked && v->stop == 0; i++)
		if (!v->nodes[i].indexed &&
		    node_record(v->shm, v->nodes[i].offset, &r) == 0)
			verify_damage(v, &r, v->shm->header.index_offset, 0,
				      "is not in the index");
}

void
verify_index(struct verify *v)
{
	const uint64_t begin = v->shm->header.index_offset;
	const uint64_t count = v->shm->header.node_count;
	const struct format_index_row *rows;
	uint64_t i, same = 0, at;

	rows = segment_at(v->shm, begin, count * sizeof(*rows));
	for (i = 0; rows && i < count && v->stop == 0; i++) {
		at = begin + i * sizeof(*rows);
		if (i > 0 && (rows[i].hash < rows[i - 1].hash ||
			      (rows[i].hash == rows[i - 1].hash &&
			       rows[i].offset <= rows[i - 1].offset)))
			verify_damage(v, NULL, at, 0,
				      "index row at %#" PRIx64 ": not sorted",
				      at);
		if (rows[i].hash != rows[same].hash) {
			verify_twice(v, rows + same, i - same);
			same = i;
		}
		verify_row(v, &rows[i], at);
	}
	if (rows && v->stop == 0)
		verify_twice(v, rows + same, count - same);
	verify_complete(v);
}
