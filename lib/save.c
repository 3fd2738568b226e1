/* SPDX-License-Identifier: MIT */
/* A segment as a file on a disk. */

#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "outfile.h"
#include "owner.h"

#define PIECE ((size_t)1 << 20)

/* For a lock on one array. */
#define LOCK_TIMEOUT_NS INT64_C(10000000000)

struct save {
	struct cute_shm_save_options opt;
	const struct cute_shm *shm;
	int fd;
	uint8_t *buffer;	/* PIECE */
};

static int
tell(const struct save *s, uint64_t done)
{
	if (!s->opt.progress ||
	    s->opt.progress(done, s->shm->header.segment_size,
			    s->opt.arg) == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
			     "the saving was cancelled");
}

/* Through the descriptor: it costs less than a map, and cannot fault. */
static int
copy(const struct save *s, uint64_t from, uint64_t end, bool told)
{
	size_t n;
	int err = 0;

	for (; from < end && err == 0; from += n) {
		n = end - from < PIECE ? (size_t)(end - from) : PIECE;
		err = read_all(s->shm->fd, s->buffer, n, from);
		if (err == 0)
			err = write_all(s->fd, s->buffer, n, from);
		if (err == 0 && told)
			err = tell(s, from + n);
	}
	return err;
}

/* With its lock held: the data, and a slot that has their digest. */
static int
copy_locked(const struct save *s, const struct cute_shm_array *a,
	    const struct format_live *live, uint64_t at)
{
	uint64_t begin = (uint64_t)((const uint8_t *)a->data - s->shm->base);
	struct format_live slot = {
		.sequence = __atomic_load_n(&live->sequence, __ATOMIC_ACQUIRE),
		.writer_pid = live->writer_pid,
		.updated_ns = live->updated_ns,
	};
	int err;

	if (slot.sequence % 2 != 0)
		return cute_shm_fail(CUTE_SHM_ERR_TORN, "/%s is torn: its "
				     "writer died in the middle; an update of "
				     "the whole array heals it", a->path);
	slot.digest_sequence = slot.sequence;
	err = copy(s, begin, begin + a->data_size, false);
	if (err == 0)
		err = digest_data(a->data, a->data_size,
				  s->shm->header.block_size, &slot.digest);
	if (err == 0)
		err = write_all(s->fd, &slot, sizeof(slot), at);
	return err;
}

/* Once more, if it was ever updated: perhaps also while it was copied. */
static int
copy_updated(const struct save *s, const struct cute_shm_array *a)
{
	const struct cute_shm *shm = s->shm;
	const struct format_array *record;
	const struct format_live *live = NULL;
	struct cute_shm_lock *lock;
	uint64_t at = shm->header.live_offset;
	int err;

	record = segment_at(shm, a->record, sizeof(*record));
	if (record && record->live_slot < shm->header.array_count) {
		at += record->live_slot * sizeof(*live);
		live = segment_at(shm, at, sizeof(*live));
	}
	if (!live)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "/%s: live slot outside", a->path);
	if (__atomic_load_n(&live->sequence, __ATOMIC_ACQUIRE) == 0)
		return 0;
	err = cute_shm_lock(a, LOCK_TIMEOUT_NS, &lock);
	if (err != 0)
		return err;
	err = copy_locked(s, a, live, at);
	cute_shm_unlock(lock);
	return err;
}

static int
copy_all_updated(const struct save *s)
{
	struct cute_shm_node top, node;
	struct cute_shm_array a;
	int err;

	err = cute_shm_find(s->shm, "", &top);
	for (node = top; err == 0; ) {
		err = cute_shm_next(&top, &node, &node);
		if (err != 0 || node.kind != CUTE_SHM_ARRAY)
			continue;
		err = cute_shm_node_array(&node, &a);
		if (err == 0 && a.data_size > 0)
			err = copy_updated(s, &a);
	}
	return err == CUTE_SHM_ERR_END ? 0 : err;
}

/* A copy has no owner. */
static int
put_header(const struct save *s)
{
	struct format_header h = s->shm->header;
	struct format_second second;
	int err;

	if (!(h.compatible & FORMAT_COMPATIBLE_EPHEMERAL))
		return 0;
	h.compatible &= ~FORMAT_COMPATIBLE_EPHEMERAL;
	memcpy(&second, s->shm->base + sizeof(h), sizeof(second));
	err = home_set(s->fd, &h, &second);
	if (err == 0)
		err = write_all(s->fd, &second, sizeof(second), sizeof(h));
	h.header_digest = digest_header(&h);
	return err == 0 ? write_all(s->fd, &h, sizeof(h), 0) : err;
}

int
cute_shm_save(const struct cute_shm *shm, const char *file,
	      const struct cute_shm_save_options *opt)
{
	struct save s = { .opt = { .size = sizeof(s.opt) }, .shm = shm };
	struct cute_shm_updates updates;
	struct outfile out;
	int err;

	err = options_copy(&s.opt, sizeof(s.opt), opt);
	if (err == 0 && (s.opt.flags & ~(unsigned)CUTE_SHM_OVERWRITE))
		err = cute_shm_fail(CUTE_SHM_ERR_INVALID,
				    "unknown flags %#x to save with",
				    s.opt.flags);
	if (err == 0 && file)
		err = space_file_limit("file", file, shm->header.segment_size);
	if (err == 0)
		err = outfile_begin(&out, file,
				    s.opt.flags & CUTE_SHM_OVERWRITE ?
				    OUTFILE_OVERWRITE : 0u);
	if (err != 0)
		return err;
	s.fd = out.fd;
	s.buffer = malloc(PIECE);
	if (!s.buffer)
		err = cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				    "no memory to save a segment");
	if (err == 0)
		err = copy(&s, 0, shm->header.segment_size, true);
	if (err == 0)
		err = cute_shm_updates(shm, &updates);
	if (err == 0 && updates.updated > 0)
		err = copy_all_updated(&s);
	if (err == 0)
		err = put_header(&s);
	free(s.buffer);
	if (err != 0) {
		outfile_end(&out);
		return cute_shm_fail(err, "%s: %s", file, cute_shm_errmsg());
	}
	return outfile_commit(&out);
}
