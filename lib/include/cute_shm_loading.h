/* SPDX-License-Identifier: MIT */
/*
 * Loads of the same project by several processes: one loads, the others wait.
 * <cute_shm.h> includes this header, and its rules hold here, too.
 *
 * While a load is under way, a small file lies in the root, the loading page:
 * who loads the project, and how far it is.  cute_shm_load() and
 * cute_shm_hdf5_load() call the functions below by themselves; they are for
 * programs that fill a builder from files of their own.
 */
#ifndef CUTE_SHM_LOADING_H
#define CUTE_SHM_LOADING_H

#ifndef CUTE_SHM_H
#error "include <cute_shm.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* A load that this process has begun. */
struct cute_shm_loading;

/* A load that is under way.  Its texts are never NULL. */
struct cute_shm_load_info {
	const char *project;
	const char *path;   /* of the loading page */
	const char *source; /* the file that is loaded, "" if unknown */
	int running;	    /* 0: its process has died, the page is left */
	int known;	    /* 0: the page says nothing; the rest is 0 */
	pid_t pid;	    /* in the process's own container */
	uid_t uid;
	uint64_t started_ns;	 /* Unix time */
	uint64_t bytes_done;	 /* of data */
	uint64_t bytes_total;	 /* 0: not known yet */
	uint64_t segment_size;	 /* bytes of memory; 0: not known yet */
	uint64_t reserved_bytes; /* of these, reserved already */
	uint64_t reserved[4];
};

enum {
	CUTE_SHM_LOADING_ENSURE = 1,   /* load nothing if it is current */
	CUTE_SHM_LOADING_WAIT = 2,     /* wait while others load it */
	CUTE_SHM_LOADING_EPHEMERAL = 4 /* an ephemeral project will do */
};

struct cute_shm_loading_options {
	size_t size;
	const char *root; /* as in struct cute_shm_open_options */
	unsigned flags;	  /* CUTE_SHM_LOADING_...; ENSURE implies WAIT */
	mode_t mode;	  /* of the project: who may read it sees the load */
	/* As in struct cute_shm_build_options. */
	const char *source;
	uint64_t source_size;
	uint64_t source_mtime_ns;
	const char *options;
	double timeout; /* seconds to wait at most; 0: no bound */
	/*
	 * Called about five times a second during a wait, with texts that are
	 * valid during the call; if it returns non-zero, the wait ends with
	 * CUTE_SHM_ERR_CANCELLED.  May be NULL.
	 */
	int (*waiting)(const struct cute_shm_load_info *other, void *arg);
	void *arg;
	/*
	 * NULL, or the text that cute_shm_builder_options() gives to a project
	 * of which something was left out.  With ENSURE such a project is
	 * current, too.  If *ret is NULL, *is_partial says whether it is one;
	 * 'is_partial' may be NULL.
	 */
	const char *partial_options;
	int *is_partial;
};

/*
 * Begin a load of 'project': afterwards this process is the only one that loads
 * it, until cute_shm_load_end().  With ENSURE, *ret is NULL if nothing needs to
 * be loaded: the project is there, and was made from the same source (path,
 * size, modification) with the same options, and other files that took part,
 * see "cute-shm:source-parts" in cute-shm(5), are as they were.  If another
 * process loads it, wait until that ends; if it dies, exactly one of those that
 * wait takes over.  If it fails for a reason that holds for all that load the
 * same source with the same options, such as damage, the call returns its error
 * and message.
 *
 * The load belongs to this process: a forked child has none.  In a root without
 * locks, or in which this process cannot make files of that name, the load goes
 * on unseen by others, which is logged.
 *
 * CUTE_SHM_ERR_BUSY     another process loads it, and WAIT is not set; the
 *			 message says who, and how far it is
 * CUTE_SHM_ERR_TIMEOUT  another process still loads it
 * CUTE_SHM_ERR_OWNER    the loading page belongs to another user
 */
int cute_shm_load_begin(const char *project,
			const struct cute_shm_loading_options *opt,
			struct cute_shm_loading **ret) CUTE_SHM_CHECKED;

/*
 * Report how far the load is, in bytes of data; 'total' is 0 while unknown.
 * Any thread may call it, as often as it likes.  NULL is allowed.
 */
void cute_shm_load_progress(struct cute_shm_loading *loading, uint64_t done,
			    uint64_t total);

/*
 * End the load and free 'loading'; NULL is allowed.  'err' is 0, after the
 * project was published, or the error that ended the load, whose message is
 * cute_shm_errmsg(), which stays.  CUTE_SHM_ERR_SOURCE, _NOT_FOUND, _FORMAT,
 * _UNSUPPORTED, _CORRUPT, _TYPE and _TORN hold for those that wait, too; with
 * another error, such as CUTE_SHM_ERR_CANCELLED, one of them loads it.
 */
void cute_shm_load_end(struct cute_shm_loading *loading, int err);

/* If it returns non-zero, the listing ends with CUTE_SHM_ERR_CANCELLED. */
typedef int cute_shm_load_info_fn(const struct cute_shm_load_info *load,
				  void *arg);

/*
 * Call 'each' for every loading page in the root (NULL: the default root),
 * sorted by project.  The texts are valid during the callback only.
 */
int cute_shm_loads(const char *root, cute_shm_load_info_fn *each, void *arg);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
