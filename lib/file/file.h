/* SPDX-License-Identifier: MIT */
/*
 * Files that appear complete and with the right permissions, or not at all;
 * files that appear together; which users to trust with files; and the files
 * below a folder.  Uses base.
 */
#ifndef LIB_FILE_FILE_H
#define LIB_FILE_FILE_H

#include "base/base.h"

/* trusted_user.c */

/* True if 'uid' is root or the caller, and is not an unmapped user. */
bool user_trusted(uid_t uid);

/*
 * True if 'uid' is the number that the kernel shows for all users that this
 * user namespace does not map.  A file with such an owner may be anybody's.
 */
bool user_unmapped(uid_t uid);

/* True if the file 'map' (/proc/self/uid_map, but for tests) maps all users. */
bool uid_map_complete(const char *map);

/* file_access.c */

/*
 * The process's umask from /proc, or 077 without /proc.  umask(2) is no way to
 * read it, because it changes the umask of all threads.
 */
mode_t umask_now(void);

/*
 * Give the file this group (-1: keep the group it has) and this mode, and
 * remove its access list: it may have inherited one from its folder, which
 * would let other users read the data.  If the group cannot be set or the list
 * not be removed, the group gets no permissions.  0, or -1 and errno.
 */
int file_access_set(int fd, gid_t gid, mode_t mode);

/*
 * Copy the access from the file at 'path', whose stat() is *old: mode, group,
 * access list and, for root, the owner.  If the group or the list cannot be
 * set, the group gets no permissions.  0, or -1 and errno.
 */
int file_access_copy(int fd, const char *path, const struct stat *old);

/* appear.c: files that appear complete under their name, or not at all */

/*
 * The folder of such files, and the names that they have until they are
 * complete: the prefix and 16 hexadecimal digits.
 */
struct appear_place {
	const char *folder;
	const char *prefix;
	const char *claim;  /* behind the prefix: the file of appear_claim() */
	const char *writer; /* what makes the files, for the log */
	bool own_prefix;    /* all names with the prefix are of such files */
	bool may_link;	    /* a file may change its name by link() */
};

enum {
	APPEAR_NAMED = 1 /* do not use O_TMPFILE */
};

/*
 * Make a new file with mode 0600.  *name is NULL if it has no name; else it is
 * the file's path, for free(), and the file is locked, so that no sweep removes
 * it.  0, or -1 and errno; EAGAIN if other processes remove the file each time.
 */
int appear_begin(const struct appear_place *at, unsigned flags, int *fd,
		 char **name) must_check;

/*
 * Give the file its name 'path' unless that exists.  *temporary is the name of
 * appear_begin(), and NULL if the call has freed and removed it.  Where the
 * file system has no such call, this uses at->claim.  0, or -1 and errno.
 */
int appear_as_new(const struct appear_place *at, const char *path, int fd,
		  char **temporary) must_check;

/*
 * The same, but replace the file that has the name.  On failure *temporary may
 * be a new name, which the caller removes and frees.
 */
int appear_over(const struct appear_place *at, const char *path, int fd,
		char **temporary) must_check;

/*
 * Wait until this process has a lock that excludes others that give the same
 * name; hold it for a short time only.  *fd is the locked file and *name its
 * path, for free().  To release the lock, remove the name and then close *fd.
 * If a process dies, the next one takes over its file, or a sweep removes it.
 * 0, or -1 and errno.
 */
int appear_claim(const struct appear_place *at, int *fd,
		 char **name) must_check;

/* Release the lock of a file that has its name: it is no leftover any more. */
void appear_unlock(int fd);

/* Remove the temporary files that this user's dead processes have left. */
void appear_sweep(const struct appear_place *at);

/* outfile.c */

struct outfile {
	int fd;
	char *path;	 /* its final name */
	char *folder;	 /* of the path */
	char *prefix;	 /* of temporary names */
	char *temporary; /* its name until then; NULL: it has none */
	bool overwrite;
	const char *replaced; /* by a later rename; or NULL, see outfiles.c */
	mode_t mode;	      /* permissions and group that it will have */
	gid_t gid;	      /* if it replaces no file */
};

enum {
	OUTFILE_OVERWRITE = 1,
	OUTFILE_NAMED = 2 /* make a temporary name to open it by */
};

/*
 * Begin an empty file, which only its owner may read until it is committed.
 * CUTE_SHM_ERR_EXISTS: the file exists and OUTFILE_OVERWRITE is not set.  Only
 * a regular file is overwritten.  If the path is a symbolic link of the caller
 * or root, the call replaces the file that it leads to, not the link.  If the
 * process is killed, a file with a temporary name stays; the next process that
 * writes the same file removes it.
 */
int outfile_begin(struct outfile *f, const char *path, unsigned flags)
	__attribute__((warn_unused_result));

/*
 * Give the file the permissions of the segment that its data come from, so that
 * nobody can read the file who cannot read the segment.  If the file replaces
 * none, the commit sets the segment's bits for reading and writing, less the
 * umask, and those of the group only if the file can have the segment's group.
 * Without this call the file stays private.
 */
void outfile_permit(struct outfile *f, const struct cute_shm_info *from);

/*
 * Write the file to the disk, set its permissions, and then give it its name.
 * If it replaces a file, it gets that file's mode, group, access list and, for
 * root, owner.  The call ends the file, also on failure.
 */
int outfile_commit(struct outfile *f) __attribute__((warn_unused_result));

/* End the file, also one that never began; remove it if not committed. */
void outfile_end(struct outfile *f);

/* Set the message for errno, "WHAT PATH: why", and return the error. */
int fail_file(const char *what, const char *path) __attribute__((cold));

/* Return CUTE_SHM_ERR_EXISTS. */
int fail_exists(const char *path) __attribute__((cold));

/* outfiles.c: files that appear in a folder together, or none of them */

struct outfiles_one {
	char *path;   /* its final one */
	char *work;   /* its path until then */
	bool is_new;  /* it has its name, and replaced none */
	bool swapped; /* it has its name; 'work' is what it replaced */
};

struct outfiles {
	const char *folder;
	char *work; /* the folder of those that have no name yet */
	int fd;	    /* of it, locked */
	bool overwrite;
	struct outfiles_one *of;
	uint32_t count, room;
};

/*
 * Begin a set of files in the folder, which exists and stays valid.  Of the
 * flags OUTFILE_OVERWRITE is known.  The set is private to its process.  If the
 * process is killed, a folder ".cute-shm-files.XXXXXX" may stay; the next set
 * in that folder removes it.  Call outfiles_end() in any case.
 */
void outfiles_begin(struct outfiles *f, const char *folder, unsigned flags);

/*
 * Add the file of this name, which has no slash, to the set.  A file that is
 * there already must be one to overwrite.  Nothing is written yet.  A symbolic
 * link is not followed: CUTE_SHM_ERR_INVALID.
 */
int outfiles_add(struct outfiles *f, const char *name) must_check;

/*
 * Begin to write file 'i' of the set, in the order in which they were added, as
 * outfile_begin() does; outfile_commit() makes it wait for the others.
 */
int outfiles_open(struct outfiles *f, uint32_t i,
		  struct outfile *ret) must_check;

/*
 * All files were committed: give them their names.  If one cannot have it,
 * those that are new are removed, and those that were replaced come back; the
 * latter not where the file system cannot exchange two names.
 */
int outfiles_commit(struct outfiles *f) must_check;

/* Remove what has no name. */
void outfiles_end(struct outfiles *f);

/* hdf5_folder.c */

struct path_list {
	char **of;
	uint32_t count, room;
};

/* Whether a file is an HDF5 file, by the ending of its name. */
bool hdf5_file_name(const char *name);

/*
 * Append the paths of all HDF5 files below the folder, in natural order ("a2"
 * before "a10"); each begins with the folder's path.  Symbolic links to files
 * count, those to folders are not followed, and names that begin with a dot are
 * passed over.  Call path_list_free() in any case.
 */
int hdf5_folder(const char *folder, struct path_list *ret) must_check;
void path_list_free(struct path_list *list);

/*
 * What is given to load: call each() for the file, or, if it is a folder and
 * has no name (NULL), for each HDF5 file below it.  An error of each() ends it.
 * CUTE_SHM_ERR_INVALID without a path, CUTE_SHM_ERR_SOURCE for a folder without
 * an HDF5 file.
 */
int hdf5_given(const char *name, const char *path,
	       int (*each)(void *arg, const char *name, const char *file),
	       void *arg) must_check;

#endif
