/* SPDX-License-Identifier: MIT */
/* The live slot of an array; see "Live slots" in cute-shm(5). */

#include "live/live.h"

int
live_get(const struct cute_shm_array *array, struct live *ret)
{
	const struct cute_shm *shm = array->shm;
	const struct format_header *h = &shm->header;
	const struct format_array *record;
	const void *slot;

	record = array->record ? segment_at(shm, array->record, sizeof(*record))
			       : NULL;
	if (!record)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "\"%s\" is an attribute, these never "
				     "change",
				     array->path);
	if (record->live_slot >= h->array_count)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "/%s: live slot outside", array->path);
	slot = segment_at(shm,
			  h->live_offset + sizeof(struct format_live) *
						   record->live_slot,
			  sizeof(struct format_live));
	if (!slot)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "/%s: live slot outside", array->path);
	ret->shm = shm;
	ret->slot = (struct format_live *)(uintptr_t)slot;
	/* Of an empty array, data_offset is 0: use any valid pointer. */
	ret->data = (uint8_t *)(uintptr_t)shared_data(array);
	ret->start = (uint64_t)(ret->data - shm->base);
	ret->end = ret->start + array->data_size;
	return 0;
}

int
check_updatable(const struct cute_shm_array *array)
{
	if (array->dtype[0] != '*')
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_TYPE,
			     "/%s is ragged, and ragged "
			     "arrays are not updated in place: publish the "
			     "project again with CUTE_SHM_OVERWRITE, or keep "
			     "the items in an array of fixed size and their "
			     "number in another",
			     array->path);
}

static int
check_writable(const struct live *live, const struct cute_shm_array *array)
{
	if (!live->shm->writable)
		return cute_shm_fail(CUTE_SHM_ERR_PERMISSION,
				     "/%s: the handle "
				     "was opened for reading; open it with "
				     "CUTE_SHM_WRITE",
				     array->path);
	if (live->start == live->end)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "/%s has no data to update", array->path);
	return 0;
}

int
live_get_writable(const struct cute_shm_array *array, struct live *ret)
{
	int rc = live_get(array, ret);

	if (rc == 0)
		rc = check_updatable(array);
	return rc ? rc : check_writable(ret, array);
}

uint32_t
sequence_of(const struct live *live)
{
	return __atomic_load_n(&live->slot->sequence, __ATOMIC_ACQUIRE);
}

bool
left_torn(const struct live *live, uint32_t s)
{
	return s % 2 != 0 && live->shm->fd >= 0 &&
	       !table_holds(live->shm->locks, live->start, live->end) &&
	       !range_locked(live->shm->fd, live->start, live->end, false) &&
	       sequence_of(live) == s;
}

int
fail_torn(const struct cute_shm_array *array)
{
	return cute_shm_fail(CUTE_SHM_ERR_TORN,
			     "/%s is torn: its writer died "
			     "in the middle; an update of the whole array "
			     "heals it",
			     array->path);
}

int
cute_shm_state(const struct cute_shm_array *array, struct cute_shm_state *ret)
{
	struct format_live *slot;
	struct cute_shm_state state = { 0 };
	struct live live;
	uint32_t again;
	int rc;

	rc = live_get(array, &live);
	if (rc != 0)
		return rc;
	slot = live.slot;
	do {
		state.sequence = sequence_of(&live);
		state.writer_pid =
			__atomic_load_n(&slot->writer_pid, __ATOMIC_RELAXED);
		state.updated_ns =
			__atomic_load_n(&slot->updated_ns, __ATOMIC_RELAXED);
		state.sealed =
			__atomic_load_n(&slot->digest_sequence,
					__ATOMIC_ACQUIRE) == state.sequence;
		state.digest = __atomic_load_n(&slot->digest, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		again = __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED);
	} while (again != state.sequence);
	if (state.sequence == 0)
		state.digest = array->digest;
	else if (!state.sealed)
		state.digest = 0;
	state.torn = left_torn(&live, state.sequence);
	*ret = state;
	return 0;
}

int
check_range(const struct cute_shm_array *array, uint64_t offset, size_t size)
{
	if (offset <= array->data_size && size <= array->data_size - offset)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_INVALID,
			     "/%s: %zu bytes at %ju, the "
			     "array has %ju",
			     array->path, size, (uintmax_t)offset,
			     (uintmax_t)array->data_size);
}
