/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cute_shm.h>

#include "doctor.h"
#include "python_segment.h"
#include "regular_file.h"
#include "text.h"
#include "units.h"

#define PREFIX	   "cute-shm."
#define UNFINISHED ".cute-shm."

/* Where the Python package of the same name keeps what it knows. */
#define PYTHON_TOMLS "/tmp/cute-shm"

/* Anybody may put files there, so only so many, of such a size, are read. */
#define MOST_TOMLS   1000
#define LARGEST_TOML ((size_t)1 << 20)

struct count {
	const char *root;
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
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = c->root };
	struct cute_shm *shm;

	if (python_segment(info))
		return 0; /* healthy, and not ours: check_python() */
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
		   cute_shm_open(info->project, &opt, &shm) == 0) {
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
	struct count c = { .root = root };

	if (cute_shm_list(root, each, &c) != 0)
		return; /* the root has been looked at */
	doctor_add(DOCTOR_OK, "projects", NULL, "%s, %s",
		   units_count(c.projects, "project").text,
		   units_size(c.bytes).text);
	if (c.orphans)
		doctor_add(DOCTOR_NOTE, "orphans", "cute-shm-unlink --orphans",
			   "%s whose owners have ended, %s",
			   units_count(c.orphans, "project").text,
			   units_size(c.orphan_bytes).text);
	if (c.damaged)
		doctor_add(DOCTOR_PROBLEM, "damage",
			   "cute-shm-verify tells "
			   "more; load it again, or unlink it",
			   "%s damaged or foreign, such as %s",
			   c.damaged == 1 ? "one of them is"
					  : "some of them are",
			   c.damaged_name);
	if (c.torn)
		doctor_add(DOCTOR_NOTE, "torn",
			   "an update of the whole array "
			   "heals it",
			   "%s an array whose writer died in the "
			   "middle, such as %s",
			   c.torn == 1 ? "a project has" : "projects have",
			   c.torn_name);
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
		n += strncmp(entry->d_name, UNFINISHED, strlen(UNFINISHED)) ==
		     0;
	if (dir)
		closedir(dir);
	if (n > 0)
		doctor_add(DOCTOR_NOTE, "unfinished",
			   "cute-shm-list collects "
			   "those that are nobody's any more",
			   "%s in %s", units_count(n, "unfinished build").text,
			   root);
}

struct loads {
	uint64_t running, dead;
};

static int
count_load(const struct cute_shm_load_info *info, void *arg)
{
	struct loads *loads = arg;

	loads->running += info->running != 0;
	loads->dead += info->running == 0;
	return 0;
}

static void
check_loads(const char *root)
{
	struct loads loads = { 0 };

	if (cute_shm_loads(root, count_load, &loads) != 0)
		return; /* the root has been looked at */
	if (loads.running > 0)
		doctor_add(DOCTOR_OK, "loads", NULL, "%s under way",
			   units_count(loads.running, "load").text);
	if (loads.dead > 0)
		doctor_add(DOCTOR_NOTE, "dead loads",
			   "cute-shm-list removes what they left",
			   "%s that died",
			   units_count(loads.dead, "load").text);
}

/* The segment that a line of a toml names, if it is there. */
static void
count_segment(const char *line, uint64_t *segments, uint64_t *bytes)
{
	char name[256], *path;
	struct stat st;

	if (sscanf(line, " shm_name = \"%255[^\"/]\"", name) != 1)
		return;
	path = text_format("/dev/shm/%s", name);
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		++*segments;
		*bytes += (uint64_t)st.st_size;
	}
	free(path);
}

static void
count_segments(char *toml, uint64_t *segments, uint64_t *bytes)
{
	char *line, *rest = toml;

	while ((line = strsep(&rest, "\n")))
		count_segment(line, segments, bytes);
}

static bool
is_toml(const char *name)
{
	size_t size = strlen(name);

	return strncmp(name, PREFIX, strlen(PREFIX)) == 0 && size >= 5 &&
	       strcmp(name + size - 5, ".toml") == 0;
}

/* The folder itself, not where a link may lead. */
static DIR *
open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK |
				    O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

static void
check_python(void)
{
	const struct dirent *entry;
	DIR *dir = open_folder(PYTHON_TOMLS);
	uint64_t tomls = 0, segments = 0, bytes = 0;
	char *toml;

	while (dir && tomls < MOST_TOMLS && (entry = readdir(dir))) {
		toml = is_toml(entry->d_name)
			       ? regular_file_text(dirfd(dir), entry->d_name,
						   LARGEST_TOML)
			       : NULL;
		if (!toml)
			continue;
		tomls++;
		count_segments(toml, &segments, &bytes);
		free(toml);
	}
	if (dir)
		closedir(dir);
	if (tomls > 0)
		doctor_add(DOCTOR_NOTE, "python",
			   "its own cute-shm-unlink "
			   "removes them",
			   "%s of the Python package in " PYTHON_TOMLS
			   ", with %s, %s",
			   units_count(tomls, "project").text,
			   units_count(segments, "segment").text,
			   units_size(bytes).text);
}

void
doctor_leftovers(const char *root)
{
	check_projects(root);
	check_unfinished(root);
	check_loads(root);
	check_python();
}
