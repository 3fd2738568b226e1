/* SPDX-License-Identifier: MIT */
/*
 * Projects: what they are, who uses them, and their end.  Part of <cute_shm.h>,
 * which includes it; its rules hold here too.
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

/* A project; texts are never NULL, and last as long as their giver says. */
struct cute_shm_info {
	int err;		/* 0: sound header, else why it is listed */
	const char *message;	/* the sentence for err, "" when 0 */
	const char *project;	/* "" when opened by path */
	const char *path;	/* of the segment */
	uint64_t size;		/* bytes of the segment */
	mode_t mode;
	uid_t uid;		/* owner of the segment */
	gid_t gid;
	/* The rest is zero or "" when err is not 0. */
	uint64_t node_count;	/* groups (with the root), arrays, links */
	uint64_t array_count;
	uint64_t array_bytes;	/* of data, padding left out */
	uint64_t block_size;
	uint64_t created_ns;	/* Unix time */
	uint32_t creator_pid;
	uint32_t creator_uid;
	int ephemeral;		/* ends with its owner */
	int orphan;		/* ephemeral, and its owner has ended */
	int in_use;		/* others have it open; its owner counts too */
	const char *version;	/* of the format */
	const char *creator;	/* program and version */
	const char *source;	/* path of the file it came from, "" if none */
	uint64_t source_size;
	uint64_t source_mtime_ns;
	uint8_t uuid[16];	/* of this load */
	uint64_t metadata_digest;	/* names the content at publication */
	uint64_t reserved[4];
};

/* The project of a handle; its texts last until cute_shm_close(). */
int cute_shm_info(const struct cute_shm *shm, struct cute_shm_info *ret);

/* Non-zero ends the listing, which then returns CUTE_SHM_ERR_CANCELLED. */
typedef int cute_shm_list_fn(const struct cute_shm_info *info, void *arg);

/*
 * Call 'each' for every object of the root (NULL: the default) that bears our
 * prefix, sorted by name; also for foreign and damaged ones, with err set.
 * The texts last for the call only.
 */
int cute_shm_list(const char *root, cute_shm_list_fn *each, void *arg);

enum {
	CUTE_SHM_UNLINK_IDLE = 1	/* only what no process has open */
};

struct cute_shm_unlink_options {
	size_t size;
	const char *root;
	unsigned flags;		/* CUTE_SHM_UNLINK_IDLE */
};

/*
 * Remove the project's name.  Who has it open keeps it; its memory is free when
 * the last of them closes.  *freed (may be NULL) is the memory that it holds,
 * in bytes.  A foreign or damaged object of that name is removed as well.
 * CUTE_SHM_ERR_BUSY with CUTE_SHM_UNLINK_IDLE: it is in use, and stays.
 */
int cute_shm_unlink(const char *project,
		    const struct cute_shm_unlink_options *opt, uint64_t *freed);

/*
 * Remove what nobody will: ephemeral projects whose owners have ended, and what
 * builders that died have left.  It looks at all that is in the root; so a
 * builder begins with no more than its own project, and does this only when it
 * finds too little memory.  A copy of an ephemeral project is never removed.
 * Each removal is reported to the log (CUTE_SHM_LOG_INFO), *count and *freed
 * (may be NULL) are the projects and their memory in bytes.  What may not be
 * removed stays.
 */
int cute_shm_collect(const char *root, uint64_t *count, uint64_t *freed);

/*
 * 1 if the handle's name still leads to its segment, 0 if that was unlinked,
 * replaced, or has lost its owner: time to open it again.
 */
int cute_shm_is_current(const struct cute_shm *shm);

struct cute_shm_user {
	pid_t pid;
	uid_t uid;
	const char *command;	/* the process's name; lasts for the call */
	uint64_t reserved[4];
};

/* Non-zero ends it; cute_shm_users() then returns CUTE_SHM_ERR_CANCELLED. */
typedef int cute_shm_user_fn(const struct cute_shm_user *user, void *arg);

/*
 * Call 'each' for every other process that has the segment open, as far as
 * /proc shows: those of other users to root only, those of other containers
 * not at all.  (struct cute_shm_info.in_use sees them all.)
 */
int cute_shm_users(const struct cute_shm *shm, cute_shm_user_fn *each,
		   void *arg);

/*
 * The same for many projects: cute_shm_usage_new() looks at /proc once, and
 * each question is answered from what was seen then, without a system call.
 * *ret is for cute_shm_usage_free(), which accepts NULL; any number of threads
 * may ask.
 */
struct cute_shm_usage;

int cute_shm_usage_new(struct cute_shm_usage **ret);
int cute_shm_usage_users(const struct cute_shm_usage *usage,
			 const struct cute_shm *shm, cute_shm_user_fn *each,
			 void *arg);
void cute_shm_usage_free(struct cute_shm_usage *usage);

struct cute_shm_space {
	uint64_t available;	/* bytes that a new segment may have */
	const char *limit;	/* which bound that is, static text */
	uint64_t reserved[4];
};

/*
 * How much fits: free space of the root, MemAvailable, the cgroup's limit; of
 * the last two 16 MiB are left for what the process itself takes.
 */
int cute_shm_available(const char *root, struct cute_shm_space *ret);

/*
 * 1 if systemd empties the root of the caller's projects when he logs out for
 * the last time (RemoveIPC= of logind.conf(5), for /dev/shm), else 0.
 */
int cute_shm_ends_at_logout(const char *root);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
