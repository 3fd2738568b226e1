/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <sys/resource.h>

#include <cute_shm.h>

#include "doctor.h"
#include "units.h"

static void
check_limits(void)
{
	static const struct {
		int resource;
		const char *option; /* of the shell's ulimit */
		const char *what;
	} limits[] = {
		{ RLIMIT_FSIZE, "ulimit -f", "a file, so a segment" },
		{ RLIMIT_AS, "ulimit -v",
		  "the address space of a process, "
		  "in which segments are mapped" },
		{ RLIMIT_DATA, "ulimit -d", "the private memory of a process" },
	};
	struct rlimit r;
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		if (getrlimit((__rlimit_resource_t)limits[i].resource, &r) !=
			    0 ||
		    r.rlim_cur == RLIM_INFINITY)
			continue;
		doctor_add(DOCTOR_NOTE, "limits",
			   "raise it (limits.conf, or "
			   "ulimit in the shell)",
			   "%s: %s may have %s", limits[i].option,
			   limits[i].what,
			   units_size((uint64_t)r.rlim_cur).text);
		any = true;
	}
	if (!any)
		doctor_add(DOCTOR_OK, "limits", NULL,
			   "none on files and "
			   "memory");
	if (getrlimit(RLIMIT_NOFILE, &r) == 0)
		doctor_add(r.rlim_cur < 64 ? DOCTOR_PROBLEM : DOCTOR_OK,
			   "descriptors",
			   r.rlim_cur < 64 ? "ulimit -n 1024" : NULL,
			   "%ju for a process, which takes one or two "
			   "per project",
			   (uintmax_t)r.rlim_cur);
}

void
doctor_user(const char *root)
{
	check_limits();
	if (cute_shm_ends_at_logout(root))
		doctor_add(DOCTOR_PROBLEM, "logout",
			   "loginctl enable-linger, "
			   "or RemoveIPC=no in logind.conf",
			   "systemd empties "
			   "%s of your projects when you log out",
			   root);
	else
		doctor_add(DOCTOR_OK, "logout", NULL,
			   "projects stay when you log out");
}
