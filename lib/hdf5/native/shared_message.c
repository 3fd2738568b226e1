/* SPDX-License-Identifier: MIT */
/*
 * Messages that are stored elsewhere: committed datatypes; and messages whose
 * bytes are those of one before.
 */

#include "hdf5/native/native.h"

#define IN_OBJECT 2 /* version 3: the message is in another object's header */

const void *
recent_find(const struct native_recent *r, struct cursor message)
{
	uint64_t size = bytes_left(&message);

	for (unsigned i = 0; i < RECENT; i++)
		if (r->kept[i].what && r->kept[i].size == size &&
		    memcmp(r->kept[i].bytes, message.at, size) == 0)
			return r->kept[i].what;
	return NULL;
}

void
recent_keep(struct native_recent *r, const void *bytes, uint64_t size,
	    const void *what)
{
	r->kept[r->next].bytes = bytes;
	r->kept[r->next].size = size;
	r->kept[r->next].what = what;
	r->next = (r->next + 1) % RECENT;
}

int
recent_copy(struct native *n, struct native_recent *r, struct cursor message,
	    const void *what)
{
	uint64_t size = bytes_left(&message);
	const uint8_t *bytes = native_bytes(n, message.at, size);

	if (!bytes)
		return CUTE_SHM_ERR_NOMEM;
	recent_keep(r, bytes, size, what);
	return 0;
}

int
shared_address(struct native *n, struct cursor b, uint64_t *ret)
{
	unsigned version = take_8(&b), type = take_8(&b);

	if (version == 1) {
		take(&b, 6);
		take_length(&b, &n->image);
	} else if (version != 2 && version != 3) {
		return image_doubt(&n->image, "an unknown kind of sharing");
	} else if (version == 3 && type != IN_OBJECT) {
		return image_doubt(&n->image,
				   "a message in the table of shared messages");
	}
	*ret = take_address(&b, &n->image);
	return b.over ? image_doubt(&n->image, "a broken shared message") : 0;
}

static bool
is_committed(const void *of, uint32_t index, const char *text, size_t size)
{
	const struct native *n = of;

	return memcmp(&n->types[index].address, text, size) == 0;
}

/* Read the type that is committed at an address. */
static int
committed_read(struct native *n, uint64_t address,
	       const struct native_type **ret)
{
	int err = header_read(&n->image, address, &n->other);
	const struct header_message *m;
	struct native_type *copy;
	struct cursor b;

	if (err != 0)
		return err;
	m = header_find(&n->other, MESSAGE_DATATYPE);
	if (!m || (m->flags & MESSAGE_SHARED))
		return image_doubt(&n->image, "no committed datatype");
	b = cursor_on(m->data, m->size);
	err = type_read(n, &b, ret);
	if (err != 0)
		return err;
	copy = native_get(n, 1, sizeof(*copy));
	if (!copy)
		return CUTE_SHM_ERR_NOMEM;
	*copy = **ret;
	copy->committed = address;
	*ret = copy;
	return 0;
}

/* Each committed type is read once. */
static int
committed_type(struct native *n, uint64_t address,
	       const struct native_type **ret)
{
	uint64_t hash = address * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	uint32_t at = hash_find(&n->type_table, hash, is_committed, n,
				(const char *)&address, sizeof(address));
	struct native_committed c = { .address = address };
	void *grown;
	int err;

	if (at != NO_INDEX) {
		*ret = n->types[at].type;
		return *ret ? 0 : image_doubt(&n->image, n->types[at].why);
	}
	err = committed_read(n, address, &c.type);
	if (err < 0)
		return err;
	if (err == NO_OPINION) {
		c.type = NULL;
		c.why = n->image.why;
	}
	*ret = c.type;
	grown = vector_grow(n->types, n->type_count, &n->type_room, sizeof(c),
			    "committed datatypes");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	n->types = grown;
	if (hash_put(&n->type_table, hash, n->type_count) != 0)
		return CUTE_SHM_ERR_NOMEM;
	n->types[n->type_count++] = c;
	return err;
}

/* A type in the message itself.  Equal ones share a description. */
static int
own_type(struct native *n, struct cursor data, const struct native_type **ret)
{
	struct cursor b = data;
	int err;

	*ret = recent_find(&n->recent_types, data);
	if (*ret)
		return 0;
	err = type_read(n, &b, ret);
	return err ? err : recent_copy(n, &n->recent_types, data, *ret);
}

int
shared_type(struct native *n, unsigned flags, struct cursor data,
	    const struct native_type **ret)
{
	uint64_t address;
	int err;

	if ((flags & MESSAGE_SHARED) == 0)
		return own_type(n, data, ret);
	err = shared_address(n, data, &address);
	return err ? err : committed_type(n, address, ret);
}
