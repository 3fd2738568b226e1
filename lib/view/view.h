/* SPDX-License-Identifier: MIT */
/*
 * The HDF5 view: metadata of HDF5 that describe the tree of a segment and point
 * at its data, so that libhdf5 reads the segment.  It is a pure function of the
 * records and of the ragged arrays; cute-shm(5) documents its bytes.  view.c
 * measures and emits it, view_output.c takes its bytes, view_object.c encodes
 * object headers, view_attribute.c attributes and enums, view_type.c datatypes,
 * view_group.c groups, view_heap.c the items of ragged values; view_room.c
 * bounds the size before there are records.  Uses base, format and read.
 */
#ifndef LIB_VIEW_VIEW_H
#define LIB_VIEW_VIEW_H

#include "read/read.h"

/* What libhdf5 counts from: the end of our header. */
#define VIEW_BASE      UINT64_C(512)
#define VIEW_UNDEFINED UINT64_MAX

/* Bytes of the structures of a group, with 8 entries or children each. */
#define VIEW_LEAF_SIZE UINT64_C(328)
#define VIEW_TREE_SIZE UINT64_C(160)
#define VIEW_FANOUT    UINT64_C(8)

/* The largest message of an object header, and the largest enum type. */
#define VIEW_MOST_MESSAGE UINT64_C(65528)
#define VIEW_MOST_ENUM	  UINT64_C(61440)
#define VIEW_MOST_MEMBERS UINT64_C(65535)

/* Attributes of one node that are shown, and names of others. */
#define VIEW_MOST_ATTRS	  65000u
#define VIEW_MOST_OMITTED 4000u

/* Collections of the global heap: where they begin, how small and large. */
#define VIEW_HEAP_ALIGN UINT64_C(64)
#define VIEW_HEAP_LEAST UINT64_C(4096)
#define VIEW_HEAP_MOST	UINT64_C(65536)
#define VIEW_HEAP_HEAD	UINT64_C(16) /* of a collection, and of an item */

/* Messages of an object header, and their flags. */
#define VIEW_MESSAGE_SPACE     0x01
#define VIEW_MESSAGE_TYPE      0x03
#define VIEW_MESSAGE_FILL      0x05
#define VIEW_MESSAGE_LAYOUT    0x08
#define VIEW_MESSAGE_ATTRIBUTE 0x0c
#define VIEW_MESSAGE_TABLE     0x11
#define VIEW_MESSAGE_SIZES     0x13
#define VIEW_MESSAGE_GUARD     0xcc /* unknown to libhdf5 */
#define VIEW_CONSTANT	       1
#define VIEW_FAIL_IF_UNKNOWN   8

/* Room for a datatype that is no enum, and for a dataspace. */
#define VIEW_TYPE_MOST	160
#define VIEW_SPACE_MOST (8 + 8 * FORMAT_MAX_NDIM)

/* The name of the attribute that tells what the view leaves out. */
#define VIEW_OMITTED "cute-shm:omitted"

/* A node of the tree.  The nodes are in the order of the records. */
struct view_node {
	uint64_t record; /* offset of its record, */
	uint64_t after;	 /* of the end of its subtree, */
	uint64_t at;	 /* of its object header */
	uint64_t names;	 /* sum of view_name_size() of its children */
	const char *name;
	uint32_t name_size;
	uint32_t next;	   /* the first node behind its subtree */
	uint32_t children; /* number */
	uint32_t head;	   /* bytes of the messages in its header, */
	uint16_t messages; /* and their number */
	bool link;
	bool items; /* has something in the heap */
	bool plain; /* see view_plain() */
	bool links; /* some of its children are links */
};

/* The collections of the global heap, which take items one after another. */
struct view_heap {
	uint64_t *sizes; /* of the collections, known once measured */
	uint32_t count, room;
	uint32_t number; /* of the current collection */
	uint32_t index;	 /* of its last item; 0: no collection is open */
	uint64_t begin;	 /* offset of the first collection */
	uint64_t at;	 /* of the current or next one, from 'begin' */
	uint64_t used;	 /* bytes of the current one */
};

/*
 * Three passes run over the nodes, by the same functions: one that only counts,
 * one that writes the objects, and one that writes the items of ragged values.
 */
enum view_pass {
	VIEW_MEASURE,
	VIEW_OBJECTS,
	VIEW_ITEMS
};

struct view {
	const struct cute_shm *shm;
	struct view_node *nodes;
	uint32_t count, room;
	uint64_t data;	  /* offset of the end of the last array */
	uint64_t begin;	  /* offset of the view, and, once measured, */
	uint64_t objects; /* of the end of the objects, */
	uint64_t end;	  /* and of its end */
	uint64_t at;	  /* offset of the next byte */
	uint64_t limit;	  /* the view must end here or before */
	enum view_pass pass;
	uint16_t messages; /* of the header that is being written */
	uint64_t head_at;  /* where its messages begin */
	int err;	   /* the first error */
	struct view_heap heap;
	struct sink sink;
};

/* view.c */

/*
 * Measure the view of the segment, of which only header, records and data are
 * read, and only with checks.  A view that would end behind 'limit' is an
 * error: so the work for a hostile segment is bounded.  *ret is for
 * view_free().
 *
 * CUTE_SHM_ERR_CORRUPT  a record or a ragged value is damaged, or the limit
 */
int view_measure(const struct cute_shm *shm, uint64_t limit,
		 struct view **ret) must_check;

/* Hand the bytes of [view->begin, view->end) to 'write', in order. */
int view_emit(struct view *view, sink_write *write, void *arg) must_check;

/*
 * The same in two threads, if items are in the heap: those of [view->begin,
 * view->objects) with the argument 'objects', those behind with 'items'.
 */
int view_emit_parts(struct view *view, sink_write *write, void *objects,
		    void *items) must_check;

/* The superblock, whose place is at byte 512 of the segment. */
void view_superblock(const struct view *view, uint8_t ret[48]);

void view_free(struct view *view);

/* view_output.c */

/* Append bytes, or zeros if 'data' is NULL, in a pass that writes. */
static inline void
view_write(struct view *v, const void *data, uint64_t size)
{
	v->at += size;
	if (v->err != 0)
		return;
	sink_put(&v->sink, data, size);
	v->err = v->sink.err;
}

/* The same for an object: in the third pass nothing happens. */
static inline void
view_put(struct view *v, const void *data, uint64_t size)
{
	if (v->pass == VIEW_MEASURE)
		v->at += size;
	else if (v->pass == VIEW_OBJECTS)
		view_write(v, data, size);
}

/* Append zeros up to a multiple of 'to', a power of two. */
static inline void
view_align(struct view *v, uint64_t to)
{
	view_put(v, NULL, align_up(v->at, to) - v->at);
}

/* Set an error if the view and 'more' bytes exceed the limit. */
void view_check_size(struct view *v, uint64_t more);

/* Keep the first error: CUTE_SHM_ERR_CORRUPT for what 'path' is. */
void view_damaged(struct view *v, const char *path, const char *what);

/* An offset of the segment, as HDF5 counts. */
static inline uint64_t
view_address(uint64_t offset)
{
	return offset - VIEW_BASE;
}

/* view_room.c: the size before there are records */

/* The sums over the nodes of a tree that is being described. */
struct view_room {
	uint64_t bytes; /* of object headers and groups */
	uint64_t items; /* in the heap, */
	uint64_t sizes; /* and the sum of their sizes */
};

/* Add a node, whose attributes and name are added apart. */
void view_room_array(struct view_room *room, const struct dtype *type,
		     unsigned ndim, uint64_t element_count,
		     uint64_t value_count);
void view_room_group(struct view_room *room, uint64_t children);

/* Add the name in its group; links have a target, with its whole path. */
void view_room_name(struct view_room *room, uint64_t size);
void view_room_target(struct view_room *room, uint64_t size);

/* Add attribute number 'k' of a node. */
void view_room_attr(struct view_room *room, const struct format_attr *attr,
		    uint32_t k);

/* The most bytes that the view can have: all, if nothing is in the heap. */
uint64_t view_room_sum(const struct view_room *room);

/* view_file.c: a file that is being built, whose records and data are done */

/*
 * Append the view, in place of all that follows the last array, and cut the
 * file behind it.  Sets the sizes of the segment and of the view in *h, which
 * must say that the segment ends where the file does: the view must fit.
 * 'path' is for messages; with over one job a large view takes two threads.
 */
int view_append(int fd, const char *path, unsigned jobs,
		struct format_header *h, uint8_t superblock[48]) must_check;

/* Where the last array ends, and where its view would. */
int view_size(int fd, const char *path, const struct format_header *h,
	      uint64_t *data, uint64_t *end) must_check;

/* Cut the file at 'data', where the last array ends. */
int view_cut(int fd, const char *path, uint64_t data,
	     struct format_header *h) must_check;

/* view_type.c: pure functions */

/* Encode the datatype of a dtype of the format; returns its size. */
size_t view_type(const char *dtype, uint32_t item_size,
		 uint8_t ret[VIEW_TYPE_MOST]);

/* The fixed part of a list of items whose datatype follows; its size. */
size_t view_type_list(uint8_t *ret);

/* The fixed part of an enum, up to its names, of 'members' integers. */
size_t view_type_enum(const char *dtype, uint32_t item_size, uint16_t members,
		      uint8_t *ret);

/*
 * The dataspace; 'null' for that without elements, which also stands for an
 * empty array with a dimension of over 2^63 - 1.
 */
size_t view_space(unsigned ndim, const uint64_t *shape, bool null,
		  uint8_t ret[VIEW_SPACE_MOST]);

/* view_object.c */

/* Begin an object header with its number of messages and their bytes. */
void view_head_begin(struct view *v, uint16_t messages, uint32_t size);
/* End the header of node 'i'. */
void view_head_end(struct view *v, uint32_t i);

/* Append a message to the header: all of it, or its first 8 bytes. */
void view_message(struct view *v, uint16_t type, uint8_t flags,
		  const void *data, uint64_t size);
void view_message_begin(struct view *v, uint16_t type, uint8_t flags,
			uint64_t size);

/* The object of an array: its header, and its lists. */
void view_array(struct view *v, uint32_t i, const struct record *record);

/*
 * The object of an array without attributes and lists, whose node is 'plain':
 * its size is known once it is listed.
 */
void view_plain(struct view *v, uint32_t i);
uint32_t view_plain_size(const struct cute_shm_array *array);

/* The header of a dataset of 'count' elements that begin at 'offset'. */
void view_dataset(struct view *v, const char *dtype, uint32_t item_size,
		  uint64_t count, uint64_t offset);
uint64_t view_dataset_size(const char *dtype, uint32_t item_size);

/* view_attribute.c */

/* The members of an array's enum; false if it is one of plain integers. */
struct view_enum {
	struct cute_shm_array names, values;
	uint64_t size; /* of the datatype */
};

bool view_enum_find(struct view *v, const struct record *record,
		    const struct cute_shm_array *array, struct view_enum *ret);

/* The names and values that follow the fixed part. */
void view_enum_members(struct view *v, const struct view_enum *e);

/*
 * Append the attributes of a node that the view shows; if 'as_enum', those are
 * left out that describe an enum.
 */
void view_attributes(struct view *v, uint32_t i, const struct record *record,
		     bool as_enum);

/* Bytes of an attribute's message. */
uint64_t view_attribute_size(size_t name_size,
			     const struct cute_shm_array *value);

/* True if netCDF would take the attribute for what is not there. */
bool view_hides(const char *name);

/* view_group.c */

void view_group(struct view *v, uint32_t i, const struct record *record);

/* A ragged array as a group of its offsets and its values. */
void view_alias(struct view *v, uint32_t i, const struct record *record,
		const struct cute_shm_array *array);

/* Bytes of the leaves and of the tree for 'count' entries; of their names. */
uint64_t view_leaves_size(uint64_t count);
uint64_t view_tree_size(uint64_t count);
uint64_t view_name_size(uint64_t size);
uint64_t view_target_size(uint64_t size);

/* view_heap.c */

/* List 'e' of a ragged value; false, with an error, if it is damaged. */
bool view_list(struct view *v, const struct cute_shm_array *value, uint64_t e,
	       const void **items, uint64_t *count);

/*
 * Append the 16 bytes of each list of a ragged value, whose items go to the
 * heap, or of one text.
 */
void view_lists(struct view *v, uint32_t i, const struct cute_shm_array *value);
void view_text(struct view *v, uint32_t i, const void *text, uint64_t size);

/* Begin a pass with no collection; end the last one. */
void view_heap_begin(struct view *v);
void view_heap_end(struct view *v);

#endif
