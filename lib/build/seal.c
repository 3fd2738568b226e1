/* SPDX-License-Identifier: MIT */
/* Write the metadata of a segment whose data are complete; the header last. */

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "build/build.h"
#include "build/fill.h"

/* Where the metadata go: to the file, and into their digest. */
struct metadata {
	int fd;
	uint64_t at;
	struct digest_stream *stream;
};

static int
write_next(void *arg, const void *data, size_t size)
{
	struct metadata *m = arg;
	int err = write_all(m->fd, data, size, m->at);

	digest_stream_add(m->stream, data, size);
	m->at += size;
	return err;
}

/* Write zeros up to 'offset' of the segment. */
static void
sink_seek(struct sink *s, uint64_t offset)
{
	sink_put(s, NULL, offset - s->at);
}

/* Write the path with its NUL, padded to whole rows. */
static void
sink_path(struct sink *s, const struct build_node *node)
{
	sink_put(s, node->path, node->path_size);
	sink_put(s, NULL, text_rows(node->path_size) - node->path_size);
}

static int
by_hash(const void *a, const void *b)
{
	const struct format_index_row *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Hashes are spread evenly: so many in each bucket of the index. */
#define BUCKET_ROWS 8
#define FEW_ROWS    32

/* Sort a bucket, which is large only if many hashes begin alike. */
static void
sort_bucket(struct format_index_row *rows, uint32_t count)
{
	struct format_index_row row;
	uint32_t i, k;

	if (count > FEW_ROWS) {
		qsort(rows, count, sizeof(*rows), by_hash);
		return;
	}
	for (i = 1; i < count; i++) {
		row = rows[i];
		for (k = i; k > 0 && by_hash(&rows[k - 1], &row) > 0; k--)
			rows[k] = rows[k - 1];
		rows[k] = row;
	}
}

/* The bucket of a hash: the higher the hash, the higher its bucket. */
static uint32_t
bucket_of(uint64_t hash, uint32_t buckets)
{
	return (uint32_t)((hash >> 32) * buckets >> 32);
}

/*
 * Fill in the rows in order, by way of buckets: sorting them as a whole takes
 * many times as long.  'ends' has room for a number per bucket, all 0.
 */
static void
sort_index(const struct cute_shm_builder *b, struct format_index_row *rows,
	   uint32_t *ends, uint32_t buckets)
{
	const struct build_node *node;
	uint32_t i, begin = 0, count, *end;

	for (i = 0; i < b->node_count; i++)
		ends[bucket_of(b->nodes[i].hash, buckets)]++;
	for (i = 0; i < buckets; i++) {
		count = ends[i];
		ends[i] = begin;
		begin += count;
	}
	for (i = 0; i < b->node_count; i++) {
		node = &b->nodes[i];
		end = &ends[bucket_of(node->hash, buckets)];
		rows[*end].hash = node->hash;
		rows[(*end)++].offset = b->header.records_offset + node->offset;
	}
	for (i = 0, begin = 0; i < buckets; begin = ends[i++])
		sort_bucket(rows + begin, ends[i] - begin);
}

static int
put_index(const struct cute_shm_builder *b, struct sink *s)
{
	uint32_t buckets = b->node_count / BUCKET_ROWS + 1;
	struct format_index_row *rows =
		reallocarray(NULL, b->node_count, sizeof(*rows));
	uint32_t *ends = calloc(buckets, sizeof(*ends));
	int err = 0;

	if (rows && ends) {
		sort_index(b, rows, ends, buckets);
		sink_put(s, rows, (uint64_t)b->node_count * sizeof(*rows));
	} else {
		err = cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				    "project %s: no memory for an index of %u "
				    "rows",
				    b->project, b->node_count);
	}
	free(ends);
	free(rows);
	return err;
}

/* The first row of a node's record, whose path begins at byte 'size'. */
static struct format_record
record_row(const char *tag, const struct build_node *node, uint64_t size)
{
	struct format_record row = {
		.record_size = (uint32_t)(size + text_rows(node->path_size)),
		.name_size = node->path_size,
		.count = node->attr_count,
	};

	memcpy(row.tag, tag, sizeof(row.tag));
	return row;
}

static uint64_t
offset_of(const struct cute_shm_builder *b, uint32_t node)
{
	return b->header.records_offset + b->nodes[node].offset;
}

/* The root is its own parent. */
static uint64_t
parent_of(const struct cute_shm_builder *b, const struct build_node *node)
{
	return offset_of(b, node->parent == NO_INDEX ? 0 : node->parent);
}

static void
put_node(const struct cute_shm_builder *b, const struct build_node *node,
	 struct sink *s)
{
	bool link = node->kind == CUTE_SHM_LINK;
	struct format_node record = {
		.record = record_row(link ? FORMAT_TAG_LINK : FORMAT_TAG_GROUP,
				     node, sizeof(record)),
		.parent = parent_of(b, node),
		.next = b->header.records_offset + node->next,
		.child_or_target =
			link ? offset_of(b, b->links[node->detail].resolved)
			     : node->child_count,
	};

	sink_put(s, &record, sizeof(record));
	sink_path(s, node);
}

/* The digest of the data, or, with several blocks, of their digests. */
static uint64_t
array_digest(const struct cute_shm_builder *b, const struct build_array *array)
{
	const uint64_t *digests = &b->digests[array->first_unit];
	uint64_t rows = block_rows(array->data_size, b->header.block_size);

	if (array->data_size == 0)
		return digest("", 0);
	if (rows == 0)
		return digests[0];
	return digest(digests, (size_t)(rows * sizeof(*digests)));
}

int
builder_digest(const struct cute_shm_builder *b, const char *path,
	       uint64_t *ret)
{
	uint32_t node = find_node(b, path, strlen(path));

	if (node == NO_INDEX || b->nodes[node].kind != CUTE_SHM_ARRAY)
		return fail_missing(CUTE_SHM_MISSING_NODE,
				    "there is no array /%s", path);
	*ret = array_digest(b, &b->arrays[b->nodes[node].detail]);
	return 0;
}

static void
put_array(const struct cute_shm_builder *b, const struct build_node *node,
	  struct sink *s)
{
	const struct build_array *array = &b->arrays[node->detail];
	const struct layout_array *place = &b->places[array->ordinal];
	struct format_array record = {
		.record = record_row(FORMAT_TAG_ARRAY, node,
				     sizeof(record) + shape_rows(array->ndim)),
		.parent = parent_of(b, node),
		.next = b->header.records_offset + node->next,
		.element_count = array->element_count,
		.item_size = array->dtype->item_size,
		.ndim = array->ndim,
		.data_offset = place->data_offset,
		.data_size = array->data_size,
		.digest = array_digest(b, array),
		.first_block = place->first_block,
		.live_slot = array->ordinal,
	};
	uint64_t shape_size = array->ndim * sizeof(*array->shape);

	memcpy(record.dtype, array->dtype->text, sizeof(record.dtype));
	if (array->dtype->ragged)
		record.values_offset = place->data_offset +
				       cute_shm_values_at(array->element_count);
	sink_put(s, &record, sizeof(record));
	/* A scalar has no shape: for sink_put() NULL would mean zeros. */
	if (array->ndim > 0)
		sink_put(s, array->shape, shape_size);
	sink_put(s, NULL, shape_rows(array->ndim) - shape_size);
	sink_path(s, node);
}

static void
put_attrs(const struct cute_shm_builder *b, const struct build_node *node,
	  struct sink *s)
{
	const struct format_attr *record;
	uint32_t i;

	for (i = node->first_attr; i != NO_INDEX; i = b->attrs[i].next) {
		record = b->attrs[i].record;
		sink_put(s, record, record->record.record_size);
	}
}

/* The node after this one in pre-order, or NO_INDEX. */
static uint32_t
next_node(const struct cute_shm_builder *b, uint32_t i)
{
	if (first_child(&b->nodes[i]) != NO_INDEX)
		return b->nodes[i].first_child;
	while (i != NO_INDEX && b->nodes[i].sibling == NO_INDEX)
		i = b->nodes[i].parent;
	return i == NO_INDEX ? NO_INDEX : b->nodes[i].sibling;
}

static void
put_records(const struct cute_shm_builder *b, struct sink *s)
{
	const struct build_node *node;
	uint32_t i;

	for (i = 0; i != NO_INDEX && s->err == 0; i = next_node(b, i)) {
		node = &b->nodes[i];
		if (node->kind == CUTE_SHM_ARRAY)
			put_array(b, node, s);
		else
			put_node(b, node, s);
		put_attrs(b, node, s);
	}
}

static void
put_blocks(const struct cute_shm_builder *b, struct sink *s)
{
	const struct build_array *array;
	uint64_t rows;
	uint32_t i;

	for (i = 0; i < b->array_count; i++) {
		array = &b->arrays[b->order[i]];
		rows = block_rows(array->data_size, b->header.block_size);
		sink_put(s, &b->digests[array->first_unit],
			 rows * sizeof(*b->digests));
	}
}

/* Write all between the header and the live slots; *ret is its digest. */
static int
put_metadata(const struct cute_shm_builder *b, uint64_t *ret)
{
	struct metadata m = { .fd = b->fd, .at = b->header.header_size };
	struct sink s;
	int err = sink_begin(&s, write_next, &m, m.at);

	m.stream = digest_stream_new();
	if (err != 0 || !m.stream) {
		err = fail_memory("to write metadata of project %s",
				  b->project);
		goto out;
	}
	sink_seek(&s, b->header.index_offset);
	err = put_index(b, &s);
	if (err != 0)
		goto out;
	sink_seek(&s, b->header.records_offset);
	put_records(b, &s);
	sink_seek(&s, b->header.blocks_offset);
	put_blocks(b, &s);
	err = sink_flush(&s);
	*ret = digest_stream_end(m.stream);
out:
	sink_free(&s);
	digest_stream_free(m.stream);
	return err;
}

/* A random UUID: RFC 4122, version 4. */
static int
make_uuid(uint8_t uuid[16])
{
	if (getrandom(uuid, 16, 0) != 16)
		return fail_errno("no random numbers for a uuid");
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	return 0;
}

int
builder_header(struct cute_shm_builder *b, bool view)
{
	struct format_second second = { .options_digest = b->options_digest,
					.source_digest = b->source_digest };
	struct format_header *h = &b->header;
	int err = 0;

	memcpy(h->magic, FORMAT_MAGIC, sizeof(h->magic));
	memcpy(h->version, FORMAT_VERSION_FIRST, sizeof(FORMAT_VERSION_FIRST));
	h->byte_order = FORMAT_BYTE_ORDER;
	h->created_ns = clock_ns(CLOCK_REALTIME);
	h->creator_pid = (uint32_t)b->pid;
	h->creator_uid = (uint32_t)geteuid();
	if (view)
		err = view_append(b->fd, b->path, jobs_or_cpus(b->jobs), h,
				  second.superblock);
	if (err == 0)
		err = make_uuid(h->uuid);
	if (err == 0)
		err = home_set(b->fd, h, &second);
	if (err == 0)
		err = write_all(b->fd, &second, sizeof(second), sizeof(*h));
	if (err != 0)
		return err;
	h->header_digest = digest_header(h);
	return write_all(b->fd, h, sizeof(*h), 0);
}

static void
log_sealed(const struct cute_shm_builder *b, double since)
{
	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "project %s: completed "
			     "digests and metadata in %.3f s",
			     b->project, clock_now() - since);
}

int
cute_shm_builder_seal(struct cute_shm_builder *b)
{
	double since;
	int err = 0;

	if (b->state == BUILD_DESCRIBE)
		err = cute_shm_builder_reserve(b);
	if (err == 0)
		err = expect_state(b, BUILD_WRITE, "sealing");
	if (err != 0)
		return err;
	b->state = BUILD_OVER;
	since = clock_now();
	/* Each array waits for its bytes: the rest is reserved meanwhile. */
	if (b->huge.shared)
		err = reserve_wait(b, 0, b->header.segment_size);
	if (err == 0)
		err = complete_data(b);
	if (err == 0)
		err = reserve_wait(b, 0, b->header.segment_size);
	reserve_end(b);
	huge_end(b);
	if (err == 0)
		err = put_metadata(b, &b->header.metadata_digest);
	/* A lender appends the view itself: it does not trust this process. */
	if (err == 0)
		err = builder_header(b, builder_view(b) && !b->lender.ask);
	if (err != 0)
		return err;
	b->state = BUILD_SEALED;
	log_sealed(b, since);
	return 0;
}
