/* SPDX-License-Identifier: MIT */
/*
 * One process loads a project, the others wait: the loading page (page.c), who
 * loads (take_turn.c, wait_turn.c), the calls for that (loading.c), whether a
 * project is current (current.c, source_path.c), and what the loads under way
 * still need (loads.c).  Uses base, file, format, lock, root and read.
 */
#ifndef LIB_TOGETHER_TOGETHER_H
#define LIB_TOGETHER_TOGETHER_H

#include "root/root.h"

/* page.c: the file ".cute-shm-loading.PROJECT", see cute-shm(5) */

#define PAGE_MAGIC "CUTELOAD"

enum page_state {
	PAGE_LOADING = 1,
	PAGE_DONE = 2,
	PAGE_FAILED = 3,  /* for a reason that holds for all */
	PAGE_GIVEN_UP = 4 /* for a reason of its own */
};

struct page {
	char magic[8];		  /* 0x000 */
	uint32_t state;		  /* 0x008 */
	int32_t err;		  /* 0x00c of PAGE_FAILED */
	uint32_t pid;		  /* 0x010 */
	uint32_t uid;		  /* 0x014 */
	uint64_t started_ns;	  /* 0x018 Unix time */
	uint64_t bytes_done;	  /* 0x020 */
	uint64_t bytes_total;	  /* 0x028 */
	uint64_t segment_size;	  /* 0x030 */
	uint64_t reserved_bytes;  /* 0x038 */
	uint64_t source_size;	  /* 0x040 */
	uint64_t source_mtime_ns; /* 0x048 */
	uint64_t source_digest;	  /* 0x050 of the whole path */
	uint64_t options_digest;  /* 0x058 */
	uint8_t zero[0xa0];	  /* 0x060 */
	char source[0x300];	  /* 0x100 text; a long one keeps its end */
	char message[0xc00];	  /* 0x400 text */
};
FORMAT_ASSERT(sizeof(struct page) == 4096, "one page");
FORMAT_AT(page, source, 0x100);
FORMAT_AT(page, message, 0x400);

/* The path of the page for the segment at 'segment', for free(). */
int page_path(const char *segment, char **ret) must_check;

/* Read the page; false if it says nothing that can be used. */
bool page_read(int fd, struct page *ret) must_check;

/*
 * Write the page at once.  In a full root this fails at first: the empty page
 * is still a lock, and the next call may succeed.
 */
void page_write(int fd, const struct page *page);

/* Lock byte 0: 0, or -1 and errno. */
int page_lock(int fd) must_check;

/* True if errno of page_lock() means that another process has the lock. */
bool page_is_locked(int number);

/* Remove the name if it still leads to the file of 'fd', which is locked. */
void page_remove(const char *path, int fd);

/* Fill *info from the page; it points into *page. */
void page_info(const struct page *page, bool known, const char *project,
	       const char *path, struct cute_shm_load_info *info);

/* current.c */

/* What is to be loaded: the members that a segment has, too. */
struct wanted {
	uint64_t source_size;
	uint64_t source_mtime_ns;
	uint64_t source_digest;
	uint64_t options_digest;
	uint64_t partial_digest; /* of other options that will do; 0: none */
	bool ephemeral;		 /* an ephemeral project will do */
	bool several;		 /* the source is a folder: of several files */
	/*
	 * A saved segment, which the project must be a copy of: then the
	 * digests are for the page only.  NULL: none.
	 */
	const struct format_header *saved;
	int saved_fd;
};

/*
 * True if the segment at 'path' is sound, trusted, and has what is wanted;
 * *partial is set if it was made with the other options.
 */
bool is_current(const char *path, const struct wanted *wanted, bool *partial);

/*
 * source_path.c: the absolute path of a source file, for free().  It is without
 * symbolic links if the file exists.  The path of a folder ends in a slash if
 * 'source' does.
 */
int source_path(const char *source, char **ret) must_check;

/* Copy its end, the more telling one, to ret[size]; true if it was cut. */
bool source_cut(const char *path, char *ret, size_t size);

/* loading.c */

/*
 * cute_shm_load_begin(), with complete options.  If 'wanted' is not NULL, a
 * project is current if it has that; opt->source is then for the page only.
 */
int loading_begin(const char *project,
		  const struct cute_shm_loading_options *opt,
		  const struct wanted *wanted,
		  struct cute_shm_loading **ret) must_check;

struct cute_shm_loading {
	int fd;			  /* of the page; -1: there is none */
	struct fork_private kept; /* the same */
	bool locked;		  /* by this load */
	pid_t pid;		  /* of the process that began it */
	unsigned flags;
	mode_t mode;
	char *project;
	char *segment; /* path */
	char *path;    /* of the page */
	struct wanted wanted;
	bool partial; /* the project is current, but something was left out */
	pthread_mutex_t mutex; /* for the rest: */
	double written;	       /* clock_now() of the last progress */
	struct page page;
	const int *segment_fd; /* the builder's; NULL: none */
};

/* take_turn.c */

/*
 * Become the loader, or find that the project is current, or that this process
 * must load without a page; l->locked is true for a loader with a page.
 */
int take_turn(struct cute_shm_loading *l,
	      const struct cute_shm_loading_options *opt,
	      bool *current) must_check;

/* Close the descriptor of the page, if one is open. */
void loading_close(struct cute_shm_loading *l);

/* loading.c */

/* The load's builder has its file in *fd; NULL: no more.  l may be NULL. */
void loading_segment(struct cute_shm_loading *l, const int *fd);

/* The load needs so large a segment: say so on its page.  l may be NULL. */
void loading_size(struct cute_shm_loading *l, uint64_t size);

/* wait_turn.c */

/*
 * Wait until this process has the lock of l->fd.  CUTE_SHM_ERR_TIMEOUT,
 * CUTE_SHM_ERR_CANCELLED.
 */
int wait_turn(struct cute_shm_loading *l,
	      const struct cute_shm_loading_options *opt,
	      const struct timespec *deadline) must_check;

/* Return CUTE_SHM_ERR_BUSY or CUTE_SHM_ERR_TIMEOUT: who loads the project. */
int fail_loading(const struct cute_shm_loading *l, int err);

/*
 * The load that this process waited for is over, and its page removed: return
 * its error if that holds for this process, too; else 0.
 */
int wait_result(const struct cute_shm_loading *l) must_check;

/* loads.c */

/* "process 17 of ada (uid 1000), 43 %" */
#define LOADER_TEXT 256
const char *loader_text(const struct cute_shm_load_info *info,
			char text[LOADER_TEXT]);

/*
 * What loads under way still have to reserve in the root, but for the caller's
 * own load, which may be NULL.
 */
int loads_pending(const struct cute_shm_loading *l, const char *root,
		  uint64_t *ret) must_check;

/* Add to the message of a root without room who else loads into it. */
int add_loads(const struct cute_shm_loading *l, const char *root, int err);

#endif
