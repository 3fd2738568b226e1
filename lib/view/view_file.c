/* SPDX-License-Identifier: MIT */
/* The view of a file that is being built: append it, or cut it off. */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "view/view.h"

/* Items of fewer bytes are not worth a thread. */
#define LEAST_ITEMS (UINT64_C(1) << 20)

/* The file that gets a view, and the place of the next byte. */
struct output {
	int fd;
	uint64_t at;
};

static int
write_next(void *arg, const void *data, size_t size)
{
	struct output *out = arg;
	int err = write_all(out->fd, data, size, out->at);

	out->at += size;
	return err;
}

/* A handle for the room's functions, of which only these members are used. */
static int
map_file(int fd, const char *path, const struct format_header *h,
	 struct cute_shm *ret)
{
	if (h->segment_size > SIZE_MAX ||
	    map_new(fd, (size_t)h->segment_size, PROT_READ, &ret->map) != 0)
		return fail_errno("cannot map %s for its HDF5 view", path);
	ret->base = ret->map.base;
	ret->size = ret->map.size;
	ret->header = *h;
	ret->path = (char *)(uintptr_t)path;
	return 0;
}

/* Write zeros where the last array ends, then the view, and cut the rest. */
static int
write_view(struct view *view, int fd, const char *path, unsigned jobs)
{
	static const uint8_t zeros[FORMAT_PAGE];
	struct output out = { .fd = fd, .at = view->begin };
	struct output items = { .fd = fd, .at = view->objects };
	bool parts = jobs > 1 && view->end - view->objects >= LEAST_ITEMS;
	int err = write_all(fd, zeros, (size_t)(view->begin - view->data),
			    view->data);

	if (err == 0)
		err = parts ? view_emit_parts(view, write_next, &out, &items)
			    : view_emit(view, write_next, &out);
	if (err == 0 && ftruncate(fd, (off_t)view->end) != 0)
		err = fail_errno("cannot make %s of its size", path);
	return err;
}

static void
set_size(struct format_header *h, uint64_t end)
{
	h->segment_size = end;
	h->data_size = end - h->data_offset;
}

int
view_append(int fd, const char *path, unsigned jobs, struct format_header *h,
	    uint8_t superblock[48])
{
	struct cute_shm shm = { .fd = fd };
	struct view *view = NULL;
	int err = map_file(fd, path, h, &shm);

	if (err == 0)
		err = view_measure(&shm, h->segment_size, &view);
	if (err == 0)
		err = write_view(view, fd, path, jobs);
	if (err == 0) {
		view_superblock(view, superblock);
		h->compatible |= FORMAT_COMPATIBLE_VIEW;
		h->view_offset = view->begin;
		h->view_size = view->end - view->begin;
		set_size(h, view->end);
	}
	view_free(view);
	map_free(&shm.map);
	return err;
}

int
view_size(int fd, const char *path, const struct format_header *h,
	  uint64_t *data, uint64_t *end)
{
	struct cute_shm shm = { .fd = fd };
	struct view *view = NULL;
	int err = map_file(fd, path, h, &shm);

	if (err == 0)
		err = view_measure(&shm, INT64_MAX, &view);
	if (err == 0) {
		*data = view->data;
		*end = view->end;
	}
	view_free(view);
	map_free(&shm.map);
	return err;
}

int
view_cut(int fd, const char *path, uint64_t data, struct format_header *h)
{
	h->compatible &= ~FORMAT_COMPATIBLE_VIEW;
	h->view_offset = 0;
	h->view_size = 0;
	set_size(h, data);
	if (ftruncate(fd, (off_t)data) != 0)
		return fail_errno("cannot make %s of its size", path);
	return 0;
}
