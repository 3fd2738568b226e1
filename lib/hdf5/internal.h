/* SPDX-License-Identifier: MIT */
/*
 * What the files of libcute_shm_hdf5 share: a table of contents.
 *
 * The way of a load: the parent (load.c, parent.c) opens a builder and forks;
 * the child (child.c) scans the file (scan.c), describes every object to the
 * builder (describe.c, attributes.c), reserves, reads (read.c) and seals; the
 * parent publishes.  All that calls libhdf5 runs in the child.
 */
#ifndef CUTE_SHM_HDF5_INTERNAL_H
#define CUTE_SHM_HDF5_INTERNAL_H

#include <hdf5.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "cute_shm.h"
#include "../reserved.h"
#include "cute_shm_hdf5.h"
#include "types.h"

/* Wakes a child out of a wait: it has a handler that does nothing. */
#define WAKE_SIGNAL SIGUSR1

/* report.c: what the child tells the parent */

/*
 * A page that both see.  It tells the parent at any moment, also after a crash
 * of the child, what the child is at.  'beat' changes with every step.
 */
struct board {
	uint64_t beat;
	uint64_t expect;	/* bytes that this step may take to read */
	uint64_t done;
	uint64_t total;
	uint64_t objects;
	uint32_t sequence;	/* odd while 'path' changes */
	char path[4096 - 5 * 8 - 4];
};

enum message_kind {
	MESSAGE_SKIPPED = 1,	/* path, reason */
	MESSAGE_INCOMPLETE,	/* path, reason: not all of its data are there */
	MESSAGE_FAILED,		/* path, reason: unreadable */
	MESSAGE_CHANGED,	/* path, reason: not as in the file */
	MESSAGE_ARRAY,		/* path, dtype, strategy; shape, bytes, time */
	MESSAGE_LOG,
	MESSAGE_ERROR,		/* the load's own error */
	MESSAGE_RETRY,		/* begin again without what has failed */
	MESSAGE_DONE		/* the sums */
};

struct message {
	uint32_t size;		/* of all, the texts behind included */
	uint32_t kind;
	int32_t err;		/* ERROR; LOG: level */
	uint32_t ndim;
	uint64_t shape[MAX_NDIM];
	uint64_t bytes;
	double seconds;
	struct cute_shm_hdf5_result result;
	/* Then texts, each with its NUL: path, reason or dtype, strategy. */
};

/* parent.c; more of it in parent.h */

extern double step_seconds;	/* of CPU time; tests make it shorter */

/* failures.c: paths that a child before this one could not read, and why */

struct failure {
	char *path;
	char *reason;
};

struct failures {
	struct failure *of;	/* sorted by path */
	size_t count, room;
};

/* The reason, or NULL. */
const char *failure_of(const struct failures *failures, const char *path);
int failure_add(struct failures *failures, const char *path,
		const char *reason);
void failures_free(struct failures *failures);

/* The state of the child; one per process. */
struct loader {
	const char *file;
	const struct stat *before;	/* what it was when the load began */
	const struct cute_shm_hdf5_options *opt;
	struct cute_shm_builder *builder;	/* NULL: only a plan */
	const struct failures *failures;	/* not to be touched again */
	struct board *board;
	int pipe;
	int parent;		/* process that waits for this one */
	unsigned jobs;
	uint64_t max_memory;	/* of private memory, beside what it had */
	bool quiet;		/* what is skipped has been told */
	bool retry;		/* something failed: begin again without it */
	char *ended;		/* by send_failed(), with this message */
	uint64_t kept;		/* bytes held until the builder has them, */
	uint64_t kept_lists;	/* and those of lists, */
	uint64_t kept_places;	/* and of where others lie in the file */
	struct pending *pending;
	size_t pending_count, pending_room;
	struct scan *scan;
	struct pool *pool;	/* writes what H5Dread has read */
	struct reader *reader;	/* the fast strategies' */
	uint64_t ticked;	/* bytes of its, told so far */
	hid_t last_file_type;	/* of the dataset before, and what it became */
	struct type *last_type;
	uint64_t lost_references;	/* that lead to nothing here, */
	char *lost_from;		/* and where the first of them is */
	_Atomic(struct under_way *) done;	/* see tell.c */
	struct cute_shm_hdf5_result result;
};

/* At work on 'path', which may take as long as 'bytes' bytes do. */
void board_work(struct board *board, const char *path, uint64_t bytes);
void board_done(struct board *board, uint64_t bytes);	/* any thread */
void board_beat(struct board *board);	/* one of many small steps is done */
void board_path(const struct board *board, char *ret, size_t size);

int send_skipped(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/* The same of something that is in the segment, but not as it should be. */
int send_incomplete(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/* Something that is in the segment, but not as it is in the file. */
int send_changed(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Something that cannot be read: without KEEP_GOING it ends the load, with it
 * it is counted and 0 is returned.
 */
int send_failed(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));
/* Whether an error is that of one object, and not of the load. */
bool is_objects_own(const struct loader *l, int err);

int send_array(struct loader *l, const struct cute_shm_hdf5_array *array);
int send_end(struct loader *l, enum message_kind kind, int err,
	     const char *text);
int send_log(struct loader *l, int level, const char *text);

/* One whole message into *ret, for free(); 0 at the end, -1 on error. */
int receive(int fd, struct message **ret);
const char *message_text(const struct message *m, unsigned i);

/* The innermost cause that libhdf5 gives for its last failure. */
const char *hdf5_cause(char *text, size_t size);

/* Whether one of its messages, the innermost or not, has these words. */
bool hdf5_said(const char *words);

/* Whether such a cause is that a name leads to nothing. */
bool hdf5_is_missing(const char *cause);

/* Whether libhdf5 cannot open this file, and why. */
bool hdf5_refuses(const char *path, char *cause, size_t size);

/* Whether that says that this libhdf5 is too old for it. */
bool cause_is_newer(const char *cause);

/* CUTE_SHM_ERR_SOURCE with that. */
int unreadable(void);

/* heap.c: memory for lists while they are read */

struct heap {
	hid_t dxpl;		/* makes H5Dread take it from here */
	uint64_t limit, used;
	bool full;		/* why H5Dread failed */
	struct piece *pieces;
};

int heap_begin(struct heap *heap, uint64_t limit);
void heap_reset(struct heap *heap);
void heap_end(struct heap *heap);

/* keep.c: memory that the builder reads when it seals */

/* Whether so many bytes more may be held. */
bool keep_room(const struct loader *l, uint64_t bytes);
extern uint64_t keep_lists_max;	/* tests make it smaller */
bool keep_lists_room(const struct loader *l, uint64_t bytes);

/* child.c */

/* What each child does first: let go of the terminal, and begin libhdf5. */
void child_begin(struct loader *l);

/* The load's error: what failed for want of memory says which bound it was. */
int child_error(const struct loader *l, int rc);

/* The child's whole life: never returns. */
void child_run(struct loader *l) __attribute__((noreturn));

/* names.c */

/* The name of a link or field as a component, and that of an attribute. */
char *component_of(const char *name);
char *attr_name_of(const char *name);
/* "parent/name", or "name" in the root; for free(). */
char *path_join(const char *parent, const char *name);
/* Of all bytes: 7 bits, or well-formed. */
bool text_is_ascii(const void *text, uint64_t size);
bool text_is_utf8(const void *text, uint64_t size);
/* By --select and --exclude. */
bool path_wanted(const struct cute_shm_hdf5_options *opt, const char *path);

/* types.c, columns.c: types.h */

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
	uint64_t address;	/* of a hard link's object */
	size_t object;		/* NODE, ALIAS: index of it */
};

struct object {
	unsigned source;	/* which file */
	uint64_t address;
	enum object_kind kind;
	bool made;		/* has a node in the segment */
	bool broken;		/* unreadable, as opposed to skipped */
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

/* Whether a link of any kind has this path. */
bool scan_has(const struct scan *scan, const char *path);

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

/* outside.c: what a dataset takes from other files */

/*
 * Look at external raw files and at the sources of a virtual dataset, and tell
 * of those that are not there.  1, and told: it must not be read.
 * CUTE_SHM_ERR_SOURCE: it cannot.
 */
int outside_check(struct loader *l, const char *path, hid_t id);

/* links.c */

/*
 * The links of an open group; those that are not wanted are left out, those
 * whose name is taken are told, and LINK_NONE.  Without KEEP_GOING it fails
 * when they cannot be read, else there are none.
 */
int links_get(struct loader *l, hid_t group, const char *path,
	      struct link **ret, size_t *count);

/* scan.c: a walk over all links */

int scan_file(struct loader *l, hid_t file);

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

/* attributes.c */

/* Where libhdf5 finds attributes: an open object, and a name from there. */
struct owner {
	hid_t id;
	const char *name;	/* ".": itself */
	unsigned source;
	const char *path;	/* of the node in the segment */
};

/* The node that attributes are for. */
struct described {
	struct reserved_node node;
	const struct object *group;	/* whose links are the children */
	unsigned own;	/* bits: reserved names that the mapping itself uses */
};

/* All attributes of an object, for the node at 'path'. */
int describe_attributes(struct loader *l, hid_t id, unsigned source,
			const char *path, const struct described *as);

/* The same of an object that is not open, whose attributes are known. */
int describe_listed(struct loader *l, const struct object *object,
		    const struct names *names, const char *path,
		    const struct described *as);

struct kept_value;

/*
 * Read the attribute 'raw', which will be called 'name', into *keep, which
 * stays empty if it has no form in a segment or cannot be read.
 */
int attribute_keep(struct loader *l, const struct owner *owner,
		   const char *raw, const char *name, struct kept_value *keep);

/* reserved_names.c: attributes of the file with reserved names */

/* An attribute in memory; begins as zeros. */
struct kept_value {
	unsigned columns;	/* 1: 'array' is it */
	struct cute_shm_array array;
	char dtype[DTYPE_SIZE];
	void *data;
	struct ragged lists;
};

/* Takes over 'data', or what is in *lists. */
void kept_value_set(struct kept_value *keep, const struct column *column,
		    bool null, void *data, struct ragged *lists);

struct verdicts;

/* *ret is NULL if no name is reserved; for verdicts_free() in any case. */
int verdicts_get(struct loader *l, const struct owner *owner,
		 const struct names *names, const struct described *as,
		 struct verdicts **ret);
/* Why the attribute must not have that name, or NULL. */
const char *verdict_against(const struct verdicts *v, enum reserved id);
void verdicts_free(struct verdicts *v);

/* references.c */

/* Whether there are references in it. */
bool type_refers(const struct type *type);

/* A list of references to objects, and what it becomes in attributes. */
bool reference_list_is(hid_t file_type);
int reference_list_type(struct type **ret);
/* Whether no list in memory has more than one reference. */
bool reference_lists_short(const void *elements, uint64_t count);
/* That one, or 0. */
void reference_list_get(const void *element, hobj_ref_t *ret);

/* So many references of the attribute or dataset 'path' lead to nothing. */
int references_lost(struct loader *l, const char *path, uint64_t count);
/* Report all of them at once. */
int references_report(struct loader *l);

/* dataset.c */

struct dataset {
	const struct object *object;
	hid_t id;		/* its owner closes it */
	struct type *type;
	bool null;
	unsigned rank;
	uint64_t dims[MAX_NDIM];
	uint64_t count;		/* elements */
	struct columns columns;
	uint8_t *elements;	/* plain ones, if they were read already */
	bool placed;		/* they lie in one piece of the file, */
	uint64_t offset;	/* here */
	struct names attributes;	/* if they were listed already */
	double seconds;
};

/*
 * What the open object is as a dataset, its columns left out.  1, with the
 * reason in why[WHY_SIZE], when it has no form in a segment.
 */
int dataset_get(struct loader *l, const struct object *object, hid_t id,
		type_gone_fn *gone, void *arg, char *why, struct dataset *ret);
void dataset_free(struct dataset *d);

/* datatypes.c */

/* A committed datatype that has attributes: a place for these. */
int describe_datatype(struct loader *l, const struct object *object);

/* describe.c */

/* All objects of the scan, in the segment's order. */
int describe(struct loader *l);

/* band.c: a dataset in blocks of bounded size */

struct block {
	uint64_t start[MAX_NDIM];
	uint64_t shape[MAX_NDIM];
	uint64_t count;		/* elements */
};

struct bands {
	unsigned rank;
	uint64_t dims[MAX_NDIM];
	uint64_t outer[MAX_NDIM];	/* whole chunks, visited in turn */
	uint64_t inner[MAX_NDIM];	/* pieces of them, read at once */
	struct block cell;		/* of the outer grid */
	struct block block;
	bool started;
};

/*
 * Blocks of at most 'room' elements (at least one element), that follow the
 * chunks if 'chunk' is not NULL, else the order of the elements.
 */
void bands_begin(struct bands *bands, unsigned rank, const uint64_t *dims,
		 const uint64_t *chunk, uint64_t room);
bool bands_next(struct bands *bands);

/*
 * The same, but with less room where blocks would touch more chunks than that:
 * libhdf5 takes kilobytes of memory for each.
 */
#define MOST_CHUNKS	1024
void bands_begin_few(struct bands *bands, unsigned rank, const uint64_t *dims,
		     const uint64_t *follow, const uint64_t *chunk,
		     uint64_t *room);

/*
 * The runs of elements of a block that follow each other in the array: their
 * number and length.  run_start() gives the first element of run i.
 */
uint64_t block_run(const struct bands *bands, const struct block *block);
uint64_t run_start(const struct bands *bands, const struct block *block,
		   uint64_t i);

/* A plain column that has data. */
static inline bool
column_is_plain(const struct column *c)
{
	return c->leaf && c->part == PART_PLAIN && c->bytes > 0;
}

/* held.c */

#define SMALL_SIZE	4096

/*
 * What need not be opened again once it is known: a small dataset is read now,
 * of a larger one it is told where it lies; and the names of its attributes, of
 * which it has so many.  NULL: not this one.
 */
struct held *held_new(struct loader *l, const struct dataset *d,
		      hsize_t attributes);
struct held *held_place(struct loader *l, const struct dataset *d);

/* Into a dataset that is not open; frees what is held. */
void held_take(struct loader *l, struct held *held, struct dataset *ret);

/* stored.c: how a dataset is stored */

struct stored_as {
	bool chunked;		/* and then: */
	uint64_t chunk[MAX_NDIM];
	bool is_virtual;
	bool filtered;
};

void stored_get(const struct dataset *d, struct stored_as *ret);

/* H5Dread of a block; lists lie in the heap, until it is used again. */
int stored_read(const struct dataset *d, enum part part, struct heap *heap,
		const struct block *block, void *elements);

/*
 * After that failed: read the chunks of the block one by one, to name the first
 * that fails.  Always an error.
 */
int stored_culprit(const struct dataset *d, enum part part, struct heap *heap,
		   const struct block *block);

/* small.c */

/*
 * Read small plain columns at once, to be given to the builder by pointer.
 * When that fails nothing is kept: read_dataset() may know a way, or will say
 * why there is none.
 */
void read_small(struct dataset *d);

/* Whether the plain part is so small that threads would not help... */
bool fits_at_once(const struct dataset *d);

/* ... and then to read it by one H5Dread, and write it. */
int read_at_once(struct loader *l, struct dataset *d);

/* The same without libhdf5, for what is 'placed'. */
int read_placed(struct loader *l, struct dataset *d);

/* read.c: data, once memory is reserved */

/* What H5Dread refused; a filter that is not installed is the usual cause. */
int unreadable_data(hid_t dset);

/* Data that must still be read: the builder has none of these parts. */
struct pending {
	size_t object;		/* its index */
	bool plain, lists;
	struct held *held;	/* need not be opened, or NULL */
};

int read_dataset(struct loader *l, const struct pending *pending);

/* tell.c: datasets of which nobody knows yet how long they take */

struct under_way {
	struct under_way *next;
	struct loader *l;
	struct dataset d;
	struct pending pending;
	const char *strategy;	/* of the plain part */
	double seconds;
};

struct under_way *under_way_new(struct loader *l,
				const struct pending *pending);
void under_way_free(struct under_way *u);

/*
 * It is written, well or ill: from any thread.  'waited' seconds of its time
 * were other datasets'.
 */
void under_way_done(void *under_way, double waited);

/* Tell of those that are done, if all is well, and free them; in one thread. */
int under_way_tell(struct loader *l, bool well);

/* fast.c: strategy.h's ways, for what they fit */

/*
 * Read the plain columns; *fits is false when only H5Dread will do.  Else they
 * may still be under way: under_way_done() is called when they are not.
 */
int read_fast(struct loader *l, struct under_way *u, bool *fits);

/*
 * Whether the open dataset, whose columns are known, has a filter that neither
 * libhdf5 nor we have: CUTE_SHM_ERR_SOURCE, as when its data are read.
 */
int check_filters(const struct dataset *d);

/* prefetch.c: while data are read; NULL where it is no use */
struct prefetch *prefetch_begin(struct loader *l);
void prefetch_end(struct prefetch *prefetch);

/* All data of all pending objects. */
int read_pending(struct loader *l);

/* ragged.c */

/* Count the items of the ragged columns, and keep them if they are few. */
int ragged_measure(struct loader *l, struct dataset *d);

/* Write those that were not kept. */
int ragged_write(struct loader *l, struct dataset *d);

#endif
