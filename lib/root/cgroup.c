/* SPDX-License-Identifier: MIT */
/* Memory limits of control groups, versions 1 and 2. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "root/root.h"

/*
 * The files with the limits and the use, and keys of memory.stat.  Inactive and
 * active pages are the page cache, without tmpfs, which the kernel can drop;
 * but it must first write those of them to a disk that are dirty or in
 * writeback.
 */
struct version {
	const char *type;   /* of the file system */
	const char *option; /* of its mount, or NULL */
	const char *max, *high, *current;
	const char *inactive, *active, *dirty, *writeback;
};

static const struct version v1 = {
	"cgroup",
	"memory",
	"memory.limit_in_bytes",
	NULL,
	"memory.usage_in_bytes",
	"total_inactive_file",
	"total_active_file",
	"total_dirty",
	"total_writeback",
};

/* Above memory.high the kernel slows processes down: that is a limit, too. */
static const struct version v2 = {
	"cgroup2",	  NULL,
	"memory.max",	  "memory.high",
	"memory.current", "inactive_file",
	"active_file",	  "file_dirty",
	"file_writeback",
};

/* Version 1 shows a huge number, nearly 2^63, if there is no limit. */
#define UNLIMITED ((uint64_t)1 << 62)

/* "DIR/NAME" opened to read, or NULL. */
static FILE *
open_in(const char *dir, const char *name)
{
	char *path;
	FILE *file;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return NULL;
	file = file_above_stdio(path);
	free(path);
	return file;
}

/* Read a number; 'otherwise' if the file is missing or says "max". */
static uint64_t
read_number(const char *dir, const char *name, uint64_t otherwise)
{
	uint64_t number;
	FILE *file;

	file = open_in(dir, name);
	if (!file)
		return otherwise;
	if (fscanf(file, "%" SCNu64, &number) != 1)
		number = otherwise;
	fclose(file);
	return number;
}

/* The bytes of page cache that the kernel can drop at once (memory.stat). */
static uint64_t
read_reclaimable(const char *dir, const struct version *v)
{
	uint64_t value, cache = 0, busy = 0;
	char name[64];
	FILE *file;

	file = open_in(dir, "memory.stat");
	if (!file)
		return 0;
	while (fscanf(file, "%63s %" SCNu64, name, &value) == 2) {
		if (strcmp(name, v->inactive) == 0 ||
		    strcmp(name, v->active) == 0)
			cache += value;
		else if (strcmp(name, v->dirty) == 0 ||
			 strcmp(name, v->writeback) == 0)
			busy += value;
	}
	fclose(file);
	return cache > busy ? cache - busy : 0;
}

/* The bytes that one group's limits leave; droppable pages count as free. */
static uint64_t
level_available(const char *dir, const struct version *v)
{
	uint64_t max, high = UNLIMITED, used, reclaimable;

	max = read_number(dir, v->max, UNLIMITED);
	if (v->high)
		high = read_number(dir, v->high, UNLIMITED);
	max = high < max ? high : max;
	if (max >= UNLIMITED)
		return UINT64_MAX;
	used = read_number(dir, v->current, 0);
	reclaimable = read_reclaimable(dir, v);
	used -= reclaimable < used ? reclaimable : used;
	return used < max ? max - used : 0;
}

/*
 * The least that the group 'dir' and its parents leave, up to the mount point,
 * which is the first 'top' bytes of 'dir'.
 */
static uint64_t
walk_up(char *dir, size_t top, const struct version *v)
{
	uint64_t level, least = UINT64_MAX;
	char *slash;

	for (;;) {
		level = level_available(dir, v);
		least = level < least ? level : least;
		slash = strrchr(dir, '/');
		if (!slash || (size_t)(slash - dir) < top)
			return least;
		*slash = '\0';
	}
}

/* True if 'word' is one of the words of 'list', separated by commas. */
static bool
has_word(const char *list, const char *word)
{
	size_t size = strlen(word);
	const char *p = list;

	while ((p = strstr(p, word))) {
		if ((p == list || p[-1] == ',') &&
		    (p[size] == ',' || p[size] == '\0'))
			return true;
		p += size;
	}
	return false;
}

/*
 * This process's path in the hierarchy, for free(), or NULL.  The lines of the
 * file are "NUMBER:CONTROLLERS:PATH"; that of version 2 has no controllers.
 */
static char *
cgroup_path(const char *file_name, const struct version *v)
{
	char *line = NULL, *path = NULL;
	char *controllers, *rest;
	size_t room = 0;
	FILE *file;

	file = file_above_stdio(file_name);
	if (!file)
		return NULL;
	while (!path && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		controllers = strchr(line, ':');
		rest = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!rest)
			continue;
		*rest = '\0';
		if (v->option ? has_word(controllers + 1, v->option)
			      : controllers[1] == '\0')
			path = strdup(rest + 1);
	}
	free(line);
	fclose(file);
	return path;
}

/* Replace octal escapes, such as \040 for a blank, in place. */
static void
unescape(char *text)
{
	char *to = text;
	unsigned code;

	for (; *text; text++) {
		if (text[0] == '\\' && sscanf(text + 1, "%3o", &code) == 1 &&
		    strspn(text + 1, "01234567") >= 3) {
			*to++ = (char)code;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/*
 * Parse a line of mountinfo(5).  *root is the part of the hierarchy that is
 * mounted, *point is the mount point.  False if it is a mount of another type.
 */
static bool
parse_mount(char *line, const struct version *v, char **root, char **point)
{
	char *word[6];
	char *rest, *type, *options;
	int i;

	for (i = 0; i < 6; i++) {
		word[i] = strsep(&line, " ");
		if (!line)
			return false;
	}
	/* Optional fields end with a lone hyphen. */
	rest = strncmp(line, "- ", 2) == 0 ? line + 2 : strstr(line, " - ");
	if (!rest)
		return false;
	rest += *rest == ' ' ? 3 : 0;
	type = strsep(&rest, " ");
	strsep(&rest, " ");
	options = rest ? rest : type;
	options[strcspn(options, "\n")] = '\0';
	if (strcmp(type, v->type) != 0 ||
	    (v->option && !has_word(options, v->option)))
		return false;
	*root = word[3];
	*point = word[4];
	unescape(*root);
	unescape(*point);
	return true;
}

/*
 * The bytes that the process's group leaves, as one mount shows it.  In a
 * container the group may lie outside the mounted part; then take the root of
 * the mount, the nearest group that is visible.
 */
static uint64_t
mount_available(const char *path, const char *root, const char *point,
		const struct version *v)
{
	size_t size = strcmp(root, "/") == 0 ? 0 : strlen(root);
	uint64_t least;
	char *dir;

	if (strncmp(path, root, size) != 0 ||
	    (path[size] != '/' && path[size] != '\0') || strstr(path, "/.."))
		path = "";
	else
		path += size;
	if (strcmp(path, "/") == 0)
		path = "";
	if (asprintf(&dir, "%s%s", point, path) < 0)
		return UINT64_MAX;
	least = walk_up(dir, strlen(point), v);
	free(dir);
	return least;
}

static uint64_t
version_available(const char *cgroup, const char *mountinfo,
		  const struct version *v)
{
	uint64_t level, least = UINT64_MAX;
	char *path, *root, *point;
	char *line = NULL;
	size_t room = 0;
	FILE *file;

	path = cgroup_path(cgroup, v);
	file = path ? file_above_stdio(mountinfo) : NULL;
	while (file && getline(&line, &room, file) > 0) {
		if (!parse_mount(line, v, &root, &point))
			continue;
		level = mount_available(path, root, point, v);
		least = level < least ? level : least;
	}
	if (file)
		fclose(file);
	free(line);
	free(path);
	return least;
}

uint64_t
cgroup_available(const char *cgroup, const char *mountinfo)
{
	uint64_t one = version_available(cgroup, mountinfo, &v1);
	uint64_t two = version_available(cgroup, mountinfo, &v2);

	return one < two ? one : two;
}
