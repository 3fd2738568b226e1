/* SPDX-License-Identifier: MIT */
/* cute-shm-doctor: one look at the machine. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cute_shm.h>

#include "cli.h"
#include "doctor.h"
#include "json.h"
#include "root_dir.h"
#include "text.h"
#include "wrap.h"

/* Columns below which the text has lines of its own. */
#define NARROW 60

static bool opt_json, opt_quiet;
static const char *opt_root;

static const struct cli_option options[] = {
	{ 'q', CLI_FLAG, "quiet", NULL, "only notes and problems", &opt_quiet },
	{ 0, CLI_FLAG, "json", NULL, "the findings as JSON", &opt_json },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-doctor",
	.operands = "",
	.summary = "Look at the machine: memory, limits, HDF5, leftovers; and "
		   "say what could be\nbetter, and how.",
	.statuses = "  0   nothing is a problem\n"
		    "  1   something is\n"
		    "  64  misuse of the command line\n",
	.max_operands = 0,
	.options = options,
};

static const char *const names[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_PROBLEM] = "problem",
};

static const enum text_style styles[] = {
	[DOCTOR_OK] = TEXT_DIM,
	[DOCTOR_NOTE] = TEXT_NAME,
	[DOCTOR_PROBLEM] = TEXT_BAD,
};

static struct json json;
static enum doctor_level worst;

static void
add_json(enum doctor_level level, const char *check, const char *remedy,
	 const char *message)
{
	json_open(&json, NULL, '{');
	json_text(&json, "level", names[level]);
	json_text(&json, "check", check);
	json_text(&json, "message", message);
	if (remedy)
		json_text(&json, "remedy", remedy);
	json_close(&json, '}');
}

/* A line begins with level and check; narrow ones have only these. */
static void
put_text(enum doctor_level level, const char *check, const char *remedy,
	 const char *message)
{
	size_t columns = text_columns(stdout);
	bool narrow = columns && columns < NARROW;
	size_t indent = narrow ? 4 : 22;

	text_style(stdout, styles[level]);
	printf("%-7s", names[level]);
	text_style(stdout, TEXT_PLAIN);
	if (narrow)
		printf("  %s\n%*s", check, (int)indent, "");
	else
		printf("  %-11s  ", check);
	wrap_put(stdout, message, indent, indent, columns);
	putchar('\n');
	if (!remedy)
		return;
	printf("%*s-> ", (int)indent, "");
	wrap_put(stdout, remedy, indent + 3, indent + 3, columns);
	putchar('\n');
}

void
doctor_add(enum doctor_level level, const char *check, const char *remedy,
	   const char *format, ...)
{
	va_list args;
	char *message;

	if (level > worst)
		worst = level;
	va_start(args, format);
	message = text_vformat(format, args);
	va_end(args);
	if (opt_json) {
		add_json(level, check, remedy, message);
	} else if (level > DOCTOR_OK || !opt_quiet) {
		put_text(level, check, remedy, message);
	}
	free(message);
}

bool
doctor_number(const char *file, const char *key, unsigned long long *ret)
{
	FILE *f = fopen(file, "re");
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0) {
			*ret = strtoull(line + strlen(key), NULL, 10);
			found = true;
		}
	if (f)
		fclose(f);
	return found;
}

char *
doctor_line(const char *file)
{
	FILE *f = fopen(file, "re");
	char line[256], *ret = NULL;

	if (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		ret = text_format("%s", line);
	}
	if (f)
		fclose(f);
	return ret;
}

int
main(int argc, char **argv)
{
	cli_begin(&program, argc, argv);
	if (opt_json) {
		json.out = stdout;
		json_open(&json, NULL, '{');
		json_open(&json, "findings", '[');
	}
	doctor_root(root_dir(opt_root));
	doctor_memory(root_dir(opt_root));
	doctor_user(root_dir(opt_root));
	doctor_hdf5();
	doctor_leftovers(root_dir(opt_root));
	doctor_holes(root_dir(opt_root));
	if (opt_json) {
		json_close(&json, ']');
		json_close(&json, '}');
	}
	return cli_end(worst == DOCTOR_PROBLEM ? CLI_FAILED : CLI_OK);
}
