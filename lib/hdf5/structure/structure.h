/* SPDX-License-Identifier: MIT */
/*
 * The structures of an HDF5 file, read without libhdf5: its bytes with bounds,
 * the superblock, object headers, B-trees, heaps, and arrays of chunks.  Names
 * and layouts are those of the HDF5 File Format Specification 3.0.  Whatever is
 * unknown, inconsistent or damaged gives no opinion: libhdf5 must decide.  Uses
 * base.
 *
 * Functions that return int return 0, NO_OPINION with the cause in image->why,
 * or CUTE_SHM_ERR_NOMEM.  Pointers into the image are valid until
 * image_trim() or image_close().
 */
#ifndef LIB_HDF5_STRUCTURE_STRUCTURE_H
#define LIB_HDF5_STRUCTURE_STRUCTURE_H

#include <endian.h>
#include <string.h>

#include "base/base.h"

#define NO_OPINION 1
#define UNDEFINED  UINT64_MAX /* an address that leads nowhere; no limit */

/* The 8 bytes with which a superblock begins. */
#define HDF5_SIGNATURE "\211HDF\r\n\032\n"

/*
 * The bytes of a file.  A small file is read whole; of a larger one, blocks
 * when they are needed.  Bytes that were checked stay as they are until
 * image_trim(): what is read after it is checked again.
 */
struct image {
	uint8_t *bytes; /* as many as the file has */
	uint64_t size;
	uint64_t base;	 /* offset of the superblock; addresses begin there */
	uint64_t end;	 /* addresses are below it */
	uint64_t budget; /* bytes that may still be asked for */
	const char *why; /* the cause of the last NO_OPINION */
	unsigned address_size, length_size;
	unsigned leaf_k, group_k, chunk_k; /* half the children of a node */
	uint64_t root;			   /* address of the root's header */
	int fd;				   /* -1: all bytes are there */
	bool mapped;			   /* the bytes are its own */
	uint64_t block;			   /* bytes; they are read together, */
	uint64_t *present;		   /* and have a bit */
	uint64_t last_end, run;	 /* the last read: its end, its blocks */
	uint64_t pieces, loaded; /* what is present, and its bytes */
	uint64_t total;		 /* bytes of blocks that were ever read */
	uint64_t reads;		 /* calls of pread() */
	struct window *window;	 /* for image_peek(), or NULL */
};

/* image.c */

/* Bytes of a block, unless the file is small or large. */
#define IMAGE_BLOCK ((uint64_t)64 << 10)

/*
 * Begin to read the file, which has 'size' bytes.  'whole_limit': files up to
 * this size are read at once; 0 means 16 MiB.  Later reads use ret->fd, too.
 */
int image_open(int fd, uint64_t size, uint64_t whole_limit,
	       struct image *ret) must_check;

/* Use bytes that the caller owns; they are not changed. */
void image_of(const uint8_t *bytes, uint64_t size, struct image *ret);
void image_close(struct image *f);

/* Set the cause, and return NO_OPINION. */
int image_doubt(struct image *f, const char *why) __attribute__((cold));

/* Read the blocks of [at, at + size), which lies in the file. */
bool image_load(struct image *f, uint64_t at, uint64_t size) must_check;

/*
 * Drop the blocks of a file that is not in memory as a whole if they have over
 * 'most' bytes; they are read again when they are needed.  Pointers into the
 * image are invalid then.
 */
void image_trim(struct image *f, uint64_t most);

/* Charge the budget; false, with the cause, if it is spent. */
bool image_charge(struct image *f, uint64_t size) must_check;

/*
 * The bytes [address, address + size) of the file's address space; NULL, with
 * the cause, if they are not all there.
 */
const uint8_t *image_get(struct image *f, uint64_t address,
			 uint64_t size) must_check;

/* Read bytes of the file; false, with the cause. */
bool image_read(struct image *f, uint8_t *to, uint64_t at,
		uint64_t size) must_check;

/* Whether [at, at + size), which lies in the file, is in memory. */
bool image_present(const struct image *f, uint64_t at,
		   uint64_t size) must_check;

/* window.c: small data, which mostly lie close to those that were read last */

/*
 * As image_get(), for data: they are not charged, and are valid until the next
 * call.  NULL, without a cause, unless they are in memory, or can be read with
 * much that lies around them.
 */
const uint8_t *image_peek(struct image *f, uint64_t address,
			  uint64_t size) must_check;

/* Whether these bytes are in the address space; they are not read. */
static inline bool
image_holds(const struct image *f, uint64_t address, uint64_t size)
{
	return address <= f->end && size <= f->end - address;
}

/* Bytes, taken one after another.  'over': more were taken than there are. */
struct cursor {
	const uint8_t *at, *end;
	bool over;
};

static inline struct cursor
cursor_on(const uint8_t *at, uint64_t size)
{
	return (struct cursor){ at, at + size, false };
}

static inline uint64_t
bytes_left(const struct cursor *b)
{
	return (uint64_t)(b->end - b->at);
}

/* The next n bytes; NULL if there are not so many. */
static inline const uint8_t *
take(struct cursor *b, uint64_t n)
{
	const uint8_t *p = b->at;

	if (n > bytes_left(b)) {
		b->over = true;
		b->at = b->end;
		return NULL;
	}
	b->at += n;
	return p;
}

/* A little-endian number of n <= 8 bytes. */
static inline uint64_t
number_at(const uint8_t *p, unsigned n)
{
	uint64_t ret = 0;

	memcpy(&ret, p, n);
	return le64toh(ret);
}

/* The next number; 0 if there are not n bytes. */
static inline uint64_t
take_number(struct cursor *b, unsigned n)
{
	const uint8_t *p = take(b, n);

	return p ? number_at(p, n) : 0;
}

static inline unsigned
take_8(struct cursor *b)
{
	return (unsigned)take_number(b, 1);
}

static inline unsigned
take_16(struct cursor *b)
{
	return (unsigned)take_number(b, 2);
}

static inline uint32_t
take_32(struct cursor *b)
{
	return (uint32_t)take_number(b, 4);
}

/* The next address; UNDEFINED if all its bits are set. */
static inline uint64_t
take_address(struct cursor *b, const struct image *f)
{
	uint64_t a = take_number(b, f->address_size);

	return a == UNDEFINED >> (64 - 8 * f->address_size) ? UNDEFINED : a;
}

static inline uint64_t
take_length(struct cursor *b, const struct image *f)
{
	return take_number(b, f->length_size);
}

/* Whether the next four bytes are the signature and the one behind is 0. */
static inline bool
take_signature(struct cursor *b, const char *signature)
{
	const uint8_t *p = take(b, 5);

	return p && memcmp(p, signature, 4) == 0 && p[4] == 0;
}

/* floor(log2(n)), n > 0 */
static inline unsigned
log2_of(uint64_t n)
{
	return 63 - (unsigned)__builtin_clzll(n);
}

/* Bytes that a number up to 'limit' takes. */
static inline unsigned
bytes_for(uint64_t limit)
{
	return limit == 0 ? 1 : log2_of(limit) / 8 + 1;
}

/* lookup3.c */

/* Bob Jenkins' hash, with which HDF5 checks its metadata and sorts names. */
uint32_t lookup3(const uint8_t *data, size_t size);

/*
 * Whether the last four of the bytes are the checksum of those before.  Sets
 * the cause if not.
 */
bool checksum_good(struct image *f, const uint8_t *data,
		   uint64_t size) must_check;

/* superblock.c */

/* Find the superblock, and set all numbers of the image that it has. */
int superblock_read(struct image *f) must_check;

/* object_header.c */

/* Types of messages. */
enum {
	MESSAGE_NIL = 0x00,
	MESSAGE_DATASPACE = 0x01,
	MESSAGE_LINK_INFO = 0x02,
	MESSAGE_DATATYPE = 0x03,
	MESSAGE_FILL_OLD = 0x04,
	MESSAGE_FILL = 0x05,
	MESSAGE_LINK = 0x06,
	MESSAGE_EXTERNAL = 0x07,
	MESSAGE_LAYOUT = 0x08,
	MESSAGE_BOGUS = 0x09,
	MESSAGE_GROUP_INFO = 0x0a,
	MESSAGE_FILTERS = 0x0b,
	MESSAGE_ATTRIBUTE = 0x0c,
	MESSAGE_COMMENT = 0x0d,
	MESSAGE_SHARED_TABLE = 0x0f,
	MESSAGE_CONTINUATION = 0x10,
	MESSAGE_SYMBOL_TABLE = 0x11,
	MESSAGE_TREE_K = 0x13,
	MESSAGE_DRIVER = 0x14,
	MESSAGE_ATTRIBUTE_INFO = 0x15,
	MESSAGE_REFERENCES = 0x16, /* number of hard links */
	MESSAGE_CACHE_IMAGE = 0x18,
	MESSAGE_LAST = 0x18
};

#define MESSAGE_SHARED 0x02 /* flag: the data lead to the message */

struct header_message {
	uint8_t type, flags;
	uint16_t order; /* of creation, if header->ordered */
	uint32_t size;
	const uint8_t *data;
};

/* An object header.  Begins as zeros, and can be used for many objects. */
struct header {
	struct header_message *messages; /* without NIL and continuations */
	uint32_t count, room;
	uint32_t present;	 /* a bit for each type up to MESSAGE_LAST */
	bool version_2, ordered; /* ordered: messages have an order */
};

int header_read(struct image *f, uint64_t address,
		struct header *ret) must_check;
void header_free(struct header *h);

/* The first message of a type; NULL if there is none. */
const struct header_message *header_find(const struct header *h, unsigned type);

/* local_heap.c */

/* A local heap's data: names, each ended by NUL. */
struct names_heap {
	const uint8_t *data;
	uint64_t size;
};

int local_heap_read(struct image *f, uint64_t address,
		    struct names_heap *ret) must_check;

/* The text at 'offset', and its length; NULL, with the cause. */
const char *local_heap_text(struct image *f, const struct names_heap *heap,
			    uint64_t offset, uint64_t *size) must_check;

/* tree_v1.c */

/* A node of a version 1 B-tree: 'count' children between count + 1 keys. */
struct tree_node {
	const uint8_t *keys; /* the first; a key and a child alternate */
	unsigned count, level;
	unsigned step; /* bytes of a key and a child */
};

#define TREE_GROUP  0
#define TREE_CHUNKS 1

/*
 * Read a node; 'level' must be its level, unless it is negative.
 */
int tree_node_read(struct image *f, uint64_t address, unsigned type,
		   unsigned key_size, int level,
		   struct tree_node *ret) must_check;

static inline const uint8_t *
tree_key(const struct tree_node *n, unsigned i)
{
	return n->keys + (size_t)i * n->step;
}

static inline uint64_t
tree_child(const struct image *f, const struct tree_node *n, unsigned i)
{
	struct cursor b = cursor_on(tree_key(n, i + 1) - f->address_size,
				    f->address_size);

	return take_address(&b, f);
}

/* tree_v2.c */

/*
 * Called for each record of a version 2 B-tree, in the tree's order.  Whatever
 * it returns but 0 ends the walk.
 */
typedef int record_fn(struct image *f, const uint8_t *record, unsigned size,
		      void *arg);

/*
 * Call see() for all records of the tree, whose type must be 'type'.  The walk
 * checks that there are as many as the tree says.
 */
int tree_v2_walk(struct image *f, uint64_t address, unsigned type,
		 record_fn *see, void *arg) must_check;

/* fractal_heap.c */

struct heap_block {
	uint64_t offset, size; /* in the heap's address space */
	const uint8_t *data;
};

struct huge_object {
	uint64_t id, address, size;
};

/* A fractal heap with all its direct blocks.  Begins as zeros. */
struct fractal_heap {
	struct heap_block *blocks; /* by offset */
	uint32_t block_count, block_room;
	struct huge_object *huge; /* by ID */
	uint32_t huge_count, huge_room;
	unsigned id_size, offset_size, length_size;
	unsigned block_prefix; /* bytes before the objects of a block */
	uint64_t managed_limit;
};

/* heap_free() must be called in any case. */
int heap_read(struct image *f, uint64_t address,
	      struct fractal_heap *ret) must_check;
void heap_free(struct fractal_heap *heap);

/* The object with this ID of 'id_size' bytes. */
int heap_object(struct image *f, const struct fractal_heap *heap,
		const uint8_t *id, const uint8_t **ret,
		uint64_t *size) must_check;

/* global_heap.c */

struct collection;

/* The collections that were read.  Begins as zeros. */
struct global_heap {
	struct collection **table; /* a hash table by address */
	uint32_t size, count;
	struct collection *last;    /* the one that was used last, or NULL */
	struct heap_stream *stream; /* of global_heap_pass(), or NULL */
};

/*
 * The object 'index' of the collection at 'address'.  Its bytes are there up to
 * a multiple of 8.
 */
int global_heap_object(struct image *f, struct global_heap *heap,
		       uint64_t address, uint32_t index, const uint8_t **ret,
		       uint64_t *size) must_check;

/*
 * The same for many objects, most of which lie in the order of the calls: their
 * collections are not kept, if the image is not in memory as a whole.  *ret is
 * valid until the next call.
 */
int global_heap_pass(struct image *f, struct global_heap *heap,
		     uint64_t address, uint32_t index, const uint8_t **ret,
		     uint64_t *size) must_check;

/* Free the memory that these calls need. */
void global_heap_passed(struct global_heap *heap);

void global_heap_free(struct global_heap *heap);

/*
 * Called for each object of a collection, by index: its prefix, which begins
 * with 8 bytes before the size, and its data.  Whatever it returns but 0 ends
 * the walk.
 */
typedef int global_object_fn(struct image *f, const uint8_t *prefix,
			     const uint8_t *data, uint64_t size, void *arg);

int global_heap_walk(struct image *f, uint64_t address, global_object_fn *see,
		     void *arg) must_check;

/* fixed_array.c */

/* The elements of an array of chunks: an address, or with size and mask. */
struct array_format {
	bool filtered;
	unsigned size_bytes; /* bytes of a stored chunk's size */
};

struct array_element {
	uint64_t address, size;
	uint32_t mask;
};

/* Called for each element that is not undefined, by its number. */
typedef int element_fn(struct image *f, uint64_t number,
		       const struct array_element *element, void *arg);

int fixed_array_walk(struct image *f, uint64_t address,
		     const struct array_format *format, uint64_t entries,
		     element_fn *see, void *arg) must_check;

/* For both kinds of arrays. */
unsigned element_size(const struct image *f, const struct array_format *format);

/* Call see() for 'count' elements at 'data'; the first has number 'first'. */
int elements_see(struct image *f, const struct array_format *format,
		 const uint8_t *data, uint64_t first, uint64_t count,
		 element_fn *see, void *arg) must_check;

/* extensible_array.c */

/* What the layout message says of the array; its header must say the same. */
struct array_shape {
	uint8_t max_bits, index_elements, min_pointers, min_elements, page_bits;
};

/* Whether such an array can be. */
bool extensible_array_good(const struct array_shape *shape);

int extensible_array_walk(struct image *f, uint64_t address,
			  const struct array_format *format,
			  const struct array_shape *shape, element_fn *see,
			  void *arg) must_check;

#endif
