/* SPDX-License-Identifier: MIT */
/*
 * Save a segment to a file (save.c) or a stream (save_stream.c), restore a
 * project from either (restore.c, restore_turn.c, restore_view.c), receive one
 * in parts (receive.c, received.c), and write other files (derived_file.c).
 * Uses base, file, format, lock, root, together,
 * read, view, live, build and verify.
 */
#ifndef LIB_COPY_COPY_H
#define LIB_COPY_COPY_H

#include "build/build.h"
#include "copy/received.h"
#include "file/file.h"

#define SAVE_PIECE ((size_t)1 << 20)

struct save {
	struct cute_shm_export_options opt;
	const struct cute_shm *shm;
	int fd;		 /* the file that save_whole() writes */
	uint8_t *buffer; /* SAVE_PIECE bytes */
	struct deadline deadline;
	const char *name; /* of the output, for messages */
	unsigned passes;  /* 2 if a copy is made before the output */
	uint64_t before;  /* bytes of the earlier passes */
};

/* restore_turn.c */

/* Begin the load of 'project'; *ret is NULL if it is a copy already. */
int restore_turn(const char *project, int fd,
		 const struct cute_shm_load_options *opt,
		 struct cute_shm_loading **ret) must_check;

/* save.c */

/*
 * Take the options, allocate the buffer, start the clock.  Call save_end() also
 * after a failure.
 */
int save_begin(struct save *s,
	       const struct cute_shm_export_options *opt) must_check;
void save_end(struct save *s);

/*
 * Report 'done' bytes of this pass.  CUTE_SHM_ERR_CANCELLED (the callback
 * stopped it), CUTE_SHM_ERR_LIMIT (the time is up).
 */
int save_tell(const struct save *s, uint64_t done) must_check;

/* Write the segment to s->fd, each array as it is between two updates. */
int save_whole(const struct save *s) must_check;

/*
 * Make both superblocks of the copy, which is not ephemeral.  *changed: they
 * differ from those of the segment.
 */
int save_header(const struct save *s, struct format_header *h,
		struct format_second *second, bool *changed) must_check;

/* restore_view.c */

/*
 * Write the saved header.  Whether the new project is ephemeral depends on the
 * builder's flags, not on the saved project; the rest is unchanged.
 */
int restore_header(struct cute_shm_builder *b,
		   const struct format_header *saved) must_check;

/*
 * Add an HDF5 view to the sound segment of the builder, or cut it off, as the
 * builder's flags say.
 */
int restore_view(struct cute_shm_builder *b) must_check;

/* save.c */

/* Log a copy at level DEBUG; 'since' is clock_now() at its start. */
void log_copied(const char *from, const char *to, uint64_t bytes, double since);

#endif
