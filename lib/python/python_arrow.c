/* SPDX-License-Identifier: MIT */
/*
 * Arrays by the Arrow C data interface, without a copy: ragged ones as
 * LargeList, LargeString or LargeBinary, and those of one dimension.
 */

#include <stdlib.h>
#include <string.h>

#include "python/python_core.h"

/* As the interface defines them. */
struct ArrowSchema {
	const char *format;
	const char *name;
	const char *metadata;
	int64_t flags;
	int64_t n_children;
	struct ArrowSchema **children;
	struct ArrowSchema *dictionary;
	void (*release)(struct ArrowSchema *);
	void *private_data;
};

struct ArrowArray {
	int64_t length;
	int64_t null_count;
	int64_t offset;
	int64_t n_buffers;
	int64_t n_children;
	const void **buffers;
	struct ArrowArray **children;
	struct ArrowArray *dictionary;
	void (*release)(struct ArrowArray *);
	void *private_data;
};

/*
 * What a schema or an array owns.  A consumer may move a child away and release
 * it after its parent, so that each child owns what it refers to.
 */
struct schema_own {
	char format[16];
	struct ArrowSchema *children[1];
	struct ArrowSchema item;
};

struct array_own {
	const void *buffers[3];
	struct ArrowArray *children[1];
	struct ArrowArray item;
	PyObject *node; /* it has the data */
};

static const struct {
	const char *dtype;
	char format[8];
} formats[] = {
	{ "|i1", "c" },	       { "<i2", "s" },	      { "<i4", "i" },
	{ "<i8", "l" },	       { "|u1", "C" },	      { "<u2", "S" },
	{ "<u4", "I" },	       { "<u8", "L" },	      { "<f2", "e" },
	{ "<f4", "f" },	       { "<f8", "g" },	      { "<M8[s]", "tss:" },
	{ "<M8[ms]", "tsm:" }, { "<M8[us]", "tsu:" }, { "<M8[ns]", "tsn:" },
	{ "<m8[s]", "tDs" },   { "<m8[ms]", "tDm" },  { "<m8[us]", "tDu" },
	{ "<m8[ns]", "tDn" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The format of an item, or -1 with an exception. */
static int
item_format(const struct cute_shm_array *a, char *format, size_t size)
{
	const char *dtype = a->dtype + (a->dtype[0] == '*');
	size_t i;

	if (strncmp(dtype, "|S", 2) == 0 || strncmp(dtype, "|V", 2) == 0) {
		PyOS_snprintf(format, size, "w:%u", (unsigned)a->item_size);
		return 0;
	}
	for (i = 0; i < COUNT(formats); i++)
		if (strcmp(formats[i].dtype, dtype) == 0) {
			PyOS_snprintf(format, size, "%s", formats[i].format);
			return 0;
		}
	PyErr_Format(PyExc_TypeError,
		     "/%s: Arrow has no layout like that of %s", a->path,
		     a->dtype);
	return -1;
}

/* The bytes of the UTF-8 character that begins at 'p', or 0. */
static size_t
utf8_character(const unsigned char *p, size_t left)
{
	static const unsigned char lowest[] = { 0, 0, 0x80, 0xa0, 0x90 };
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	size_t i;

	if (n == 1)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Too long a form, a surrogate, more than U+10FFFF. */
	if ((p[0] == 0xe0 || p[0] == 0xf0) && p[1] < lowest[n])
		return 0;
	if ((p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

/*
 * True if all texts are UTF-8: their bytes together are, and none begins within
 * a character.
 */
static int
all_utf8(const struct cute_shm_array *a)
{
	const unsigned char *bytes = a->values;
	uint64_t i, at;
	size_t n;

	for (i = 0; i < a->element_count; i++) {
		at = a->offsets[i];
		if (at < a->value_count && (bytes[at] & 0xc0) == 0x80)
			return 0;
	}
	for (at = 0; at < a->value_count; at += n) {
		n = utf8_character(bytes + at, (size_t)(a->value_count - at));
		if (n == 0)
			return 0;
	}
	return 1;
}

/*
 * What the schema depends on: 0, or -1 with an exception.  It is found once
 * for each node, but not where the program may change the data.
 */
static int
inspect(struct node *n)
{
	const struct cute_shm_array *a = &n->array;
	int err, utf8 = 0;

	if (n->node.kind != CUTE_SHM_ARRAY || a->ndim != 1) {
		PyErr_Format(PyExc_TypeError,
			     "/%s: only an array of one dimension is one of "
			     "Arrow; this has %u",
			     n->node.path, (unsigned)a->ndim);
		return -1;
	}
	if (a->offsets == NULL ||
	    (n->inspected && !(n->mapping->flags & CUTE_SHM_PRIVATE)))
		return 0;
	Py_BEGIN_ALLOW_THREADS
	err = cute_shm_check_offsets(a);
	if (err == 0 && strcmp(a->dtype, "*|S1") == 0)
		utf8 = all_utf8(a);
	Py_END_ALLOW_THREADS
	if (err != 0) {
		raise_failure(err);
		return -1;
	}
	n->utf8 = utf8;
	n->inspected = 1;
	return 0;
}

static void
release_schema(struct ArrowSchema *schema)
{
	struct schema_own *own = schema->private_data;

	if (own->item.release != NULL)
		own->item.release(&own->item);
	free(own);
	schema->release = NULL;
}

/* 0, or -1 with an exception. */
static int
fill_schema(struct ArrowSchema *schema, const char *name, const char *format)
{
	struct schema_own *own = calloc(1, sizeof(*own));

	if (own == NULL) {
		PyErr_NoMemory();
		return -1;
	}
	PyOS_snprintf(own->format, sizeof(own->format), "%s", format);
	*schema = (struct ArrowSchema){ .format = own->format,
					.name = name,
					.release = release_schema,
					.private_data = own };
	return 0;
}

static int
fill_schema_of(const struct node *n, struct ArrowSchema *schema)
{
	const struct cute_shm_array *a = &n->array;
	struct schema_own *own;
	char format[16];

	if (strcmp(a->dtype, "*|S1") == 0)
		return fill_schema(schema, "", n->utf8 ? "U" : "Z");
	if (item_format(a, format, sizeof(format)) != 0)
		return -1;
	if (a->offsets == NULL)
		return fill_schema(schema, "", format);
	if (fill_schema(schema, "", "+L") != 0)
		return -1;
	own = schema->private_data;
	if (fill_schema(&own->item, "item", format) != 0)
		return -1;
	own->children[0] = &own->item;
	schema->n_children = 1;
	schema->children = own->children;
	return 0;
}

static void
free_schema(PyObject *capsule)
{
	struct ArrowSchema *schema =
		PyCapsule_GetPointer(capsule, "arrow_schema");

	if (schema->release != NULL)
		schema->release(schema);
	free(schema);
}

/* A capsule of zeroed memory; the consumer takes its content over. */
static PyObject *
new_capsule(const char *name, size_t size, void (*destroy)(PyObject *),
	    void **ret)
{
	PyObject *capsule = NULL;

	*ret = calloc(1, size);
	if (*ret == NULL)
		return PyErr_NoMemory();
	capsule = PyCapsule_New(*ret, name, destroy);
	if (capsule == NULL)
		free(*ret);
	return capsule;
}

/* _arrow_schema(): a capsule */
PyObject *
node_arrow_schema(PyObject *self, PyObject *none)
{
	struct node *n = (struct node *)self;
	PyObject *capsule;
	void *schema;

	(void)none;
	if (inspect(n) != 0)
		return NULL;
	capsule = new_capsule("arrow_schema", sizeof(struct ArrowSchema),
			      free_schema, &schema);
	if (capsule != NULL && fill_schema_of(n, schema) != 0)
		Py_CLEAR(capsule);
	return capsule;
}

/* Of any thread, with the GIL or without. */
static void
release_array(struct ArrowArray *array)
{
	struct array_own *own = array->private_data;
	PyGILState_STATE state;

	if (own->item.release != NULL)
		own->item.release(&own->item);
	/* At the end of the program there is nothing to release to. */
	if (Py_IsInitialized()) {
		state = PyGILState_Ensure();
		Py_DECREF(own->node);
		PyGILState_Release(state);
	}
	free(own);
	array->release = NULL;
}

static int
fill_array(struct ArrowArray *array, struct node *n, uint64_t length,
	   int64_t buffers)
{
	struct array_own *own = calloc(1, sizeof(*own));

	if (own == NULL) {
		PyErr_NoMemory();
		return -1;
	}
	Py_INCREF((PyObject *)n);
	own->node = (PyObject *)n;
	*array = (struct ArrowArray){ .length = (int64_t)length,
				      .n_buffers = buffers,
				      .buffers = own->buffers,
				      .release = release_array,
				      .private_data = own };
	return 0;
}

/* Buffer 0 says which elements are null: none. */
static int
fill_array_of(struct node *n, struct ArrowArray *array)
{
	static const uint64_t nothing[8];
	const struct cute_shm_array *a = &n->array;
	const void *data = a->data != NULL ? a->data : nothing;
	const void *values = a->values != NULL ? a->values : nothing;
	int text = strcmp(a->dtype, "*|S1") == 0;
	struct array_own *own;

	if (fill_array(array, n, a->element_count, text ? 3 : 2) != 0)
		return -1;
	own = array->private_data;
	own->buffers[1] = data;
	own->buffers[2] = values;
	if (a->offsets == NULL || text)
		return 0;
	if (fill_array(&own->item, n, a->value_count, 2) != 0)
		return -1;
	((struct array_own *)own->item.private_data)->buffers[1] = values;
	own->children[0] = &own->item;
	array->n_children = 1;
	array->children = own->children;
	return 0;
}

static void
free_array(PyObject *capsule)
{
	struct ArrowArray *array = PyCapsule_GetPointer(capsule, "arrow_array");

	if (array->release != NULL)
		array->release(array);
	free(array);
}

/* _arrow_array(): a capsule */
PyObject *
node_arrow_array(PyObject *self, PyObject *none)
{
	struct node *n = (struct node *)self;
	PyObject *capsule;
	void *array;

	(void)none;
	if (inspect(n) != 0)
		return NULL;
	capsule = new_capsule("arrow_array", sizeof(struct ArrowArray),
			      free_array, &array);
	if (capsule != NULL && fill_array_of(n, array) != 0)
		Py_CLEAR(capsule);
	return capsule;
}
