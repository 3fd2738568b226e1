/* SPDX-License-Identifier: MIT */
/*
 * An old project whose groups may be copied instead of being read again.  It
 * must be from a load with the same options, which the digest of its options
 * tells once its list of files is known; reuse_groups.c then finds the groups.
 */

#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "hdf5/scan/scan.h"
#include "read/read.h"

static bool
number_of(const struct cute_shm_node *node, enum reserved id, uint64_t *ret)
{
	struct cute_shm_attr attr;

	if (cute_shm_attr(node, reserved_name(id), &attr) != 0 ||
	    strcmp(attr.value.dtype, "<u8") != 0 || attr.value.ndim != 0)
		return false;
	memcpy(ret, attr.value.data, sizeof(*ret));
	return true;
}

/* The file of a group as it was; false if the group is of no file. */
static bool
recorded(const struct reuse *r, const struct cute_shm_node *node,
	 struct listed *ret)
{
	uint64_t size, mtime;

	*ret = (struct listed){ .name = (char *)(uintptr_t)node->path };
	if (node->kind != CUTE_SHM_GROUP ||
	    !number_of(node, RESERVED_SOURCE_SIZE, &size) ||
	    !number_of(node, RESERVED_SOURCE_MTIME, &mtime) ||
	    cute_shm_attr_text(r->shm, node->path,
			       reserved_name(RESERVED_SOURCE), &ret->real) != 0)
		return false;
	ret->before.st_size = (off_t)size;
	ret->before.st_mtim.tv_sec = (time_t)(mtime / 1000000000);
	ret->before.st_mtim.tv_nsec = (long)(mtime % 1000000000);
	return true;
}

static void
free_recorded(struct listed *old, uint32_t count)
{
	while (count > 0)
		free(old[--count].real);
	free(old);
}

/* All files of the old project, in its order; NULL if that is not possible. */
static struct listed *
recorded_all(const struct reuse *r, uint32_t *count)
{
	struct cute_shm_node root, node;
	struct listed *old;
	struct cute_shm_attr attr;
	int err;

	*count = 0;
	if (cute_shm_find(r->shm, "", &root) != 0 ||
	    cute_shm_attr(&root, reserved_name(RESERVED_PARTS), &attr) == 0 ||
	    root.child_count > UINT32_MAX - 1)
		return NULL;
	old = calloc((size_t)root.child_count + 1, sizeof(*old));
	err = old ? cute_shm_first_child(&root, &node) : CUTE_SHM_ERR_END;
	for (; err == 0; err = cute_shm_next_sibling(&node, &node))
		if (*count == root.child_count ||
		    !recorded(r, &node, &old[*count]))
			break;
		else
			++*count;
	if (err == CUTE_SHM_ERR_END)
		return old;
	free_recorded(old, *count);
	return NULL;
}

/* Nobody has changed the records since the segment was published. */
static bool
is_sound(const struct cute_shm *shm)
{
	const struct format_header *h = &shm->header;

	return digest(shm->base + h->header_size,
		      (size_t)(h->metadata_size - h->header_size)) ==
	       h->metadata_digest;
}

/* It is from a load of the files 'old' with the same options. */
static bool
same_options(const struct loader *l, const struct cute_shm *shm,
	     const struct listed *old, uint32_t count)
{
	struct format_second second;
	char *choice;
	bool ret;

	if (header_is_first(&shm->header) ||
	    second_read(shm->fd, &second) != 0 ||
	    choice_text(l->opt, old, count, &choice) != 0)
		return false;
	ret = digest(choice, strlen(choice)) == second.options_digest;
	free(choice);
	return ret;
}

/* --------------------------------------------------------------- its groups */

static void
reuse_free(struct reuse *r)
{
	cute_shm_close(r->shm);
	free(r->of);
	free(r->places);
	free(r);
}

static const char *
find_groups(struct loader *l, struct reuse *r)
{
	struct listed *old;
	uint32_t count, i;
	const char *why = NULL;

	if (!is_sound(r->shm))
		return "it is damaged";
	old = recorded_all(r, &count);
	if (!old)
		return "its groups are not all of files";
	if (!same_options(l, r->shm, old, count))
		why = "it was loaded with other options, or lacks something";
	else if (reuse_search(l, r, old, count) != 0)
		why = cute_shm_errmsg();
	free_recorded(old, count);
	for (i = 0; !why && i < l->listed_count; i++)
		if (r->of[i])
			return NULL;
	return why ? why : "all files have changed, or refer to others";
}

int
reuse_begin(struct loader *l, int fd)
{
	struct reuse *r = calloc(1, sizeof(*r));
	const char *why;

	if (!r)
		return fail_memory("for an old project");
	if (handle_received(fd, "the old project", &r->shm) != 0) {
		why = cute_shm_errmsg();
		r->shm = NULL;
	} else {
		why = find_groups(l, r);
	}
	if (!why) {
		l->reuse = r;
		return 0;
	}
	cute_shm_log(CUTE_SHM_LOG_INFO,
		     "nothing of the old project is used: "
		     "%s",
		     why);
	reuse_free(r);
	return 0;
}

bool
reuse_has(const struct loader *l, uint32_t i)
{
	return l->reuse && l->reuse->of[i];
}

int
reuse_drop(struct loader *l, uint32_t i, const char *why)
{
	bool quiet = l->quiet;
	int err;

	l->retry = true;
	cute_shm_log(CUTE_SHM_LOG_INFO, "%s is read again: %s",
		     l->listed[i].file, why);
	l->quiet = false;
	err = send_report(l, MESSAGE_STALE, l->listed[i].name, "%s", why);
	l->quiet = quiet;
	return err;
}

bool
reuse_never_updated(const struct cute_shm_array *a)
{
	const struct cute_shm *shm = a->shm;
	const struct format_array *record =
		segment_at(shm, a->record, sizeof(*record));
	const struct format_live *live =
		record ? segment_at(shm,
				    shm->header.live_offset +
					    record->live_slot * sizeof(*live),
				    sizeof(*live))
		       : NULL;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return live && __atomic_load_n(&live->sequence, __ATOMIC_ACQUIRE) == 0;
}
