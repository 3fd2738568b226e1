/* SPDX-License-Identifier: MIT */
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cute_shm.h>

#include "ageing.h"
#include "doctor.h"
#include "text.h"
#include "units.h"

#define RUNTIME "/run/user/"

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

/* Whether the user's processes, and folder in /run/user, stay at logout. */
static bool
lingers(void)
{
	const struct passwd *user = getpwuid(geteuid());
	bool ret;
	char *path;

	if (!user)
		return false;
	path = text_format("/var/lib/systemd/linger/%s", user->pw_name);
	ret = access(path, F_OK) == 0;
	free(path);
	return ret;
}

static void
check_logout(const char *root, const char *real)
{
	if (cute_shm_ends_at_logout(root))
		doctor_add(DOCTOR_PROBLEM, "logout",
			   "loginctl enable-linger, "
			   "or RemoveIPC=no in logind.conf",
			   "systemd empties "
			   "%s of your projects when you log out",
			   root);
	else if (strncmp(real, RUNTIME, strlen(RUNTIME)) == 0 && !lingers())
		doctor_add(DOCTOR_PROBLEM, "logout",
			   "loginctl enable-linger, or choose another root "
			   "with CUTE_SHM_ROOT or --root",
			   "systemd removes %s when you log out", root);
	else
		doctor_add(DOCTOR_OK, "logout", NULL,
			   "projects stay when you log out");
}

static void
check_ageing(const char *real)
{
	char *age, *remedy;

	if (access("/run/systemd/system", F_OK) != 0)
		return;
	age = ageing_of("", real);
	if (!age) {
		doctor_add(DOCTOR_OK, "ageing", NULL,
			   "projects stay however old they are");
		return;
	}
	remedy = text_format("echo 'x %s' > /etc/tmpfiles.d/cute-shm.conf",
			     real);
	doctor_add(DOCTOR_NOTE, "ageing", remedy,
		   "systemd-tmpfiles removes projects in %s that nobody has "
		   "opened for %s",
		   real, age);
	free(remedy);
	free(age);
}

void
doctor_user(const char *root)
{
	char *real = realpath(root, NULL);

	check_limits();
	check_logout(root, real ? real : root);
	if (real)
		check_ageing(real);
	free(real);
}
