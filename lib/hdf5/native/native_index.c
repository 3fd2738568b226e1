/* SPDX-License-Identifier: MIT */
/* All objects of a file that hard links reach. */

#include <stdlib.h>

#include "hdf5/native/native.h"

/* Metadata that lie in some order need no more at a time. */
#define MOST_KEPT ((uint64_t)4 << 20)

static uint64_t
hash_of(uint64_t address)
{
	return address * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static bool
has_address(const void *of, uint32_t index, const char *text, size_t size)
{
	const struct native *n = of;

	return memcmp(&n->objects[index].address, text, size) == 0;
}

static uint32_t
find(const struct native *n, uint64_t address)
{
	return hash_find(&n->table, hash_of(address), has_address, n,
			 (const char *)&address, sizeof(address));
}

const struct native_object *
native_find(const struct native *n, uint64_t address)
{
	uint32_t i = find(n, address);

	return i == NO_INDEX ? NULL : &n->objects[i];
}

/* Add an object, unless it is there; *ret is its number. */
static int
add(struct native *n, uint64_t address, uint32_t *ret)
{
	void *grown;
	int err;

	*ret = find(n, address);
	if (*ret != NO_INDEX)
		return 0;
	*ret = n->count;
	grown = vector_grow(n->objects, n->count, &n->room, sizeof(*n->objects),
			    "objects");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	n->objects = grown;
	err = hash_put(&n->table, hash_of(address), n->count);
	if (err == 0)
		n->objects[n->count++] =
			(struct native_object){ .address = address };
	return err;
}

static int
add_links(struct native *n, struct native_link *links, uint32_t count)
{
	uint32_t i;
	int err = 0;

	for (i = 0; err == 0 && i < count; i++)
		if (links[i].kind == NATIVE_HARD)
			err = add(n, links[i].address, &links[i].object);
	return err;
}

/* Read an object, or set why there is no opinion of it. */
static int
read_one(struct native *n, uint32_t i)
{
	struct native_object o = { .address = n->objects[i].address };
	int err = object_read(n, &o);

	if (err < 0)
		return err;
	if (err == NO_OPINION)
		o = (struct native_object){ .address = o.address,
					    .why = n->image.why };
	n->objects[i] = o;
	return add_links(n, o.links, o.link_count);
}

/* Objects that were found together, and are not all read yet. */
struct found {
	uint32_t next, end;
};

/* The groups from the root down whose members are being read. */
struct groups {
	struct found *of;
	uint32_t count, room;
};

static int
push(struct groups *g, uint32_t next, uint32_t end)
{
	void *grown = vector_grow(g->of, g->count, &g->room, sizeof(*g->of),
				  "groups");

	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	g->of = grown;
	g->of[g->count++] = (struct found){ next, end };
	return 0;
}

/*
 * Read the members of a group before its next sibling: in the file they mostly
 * lie close to it.
 */
static int
read_tree(struct native *n, struct groups *g)
{
	struct found *top;
	uint32_t before;
	int err = push(g, 0, n->count);

	while (err == 0 && g->count > 0) {
		top = &g->of[g->count - 1];
		if (top->next == top->end) {
			g->count--;
			continue;
		}
		before = n->count;
		err = read_one(n, top->next++);
		/* No global heap was read yet, which refers to the image. */
		image_trim(&n->image, MOST_KEPT);
		if (err == 0 && n->count > before)
			err = push(g, before, n->count);
	}
	/* What is needed later lies elsewhere: data, their index, lists. */
	image_trim(&n->image, 0);
	return err;
}

static int
read_all_objects(struct native *n)
{
	struct groups g = { .count = 0 };
	uint32_t root;
	int err = superblock_read(&n->image);

	if (err == 0)
		err = add(n, n->image.root, &root);
	if (err == 0)
		err = read_tree(n, &g);
	free(g.of);
	/* Without its root, libhdf5 does not open a file. */
	if (err == 0 && n->objects[0].kind != NATIVE_GROUP)
		return image_doubt(&n->image,
				   n->objects[0].kind == NATIVE_UNKNOWN
					   ? n->objects[0].why
					   : "the root is no group");
	return err;
}

int
native_open(int fd, uint64_t size, uint64_t whole_limit, struct native *ret)
{
	int err;

	*ret = (struct native){ 0 };
	err = image_open(fd, size, whole_limit, &ret->image);
	return err ? err : read_all_objects(ret);
}

int
native_of(const uint8_t *bytes, uint64_t size, struct native *ret)
{
	*ret = (struct native){ 0 };
	image_of(bytes, size, &ret->image);
	return read_all_objects(ret);
}

void
native_close(struct native *n)
{
	image_close(&n->image);
	arena_free(&n->arena);
	free(n->objects);
	hash_free(&n->table);
	free(n->types);
	hash_free(&n->type_table);
	global_heap_free(&n->heaps);
	header_free(&n->header);
	header_free(&n->other);
	*n = (struct native){ 0 };
}
