/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "doctor.h"
#include "text.h"
#include "units.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* since Linux 6.1 */
#endif

/* What docker gives a container that asks for nothing. */
#define SMALL (UINT64_C(64) << 20)

/* The file system that the folder is on. */
struct mounted {
	char point[256];
	char type[32];
	char options[256];
};

/*
 * A line of proc(5)'s mountinfo ends "- TYPE SOURCE OPTIONS".  With bind mounts
 * there are several of a device; they are of one file system.
 */
static bool
find_mount(const char *root, struct mounted *ret)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char device[32], *line = NULL;
	const char *rest;
	size_t room = 0;
	bool found = false;
	struct stat st;

	if (!f || stat(root, &st) != 0) {
		if (f)
			fclose(f);
		return false;
	}
	snprintf(device, sizeof(device), " %u:%u ", major(st.st_dev),
		 minor(st.st_dev));
	while (!found && getline(&line, &room, f) >= 0) {
		rest = strstr(line, " - ");
		found = rest && strstr(line, device) &&
			strstr(line, device) < rest &&
			sscanf(rest, " - %31s %*s %255s", ret->type,
			       ret->options) == 2 &&
			sscanf(line, "%*s %*s %*s %*s %255s", ret->point) == 1;
	}
	free(line);
	fclose(f);
	return found;
}

static bool
in_memory(const struct mounted *m)
{
	return strcmp(m->type, "tmpfs") == 0 || strcmp(m->type, "ramfs") == 0;
}

static void
check_size(const char *root, const struct mounted *m)
{
	struct statfs fs;
	uint64_t size, left;

	if (statfs(root, &fs) != 0) {
		doctor_add(DOCTOR_PROBLEM, "root", NULL, "%s: %s", root,
			   strerror(errno));
		return;
	}
	size = (uint64_t)fs.f_blocks * (uint64_t)fs.f_bsize;
	left = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
	if (!in_memory(m))
		doctor_add(DOCTOR_NOTE, "root",
			   "choose another root with "
			   "CUTE_SHM_ROOT or --root",
			   "%s is on %s, which is "
			   "no memory: %s, %s free",
			   root, m->type, units_size(size).text,
			   units_size(left).text);
	else if (size > 0 && size <= SMALL)
		doctor_add(DOCTOR_PROBLEM, "root",
			   "start the container with "
			   "--shm-size=16g or --ipc=host, or: mount -o "
			   "remount,size=16g /dev/shm",
			   "%s has only %s", root, units_size(size).text);
	else
		doctor_add(DOCTOR_OK, "root", NULL, "%s: %s, %s, %s free", root,
			   m->type, units_size(size).text,
			   units_size(left).text);
}

/* What the library wants from a folder: files without a name, and locks. */
static void
check_abilities(const char *root)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };
	int fd = open(root, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 &&
	    (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		doctor_add(DOCTOR_NOTE, "files", NULL,
			   "%s has no files "
			   "without a name: a builder that is killed leaves "
			   "one, which the next removes",
			   root);
	else if (fd < 0)
		doctor_add(errno == EACCES || errno == EROFS ? DOCTOR_NOTE
							     : DOCTOR_PROBLEM,
			   "files", NULL,
			   "no project can be "
			   "made in %s: %s",
			   root, strerror(errno));
	else if (fcntl(fd, F_OFD_SETLK, &lock) != 0)
		doctor_add(DOCTOR_PROBLEM, "files",
			   "choose another root with "
			   "CUTE_SHM_ROOT or --root",
			   "%s has no locks, which "
			   "updates and ephemeral projects need: %s",
			   root, strerror(errno));
	else
		doctor_add(DOCTOR_OK, "files", NULL,
			   "files without a name, "
			   "and locks");
	if (fd >= 0)
		close(fd);
}

/* Whether the administrator wants no large pages for files in memory. */
static bool
huge_denied(void)
{
	char line[128];
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/shmem_enabled",
			"re");
	bool denied;

	if (!f)
		return false;
	denied = fgets(line, sizeof(line), f) && strstr(line, "[deny]");
	fclose(f);
	return denied;
}

/* Of nothing, so that only the advice itself can be wrong. */
static bool
huge_on_request(void)
{
	void *nothing = (void *)(uintptr_t)sysconf(_SC_PAGESIZE);

	return madvise(nothing, 0, MADV_COLLAPSE) == 0;
}

static void
check_huge(const char *root, const struct mounted *m)
{
	const char *p = strstr(m->options, "huge=");
	char *remedy;

	if (strcmp(m->type, "tmpfs") != 0)
		return;
	if (huge_denied()) {
		doctor_add(DOCTOR_NOTE, "huge pages",
			   "echo never > /sys/kernel"
			   "/mm/transparent_hugepage/shmem_enabled",
			   "this "
			   "system has none for files in memory: with them "
			   "loading takes about half the time");
	} else if (huge_on_request()) {
		doctor_add(DOCTOR_OK, "huge pages", NULL,
			   "given to projects on request");
	} else if (p && strncmp(p, "huge=never", 10) != 0) {
		doctor_add(DOCTOR_OK, "huge pages", NULL, "%.*s",
			   (int)strcspn(p, ","), p);
	} else {
		remedy = text_format("mount -o remount,huge=advise %s",
				     m->point);
		doctor_add(DOCTOR_NOTE, "huge pages", remedy,
			   "%s gives small "
			   "pages only: with large ones loading takes about "
			   "half the time",
			   root);
		free(remedy);
	}
}

void
doctor_root(const char *root)
{
	struct mounted m = { "?", "?", "" };
	struct stat st;

	errno = 0;
	if (stat(root, &st) != 0 || !S_ISDIR(st.st_mode)) {
		doctor_add(DOCTOR_PROBLEM, "root",
			   "make it, or choose another "
			   "one with CUTE_SHM_ROOT or --root",
			   "%s: %s", root, strerror(errno ? errno : ENOTDIR));
		return;
	}
	find_mount(root, &m);
	check_size(root, &m);
	check_abilities(root);
	check_huge(root, &m);
}
