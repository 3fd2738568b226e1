/* SPDX-License-Identifier: MIT */
/*
 * The one place where an offset becomes a pointer.  Each record is checked when
 * it is read, on a private copy of its numbers: a hostile segment causes an
 * error, but never a read outside the mapping.
 */

#include <inttypes.h>
#include <string.h>

#include "read/read.h"

const void *
segment_at(const struct cute_shm *shm, uint64_t off, uint64_t len)
{
	if (off > shm->size || len > shm->size - off)
		return NULL;
	return shm->base + off;
}

static int
corrupt(const struct cute_shm *shm, uint64_t offset, const char *what)
{
	return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
			     "%s: record at %#" PRIx64 ": %s", shm->path,
			     offset, what);
}

static uint64_t
records_end(const struct cute_shm *shm)
{
	return shm->header.records_offset + shm->header.records_size;
}

/* Copy the first row of the record at 'offset'; all of it must lie inside. */
static int
record_row(const struct cute_shm *shm, uint64_t offset,
	   struct format_record *ret)
{
	uint64_t end = records_end(shm);
	const void *at = NULL;

	if (offset >= shm->header.records_offset && offset < end &&
	    offset % FORMAT_ROW == 0 && end - offset >= sizeof(*ret))
		at = segment_at(shm, offset, sizeof(*ret));
	if (!at)
		return corrupt(shm, offset, "outside the records");
	memcpy(ret, at, sizeof(*ret));
	if (ret->record_size % FORMAT_ROW != 0 ||
	    ret->record_size < sizeof(struct format_node) + FORMAT_ROW ||
	    ret->record_size > end - offset)
		return corrupt(shm, offset, "its size is impossible");
	return 0;
}

/* The text of 'size' bytes; with NUL and padding it must end at 'end'. */
static const char *
text_at(const struct cute_shm *shm, uint64_t at, uint64_t size, uint64_t end)
{
	const char *text;

	if (at + text_rows(size) != end)
		return NULL;
	text = segment_at(shm, at, size + 1);
	if (!text || memchr(text, '\0', (size_t)size + 1) != text + size)
		return NULL;
	return text;
}

static bool
tag_is(const struct format_record *row, const char *tag)
{
	return memcmp(row->tag, tag, sizeof(row->tag)) == 0;
}

/* The size of the fixed part and the shape of an ARRY, or 0 if damaged. */
static uint64_t
array_head(const struct cute_shm *shm, uint64_t offset,
	   const struct format_record *row, struct record *ret)
{
	uint32_t ndim;

	if (row->record_size < sizeof(struct format_array) + FORMAT_ROW)
		return 0;
	ret->array = segment_at(shm, offset, sizeof(*ret->array));
	if (!ret->array)
		return 0;
	ndim = ret->array->ndim;
	if (ndim > FORMAT_MAX_NDIM)
		return 0;
	return sizeof(*ret->array) + shape_rows(ndim);
}

/* Check the parent, the end of the subtree, and the target of a link. */
static int
check_offsets(const struct cute_shm *shm, const struct record *r)
{
	uint64_t begin = shm->header.records_offset;

	if (r->next < r->after || r->next > records_end(shm))
		return corrupt(shm, r->offset, "its subtree ends elsewhere");
	if (r->offset == begin ? r->parent != begin || r->path_size != 0 ||
					 r->kind != CUTE_SHM_GROUP
			       : r->parent < begin || r->parent >= r->offset)
		return corrupt(shm, r->offset, "its parent lies elsewhere");
	if (r->kind == CUTE_SHM_LINK && r->child_or_target == r->offset)
		return corrupt(shm, r->offset, "a link to itself");
	return 0;
}

int
node_record(const struct cute_shm *shm, uint64_t offset, struct record *ret)
{
	struct record r = { .offset = offset };
	struct format_record row;
	struct format_node node;
	uint64_t head = sizeof(node);
	int rc;

	rc = record_row(shm, offset, &row);
	if (rc != 0)
		return rc;
	if (tag_is(&row, FORMAT_TAG_ARRAY)) {
		r.kind = CUTE_SHM_ARRAY;
		head = array_head(shm, offset, &row, &r);
	} else if (tag_is(&row, FORMAT_TAG_GROUP)) {
		r.kind = CUTE_SHM_GROUP;
	} else if (tag_is(&row, FORMAT_TAG_LINK)) {
		r.kind = CUTE_SHM_LINK;
	} else {
		return corrupt(shm, offset, "not a node");
	}
	r.after = offset + row.record_size;
	r.path_size = row.name_size;
	r.path = head ? text_at(shm, offset + head, row.name_size, r.after)
		      : NULL;
	if (!r.path)
		return corrupt(shm, offset, "its shape or path do not fit");
	/* Members up to 'next' are the same in nodes of all three kinds. */
	memcpy(&node, segment_at(shm, offset, sizeof(node)), sizeof(node));
	r.parent = node.parent;
	r.next = node.next;
	r.attr_count = row.count;
	if (r.kind != CUTE_SHM_ARRAY)
		r.child_or_target = node.child_or_target;
	rc = check_offsets(shm, &r);
	if (rc == 0)
		*ret = r;
	return rc;
}

void
node_fill(const struct cute_shm *shm, const struct record *r,
	  struct cute_shm_node *ret)
{
	const char *slash = memrchr(r->path, '/', r->path_size);

	*ret = (struct cute_shm_node){
		.shm = shm,
		.kind = r->kind,
		.path = r->path,
		.name = slash ? slash + 1 : r->path,
		.child_count =
			r->kind == CUTE_SHM_GROUP ? r->child_or_target : 0,
		.attr_count = r->attr_count,
		.record = r->offset,
		.end = r->next,
		.target = r->kind == CUTE_SHM_LINK ? r->child_or_target : 0,
	};
}

/* Check that dtype, item size and shape agree, and fill *ret from them. */
static int
typed(const struct cute_shm *shm, uint64_t offset, const char *text,
      const char *dtype, uint32_t item_size, const uint64_t *shape,
      struct cute_shm_array *ret, struct dtype *type)
{
	if (dtype[FORMAT_DTYPE_SIZE - 1] != '\0' ||
	    dtype_parse(dtype, type) != 0 || type->item_size != item_size)
		return corrupt(shm, offset, "its dtype makes no sense");
	if (type->null && ret->ndim != 0)
		return corrupt(shm, offset, "a null with dimensions");
	memcpy(ret->shape, shape, sizeof(*shape) * ret->ndim);
	if (shape_count(ret->ndim, ret->shape, &ret->element_count) != 0)
		return corrupt(shm, offset, "its shape overflows");
	if (type->null)
		ret->element_count = 0;
	ret->dtype = text;
	ret->item_size = item_size;
	return 0;
}

/*
 * Find the values of a ragged array, which follow its offsets, and count them;
 * false if the sizes do not agree.  'to' is the alignment of the values.
 */
static bool
ragged(struct cute_shm_array *a, uint64_t to)
{
	uint64_t begin, bytes;

	if (a->element_count > a->data_size / sizeof(uint64_t) ||
	    a->data_size > UINT64_MAX - to)
		return false;
	begin = align_up(sizeof(uint64_t) * (a->element_count + 1), to);
	if (begin > a->data_size)
		return false;
	a->offsets = a->data;
	a->value_count = a->offsets[a->element_count];
	bytes = a->data_size - begin;
	if (bytes % a->item_size != 0 || bytes / a->item_size != a->value_count)
		return false;
	a->values = bytes ? (const uint8_t *)a->data + begin : NULL;
	return true;
}

/* Check that data_size fits the shape, or the offsets of a ragged array. */
static bool
sized(struct cute_shm_array *a, const struct dtype *type, uint64_t to)
{
	uint64_t bytes;

	if (type->ragged)
		return ragged(a, to);
	return !__builtin_mul_overflow(a->element_count, a->item_size,
				       &bytes) &&
	       bytes == a->data_size;
}

int
array_record(const struct cute_shm *shm, const struct record *record,
	     struct cute_shm_array *ret)
{
	const struct format_header *h = &shm->header;
	struct format_array f;
	struct cute_shm_array a;
	struct dtype type;
	const uint64_t *shape;
	uint64_t align;
	int rc;

	memcpy(&f, record->array, sizeof(f));
	if (f.ndim > FORMAT_MAX_NDIM)
		return corrupt(shm, record->offset, "too many dimensions");
	a.ndim = f.ndim;
	shape = segment_at(shm, record->offset + sizeof(f),
			   sizeof(*shape) * f.ndim);
	if (!shape)
		return corrupt(shm, record->offset, "its shape lies outside");
	rc = typed(shm, record->offset, record->array->dtype, f.dtype,
		   f.item_size, shape, &a, &type);
	if (rc != 0)
		return rc;
	align = f.data_size >= FORMAT_PAGE ? FORMAT_PAGE : FORMAT_DATA_ALIGN;
	if (f.element_count != a.element_count || f.live_slot >= h->array_count)
		return corrupt(shm, record->offset, "its numbers do not agree");
	if (f.data_offset < h->data_offset || f.data_offset % align != 0 ||
	    !segment_at(shm, f.data_offset, f.data_size) ||
	    f.data_offset + f.data_size > header_data_end(h))
		return corrupt(shm, record->offset, "its data lie outside");
	a.shm = shm;
	a.path = record->path;
	a.data = f.data_size ? segment_at(shm, f.data_offset, f.data_size)
			     : NULL;
	a.data_size = f.data_size;
	a.offsets = NULL;
	a.values = NULL;
	a.value_count = 0;
	a.digest = f.digest;
	a.record = record->offset;
	a.data_offset = f.data_size ? f.data_offset : 0;
	memset(a.reserved, 0, sizeof(a.reserved));
	if (!sized(&a, &type, FORMAT_DATA_ALIGN) ||
	    (type.ragged &&
	     f.values_offset - f.data_offset !=
		     align_up(sizeof(uint64_t) * (a.element_count + 1),
			      FORMAT_DATA_ALIGN)))
		return corrupt(shm, record->offset,
			       "its size is not that of its shape");
	*ret = a;
	return 0;
}

/* With CUTE_SHM_PRIVATE: let the pointers lead to the handle's own data. */
static int
own_data(struct cute_shm_array *a)
{
	const struct cute_shm *shm = a->shm;
	uint64_t at = a->data_offset - shm->header.data_offset;
	const uint8_t *data;

	if (!shm->private || a->data_size == 0)
		return 0;
	if (at > shm->own.size || a->data_size > shm->own.size - at)
		return corrupt(shm, a->record, "its data lie outside");
	data = shm->own.base + at;
	if (a->values)
		a->values = data + ((const uint8_t *)a->values -
				    (const uint8_t *)a->data);
	if (a->offsets)
		a->offsets = (const uint64_t *)(const void *)data;
	a->data = data;
	return 0;
}

int
array_for_caller(const struct cute_shm *shm, const struct record *record,
		 struct cute_shm_array *ret)
{
	struct cute_shm_array a;
	int err = array_record(shm, record, &a);

	if (err == 0)
		err = own_data(&a);
	if (err == 0)
		*ret = a;
	return err;
}

int
attr_record(const struct cute_shm *shm, uint64_t offset,
	    struct cute_shm_attr *ret, uint64_t *after)
{
	struct cute_shm_attr attr = { .record = offset };
	struct cute_shm_array *a = &attr.value;
	const struct format_attr *at;
	struct format_record row;
	struct format_attr f;
	struct dtype type;
	uint64_t shape_at, value_at, end;
	int rc;

	rc = record_row(shm, offset, &row);
	if (rc != 0)
		return rc;
	at = segment_at(shm, offset, sizeof(f));
	if (!tag_is(&row, FORMAT_TAG_ATTR) || row.count > FORMAT_MAX_NDIM ||
	    !at)
		return corrupt(shm, offset, "not an attribute");
	memcpy(&f, at, sizeof(f));
	end = offset + row.record_size;
	shape_at = offset + sizeof(f) + text_rows(row.name_size);
	value_at = shape_at + shape_rows(row.count);
	attr.name = text_at(shm, offset + sizeof(f), row.name_size, shape_at);
	if (value_at > end || f.value_size > end - value_at ||
	    align_up(f.value_size, FORMAT_ROW) != end - value_at || !attr.name)
		return corrupt(shm, offset,
			       "its name, shape and value do not "
			       "fill it");
	a->ndim = row.count;
	rc = typed(shm, offset, at->dtype, f.dtype, f.item_size,
		   segment_at(shm, shape_at, sizeof(uint64_t) * row.count), a,
		   &type);
	if (rc != 0)
		return rc;
	a->shm = shm;
	a->path = attr.name;
	a->data_size = f.value_size;
	if (f.value_size)
		a->data = segment_at(shm, value_at, f.value_size);
	if (!sized(a, &type, sizeof(uint64_t)))
		return corrupt(shm, offset,
			       "its size is not that of its shape");
	*ret = attr;
	*after = end;
	return 0;
}
