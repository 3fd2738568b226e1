/* SPDX-License-Identifier: MIT */
/*
 * systemd-logind deletes what an ordinary user has in /dev/shm when the last
 * of the user's sessions ends, unless RemoveIPC=no or the user lingers; see
 * logind.conf(5).  Who publishes a lasting project should know.
 */

#include <dirent.h>
#include <limits.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "builder.h"

/* Below are system users, whom logind leaves alone (SYS_UID_MAX). */
#define FIRST_ORDINARY	1000

/* How systemd spells "no". */
static bool
is_no(const char *value)
{
	return strcasecmp(value, "no") == 0 ||
	       strcasecmp(value, "false") == 0 ||
	       strcasecmp(value, "off") == 0 || strcasecmp(value, "n") == 0 ||
	       strcasecmp(value, "f") == 0 || strcmp(value, "0") == 0;
}

/* What the file says of RemoveIPC, if it says anything. */
static void
read_setting(const char *path, bool *removes)
{
	char line[512], value[32];
	FILE *f = fopen(path, "re");

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " RemoveIPC = %31s", value) == 1)
			*removes = !is_no(value);
	fclose(f);
}

static int
is_conf(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 5 && strcmp(entry->d_name + size - 5, ".conf") == 0;
}

/* "SYSTEM/FOLDER/systemd/NAME", true if it fits. */
static bool
conf_path(char path[PATH_MAX], const char *system, const char *folder,
	  const char *name)
{
	return snprintf(path, PATH_MAX, "%s/%s/systemd/%s", system, folder,
			name) < PATH_MAX;
}

static void
read_dropins(const char *system, const char *folder, bool *removes)
{
	char path[PATH_MAX], name[NAME_MAX + 32];
	struct dirent **names;
	int count, i;

	if (!conf_path(path, system, folder, "logind.conf.d"))
		return;
	count = scandir(path, &names, is_conf, alphasort);
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "logind.conf.d/%s",
			 names[i]->d_name);
		if (conf_path(path, system, folder, name))
			read_setting(path, removes);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

/* What is more local has the last word. */
static bool
setting(const char *system)
{
	static const char *const folders[] = { "usr/lib", "run", "etc" };
	char path[PATH_MAX];
	bool removes = true;	/* what systemd is built with */
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (conf_path(path, system, folders[i], "logind.conf"))
			read_setting(path, &removes);
	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		read_dropins(system, folders[i], &removes);
	return removes;
}

bool
logind_removes(const char *system, uid_t uid, const char *user)
{
	char path[PATH_MAX];

	if (uid < FIRST_ORDINARY)
		return false;
	/* Where logind runs it has its folder of sessions. */
	snprintf(path, sizeof(path), "%s/run/systemd/sessions", system);
	if (access(path, F_OK) != 0)
		return false;
	snprintf(path, sizeof(path), "%s/var/lib/systemd/linger/%s", system,
		 user);
	return access(path, F_OK) != 0 && setting(system);
}

/* Whether the root is the folder that logind clears, or lies in it. */
static bool
is_cleared(const char *root)
{
	static const char cleared[] = "/dev/shm";
	size_t size = sizeof(cleared) - 1;
	char *real = realpath(root, NULL);
	bool ret = real && strncmp(real, cleared, size) == 0 &&
		   (real[size] == '\0' || real[size] == '/');

	free(real);
	return ret;
}

int
cute_shm_ends_at_logout(const char *root)
{
	struct passwd entry, *user = NULL;
	char buffer[4096];

	return geteuid() >= FIRST_ORDINARY &&
	       is_cleared(root_or_default(root)) &&
	       getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer),
			  &user) == 0 &&
	       user && logind_removes("", geteuid(), user->pw_name);
}

void
logind_warn(const struct cute_shm_builder *b)
{
	static atomic_bool told;

	if (!cute_shm_ends_at_logout(b->root) || atomic_exchange(&told, true))
		return;
	cute_shm_log(CUTE_SHM_LOG_WARNING, "project %s ends when you log out: "
		     "systemd then empties %s (RemoveIPC=yes); 'loginctl "
		     "enable-linger' keeps it", b->project, b->root);
}
