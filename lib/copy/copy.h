/* SPDX-License-Identifier: MIT */
/*
 * Segments as files: saved to a disk or to a stream, and restored.  Uses base,
 * file, format, root, read, live and build.
 */
#ifndef LIB_COPY_COPY_H
#define LIB_COPY_COPY_H

#include "build/build.h"
#include "file/file.h"

#define SAVE_PIECE ((size_t)1 << 20)

struct save {
	struct cute_shm_save_options opt;
	const struct cute_shm *shm;
	int fd;			/* a file that is being written */
	uint8_t *buffer;	/* SAVE_PIECE */
	struct deadline deadline;
	const char *name;	/* of what is written, for messages */
	unsigned passes;	/* how often the segment is copied, */
	uint64_t before;	/* and bytes of the passes before this one */
};

/* Options, buffer and clock; save_end() follows, whatever comes out. */
int save_begin(struct save *s, const struct cute_shm_save_options *opt)
	must_check;
void save_end(struct save *s);

/* Report progress; CUTE_SHM_ERR_CANCELLED, CUTE_SHM_ERR_LIMIT. */
int save_tell(const struct save *s, uint64_t done) must_check;

/* The segment into the file s->fd: each array as it is between two updates. */
int save_whole(const struct save *s) must_check;

/*
 * Both superblocks of a copy, which has no owner; true if they are not those of
 * the segment.
 */
bool save_header(const struct save *s, struct format_header *h,
		 struct format_second *second);

/* For the hook at level DEBUG; 'since' as clock_now() has it. */
void log_copied(const char *from, const char *to, uint64_t bytes, double since);

#endif
