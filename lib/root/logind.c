/* SPDX-License-Identifier: MIT */
/*
 * systemd-logind deletes the files of an ordinary user in /dev/shm when the
 * last of the user's sessions ends, unless RemoveIPC=no or the user lingers;
 * see logind.conf(5).  The program can warn users who publish a lasting project
 * there.
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

#include "root/root.h"

/* Lower numbers are system users, whose files logind keeps (SYS_UID_MAX). */
#define FIRST_ORDINARY 1000

/* True if systemd reads the value as "no". */
static bool
is_no(const char *value)
{
	return strcasecmp(value, "no") == 0 ||
	       strcasecmp(value, "false") == 0 ||
	       strcasecmp(value, "off") == 0 || strcasecmp(value, "n") == 0 ||
	       strcasecmp(value, "f") == 0 || strcmp(value, "0") == 0;
}

/* Set *removes to the value of RemoveIPC, if the file has one. */
static void
read_setting(const char *path, bool *removes)
{
	char line[512], value[32];
	FILE *f = file_above_stdio(path);

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

/* In order of precedence: a file in the first folder hides the others. */
static const char *const folders[] = { "etc", "run", "usr/local/lib",
				       "usr/lib" };
#define FOLDERS (sizeof(folders) / sizeof(*folders))

/* "SYSTEM/FOLDER/systemd/NAME", true if it fits. */
static bool
conf_path(char path[PATH_MAX], const char *system, const char *folder,
	  const char *name)
{
	return snprintf(path, PATH_MAX, "%s/%s/systemd/%s", system, folder,
			name) < PATH_MAX;
}

/* Read the main file of the first folder that has one. */
static void
read_main(const char *system, bool *removes)
{
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < FOLDERS; i++)
		if (conf_path(path, system, folders[i], "logind.conf") &&
		    access(path, F_OK) == 0) {
			read_setting(path, removes);
			return;
		}
}

/* Set 'name' to the next drop-in of all folders in order; false if none. */
static bool
next_dropin(const char *system, char name[NAME_MAX + 1])
{
	char path[PATH_MAX], best[NAME_MAX + 1] = "";
	const struct dirent *entry;
	DIR *dir;
	size_t i;

	for (i = 0; i < FOLDERS; i++) {
		dir = conf_path(path, system, folders[i], "logind.conf.d")
			      ? dir_above_stdio(path)
			      : NULL;
		while (dir && (entry = readdir(dir)))
			if (is_conf(entry) && strcmp(entry->d_name, name) > 0 &&
			    (!*best || strcmp(entry->d_name, best) < 0))
				snprintf(best, sizeof(best), "%s",
					 entry->d_name);
		if (dir)
			closedir(dir);
	}
	memcpy(name, best, sizeof(best));
	return *best != '\0';
}

/* Read a drop-in.  It hides those of the same name in later folders. */
static void
read_dropin(const char *system, const char *name, bool *removes)
{
	char path[PATH_MAX], file[NAME_MAX + 32];
	size_t i;

	snprintf(file, sizeof(file), "logind.conf.d/%s", name);
	for (i = 0; i < FOLDERS; i++)
		if (conf_path(path, system, folders[i], file) &&
		    access(path, F_OK) == 0) {
			read_setting(path, removes);
			return;
		}
}

/* Read as systemd does: the main file, then all drop-ins sorted by name. */
static bool
setting(const char *system)
{
	char name[NAME_MAX + 1] = "";
	bool removes = true; /* the default of systemd */

	read_main(system, &removes);
	while (next_dropin(system, name))
		read_dropin(system, name, &removes);
	return removes;
}

bool
logind_removes(const char *system, uid_t uid, const char *user)
{
	char path[PATH_MAX];

	if (uid < FIRST_ORDINARY)
		return false;
	/*
	 * logind runs if systemd runs and logind's folder of sessions exists.
	 * The folder alone is no proof: in a container, without systemd, a
	 * package may have made it.
	 */
	snprintf(path, sizeof(path), "%s/run/systemd/system", system);
	if (access(path, F_OK) != 0)
		return false;
	snprintf(path, sizeof(path), "%s/run/systemd/sessions", system);
	if (access(path, F_OK) != 0)
		return false;
	snprintf(path, sizeof(path), "%s/var/lib/systemd/linger/%s", system,
		 user);
	return access(path, F_OK) != 0 && setting(system);
}

/* True if the root is the folder that logind clears, or lies in it. */
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
	       getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &user) ==
		       0 &&
	       user && logind_removes("", geteuid(), user->pw_name);
}
