/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cute_shm.h>

#include "doctor.h"
#include "units.h"

static void
check_room(const char *root)
{
	struct cute_shm_space space;
	unsigned long long total = 0;

	if (cute_shm_available(root, &space) != 0) {
		doctor_add(DOCTOR_PROBLEM, "memory", NULL, "%s",
			   cute_shm_errmsg());
		return;
	}
	doctor_number("/proc/meminfo", "MemTotal:", &total);
	total *= 1024;
	doctor_add(space.available < total / 20 ? DOCTOR_NOTE : DOCTOR_OK,
		   "memory",
		   space.available < total / 20
			   ? "unlink projects (cute-shm-unlink), end programs, "
			     "or raise "
			     "that bound"
			   : NULL,
		   "a new segment may have %s; the bound is the %s",
		   units_size(space.available).text, space.limit);
}

static void
check_swap(void)
{
	unsigned long long total = 0, left = 0;

	doctor_number("/proc/meminfo", "SwapTotal:", &total);
	doctor_number("/proc/meminfo", "SwapFree:", &left);
	if (total == 0)
		doctor_add(DOCTOR_OK, "swap", NULL,
			   "none: what is loaded "
			   "stays in memory");
	else if (left < total / 2)
		doctor_add(DOCTOR_NOTE, "swap", "load less, or end programs",
			   "%s of %s in use: parts of projects may be on the "
			   "disk",
			   units_size((total - left) * 1024).text,
			   units_size(total * 1024).text);
	else
		doctor_add(DOCTOR_OK, "swap", NULL, "%s, %s of it in use",
			   units_size(total * 1024).text,
			   units_size((total - left) * 1024).text);
}

/* What runtimes leave behind for programs that want to know. */
static void
check_container(void)
{
	static const char *const files[] = { "/.dockerenv",
					     "/run/.containerenv" };
	char *name = doctor_line("/run/systemd/container");
	size_t i;

	for (i = 0; !name && i < sizeof(files) / sizeof(*files); i++)
		if (access(files[i], F_OK) == 0)
			name = strdup(i == 0 ? "docker" : "podman");
	if (name)
		doctor_add(DOCTOR_NOTE, "container",
			   "--ipc=host, or a volume "
			   "of the host as the root",
			   "in a container (%s): "
			   "projects of its /dev/shm are its own",
			   name);
	else
		doctor_add(DOCTOR_OK, "container", NULL, "none");
	free(name);
}

void
doctor_memory(const char *root)
{
	check_room(root);
	check_swap();
	check_container();
}
