/* SPDX-License-Identifier: MIT */
/* Global heaps: values of variable length. */

#include <stdlib.h>

#include "hdf5/structure/structure.h"

#define SMALLEST 4096 /* libhdf5 reads no less */

#define UNIT	   8 /* items begin at its multiples */
#define MOST_ITEMS UINT16_MAX

/* Bytes of one read of collections that are not kept, and of a gap in it. */
#define LONGEST_RUN ((uint64_t)256 << 10)
#define LONGEST_GAP ((uint64_t)512 << 10)

/* Gaps are read while a quarter of all, beyond this, is collections. */
#define SOME ((uint64_t)1 << 20)

/* All that is read and searched so, as a multiple of the file's size. */
#define MOST_TIMES 8

/* There may be millions of items: no more than what leads to their bytes. */
struct item {
	uint32_t at; /* of its prefix in the collection, in units */
	uint16_t index;
};

struct collection {
	uint64_t address;
	const uint8_t *bytes;
	uint32_t count;
	const char *why;    /* NULL: it is sound */
	struct item *items; /* by index */
};

/*
 * Collections that are not kept.  libhdf5 fills up to 16 of them at a time, so
 * values that follow one another lead to and fro among these; and it does not
 * allocate them in the order of their addresses.
 */
#define RECENT 32
#define SLOTS  4

/* Bytes of the addresses [at, at + size) of the file. */
struct slot {
	uint8_t *bytes;
	uint64_t at, size, room;
	uint64_t reads; /* how often it was filled */
};

struct recent {
	struct collection of; /* its bytes are those of */
	const struct slot *slot;
	uint64_t reads; /* when it was filled so often */
	uint64_t room;	/* for so many items */
};

struct heap_stream {
	struct recent recent[RECENT]; /* by address */
	struct slot slots[SLOTS];
	unsigned next;	/* the slot that was filled least recently */
	uint64_t run;	/* bytes of the last read, without a gap */
	uint64_t front; /* the end of what was ever read, as an address */
	uint64_t read, searched;      /* bytes so far */
	const struct collection *now; /* the one used last, or NULL */
};

static unsigned
prefix_size(const struct image *f)
{
	return (unsigned)align_up(8 + f->length_size, UNIT);
}

/* The size that an item's prefix has. */
static inline uint64_t
item_size(const struct image *f, const uint8_t *prefix)
{
	return f->length_size == 8 ? number_at(prefix + 8, 8)
				   : number_at(prefix + 8, f->length_size);
}

/* The most items that a collection of this size can have. */
static uint64_t
item_room(const struct image *f, uint64_t size)
{
	uint64_t most = size / prefix_size(f);

	return most < MOST_ITEMS ? most : MOST_ITEMS;
}

/* List the items of the collection, of 'size' bytes; its items have room. */
static void
list_items(const struct image *f, struct collection *c, uint64_t size)
{
	unsigned prefix = prefix_size(f);
	const uint8_t *p;
	uint64_t at = prefix, left, need;
	uint16_t index;

	/* What is too short for an item is free space. */
	for (; (left = size - at) >= prefix; at += need) {
		p = c->bytes + at;
		index = (uint16_t)number_at(p, 2);
		need = item_size(f, p);
		if (index == 0) {
			/* Free space; its size includes its prefix. */
			if (need < prefix || need % UNIT != 0 || need > left)
				break;
			continue;
		}
		if (need > left - prefix || at / UNIT > UINT32_MAX)
			break;
		need = prefix + align_up(need, UNIT);
		if (need > left)
			break;
		if (c->count == MOST_ITEMS) {
			c->why = "a global heap with an object twice";
			return;
		}
		c->items[c->count++] = (struct item){
			.at = (uint32_t)(at / UNIT),
			.index = index,
		};
	}
	if (left >= prefix)
		c->why = "a broken global heap";
}

static int
by_index(const void *a, const void *b)
{
	uint32_t x = ((const struct item *)a)->index;
	uint32_t y = ((const struct item *)b)->index;

	return x < y ? -1 : x > y;
}

static void
sort_items(struct collection *c)
{
	bool sorted = true;
	uint32_t i;

	for (i = 1; i < c->count; i++)
		sorted &= c->items[i - 1].index < c->items[i].index;
	if (sorted)
		return;
	qsort(c->items, c->count, sizeof(*c->items), by_index);
	for (i = 1; i < c->count; i++)
		if (c->items[i - 1].index == c->items[i].index)
			c->why = "a global heap with an object twice";
}

static const struct item *
find_item(const struct collection *c, uint32_t index)
{
	struct item key = { .index = (uint16_t)index };

	/* Most collections have all indices from 1. */
	if (index - 1 < c->count && c->items[index - 1].index == index)
		return &c->items[index - 1];
	return c->count == 0 ? NULL
			     : bsearch(&key, c->items, c->count,
				       sizeof(*c->items), by_index);
}

static void
collection_free(struct collection *c)
{
	if (c)
		free(c->items);
	free(c);
}

/* Fill in a collection that has its bytes. */
static bool
fill_items(const struct image *f, struct collection *c, uint64_t size)
{
	struct item *fewer;

	c->items = malloc((item_room(f, size) + 1) * sizeof(*c->items));
	if (!c->items)
		return false;
	list_items(f, c, size);
	sort_items(c);
	fewer = realloc(c->items, (c->count + 1) * sizeof(*c->items));
	if (fewer)
		c->items = fewer;
	return true;
}

/* The size that a collection has by its first SMALLEST bytes; 0: no such. */
static uint64_t
collection_size(struct image *f, const uint8_t *p)
{
	uint64_t size;

	if (memcmp(p, "GCOL", 4) != 0 || p[4] != 1) {
		f->why = "no global heap";
		return 0;
	}
	size = number_at(p + 8, f->length_size);
	if (size < SMALLEST) {
		f->why = "a global heap that is too small";
		return 0;
	}
	return size;
}

/* Read the collection, or remember why it cannot be read. */
static struct collection *
collection_read(struct image *f, uint64_t address)
{
	const uint8_t *p = image_get(f, address, SMALLEST);
	struct collection *c = calloc(1, sizeof(*c));
	uint64_t size;

	if (!c)
		return NULL;
	c->address = address;
	size = p ? collection_size(f, p) : 0;
	if (size == 0 || (size > SMALLEST &&
			  !image_get(f, address + SMALLEST, size - SMALLEST))) {
		c->why = f->why;
		return c;
	}
	c->bytes = p;
	if (!fill_items(f, c, size)) {
		collection_free(c);
		return NULL;
	}
	return c;
}

/* ------------------------------------------------------- the table of them */

static uint32_t
slot_of(const struct global_heap *heap, uint64_t address)
{
	uint64_t hash = address * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	uint32_t i = (uint32_t)hash & (heap->size - 1);

	while (heap->table[i] && heap->table[i]->address != address)
		i = (i + 1) & (heap->size - 1);
	return i;
}

static bool
make_room(struct global_heap *heap)
{
	struct global_heap more = { .size = heap->size ? 2 * heap->size : 64,
				    .count = heap->count,
				    .last = heap->last,
				    .stream = heap->stream };
	uint32_t i;

	if (heap->count < heap->size / 2)
		return true;
	more.table = calloc(more.size, sizeof(struct collection *));
	if (!more.table)
		return false;
	for (i = 0; i < heap->size; i++)
		if (heap->table[i])
			more.table[slot_of(&more, heap->table[i]->address)] =
				heap->table[i];
	free(heap->table);
	*heap = more;
	return true;
}

/* The collection at an address; it may be broken. */
static int
collection_at(struct image *f, struct global_heap *heap, uint64_t address)
{
	uint32_t i;

	if (!make_room(heap))
		return fail_memory("for the file's global heaps");
	i = slot_of(heap, address);
	if (!heap->table[i]) {
		heap->table[i] = collection_read(f, address);
		if (!heap->table[i])
			return fail_memory("for a global heap");
		heap->count++;
	}
	heap->last = heap->table[i];
	return 0;
}

/* The object of a collection. */
static int
object_of(struct image *f, const struct collection *c, uint32_t index,
	  const uint8_t **ret, uint64_t *size)
{
	const struct item *item = NULL;
	const uint8_t *p;

	if (c->why)
		return image_doubt(f, c->why);
	if (index > 0 && index <= UINT16_MAX)
		item = find_item(c, index);
	if (!item)
		return image_doubt(f, "an object that a global heap has not");
	p = c->bytes + (uint64_t)item->at * UNIT;
	*size = item_size(f, p);
	*ret = p + prefix_size(f);
	return 0;
}

int
global_heap_walk(struct image *f, uint64_t address, global_object_fn *see,
		 void *arg)
{
	struct collection *c = collection_read(f, address);
	const uint8_t *p;
	uint32_t i;
	int err;

	if (!c)
		return fail_memory("for a global heap");
	err = c->why ? image_doubt(f, c->why) : 0;
	for (i = 0; i < c->count && err == 0; i++) {
		p = c->bytes + (uint64_t)c->items[i].at * UNIT;
		err = see(f, p, p + prefix_size(f), item_size(f, p), arg);
	}
	collection_free(c);
	return err;
}

int
global_heap_object(struct image *f, struct global_heap *heap, uint64_t address,
		   uint32_t index, const uint8_t **ret, uint64_t *size)
{
	int err;

	/* Values that were written together lie in one. */
	if (!heap->last || heap->last->address != address) {
		err = collection_at(f, heap, address);
		if (err != 0)
			return err;
	}
	return object_of(f, heap->last, index, ret, size);
}

/* ------------------------------------------- those that are not kept */

/* The slot that has these bytes, or NULL. */
static const struct slot *
slot_with(const struct heap_stream *s, uint64_t address, uint64_t size)
{
	for (const struct slot *p = s->slots; p < s->slots + SLOTS; p++)
		if (address >= p->at && address - p->at <= p->size &&
		    size <= p->size - (address - p->at))
			return p;
	return NULL;
}

/*
 * Where to begin to read, for bytes at an address, and how much from there:
 * closely behind what was read, all that follows it.
 */
static uint64_t
begin_at(const struct image *f, struct heap_stream *s, uint64_t address)
{
	bool near = s->run > 0 && address >= s->front &&
		    address - s->front <= LONGEST_GAP &&
		    s->read / 4 <= s->searched + SOME;

	if (!near) {
		s->run = f->block;
		return address;
	}
	s->run = s->run < LONGEST_RUN / 2 ? 2 * s->run : LONGEST_RUN;
	return s->front;
}

/* Fill a slot that has these bytes; NULL: read them elsewhere. */
static const struct slot *
slot_fill(struct image *f, struct heap_stream *s, uint64_t address,
	  uint64_t size)
{
	struct slot *p = &s->slots[s->next];
	uint64_t at = begin_at(f, s, address), n;
	uint8_t *more;

	n = address - at + (s->run > size ? s->run : size);
	if (n > f->end - at)
		n = f->end - at;
	s->now = NULL;
	p->size = 0;
	p->reads++;
	if (n > p->room) {
		more = realloc(p->bytes, n);
		if (!more)
			return NULL;
		p->bytes = more;
		p->room = n;
	}
	s->next = (s->next + 1) % SLOTS;
	s->read += n;
	if (!image_read(f, p->bytes, f->base + at, n))
		return NULL;
	p->at = at;
	p->size = n;
	if (at + n > s->front)
		s->front = at + n;
	return p;
}

static const struct slot *
slot_for(struct image *f, struct heap_stream *s, uint64_t address,
	 uint64_t size)
{
	const struct slot *slot = slot_with(s, address, size);

	return slot ? slot : slot_fill(f, s, address, size);
}

static bool
recent_room(struct recent *r, uint64_t items)
{
	struct item *more;

	if (items <= r->room)
		return true;
	more = realloc(r->of.items, items * sizeof(*more));
	if (!more)
		return false;
	r->of.items = more;
	r->room = items;
	return true;
}

/* Read a collection that is not among the recent ones. */
static bool
recent_read(struct image *f, struct heap_stream *s, struct recent *r,
	    uint64_t address)
{
	const struct slot *slot;
	uint64_t size;

	r->slot = NULL;
	if ((s->read + s->searched) / MOST_TIMES > f->size ||
	    !image_holds(f, address, SMALLEST))
		return false;
	slot = slot_for(f, s, address, SMALLEST);
	size = slot ? collection_size(f, slot->bytes + (address - slot->at))
		    : 0;
	if (size == 0 || size > LONGEST_RUN || !image_holds(f, address, size))
		return false;
	slot = slot_for(f, s, address, size);
	if (!slot || !recent_room(r, item_room(f, size)))
		return false;
	/* The file may have been changed between two reads. */
	r->of = (struct collection){
		.address = address,
		.bytes = slot->bytes + (address - slot->at),
		.items = r->of.items,
	};
	if (collection_size(f, r->of.bytes) != size)
		return false;
	s->searched += size;
	list_items(f, &r->of, size);
	sort_items(&r->of);
	r->slot = slot;
	r->reads = slot->reads;
	return true;
}

/* Make the collection at an address the current one; false: it is kept. */
static bool
stream_to(struct image *f, struct heap_stream *s, uint64_t address)
{
	struct recent *r = &s->recent[address / SMALLEST % RECENT];

	s->now = NULL;
	if ((!r->slot || r->of.address != address ||
	     r->slot->reads != r->reads) &&
	    !recent_read(f, s, r, address))
		return false;
	s->now = &r->of;
	return true;
}

int
global_heap_pass(struct image *f, struct global_heap *heap, uint64_t address,
		 uint32_t index, const uint8_t **ret, uint64_t *size)
{
	struct heap_stream *s = heap->stream;

	if (s && s->now && s->now->address == address)
		return object_of(f, s->now, index, ret, size);
	/* A file that is in memory as a whole is not read again. */
	if (!f->present || (heap->last && heap->last->address == address))
		return global_heap_object(f, heap, address, index, ret, size);
	if (!s)
		s = heap->stream = calloc(1, sizeof(*s));
	if (!s)
		return fail_memory("for a global heap");
	if (stream_to(f, s, address))
		return object_of(f, s->now, index, ret, size);
	return global_heap_object(f, heap, address, index, ret, size);
}

void
global_heap_passed(struct global_heap *heap)
{
	struct heap_stream *s = heap->stream;
	unsigned i;

	if (!s)
		return;
	for (i = 0; i < RECENT; i++)
		free(s->recent[i].of.items);
	for (i = 0; i < SLOTS; i++)
		free(s->slots[i].bytes);
	*s = (struct heap_stream){ .read = s->read, .searched = s->searched };
}

void
global_heap_free(struct global_heap *heap)
{
	uint32_t i;

	global_heap_passed(heap);
	free(heap->stream);
	for (i = 0; i < heap->size; i++)
		collection_free(heap->table[i]);
	free(heap->table);
	*heap = (struct global_heap){ 0 };
}
