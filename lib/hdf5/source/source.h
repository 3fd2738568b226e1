/* SPDX-License-Identifier: MIT */
/*
 * The HDF5 file as bytes and objects: the driver that libhdf5 reads through, what
 * has changed or is being written meanwhile, and objects found by address.  Uses
 * base and hdf5/report.
 */
#ifndef LIB_HDF5_SOURCE_SOURCE_H
#define LIB_HDF5_SOURCE_SOURCE_H

#include "hdf5/report/report.h"

/*
 * Register the driver.  'external': files beside the first may be opened.
 * 'locks': what a writer has locked may not.
 */
void file_driver_begin(bool external, bool locks);

/* The driver's number, or a negative one. */
hid_t file_driver_id(void);

/* How all files of a load are opened; not the caller's to close. */
hid_t file_driver_access(void);

/*
 * A file that is open, of an open id; NULL if it has another driver.  Valid
 * until libhdf5 closes it.
 */
struct opened;
struct opened *file_driver_of(hid_t id);

/* What libhdf5 reads it from, or -1; valid until another file is read. */
int file_driver_descriptor(struct opened *opened);

/* What the file of an open id is.  False if it has another driver. */
bool file_driver_stat(hid_t id, struct stat *ret);

/* The name under which it was opened, or NULL; valid while it is open. */
const char *file_driver_path(hid_t id);

/* Whether 'path' leads to the file that was opened first. */
bool file_driver_is_first(const char *path);

/*
 * Why files could not be opened since file_driver_forget(): 0, if none was
 * tried in vain or those were not there at all, else the errno of the last one
 * that is there, whose name goes to path[size].
 */
#define EREFUSED	(-1)	/* not permitted by file_driver_begin() */
#define EUNSUITABLE	(-2)	/* neither a file nor a folder */
#define ECHANGED	(-3)	/* another one than when it was opened first */
#define EMARKED		(-4)	/* its superblock says: a writer has it open */
void file_driver_forget(void);
int file_driver_failure(char *path, size_t size);

/* A sentence for these, as strerror(). */
const char *file_driver_reason(int error);

/* The file that was opened last, if libhdf5 liked it or not; "" for none. */
const char *file_driver_last(void);

/* source_writer.c */

/* Whether the user lets locks count, as libhdf5 asks the environment. */
bool writer_locks_matter(void);

/*
 * EWOULDBLOCK if a lock on this file says that it is being written, EMARKED if
 * its superblock does, else 0.
 */
int writer_at_work(int fd, off_t size, bool locks_matter);

/* source_changed.c: what took part in a load, and whether it still is what it was */

/*
 * Remember 'path', and what it is.  If it was known: whether that is the same.
 * Waits until a change would be seen in its times, a few milliseconds if it is
 * as new as that.
 */
bool changed_add(const char *path, struct stat *st);

/* CUTE_SHM_ERR_SOURCE if one of them is not what it was, or 0. */
int changed_check(void);

/* In a few words, how 'now' differs from 'before'; NULL: not at all. */
const char *changed_how(const struct stat *before, const struct stat *now);

/* The error, in words: CUTE_SHM_ERR_SOURCE. */
int changed_fail(const char *path, const char *how);

/* objects.c: the file's objects, found by address */

#define NO_OBJECT SIZE_MAX

enum object_kind {
	OBJECT_GROUP,
	OBJECT_DATASET,
	OBJECT_TYPE,		/* committed: a group, if it has attributes */
	OBJECT_OTHER
};

enum link_kind {
	LINK_NODE,		/* the object's own place in the tree */
	LINK_ALIAS,
	LINK_SOFT,		/* not yet looked at */
	LINK_NONE		/* skipped */
};

struct link {
	char *name;		/* in the file */
	char *path;		/* in the segment */
	enum link_kind kind;
	int type;		/* H5L_type_t */
	bool above;		/* wanted for what may match below it only */
	uint64_t address;	/* of a hard link's object */
	size_t object;		/* NODE, ALIAS: index of it */
};

struct object {
	unsigned source;	/* which file */
	uint64_t address;
	enum object_kind kind;
	bool made;		/* has a node in the segment */
	bool broken;		/* unreadable, as opposed to skipped */
	bool above;		/* as its link, */
	bool needed;		/* and something below it was wanted, */
	bool empty;		/* or nothing, and it is left out */
	size_t parent;		/* whose link 'name' is its first name */
	const char *name;
	const char *path;
	struct link *links;	/* of a group, in the segment's order */
	size_t link_count;
	struct held *held;	/* a dataset that need not be opened again */
};

/*
 * A file that objects are in.  Only some stay open, and are opened again when
 * one of their objects is asked for.
 */
struct source {
	unsigned long fileno;	/* libhdf5's number while it is open, or 0 */
	dev_t device;
	ino_t inode;
	hid_t file;		/* H5I_INVALID_HID: not open */
	struct opened *opened;	/* the same, see file_driver.h */
	uint64_t used;		/* when it was last, by scan->uses */
	char *path;
};

struct scan {
	struct object *objects;	/* 0 is the root */
	size_t object_count, object_room;
	struct source *sources;
	unsigned source_count, sources_open;
	uint64_t uses;
	size_t *buckets;	/* of the hash table by address: index + 1 */
	size_t bucket_count;
	hid_t group;		/* the last of group_open(), or invalid, */
	size_t group_object;	/* and which that is; NO_OBJECT: none yet */
};

/* The object's index, or NO_OBJECT. */
size_t object_find(const struct scan *scan, unsigned source, uint64_t address);
int object_add(struct scan *scan, const struct object *object, size_t *ret);

/* Which file 'id' is in; objects of it can be opened again by that. */
int source_of(struct scan *scan, hid_t id, unsigned long fileno,
	      unsigned *ret);

/*
 * The descriptor that libhdf5 reads this file from, or -1.  It is no copy, and
 * good until libhdf5 is called again; that of source 0 is good for ever.
 */
int source_descriptor(struct scan *scan, unsigned source);

/* Open an object again; H5I_INVALID_HID. */
hid_t object_open(struct scan *scan, const struct object *object);

/*
 * A group by its index, which stays open until another one is asked for: one
 * comes back to the same many times.  H5I_INVALID_HID, for NO_OBJECT as well.
 */
hid_t group_open(struct scan *scan, size_t object);

/* Open a dataset by its first name, with access properties. */
hid_t dataset_open(struct scan *scan, const struct object *object, hid_t dapl);

/* The path that a reference of file 'source' leads to; NULL for none. */
const char *reference_path(const struct scan *scan, unsigned source,
			   uint64_t address);

/* attribute_names.c */

/* Names of an object's attributes, in the segment's order; begins as zeros. */
struct names {
	char **name;
	size_t count, room;
	bool full;		/* no memory */
};

/* False, and for names_free() all the same, if they cannot be listed. */
bool names_list(hid_t id, struct names *ret);
void names_free(struct names *names);

/* Their number, or 2 where the object does not know it; 0 is always true. */
hsize_t attributes_count(const H5O_info_t *info);

/*
 * A new list of how to open files: libhdf5 1.14 takes numbers of few bits in
 * many bytes for damage, if it is not told otherwise.
 */
hid_t source_access(void);

/* The descriptor that libhdf5 reads an object from, or -1; and a copy of it. */
int source_handle(hid_t id);
int source_fd(hid_t id);

/* Whether libhdf5 cannot open this file, and why. */
bool hdf5_refuses(const char *path, char *cause, size_t size);

#endif
