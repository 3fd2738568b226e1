/* SPDX-License-Identifier: MIT */
/* Progress in the log of a job, by a clock of our own; sizes and times. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bin/cli.h"
#include "../../bin/progress.h"
#include "../../bin/units.h"
#include "util.h"

#define GIB ((uint64_t)1 << 30)

static const struct cli_option options[] = { { .name = NULL } };
static const struct cli_program program = {
	.name = "job",
	.operands = "",
	.summary = "",
	.statuses = "",
	.options = options,
};

static char text[8192];

/* What standard error gets of a load of 'seconds', ten looks a second. */
static const char *
run(bool wanted, bool verbose, unsigned seconds)
{
	char name[] = "/tmp/cute-shm-test-progress.XXXXXX";
	char *argv[] = { (char[]){ "job" }, NULL };
	int fd = mkstemp(name), before = dup(STDERR_FILENO);
	struct progress p = { .path = "a/b" };
	ssize_t n;

	unlink(name);
	dup2(fd, STDERR_FILENO);
	cli_begin(&program, 1, argv);
	progress_begin_at(wanted, verbose, 1000);
	for (unsigned i = 0; i <= seconds * 10; i++) {
		p.objects = i;
		p.bytes_total = i < 50 ? 0 : GIB; /* scans for 5 s */
		p.bytes_done = i < 50 ? 0 : GIB / 1000 * (i - 50);
		progress_update_at(&p, 1000 + i / 10.0);
	}
	progress_clear();
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

START_TEST(a_line_now_and_then)
{
	ck_assert_str_eq(run(true, false, 9), "");
	ck_assert_str_eq(
		run(true, false, 35),
		"job: 4%, 51.2 MiB of 1.0 GiB, 10.2 MiB/s, 1 min 36 s left, "
		"at /a/b\n"
		"job: 14%, 154 MiB of 1.0 GiB, 10.2 MiB/s, 1 min 26 s left, "
		"at /a/b\n"
		"job: 24%, 256 MiB of 1.0 GiB, 10.2 MiB/s, 1 min 16 s left, "
		"at /a/b\n");
	ck_assert_str_eq(run(true, true, 5), "job: scanning: 20 objects\n"
					     "job: scanning: 40 objects\n");
	ck_assert_ptr_nonnull(strstr(run(true, true, 7), "job: 0%, "));
}
END_TEST

START_TEST(never_if_not_wanted)
{
	ck_assert_str_eq(run(false, false, 100), "");
	ck_assert_str_eq(run(false, true, 100), "");
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		const char *text;
		uint64_t size; /* 0: none */
	} cases[] = {
		{ "1", 1 },
		{ "65536", 65536 },
		{ "256K", 262144 },
		{ "1.5G", 3 * GIB / 2 },
		{ "2TiB", 2048 * GIB },
		{ "7E", 7 * GIB * GIB },
		{ "8E", 0 },
		{ "0", 0 },
		{ "", 0 },
		{ "K", 0 },
		{ "-1", 0 },
		{ "+1", 0 },
		{ " 1", 0 },
		{ "1 K", 0 },
		{ "0x10", 0 },
		{ "1KB", 0 },
		{ "1Kib", 0 },
		{ "1.2.3", 0 },
		{ ".5K", 0 },
		{ "0.1", 0 },
		{ "inf", 0 },
		{ "1e3", 0 },
		{ "99999999999999999999", 0 },
	};
	uint64_t size = 0;

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		ck_assert_msg(units_parse_size(cases[i].text, &size) ==
				      (cases[i].size > 0),
			      "%s", cases[i].text);
		if (cases[i].size)
			ck_assert_uint_eq(size, cases[i].size);
	}
}
END_TEST

START_TEST(seconds)
{
	static const struct {
		const char *text;
		double seconds; /* 0: none */
	} cases[] = {
		{ "1", 1 },	  { "2.5", 2.5 },  { "30s", 30 }, { "5m", 300 },
		{ "1.5h", 5400 }, { "1d", 86400 }, { "0", 0 },	  { "0.0s", 0 },
		{ "", 0 },	  { "s", 0 },	   { "-1", 0 },	  { "1w", 0 },
		{ "1sm", 0 },	  { "nan", 0 },	   { "1 s", 0 },
	};
	double s = 0;

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		ck_assert_msg(units_parse_seconds(cases[i].text, &s) ==
				      (cases[i].seconds > 0),
			      "%s", cases[i].text);
		if (cases[i].seconds > 0)
			ck_assert_double_eq(s, cases[i].seconds);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("progress");
	TCase *t = tcase_create("progress");

	tcase_add_test(t, a_line_now_and_then);
	tcase_add_test(t, never_if_not_wanted);
	tcase_add_test(t, sizes);
	tcase_add_test(t, seconds);
	suite_add_tcase(s, t);
	return test_run(s);
}
