/* SPDX-License-Identifier: MIT */
/* Whose projects systemd removes when they log out. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build/build.h"
#include "util.h"

static void
put(const char *root, const char *name, const char *text)
{
	const char *path = test_path(root, name);
	char *copy = strdup(path), *slash;
	FILE *f;

	ck_assert_ptr_nonnull(copy);
	for (slash = copy + strlen(root) + 1; (slash = strchr(slash, '/'));
	     slash++) {
		*slash = '\0';
		ck_assert(mkdir(copy, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	free(copy);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(who_loses_what)
{
	const char *s = test_root();

	ck_assert(!logind_removes(s, 1000, "ann")); /* no systemd */
	/* Of a package, in a container. */
	put(s, "run/systemd/sessions/1", "");
	ck_assert(!logind_removes(s, 1000, "ann"));
	put(s, "run/systemd/system/1", "");
	ck_assert(logind_removes(s, 1000, "ann"));
	ck_assert(!logind_removes(s, 0, "root"));
	ck_assert(!logind_removes(s, 999, "daemon"));
	put(s, "var/lib/systemd/linger/bob", "");
	ck_assert(!logind_removes(s, 1000, "bob"));
	ck_assert(logind_removes(s, 1000, "ann"));
	put(s, "etc/systemd/logind.conf", "[Login]\n#RemoveIPC=no\n");
	ck_assert(logind_removes(s, 1000, "ann"));
	put(s, "etc/systemd/logind.conf", "[Login]\nRemoveIPC=no\n");
	ck_assert(!logind_removes(s, 1000, "ann"));
	put(s, "usr/lib/systemd/logind.conf.d/a.conf", "RemoveIPC = yes\n");
	ck_assert(logind_removes(s, 1000, "ann"));
	put(s, "etc/systemd/logind.conf.d/b.conf", "RemoveIPC=False\n");
	put(s, "etc/systemd/logind.conf.d/c", "RemoveIPC=yes\n");
	ck_assert(!logind_removes(s, 1000, "ann"));
}
END_TEST

/* Drop-ins are sorted by their names, whichever folder they are in. */
START_TEST(dropins)
{
	const char *s = test_root();

	put(s, "run/systemd/sessions/1", "");
	put(s, "run/systemd/system/1", "");
	put(s, "usr/lib/systemd/logind.conf.d/50.conf", "RemoveIPC=yes\n");
	put(s, "etc/systemd/logind.conf.d/10.conf", "RemoveIPC=no\n");
	ck_assert(logind_removes(s, 1000, "ann"));
	put(s, "usr/local/lib/systemd/logind.conf.d/60.conf", "RemoveIPC=no\n");
	ck_assert(!logind_removes(s, 1000, "ann"));
	/* One hides those of the same name behind it. */
	put(s, "run/systemd/logind.conf.d/60.conf", "[Login]\n");
	ck_assert(logind_removes(s, 1000, "ann"));
	put(s, "etc/systemd/logind.conf.d/50.conf", "");
	ck_assert(!logind_removes(s, 1000, "ann"));
	/* So does a main file. */
	put(s, "etc/systemd/logind.conf.d/10.conf", "");
	ck_assert(logind_removes(s, 1000, "ann"));
	put(s, "usr/lib/systemd/logind.conf", "RemoveIPC=no\n");
	ck_assert(!logind_removes(s, 1000, "ann"));
	put(s, "etc/systemd/logind.conf", "[Login]\n");
	ck_assert(logind_removes(s, 1000, "ann"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("logind");
	TCase *t = tcase_create("logind");

	tcase_add_test(t, who_loses_what);
	tcase_add_test(t, dropins);
	suite_add_tcase(s, t);
	return test_run(s);
}
