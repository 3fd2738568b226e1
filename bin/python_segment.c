/* SPDX-License-Identifier: MIT */
#include "python_segment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

#define LETTERS \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define RANDOM_SIZE 10
#define TOML	    "/tmp/cute-shm/cute-shm.%.*s.toml"

/* Where a name of such a segment has its last dot, or NULL. */
static const char *
last_dot(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name || strlen(dot + 1) != RANDOM_SIZE ||
	    strspn(dot + 1, LETTERS) != RANDOM_SIZE)
		return NULL;
	return dot;
}

/* The package writes down what it has made, when it has made all of it. */
static bool
has_toml(const char *name, const char *dot)
{
	char *path = text_format(TOML, (int)(dot - name), name);
	struct stat st;
	bool found = lstat(path, &st) == 0 && S_ISREG(st.st_mode);

	free(path);
	return found;
}

bool
python_segment(const struct cute_shm_info *info)
{
	const char *dot = last_dot(info->project);

	switch (dot ? info->err : 0) {
	case CUTE_SHM_ERR_FORMAT: return true;
	case CUTE_SHM_ERR_PERMISSION:
	case CUTE_SHM_ERR_OWNER:
		/* Another user's; what is in it cannot be seen. */
		return has_toml(info->project, dot);
	default: return false;
	}
}
