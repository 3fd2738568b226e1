/* SPDX-License-Identifier: MIT */
/* Properties and users of a handle's project; whether it is current. */

#include <sys/stat.h>

#include "read/read.h"

int
cute_shm_info(const struct cute_shm *shm, struct cute_shm_info *ret)
{
	struct cute_shm_info info = { .message = "" };

	info.project = shm->project;
	info.path = shm->path;
	info_fill(&info, &shm->stat, &shm->header, shm->fd);
	info.in_use |= presence_shared(shm->locks);
	info.version = shm->version;
	info.creator = shm->creator;
	info.source = shm->source;
	*ret = info;
	return 0;
}

const uint8_t *
cute_shm_uuid(const struct cute_shm *shm)
{
	return shm->header.uuid;
}

const char *
cute_shm_path(const struct cute_shm *shm)
{
	return shm->path;
}

int
cute_shm_is_current(const struct cute_shm *shm)
{
	struct stat st;

	return stat(shm->path, &st) == 0 && same_file(&st, &shm->stat) &&
	       !(shm->project[0] && owner_gone(shm->fd, &shm->header));
}

int
cute_shm_usage_users(const struct cute_shm_usage *u, const struct cute_shm *shm,
		     cute_shm_user_fn *each, void *arg)
{
	return usage_users(u, &shm->stat, each, arg);
}

int
cute_shm_users(const struct cute_shm *shm, cute_shm_user_fn *each, void *arg)
{
	struct cute_shm_usage *u;
	int err;

	err = cute_shm_usage_new(&u);
	if (err != 0)
		return err;
	err = cute_shm_usage_users(u, shm, each, arg);
	cute_shm_usage_free(u);
	return err;
}
