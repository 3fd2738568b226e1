/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cute_shm.h>

#include "doctor.h"
#include "text.h"
#include "units.h"

#define PREFIX		"cute-shm."
#define UNFINISHED	".cute-shm."

/* Where the Python package of the same name keeps what it knows. */
#define PYTHON_TOMLS	"/tmp/cute-shm"

struct count {
	uint64_t projects, orphans, damaged, torn, bytes, orphan_bytes;
	char *damaged_name, *torn_name;
};

static void
keep_name(char **name, const char *project)
{
	if (!*name)
		*name = text_format("%s", project);
}

static int
each(const struct cute_shm_info *info, void *arg)
{
	struct cute_shm_update_summary updates;
	struct count *c = arg;
	struct cute_shm *shm;

	c->projects++;
	c->bytes += info->size;
	if (info->orphan) {
		c->orphans++;
		c->orphan_bytes += info->size;
	} else if (info->err == CUTE_SHM_ERR_CORRUPT ||
		   info->err == CUTE_SHM_ERR_FORMAT) {
		c->damaged++;
		keep_name(&c->damaged_name, info->project);
	} else if (info->err == 0 &&
		   cute_shm_open_file(info->path, NULL, &shm) == 0) {
		if (cute_shm_update_summary(shm, &updates) == 0 &&
		    updates.torn > 0) {
			c->torn++;
			keep_name(&c->torn_name, info->project);
		}
		cute_shm_close(shm);
	}
	return 0;
}

static void
check_projects(const char *root)
{
	struct count c = { 0 };

	if (cute_shm_list(root, each, &c) != 0)
		return;		/* the root has been looked at */
	doctor_add(DOCTOR_OK, "projects", NULL, "%s, %s",
		   units_count(c.projects, "project").text,
		   units_size(c.bytes).text);
	if (c.orphans)
		doctor_add(DOCTOR_NOTE, "orphans", "cute-shm-unlink --orphans",
			   "%s whose owners have ended, %s",
			   units_count(c.orphans, "project").text,
			   units_size(c.orphan_bytes).text);
	if (c.damaged)
		doctor_add(DOCTOR_PROBLEM, "damage", "cute-shm-verify tells "
			   "more; load it again, or unlink it",
			   "%s damaged or foreign, such as %s", c.damaged == 1 ?
			   "one of them is" : "some of them are",
			   c.damaged_name);
	if (c.torn)
		doctor_add(DOCTOR_NOTE, "torn", "an update of the whole array "
			   "heals it", "%s an array whose writer died in the "
			   "middle, such as %s", c.torn == 1 ?
			   "a project has" : "projects have", c.torn_name);
	free(c.damaged_name);
	free(c.torn_name);
}

/* Unfinished builds: their own builders hold a lock on those that live. */
static void
check_unfinished(const char *root)
{
	const struct dirent *entry;
	DIR *dir = opendir(root);
	uint64_t n = 0;

	while (dir && (entry = readdir(dir)))
		n += strncmp(entry->d_name, UNFINISHED,
			     strlen(UNFINISHED)) == 0;
	if (dir)
		closedir(dir);
	if (n > 0)
		doctor_add(DOCTOR_NOTE, "unfinished", "cute-shm-list collects "
			   "those that are nobody's any more", "%s in %s",
			   units_count(n, "unfinished build").text, root);
}

/* Segments that a toml of the Python package names, and their bytes. */
static void
count_segments(const char *toml, uint64_t *segments, uint64_t *bytes)
{
	FILE *f = fopen(toml, "re");
	char line[4096], name[256], *path;
	struct stat st;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " shm_name = \"%255[^\"/]\"", name) != 1)
			continue;
		path = text_format("/dev/shm/%s", name);
		if (stat(path, &st) == 0) {
			++*segments;
			*bytes += (uint64_t)st.st_size;
		}
		free(path);
	}
	if (f)
		fclose(f);
}

static void
check_python(void)
{
	const struct dirent *entry;
	DIR *dir = opendir(PYTHON_TOMLS);
	uint64_t tomls = 0, segments = 0, bytes = 0;
	char *path;

	while (dir && (entry = readdir(dir))) {
		size_t size = strlen(entry->d_name);

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
		    size < 5 || strcmp(entry->d_name + size - 5, ".toml") != 0)
			continue;
		tomls++;
		path = text_format(PYTHON_TOMLS "/%s", entry->d_name);
		count_segments(path, &segments, &bytes);
		free(path);
	}
	if (dir)
		closedir(dir);
	if (tomls > 0)
		doctor_add(DOCTOR_NOTE, "python", "its own cute-shm-unlink "
			   "removes them", "%s of the Python package in "
			   PYTHON_TOMLS ", with %s, %s",
			   units_count(tomls, "project").text,
			   units_count(segments, "segment").text,
			   units_size(bytes).text);
}

void
doctor_leftovers(const char *root)
{
	check_projects(root);
	check_unfinished(root);
	check_python();
}
