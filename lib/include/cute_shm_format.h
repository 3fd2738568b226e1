/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a segment.  man/cute-shm.5 documents the same format: change
 * both in the same commit.
 *
 * All integers are little-endian and unsigned; all offsets count from the
 * segment's first byte.
 */
#ifndef CUTE_SHM_FORMAT_H
#define CUTE_SHM_FORMAT_H

#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "segments are little-endian and read in place: so must the machine be"
#endif

#define FORMAT_MAGIC	     "CUTE-SHM"
#define FORMAT_VERSION	     "1.1" /* the newest one supported */
#define FORMAT_VERSION_FIRST "1.0" /* for segments without 1.1 features */
#define FORMAT_MAJOR	     '1'
#define FORMAT_BYTE_ORDER    UINT64_C(0x0102030405060708)
#define FORMAT_HEADER_SIZE   UINT64_C(1024) /* both superblocks */
#define FORMAT_BLOCK_SIZE    UINT64_C(1048576)
#define FORMAT_BLOCK_UNIT    UINT64_C(64) /* divides every block_size */
#define FORMAT_SECTION_ALIGN UINT64_C(64)
#define FORMAT_PAGE	     UINT64_C(4096) /* live slots, data, arrays */
#define FORMAT_DATA_ALIGN    UINT64_C(64)   /* arrays below one page */
#define FORMAT_ROW	     UINT64_C(16)   /* records: a line of hexdump */
#define FORMAT_MAX_NDIM	     32
#define FORMAT_DTYPE_SIZE    16 /* text with its NUL */

#define FORMAT_TAG_GROUP "GRUP"
#define FORMAT_TAG_ARRAY "ARRY"
#define FORMAT_TAG_LINK	 "LINK"
#define FORMAT_TAG_ATTR	 "ATTR"

/* Feature bits of format_header.compatible. */
#define FORMAT_COMPATIBLE_EPHEMERAL UINT32_C(1)
#define FORMAT_COMPATIBLE_VIEW	    UINT32_C(2) /* 1.1 */
#define FORMAT_COMPATIBLE_KNOWN \
	(FORMAT_COMPATIBLE_EPHEMERAL | FORMAT_COMPATIBLE_VIEW)
#define FORMAT_INCOMPATIBLE_KNOWN UINT32_C(0)

struct format_header {
	char magic[8];		  /* 0x000 */
	char version[8];	  /* 0x008 text */
	uint64_t byte_order;	  /* 0x010 */
	uint64_t header_size;	  /* 0x018 */
	uint64_t segment_size;	  /* 0x020 */
	uint64_t metadata_size;	  /* 0x028 */
	uint64_t index_offset;	  /* 0x030 */
	uint64_t node_count;	  /* 0x038 */
	uint64_t records_offset;  /* 0x040 */
	uint64_t records_size;	  /* 0x048 */
	uint64_t blocks_offset;	  /* 0x050 */
	uint64_t block_count;	  /* 0x058 */
	uint64_t live_offset;	  /* 0x060 */
	uint64_t array_count;	  /* 0x068 */
	uint64_t data_offset;	  /* 0x070 */
	uint64_t data_size;	  /* 0x078 */
	uint64_t array_bytes;	  /* 0x080 */
	uint64_t block_size;	  /* 0x088 */
	uint32_t incompatible;	  /* 0x090 feature bits */
	uint32_t compatible;	  /* 0x094 feature bits */
	uint64_t created_ns;	  /* 0x098 Unix time */
	uint32_t creator_pid;	  /* 0x0a0 */
	uint32_t creator_uid;	  /* 0x0a4 */
	uint64_t source_size;	  /* 0x0a8 */
	uint8_t uuid[16];	  /* 0x0b0 */
	uint64_t source_mtime_ns; /* 0x0c0 */
	uint64_t view_offset;	  /* 0x0c8 1.1 */
	uint64_t view_size;	  /* 0x0d0 1.1 */
	uint64_t view_digest;	  /* 0x0d8 1.1: of [0x200, 0x400), view */
	char creator[32];	  /* 0x0e0 text */
	char source[240];	  /* 0x100 text */
	uint64_t metadata_digest; /* 0x1f0 of the rest of the metadata */
	uint64_t header_digest;	  /* 0x1f8 of [0, 0x1f8) */
};

/*
 * The second superblock, at 0x200: all zero in 1.0.  An ephemeral segment
 * stores its own device and inode: a copy has others, and is known as a copy.
 */
struct format_second {
	uint8_t superblock[48];	 /* 0x200 of an HDF5 view */
	uint8_t zero[432];	 /* 0x230 */
	uint64_t options_digest; /* 0x3e0 of the load's options */
	uint64_t source_digest;	 /* 0x3e8 of the whole source path */
	uint64_t home_device;	 /* 0x3f0 */
	uint64_t home_inode;	 /* 0x3f8 */
};

/* A row of the path index; rows are sorted by hash, then offset. */
struct format_index_row {
	uint64_t hash;	 /* XXH3-64 of the path */
	uint64_t offset; /* of the node's record */
};

/* Every record starts with this row. */
struct format_record {
	char tag[4];	      /* 0x00 */
	uint32_t record_size; /* 0x04 without attributes, children */
	uint32_t name_size;   /* 0x08 path or name, without NUL */
	uint32_t count;	      /* 0x0c attributes; ATTR: ndim */
};

/* GRUP and LINK; the path follows at 0x30. */
struct format_node {
	struct format_record record; /* 0x00 */
	uint64_t parent;	     /* 0x10 */
	uint64_t next;		     /* 0x18 just past the subtree */
	uint64_t child_or_target;    /* 0x20 child_count; LINK: target */
	uint64_t zero;		     /* 0x28 */
};

/* ARRY; the shape follows at 0x70, then the path. */
struct format_array {
	struct format_record record;   /* 0x00 */
	uint64_t parent;	       /* 0x10 */
	uint64_t next;		       /* 0x18 */
	uint64_t element_count;	       /* 0x20 */
	uint32_t item_size;	       /* 0x28 */
	uint32_t ndim;		       /* 0x2c */
	char dtype[FORMAT_DTYPE_SIZE]; /* 0x30 text */
	uint64_t data_offset;	       /* 0x40 */
	uint64_t data_size;	       /* 0x48 */
	uint64_t digest;	       /* 0x50 */
	uint64_t first_block;	       /* 0x58 row of the block digests */
	uint64_t values_offset;	       /* 0x60 ragged: the items */
	uint64_t live_slot;	       /* 0x68 */
};

/* ATTR; the name follows at 0x30, then the shape, then the value. */
struct format_attr {
	struct format_record record;   /* 0x00 */
	char dtype[FORMAT_DTYPE_SIZE]; /* 0x10 text */
	uint64_t value_size;	       /* 0x20 */
	uint32_t item_size;	       /* 0x28 */
	uint32_t zero;		       /* 0x2c */
};

/* The live slot of an array: the state of its updates in place. */
struct format_live {
	uint32_t sequence;	  /* 0x00 odd: being written */
	uint32_t writer_pid;	  /* 0x04 */
	uint64_t updated_ns;	  /* 0x08 Unix time */
	uint64_t digest;	  /* 0x10 at digest_sequence */
	uint32_t digest_sequence; /* 0x18 */
	uint8_t zero[36];	  /* 0x1c */
};

#ifdef __cplusplus
#define FORMAT_ASSERT static_assert
#else
#define FORMAT_ASSERT _Static_assert
#endif

#define FORMAT_AT(type, member, at) \
	FORMAT_ASSERT(__builtin_offsetof(struct type, member) == (at), \
		      #type "." #member " is not where cute-shm(5) says")

FORMAT_ASSERT(sizeof(struct format_header) == 512, "half of a pair");
FORMAT_ASSERT(sizeof(struct format_second) == 512, "the other half");
FORMAT_ASSERT(sizeof(struct format_index_row) == 16, "one row");
FORMAT_ASSERT(sizeof(struct format_record) == 16, "one row");
FORMAT_ASSERT(sizeof(struct format_node) == 0x30, "three rows");
FORMAT_ASSERT(sizeof(struct format_array) == 0x70, "seven rows");
FORMAT_ASSERT(sizeof(struct format_attr) == 0x30, "three rows");
FORMAT_ASSERT(sizeof(struct format_live) == 64, "one cache line");
FORMAT_AT(format_header, segment_size, 0x20);
FORMAT_AT(format_header, live_offset, 0x60);
FORMAT_AT(format_header, incompatible, 0x90);
FORMAT_AT(format_header, uuid, 0xb0);
FORMAT_AT(format_header, view_digest, 0xd8);
FORMAT_AT(format_header, creator, 0xe0);
FORMAT_AT(format_header, source, 0x100);
FORMAT_AT(format_header, metadata_digest, 0x1f0);
FORMAT_AT(format_second, options_digest, 0x3e0 - 0x200);
FORMAT_AT(format_second, home_device, 0x3f0 - 0x200);
FORMAT_AT(format_array, item_size, 0x28);
FORMAT_AT(format_array, dtype, 0x30);
FORMAT_AT(format_array, live_slot, 0x68);
FORMAT_AT(format_attr, value_size, 0x20);
FORMAT_AT(format_live, digest_sequence, 0x18);

#endif
