/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: any bytes as a segment, and what cute-shm-list, cute-shm-dump and
 * cute-shm-diff show of it, in every form that they have.  Whatever they print
 * is UTF-8, and has no character that would do something to a terminal.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bin/cli.h"
#include "../../bin/diff.h"
#include "../../bin/dump.h"
#include "../../bin/hex.h"
#include "../../bin/list.h"
#include "../../bin/text.h"
#include "fit.h"
#include "read/read.h"
#include "seed.h"

unsigned fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64], other_path[64];
static FILE *real_stdout;

/* ------------------------------- what the tools' main() and bin/cli.c give */

bool list_with_nodes = true, list_exact_bytes, list_as_tree;

bool
list_filtered(void)
{
	return list_as_tree;
}

bool
list_wanted(const struct cute_shm_node *node)
{
	return !list_as_tree || node->attr_count != 1;
}

void
cli_message(const char *format, ...)
{
	char text[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
}

int
cli_fail(void)
{
	cli_message("%s", cute_shm_errmsg());
	return CLI_FAILED;
}

_Noreturn void
cli_misuse(const char *format, ...)
{
	(void)format;
	abort();
}

/* ------------------------------------------------------------------ output */

static struct text_buffer buffer;

static void
capture(void)
{
	text_buffer_begin(&buffer);
	stdout = buffer.out;
}

/* Give it up; 'text': all of it must be for people. */
static void
release(bool text)
{
	char *s = text_buffer_end(&buffer);
	const char *p = s, *end = s + buffer.size;
	uint32_t c;

	stdout = real_stdout;
	while (text && p < end) {
		c = text_next(&p, end);
		if (c == TEXT_INVALID || (c != '\n' && text_hostile(c)))
			abort();
	}
	free(s);
}

/* ------------------------------------------------------------------- tools */

static void
list(const struct cute_shm *shm, const struct list_view *view, bool tree)
{
	struct cute_shm_info info;
	char command[] = "one\033";
	struct list_user users[] = { { 1, 0, command } };
	struct list_project p = { .info = &info,
				  .shm = shm,
				  .message = "",
				  .users = users,
				  .user_count = 1 };
	const struct loads none = { .count = 0 };
	struct list_total total = {
		.projects = 2, .arrays = 1, .bytes = 1, .loads = &none
	};

	cute_shm_info(shm, &info);
	if (cute_shm_update_summary(shm, &p.updates) != 0)
		p.updates = (struct cute_shm_update_summary){ 0 };
	list_as_tree = tree;
	list_exact_bytes = tree;
	capture();
	view->begin();
	view->project(&p);
	p.shm = NULL;
	p.err = CUTE_SHM_ERR_CORRUPT;
	p.message = "damaged";
	view->project(&p);
	view->end(&total);
	release(true);
	list_as_tree = false;
}

static void
dump(const struct cute_shm *shm, int n, char **paths, struct dump_options opt)
{
	capture();
	dump_project(shm, "project", n, paths, &opt);
	release(!opt.raw && !opt.npy);
}

/* The path of some array, and slices of it. */
static bool
some_array(const struct cute_shm *shm, unsigned which, char **ret)
{
	struct cute_shm_node top, node;
	int err = cute_shm_find(shm, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node))
		if (node.kind == CUTE_SHM_ARRAY && which-- == 0) {
			*ret = text_format("%s", node.path);
			return true;
		}
	return false;
}

static void
dump_some(const struct cute_shm *shm, unsigned which)
{
	static const char *const slices[] = {
		"", "[0]", "[-1]", "[::2]", "[1:, ::-1]", "[..., 0]", "[5:1]",
	};
	char *name, *paths[1];
	size_t i;

	if (!some_array(shm, which % 4, &name))
		return;
	for (i = 0; i < sizeof(slices) / sizeof(*slices); i++) {
		/* Each of its own, since it is changed. */
		paths[0] = text_format("%s%s", name, slices[i]);
		dump(shm, 1, paths, (struct dump_options){ .all = i % 2 });
		free(paths[0]);
	}
	paths[0] = name;
	dump(shm, 1, paths, (struct dump_options){ .raw = true });
	dump(shm, 1, paths, (struct dump_options){ .npy = true });
	dump(shm, 1, paths, (struct dump_options){ .hex = true });
	free(name);
}

static void
show(const struct cute_shm *shm, unsigned which)
{
	static const char *const columns[] = { "50", "80", "130", NULL };
	const char *width = columns[which % 4];

	if (width)
		setenv("COLUMNS", width, 1);
	else
		unsetenv("COLUMNS");
	list(shm, &list_full, false);
	list(shm, &list_full, true);
	list(shm, &list_short, false);
	list(shm, &list_json, false);
	dump(shm, 0, NULL, (struct dump_options){ .all = which & 4 });
	dump(shm, 0, NULL, (struct dump_options){ .header = true });
	dump(shm, 0, NULL, (struct dump_options){ .json = true });
	dump(shm, 0, NULL,
	     (struct dump_options){ .hex = true, .all = which & 8 });
	dump_some(shm, which >> 4);
}

static void
diff(const struct cute_shm *a, const struct cute_shm *b,
     struct diff_options opt)
{
	const struct diff_side side[2] = { { "one\033", a }, { "two", b } };

	capture();
	diff_projects(side, &opt);
	release(true);
}

static void
write_to(FILE *file, const uint8_t *bytes, size_t size)
{
	if (ftruncate(fileno(file), 0) != 0 ||
	    pwrite(fileno(file), bytes, size, 0) != (ssize_t)size)
		abort();
}

/* Against what differs by a few bytes. */
static void
diff_other(const struct cute_shm *shm, FILE *file, uint8_t *bytes, size_t size)
{
	struct cute_shm *other;
	size_t i, at = sizeof(struct format_header);

	for (i = 0; i < 3 && size > at; i++) {
		at += (bytes[0xb1 + 2 * i] | (size_t)bytes[0xb2 + 2 * i] << 8) %
		      (size - at);
		bytes[at] ^= (uint8_t)(1U << bytes[0xb7 + i] % 8);
	}
	fit_header(bytes, size);
	write_to(file, bytes, size);
	if (cute_shm_open_file(other_path, NULL, &other) != 0)
		return;
	diff(shm, other, (struct diff_options){ .quiet = false });
	diff(other, shm, (struct diff_options){ .json = true, .bytes = true });
	diff(shm, other,
	     (struct diff_options){ .quiet = true, .no_attributes = true });
	cute_shm_close(other);
}

/* --------------------------------------------------------------------- all */

static void
remove_files(void)
{
	unlink(path);
	unlink(other_path);
}

static FILE *
new_file(char *name, size_t size)
{
	const char *folder =
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	int fd;

	snprintf(name, size, "%s/cute-shm-fuzz.XXXXXX", folder);
	fd = mkstemp(name);
	if (fd < 0)
		abort();
	return fdopen(fd, "r+");
}

static void
begin(void)
{
	real_stdout = stdout;
	setenv("LC_ALL", "C.UTF-8", 1);
	text_begin();
	list_set_columns("project,arrays,size,data,created,mode,state,"
			 "integrity,digest,creator,source");
	atexit(remove_files);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *file, *other;
	struct cute_shm *shm;
	uint8_t *bytes;

	if (!file) {
		begin();
		file = new_file(path, sizeof(path));
		other = new_file(other_path, sizeof(other_path));
	}
	bytes = malloc(size + 1);
	if (!file || !other || !bytes)
		abort();
	memcpy(bytes, data, size);
	fit_header(bytes, size);
	write_to(file, bytes, size);
	if (cute_shm_open_file(path, NULL, &shm) == 0) {
		fuzz_reached++;
		show(shm, size > 0xb0 ? data[0xb0] : 0);
		diff_other(shm, other, bytes, size);
		/* What another process does while the bytes are shown. */
		if (pwrite(fileno(file), data + size / 2,
			   size / 2 < 64 ? size / 2 : 64, 0x20) < 0)
			abort();
		dump(shm, 0, NULL, (struct dump_options){ .hex = true });
		cute_shm_close(shm);
	}
	free(bytes);
	return 0;
}
