/* SPDX-License-Identifier: MIT */
/* Count the arrays of a project that were updated, sealed, or left torn. */

#include "live/live.h"

/* Look at all slots, which lie together: most projects have no updates. */
static int
any_updated(const struct cute_shm *shm, bool *ret)
{
	const struct format_live *live;
	uint64_t i;

	*ret = false;
	live = segment_at(shm, shm->header.live_offset,
			  shm->header.array_count * sizeof(*live));
	if (!live)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "%s: live slots outside", shm->path);
	for (i = 0; i < shm->header.array_count && !*ret; i++)
		*ret = __atomic_load_n(&live[i].sequence, __ATOMIC_ACQUIRE) !=
		       0;
	return 0;
}

static int
add(const struct cute_shm_node *node, struct cute_shm_update_summary *sum)
{
	struct cute_shm_state state = { 0 };
	struct cute_shm_array a;
	int rc;

	if (node->kind != CUTE_SHM_ARRAY)
		return 0;
	rc = cute_shm_node_array(node, &a);
	if (rc == 0 && a.data_size > 0)
		rc = cute_shm_state(&a, &state);
	if (rc != 0 || a.data_size == 0 || state.sequence == 0)
		return rc;
	sum->updated++;
	if (state.torn)
		sum->torn++;
	else if (!state.sealed)
		sum->unsealed++;
	return 0;
}

int
cute_shm_update_summary(const struct cute_shm *shm,
			struct cute_shm_update_summary *ret)
{
	struct cute_shm_update_summary sum = { 0 };
	struct cute_shm_node top, node;
	bool any;
	int rc;

	rc = any_updated(shm, &any);
	if (rc == 0)
		rc = any ? cute_shm_find(shm, "", &top) : CUTE_SHM_ERR_END;
	if (rc == 0)
		node = top;
	while (rc == 0) {
		rc = cute_shm_next(&top, &node, &node);
		if (rc == 0)
			rc = add(&node, &sum);
	}
	if (rc != CUTE_SHM_ERR_END)
		return rc;
	*ret = sum;
	return 0;
}
