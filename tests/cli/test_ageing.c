/* SPDX-License-Identifier: MIT */
/* Whether systemd-tmpfiles would delete what is in a folder, and when. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../bin/ageing.h"
#include "util.h"

static const char *system_root;

static void
begin(void)
{
	system_root = test_root();
}

/* FOLDER/tmpfiles.d/NAME */
static void
put(const char *folder, const char *name, const char *lines)
{
	char path[4096];
	size_t size = strlen(system_root);
	char *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/tmpfiles.d/%s", system_root, folder,
		 name);
	for (slash = path + size; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(lines, f);
	fclose(f);
}

static void
is(const char *folder, const char *expected)
{
	char *age = ageing_of(system_root, folder);

	ck_assert_pstr_eq(age, expected);
	free(age);
}

START_TEST(nothing)
{
	is("/tmp", NULL);
	put("usr/lib", "tmp.conf.bak", "q /tmp 1777 root root 10d\n");
	is("/tmp", NULL);
}
END_TEST

START_TEST(below)
{
	put("usr/lib", "tmp.conf",
	    "# q /run 1777 root root 1d\n"
	    "\n"
	    "q /tmp 1777 root root 10d\n"
	    "q /var/tmp/ 1777 root root 30d\n"
	    "D! /srv/own 0755 root root -\n");
	is("/tmp", "10d");
	is("/tmp/a/b", "10d");
	is("/var/tmp/a", "30d");
	is("/tmpx", NULL);
	is("/dev/shm", NULL);
	is("/run", NULL);
	is("/srv/own", NULL);
}
END_TEST

/* Each of these keeps what is in it from the line for /tmp. */
START_TEST(kept)
{
	put("usr/lib", "tmp.conf", "q /tmp 1777 root root 10d\n");
	put("etc", "cute-shm.conf",
	    "x /tmp/x\n"
	    "x /tmp/many-*\n"
	    "d /tmp/d 1777 root root -\n"
	    "d /tmp/short\n"
	    "e /tmp/e - - - 5d\n"
	    "X /tmp/only-itself\n");
	is("/tmp/x", NULL);
	is("/tmp/x/below", NULL);
	is("/tmp/many-1/below", NULL);
	is("/tmp/d", NULL);
	is("/tmp/short", NULL);
	is("/tmp/e/f", "5d");
	is("/tmp/only-itself", "10d");
	is("/tmp/other", "10d");
}
END_TEST

/* A file of a folder that comes first hides those of the same name. */
START_TEST(hidden)
{
	put("usr/lib", "tmp.conf", "q /tmp 1777 root root 10d\n");
	put("run", "tmp.conf", "q /tmp 1777 root root 20d\n");
	is("/tmp", "20d");
	put("etc", "tmp.conf", "");
	is("/tmp", NULL);
	put("usr/lib", "z.conf", "q /tmp 1777 root root 2d\n");
	put("usr/lib", "a.conf", "q /tmp 1777 root root 1d\n");
	is("/tmp", "1d");
}
END_TEST

/* Long lines, and lines that end early, are no harm. */
START_TEST(odd)
{
	char line[5000];

	memset(line, 'a', sizeof(line));
	memcpy(line, "q /tmp/", 7);
	line[sizeof(line) - 1] = '\0';
	put("etc", "odd.conf", line);
	put("etc", "odd2.conf", "q\nq tmp\n\377\n   q   /tmp\t- - -  m:1h30m");
	is("/tmp", "m:1h30m");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ageing");
	TCase *t = tcase_create("ageing");

	tcase_add_checked_fixture(t, begin, NULL);
	tcase_add_test(t, nothing);
	tcase_add_test(t, below);
	tcase_add_test(t, kept);
	tcase_add_test(t, hidden);
	tcase_add_test(t, odd);
	suite_add_tcase(s, t);
	return test_run(s);
}
