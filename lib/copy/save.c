/* SPDX-License-Identifier: MIT */
/* Save a segment to a file on a disk. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copy/copy.h"

/* The longest wait for the lock of one array. */
#define LOCK_TIMEOUT_NS INT64_C(10000000000)

void
log_copied(const char *from, const char *to, uint64_t bytes, double since)
{
	char size[SIZE_TEXT];

	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "wrote %s to %s, %s in %.3f s",
			     from, to, size_text(bytes, size),
			     clock_now() - since);
}

int
save_begin(struct save *s, const struct cute_shm_export_options *opt)
{
	int err = options_copy(&s->opt, sizeof(s->opt), opt);

	if (err == 0 && (s->opt.flags & ~(unsigned)CUTE_SHM_OVERWRITE))
		err = cute_shm_fail(CUTE_SHM_ERR_INVALID,
				    "unknown flags %#x to save with",
				    s->opt.flags);
	if (err == 0)
		err = deadline_begin(&s->deadline, s->opt.max_seconds);
	if (err != 0)
		return err;
	s->passes = 1;
	s->buffer = malloc(SAVE_PIECE);
	return s->buffer ? 0 : fail_memory("to save a segment");
}

void
save_end(struct save *s)
{
	free(s->buffer);
	s->buffer = NULL;
}

int
save_tell(const struct save *s, uint64_t done)
{
	uint64_t total = s->shm->header.segment_size;
	char state[2 * SIZE_TEXT + 8], has[SIZE_TEXT], of[SIZE_TEXT];

	done = (s->before + done) / s->passes;
	if (s->opt.progress && s->opt.progress(done, total, s->opt.arg) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
				     "the saving was cancelled");
	if (!deadline_over(&s->deadline))
		return 0;
	snprintf(state, sizeof(state), "%s of %s", size_text(done, has),
		 size_text(total, of));
	return deadline_fail(&s->deadline, s->name, state);
}

/*
 * Copy [from, end) of the segment.  Reading through the descriptor costs less
 * than page faults in the mapping, and gives an error instead of SIGBUS.
 */
static int
copy(const struct save *s, uint64_t from, uint64_t end, bool told)
{
	size_t n;
	int err = 0;

	for (; from < end && err == 0; from += n) {
		n = end - from < SAVE_PIECE ? (size_t)(end - from) : SAVE_PIECE;
		err = read_all(s->shm->fd, s->buffer, n, from);
		if (err == 0)
			err = write_all(s->fd, s->buffer, n, from);
		if (err == 0 && told)
			err = save_tell(s, from + n);
	}
	return err;
}

/* Copy the data of a locked array, and write a live slot with their digest. */
static int
copy_locked(const struct save *s, const struct cute_shm_array *a,
	    const struct format_live *live, uint64_t at)
{
	uint64_t begin = a->data_offset;
	struct format_live slot = {
		.sequence = __atomic_load_n(&live->sequence, __ATOMIC_ACQUIRE),
		.writer_pid = live->writer_pid,
		.updated_ns = live->updated_ns,
	};
	int err;

	if (slot.sequence % 2 != 0)
		return cute_shm_fail(CUTE_SHM_ERR_TORN,
				     "/%s is torn: its "
				     "writer died in the middle; an update of "
				     "the whole array heals it",
				     a->path);
	slot.digest_sequence = slot.sequence;
	err = copy(s, begin, begin + a->data_size, false);
	if (err == 0)
		err = digest_data(shared_data(a), a->data_size,
				  s->shm->header.block_size, &slot.digest);
	if (err == 0)
		err = write_all(s->fd, &slot, sizeof(slot), at);
	return err;
}

/* Copy an updated array again, locked: the first copy may mix two updates. */
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
	for (node = top; err == 0;) {
		err = cute_shm_next(&top, &node, &node);
		if (err != 0 || node.kind != CUTE_SHM_ARRAY)
			continue;
		err = cute_shm_node_array(&node, &a);
		if (err == 0 && a.data_size > 0)
			err = copy_updated(s, &a);
	}
	return err == CUTE_SHM_ERR_END ? 0 : err;
}

int
save_header(const struct save *s, struct format_header *h,
	    struct format_second *second, bool *changed)
{
	int err;

	*h = s->shm->header;
	memcpy(second, s->shm->base + sizeof(*h), sizeof(*second));
	*changed = h->compatible & FORMAT_COMPATIBLE_EPHEMERAL;
	if (!*changed)
		return 0;
	h->compatible &= ~FORMAT_COMPATIBLE_EPHEMERAL;
	second->home_device = second->home_inode = 0;
	err = second_seal(s->shm->fd, h, second);
	h->header_digest = digest_header(h);
	return err;
}

int
save_whole(const struct save *s)
{
	struct cute_shm_update_summary updates;
	struct format_second second;
	struct format_header h;
	bool changed;
	int err;

	err = copy(s, 0, s->shm->header.segment_size, true);
	if (err == 0)
		err = cute_shm_update_summary(s->shm, &updates);
	if (err == 0 && updates.updated > 0)
		err = copy_all_updated(s);
	if (err == 0)
		err = save_header(s, &h, &second, &changed);
	if (err != 0 || !changed)
		return err;
	err = write_all(s->fd, &second, sizeof(second), sizeof(h));
	return err == 0 ? write_all(s->fd, &h, sizeof(h), 0) : err;
}

int
cute_shm_export(const struct cute_shm *shm, const char *file,
		const struct cute_shm_export_options *opt)
{
	struct cute_shm_info info;
	struct save s = { .opt = { .size = sizeof(s.opt) },
			  .shm = shm,
			  .name = file };
	double since = clock_now();
	struct outfile out;
	int err;

	err = save_begin(&s, opt);
	if (err == 0 && file)
		err = space_file_limit("file", file, shm->header.segment_size);
	if (err == 0)
		err = outfile_begin(&out, file,
				    s.opt.flags & CUTE_SHM_OVERWRITE
					    ? OUTFILE_OVERWRITE
					    : 0u);
	if (err != 0) {
		save_end(&s);
		return err;
	}
	if (cute_shm_info(shm, &info) == 0)
		outfile_permit(&out, &info);
	s.fd = out.fd;
	err = save_whole(&s);
	save_end(&s);
	if (err == 0) {
		err = outfile_commit(&out);
		if (err == 0)
			log_copied(shm->path, file, shm->header.segment_size,
				   since);
		return err;
	}
	outfile_end(&out);
	/* The message of a deadline names the file already. */
	return err == CUTE_SHM_ERR_LIMIT
		       ? err
		       : cute_shm_fail(err, "%s: %s", file, cute_shm_errmsg());
}
