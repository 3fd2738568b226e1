/* SPDX-License-Identifier: MIT */
/*
 * Projects as a whole: list, describe and remove them, find the processes that
 * use them.  <cute_shm.h> includes this header, and its rules hold here, too.
 */
#ifndef CUTE_SHM_PROJECT_H
#define CUTE_SHM_PROJECT_H

#ifndef CUTE_SHM_H
#error "include <cute_shm.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * A description of a project.  Its texts are never NULL; they are valid as long
 * as the call that gave it says.
 */
struct cute_shm_info {
	int err;	     /* 0: sound header; else the error of opening */
	const char *message; /* the sentence for err; "" when err is 0 */
	const char *project; /* its name; "" when opened by path */
	const char *path;    /* of the segment */
	uint64_t size;	     /* bytes of the segment */
	mode_t mode;
	uid_t uid; /* user and group of the file */
	gid_t gid;
	/* The rest is zero or "" when err is not 0. */
	uint64_t node_count; /* groups (with the root), arrays, links */
	uint64_t array_count;
	uint64_t array_bytes; /* of data, without padding */
	uint64_t block_size;  /* bytes per block digest */
	uint64_t created_ns;  /* Unix time */
	uint32_t creator_pid;
	uint32_t creator_uid;
	int ephemeral;		  /* 1: the project ends with its owner */
	int orphan;		  /* 1: ephemeral, and its owner has ended */
	int in_use;		  /* 1: another handle, or its owner, is open */
	const char *version;	  /* of the format */
	const char *creator;	  /* program and version */
	const char *source;	  /* path of the source file, "" if none */
	uint64_t source_size;	  /* bytes */
	uint64_t source_mtime_ns; /* Unix time */
	uint8_t uuid[16];	  /* a new one for each build */
	uint64_t metadata_digest; /* equal: same content as published */
	uint64_t view_size;	  /* bytes of the HDF5 view, 0: it has none */
	uint64_t reserved[3];
};

/* Describe the project of a handle; texts are valid until cute_shm_close(). */
int cute_shm_info(const struct cute_shm *shm, struct cute_shm_info *ret);

/*
 * Of these, the 16 bytes of the UUID, and the path, without a call of the
 * system; both are valid until cute_shm_close().
 */
const uint8_t *cute_shm_uuid(const struct cute_shm *shm);
const char *cute_shm_path(const struct cute_shm *shm);

/* If it returns non-zero, the listing ends with CUTE_SHM_ERR_CANCELLED. */
typedef int cute_shm_list_fn(const struct cute_shm_info *info, void *arg);

/*
 * Call 'each' for every file in the root (NULL: the default root) whose name
 * has the prefix of segments, sorted by name.  Foreign and damaged files are
 * listed with err set.  The texts are valid during the callback only.
 */
int cute_shm_list(const char *root, cute_shm_list_fn *each, void *arg);

enum {
	CUTE_SHM_UNLINK_IDLE = 1 /* only if no process has it open */
};

struct cute_shm_unlink_options {
	size_t size;
	const char *root; /* as in struct cute_shm_open_options */
	unsigned flags;	  /* CUTE_SHM_UNLINK_IDLE */
};

/*
 * Remove the name of a project.  Processes that have it open keep their
 * mappings; the memory is freed when the last one closes.  *freed (may be NULL)
 * is the memory that the segment holds, in bytes.  A foreign or damaged file of
 * that name is removed, too.
 *
 * CUTE_SHM_ERR_NOT_FOUND   no such project in this root
 * CUTE_SHM_ERR_PERMISSION  the caller may not remove it
 * CUTE_SHM_ERR_BUSY        CUTE_SHM_UNLINK_IDLE, and a process has it open
 */
int cute_shm_unlink(const char *project,
		    const struct cute_shm_unlink_options *opt, uint64_t *freed);

/*
 * Remove what dead processes have left: ephemeral projects whose owners have
 * ended, and unfinished files of builders.  The call examines each file of the
 * root; a builder calls it only if memory is short, else it examines only its
 * own project.  Copies of ephemeral projects stay, as does a file that the
 * caller may not remove.  Each removal is logged (CUTE_SHM_LOG_INFO).  *count
 * and *freed (each may be NULL) are the number of removed projects and their
 * memory in bytes.
 */
int cute_shm_collect(const char *root, uint64_t *count, uint64_t *freed);

/*
 * The descriptor of the segment, open as the handle is; for sending it to
 * another process.  It stays the handle's: do not close it.
 */
int cute_shm_fd(const struct cute_shm *shm) CUTE_SHM_NONNULL(1);

/*
 * 1 if the name of the project still leads to the segment of this handle.  0 if
 * the project was unlinked or replaced, or its owner has ended: a reader that
 * wants the new one reopens it.
 */
int cute_shm_is_current(const struct cute_shm *shm);

struct cute_shm_user {
	pid_t pid;
	uid_t uid;
	const char *command; /* process name; valid during the callback */
	uint64_t reserved[4];
};

/* If it returns non-zero, the search ends with CUTE_SHM_ERR_CANCELLED. */
typedef int cute_shm_user_fn(const struct cute_shm_user *user, void *arg);

/*
 * Call 'each' for every other process that has the segment open and that /proc
 * shows: processes of other users are shown to root only, those of other
 * containers not at all.  (struct cute_shm_info.in_use counts them all.)
 */
int cute_shm_users(const struct cute_shm *shm, cute_shm_user_fn *each,
		   void *arg);

/*
 * The users of many projects: read /proc once, and keep the result in *ret, for
 * cute_shm_usage_free().
 */
struct cute_shm_usage;

int cute_shm_usage_new(struct cute_shm_usage **ret);

/*
 * As cute_shm_users(), with the processes that cute_shm_usage_new() found, and
 * without a system call.  Any number of threads may use the same 'usage'.
 */
int cute_shm_usage_users(const struct cute_shm_usage *usage,
			 const struct cute_shm *shm, cute_shm_user_fn *each,
			 void *arg);

/* Free the result of cute_shm_usage_new().  NULL is allowed. */
void cute_shm_usage_free(struct cute_shm_usage *usage);

struct cute_shm_space {
	uint64_t available; /* bytes that a new segment may have */
	const char *limit;  /* the bound that decides, static text */
	uint64_t reserved[4];
};

/*
 * How large a new segment in this root (NULL: the default root) may be: the
 * least of its free space, MemAvailable and the limit of the cgroup.  16 MiB of
 * the last two are left to the process itself.
 */
int cute_shm_available(const char *root, struct cute_shm_space *ret);

/*
 * 1 if systemd removes the projects of the calling user from this root (NULL:
 * the default root) when the user's last session ends (RemoveIPC= of
 * logind.conf(5), for /dev/shm), else 0.
 */
int cute_shm_ends_at_logout(const char *root);

/* What has become of the file that a project was loaded from. */
enum cute_shm_source {
	CUTE_SHM_SOURCE_NONE,	 /* the project is from no file */
	CUTE_SHM_SOURCE_CURRENT, /* same size and time of modification, also of
				  * all other files that took part */
	CUTE_SHM_SOURCE_CHANGED, /* it or a file that took part; of several
				  * files: any of them, or one is gone, or one
				  * has come into the folder */
	CUTE_SHM_SOURCE_GONE,	 /* of several files: all of them */
	CUTE_SHM_SOURCE_UNKNOWN	 /* it cannot be examined, or was a pipe */
};

/*
 * Examine the source that cute_shm_info() or cute_shm_list() tells of.
 * *modified_ns is its modification now (Unix time), or 0 if it was not
 * examined, or that of the other file that has changed.  If such a file is
 * gone, it is that of its folder.  This is one stat() for the file, for each of
 * several files, and for each other file that took part (target of an external
 * link, raw file, source of a virtual dataset), and a look at the folder if
 * that was given: it takes as long as the file systems do that the files are
 * on, so a program that must not wait calls it in a child.  A segment of
 * another user is not asked for names: of several files, and of one whose path
 * was too long for the header, the state is not known then, and of one file
 * only that file is examined.
 */
enum cute_shm_source cute_shm_source_state(const struct cute_shm_info *info,
					   uint64_t *modified_ns)
	CUTE_SHM_NONNULL(1) CUTE_SHM_NONNULL(2);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
