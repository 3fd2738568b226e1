/* SPDX-License-Identifier: MIT */
#include "segment_status.h"

#include <cute_shm.h>

const char *
segment_status(int err)
{
	switch (err) {
	case CUTE_SHM_OK: return "sound";
	case CUTE_SHM_ERR_CORRUPT: return "damaged";
	case CUTE_SHM_ERR_FORMAT: return "foreign";
	case CUTE_SHM_ERR_UNSUPPORTED: return "unsupported";
	case CUTE_SHM_ERR_OWNER: return "untrusted";
	case CUTE_SHM_ERR_PERMISSION: return "unreadable";
	default: return "error";
	}
}
