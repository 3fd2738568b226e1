/* SPDX-License-Identifier: MIT */
/*
 * The HDF5 file as bytes and objects: the driver through which libhdf5 reads,
 * whether a file changed or is being written, objects by address, names of
 * attributes.  Uses base, hdf5/host, hdf5/native, hdf5/older and hdf5/report.
 */
#ifndef LIB_HDF5_SOURCE_SOURCE_H
#define LIB_HDF5_SOURCE_SOURCE_H

#include "hdf5/host/host.h"
#include "hdf5/native/native.h"
#include "hdf5/report/report.h"

/* file_driver.c: the driver through which libhdf5 reads files */

/* Register the driver; call it once, when libhdf5 is open. */
void file_driver_begin(void);

/* The number of the driver; negative if it is not registered. */
hid_t file_driver_id(void);

/*
 * The access properties for all files of a load; the caller must not close
 * them.
 */
hid_t file_driver_access(void);

/*
 * The open file of an HDF5 id; NULL if the file has another driver.  Valid
 * until libhdf5 closes the file.
 */
struct opened;
struct opened *file_driver_of(hid_t id);

/*
 * The descriptor from which libhdf5 reads the file, or -1.  Valid until another
 * file is read.
 */
int file_driver_descriptor(struct opened *opened);

/* The status of the file of an HDF5 id.  False if it has another driver. */
bool file_driver_stat(hid_t id, struct stat *ret);

/* The name under which the file was opened, or NULL; valid while it is open. */
const char *file_driver_path(hid_t id);

/*
 * Whether libhdf5 reads data from now on.  It does not say which bytes are data
 * and which are global heaps.  Heaps whose mappings of virtual datasets it does
 * not know are shown in an older form; while data are read, only those that it
 * has read before.
 */
void file_driver_data(bool read);

/* What a driver over one descriptor lets libhdf5 do. */
#define DRIVER_FEATURES \
	(H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | \
	 H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA | \
	 H5FD_FEAT_DEFAULT_VFD_COMPATIBLE)

/*
 * Read 'size' bytes for a driver.  Bytes past the end of the file are zero, as
 * in libhdf5's own driver.  0 or an errno.
 */
int driver_read(int fd, haddr_t at, size_t size, void *buffer);

/* opened.c: the files that libhdf5 has open, or could not open */

/* 'locks': a file that a writer has locked is refused. */
void opened_begin(bool locks);

/*
 * Open a file as libhdf5 would open it.  NULL: let libhdf5 open it, which
 * reports the error.  For opened_free().
 */
struct opened *opened_native(const char *path);
void opened_status(const struct opened *opened, struct stat *ret);
void opened_free(struct opened *opened);

/* A descriptor that is kept of this file, or -1. */
int file_driver_kept(const struct stat *st);

/*
 * Why the driver failed to open a file since file_driver_forget(): the error of
 * the last failure, see host_reason(); the name of that file goes to
 * path[size].  0 if no open failed, or only opens of files that do not exist.
 */
void file_driver_forget(void);
int file_driver_failure(char *path, size_t size);

/*
 * The same, but only for files that were open before: libhdf5 needs them again,
 * also if it does not say so.
 */
int file_driver_lost(char *path, size_t size);

/* The file that was opened last, even if libhdf5 refused it; "" if none. */
const char *file_driver_last(void);

/*
 * source_open.c: open a file that is to be loaded.  'before' is its status when
 * the load began.  *ret may be open on failure, too.  CUTE_SHM_ERR_SOURCE.
 */
int source_open(const char *path, const struct stat *before, hid_t *ret);

/* source_writer.c: whether a program has the file open for writing */

/* Whether locks count, by the same environment variable as for libhdf5. */
bool writer_locks_matter(void);

/*
 * EWOULDBLOCK if a lock on the file shows a writer, EMARKED if the superblock
 * shows one, else 0.
 */
int writer_at_work(int fd, off_t size, bool locks_matter);

/* Whether the file can be opened, and has the signature of HDF5 nowhere. */
bool source_is_foreign(const char *path);

/* source_changed.c: whether the files of a load changed meanwhile */

/*
 * Remember 'path' with its status; 'fd' is a descriptor of it.  If the path is
 * known already, return whether the file is still the same.  Waits a few
 * milliseconds if the file changed just now, until a further change would show
 * in its times.
 */
bool changed_add(const char *path, int fd, struct stat *st);

/* Whether changed_add() was called for this path. */
bool changed_known(const char *path);

/* Note that a file has changed, for changed_check(). */
void changed_note(const char *path, const char *how);

/* CUTE_SHM_ERR_SOURCE if one of the files has changed, or 0. */
int changed_check(void);

/* other_files.c: files that take part beside those that were given */

struct other_file {
	const char *group; /* of the root, for which it was opened; or "" */
	const char *path;  /* absolute */
	struct stat st;
	bool missing;
	char texts[];
};

/*
 * Files that are opened from now on belong to the group of the board's current
 * object if 'several' files were given.  Without 'external' nothing is noted as
 * missing: no other file is read then.
 */
void others_begin(const struct board *board, bool several, bool external);

/*
 * A file was opened, or, if 'st' is NULL, is missing.  False: no memory.  The
 * files that were given may be added, too.
 */
bool others_add(const char *path, const struct stat *st);

/* All of them, by group and path, until the next call; NULL: no memory. */
struct other_file **others_sorted(size_t *count);

/*
 * page_cache.c: drop from the page cache what the load has brought there.  What
 * was there before it began stays, and so do files of which the kernel does not
 * tell that.  Any thread may call these.
 */

/*
 * The number of cachestat(2), Linux 6.5: the headers of some systems are older.
 * It is the same on all processors.
 */
#define CACHESTAT 451

/* Begin to watch files; without this, none is. */
void page_cache_begin(void);

/*
 * A descriptor of the file was opened, from which nothing was read yet; 'path'
 * is what host_open() got.  Call page_cache_close() before it is closed, unless
 * the file will be read from another descriptor.
 */
void page_cache_open(const char *path, int fd, const struct stat *st);

/* This is one more descriptor of a file that is open. */
void page_cache_again(int fd);
void page_cache_close(int fd);

/* From now on a file that is closed is dropped: its data were read. */
void page_cache_reading(void);

/* These bytes of the file were read, and will hardly be read again. */
void page_cache_read(int fd, uint64_t at, uint64_t size);

/* Let the kernel read these bytes, unless they have been read. */
void page_cache_ahead(int fd, uint64_t at, uint64_t size);

/* Drop the rest. */
void page_cache_end(void);

/* objects.c: the file's objects, found by address */

#define NO_OBJECT NO_INDEX

/* The root above several files has no file of its own. */
#define NO_SOURCE UINT_MAX

enum object_kind {
	OBJECT_GROUP,
	OBJECT_DATASET,
	OBJECT_TYPE, /* committed; a group, if it has attributes */
	OBJECT_OTHER
};

enum link_kind {
	LINK_NODE, /* the object's first name */
	LINK_ALIAS,
	LINK_SOFT,   /* not followed yet */
	LINK_REUSED, /* a group of several, copied from an old project */
	LINK_NONE    /* skipped */
};

/* There are many links, and many objects: the members leave no gaps. */
struct link {
	const char *name; /* name in the file */
	char *path;	  /* path in the segment */
	uint64_t address; /* address of a hard link's object */
	/*
	 * NODE, ALIAS: index of the object.  Before that is seen: its number in
	 * the native index of the group's file, if a hard link of that leads
	 * there.  Else NO_OBJECT.
	 */
	uint32_t object;
	uint16_t type; /* H5L_type_t */
	enum link_kind kind : 8;
	bool above; /* wanted for what may match below it only */
};

struct object {
	uint64_t address;
	unsigned source; /* index of the file in scan->sources, or NO_SOURCE */
	uint32_t listed; /* number of the file whose root it is, or 0 */
	uint32_t parent; /* index of the group with link 'name' */
	uint32_t link_count;
	enum object_kind kind : 8;
	bool made : 1;	 /* has a node in the segment */
	bool broken : 1; /* unreadable (not just skipped) */
	bool above : 1;	 /* as its link, */
	bool needed : 1; /* and something below it was wanted, */
	bool empty : 1;	 /* or nothing, and it is left out */
	const char *name;
	const char *path;
	struct link *links; /* of a group, in the order of the segment */
	struct held *held;  /* a dataset that was read early, or NULL */
	/* What the index knows; NULL: libhdf5 must read the object, because: */
	const struct native_object *native;
	const char *why_not; /* or NULL */
};

/*
 * A file that contains objects.  Only some files stay open; the others are
 * reopened when one of their objects is needed.
 */
struct source {
	unsigned long fileno; /* libhdf5's number of the open file, or 0 */
	dev_t device;
	ino_t inode;
	hid_t file;	       /* H5I_INVALID_HID: not open */
	struct opened *opened; /* the same file in the driver */
	struct native *index;  /* its native index, or NULL, */
	uint32_t *numbers;     /* for each object of that, see object_find() */
	const char *no_index;  /* why: NULL if it was not tried */
	uint64_t used;	       /* value of scan->uses at the last use */
	char *path;
};

struct scan {
	struct object *objects; /* index 0 is the root */
	size_t object_count, object_room;
	struct source *sources;
	uint32_t source_count, source_room, sources_open;
	uint64_t whole; /* bytes of files that indexes keep in memory */
	uint64_t uses;
	struct hash table;   /* objects that no index knows, by their place */
	hid_t group;	     /* the group that group_open() keeps open, */
	size_t group_object; /* and its index, or NO_OBJECT */
};

/* An empty scan, or NULL with a message. */
struct scan *scan_new(void);

/*
 * The index of the object, or NO_OBJECT.  For an object of a native index,
 * source->numbers has it, plus 1: there it is found without the address.
 */
uint32_t object_find(const struct scan *scan, unsigned source,
		     uint64_t address);
uint32_t object_of_native(const struct scan *scan, unsigned source,
			  const struct native_object *native);
int object_add(struct scan *scan, const struct object *object, uint32_t *ret);

/*
 * The index of the file that 'id' is in, added if it is new.  Objects of the
 * file can be reopened by this index.
 */
int source_of(struct scan *scan, hid_t id, unsigned long fileno, unsigned *ret);

/* The number of the file with this status, if it is there. */
bool source_find(const struct scan *scan, const struct stat *st, unsigned *ret);

/*
 * Add a file, which libhdf5 opens only if an object needs it.  'opened' and
 * 'index' belong to the scan then.
 */
int source_native(struct scan *scan, struct opened *opened, const char *path,
		  struct native *index, unsigned *ret);

/*
 * The index of the file, or NULL.  What it has not read from the file yet, it
 * can read until another file is opened.
 */
struct native *source_index(struct scan *scan, unsigned source);

/* Free what the indexes know: no object will be read any more. */
void sources_forget(struct scan *scan);

/*
 * The descriptor from which libhdf5 reads this file, or -1.  It is not a copy:
 * it is valid until the next call of libhdf5, that of source 0 always.
 */
int source_descriptor(struct scan *scan, unsigned source);

/* Reopen an object.  H5I_INVALID_HID on failure. */
hid_t object_open(struct scan *scan, const struct object *object);

/*
 * Open a group by its index.  It stays open until another group is opened,
 * because callers often ask for the same group many times.  H5I_INVALID_HID on
 * failure and for NO_OBJECT.
 */
hid_t group_open(struct scan *scan, size_t object);

/* Open a dataset by its first name, with access properties 'dapl'. */
hid_t dataset_open(struct scan *scan, const struct object *object, hid_t dapl);

/*
 * The path of the object that a reference in file 'source' leads to; NULL if
 * the reference leads to no object of the scan.
 */
const char *reference_path(const struct scan *scan, unsigned source,
			   uint64_t address);

/* attribute_names.c: the names of an object's attributes */

/*
 * Names of an object's attributes, in the order of the segment.  Begin with
 * zeros.
 */
struct names {
	char **name;
	size_t count, room;
	bool full;     /* out of memory */
	bool borrowed; /* the names belong to the index */
};

/* List the names.  False if that fails; call names_free() in any case. */
bool names_list(hid_t id, struct names *ret);
bool names_native(const struct native_object *o, struct names *ret);
void names_free(struct names *names);

/*
 * The number of attributes, or 2 if the object does not know it.  A result of 0
 * is always correct.
 */
hsize_t attributes_count(const H5O_info_t *info);

/* source_access.c: how the file is opened, and its descriptor */

/*
 * New access properties for H5Fopen().  By default libhdf5 1.14 takes numbers
 * of few bits stored in many bytes for damage; this relaxes that check.
 */
hid_t source_access(void);

/*
 * A copy of the descriptor from which libhdf5 reads the file of an object; the
 * caller closes it.  -1 if there is none.
 */
int source_fd(hid_t id);

/* Whether libhdf5 cannot open this file; the reason goes to cause[size]. */
bool hdf5_refuses(const char *path, char *cause, size_t size);

#endif
