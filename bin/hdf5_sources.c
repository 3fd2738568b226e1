/* SPDX-License-Identifier: MIT */
#include "hdf5_sources.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

static void
add(struct hdf5_sources *s, const char *name, const char *file)
{
	s->of = text_alloc(s->of, s->count + 1, sizeof(*s->of));
	s->of[s->count++] = (struct cute_shm_hdf5_source){ name, file };
}

static bool
fail_list(const char *list, const char *reason)
{
	cli_message("list %s: %s", list, reason);
	return false;
}

/* One path a line; false after a message. */
static bool
add_lines(struct hdf5_sources *s, const char *list, FILE *in)
{
	size_t before = s->count, room = 0;
	char *line = NULL;
	ssize_t size;

	while ((size = getline(&line, &room, in)) > 0) {
		if (line[size - 1] == '\n')
			line[--size] = '\0';
		if (strlen(line) != (size_t)size) {
			free(line);
			return fail_list(list, "a NUL is in it: it is no list "
					       "of names");
		}
		if (size > 0)
			add(s, NULL, text_format("%s", line));
	}
	free(line);
	if (ferror(in))
		return fail_list(list, strerror(errno));
	return s->count > before || fail_list(list, "it names no file");
}

static bool
add_list(struct hdf5_sources *s, const char *list)
{
	bool standard = strcmp(list, "-") == 0, ok;
	FILE *in = standard ? stdin : fopen(list, "re");

	if (!in)
		return fail_list(list, strerror(errno));
	ok = add_lines(s, standard ? "-" : list, in);
	if (!standard)
		fclose(in);
	return ok;
}

static void
add_named(struct hdf5_sources *s, const char *text)
{
	size_t size = strcspn(text, "=");

	if (size == 0 || text[size] == '\0' || text[size + 1] == '\0')
		cli_misuse("--as takes NAME=FILE, not '%s'", text);
	add(s, text_format("%.*s", (int)size, text), text + size + 1);
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
hdf5_sources(char **operands, const struct cli_list *as,
	     struct hdf5_sources *ret)
{
	size_t i;

	*ret = (struct hdf5_sources){ .operands = operands, .as = as };
	if (operands[0] && !operands[1] && as->count == 0 &&
	    operands[0][0] != '@' && !is_folder(operands[0]))
		ret->file = operands[0];
	for (; !ret->file && *operands; operands++) {
		if (**operands != '@')
			add(ret, NULL, *operands);
		else if (!add_list(ret, *operands + 1))
			return false;
	}
	for (i = 0; i < as->count; i++)
		add_named(ret, as->items[i]);
	return true;
}

int
hdf5_sources_load(const struct hdf5_sources *s, const char *project,
		  const struct cute_shm_hdf5_options *opt,
		  struct cute_shm_hdf5_result *ret)
{
	return s->file ? cute_shm_hdf5_load(project, s->file, opt, ret)
		       : cute_shm_hdf5_load_files(project, s->of, s->count, opt,
						  ret);
}

int
hdf5_sources_plan(const struct hdf5_sources *s,
		  const struct cute_shm_hdf5_options *opt,
		  struct cute_shm_hdf5_result *ret)
{
	return s->file ? cute_shm_hdf5_plan(s->file, opt, ret)
		       : cute_shm_hdf5_plan_files(s->of, s->count, opt, ret);
}

void
hdf5_sources_json(const struct hdf5_sources *s, struct json *j, uint64_t count)
{
	char **operand = s->operands;
	size_t i;

	if (s->file) {
		json_text(j, "file", s->file);
		return;
	}
	json_open(j, "files", '[');
	for (; *operand; operand++)
		json_text(j, NULL, *operand);
	for (i = 0; i < s->as->count; i++)
		json_text(j, NULL, s->as->items[i]);
	json_close(j, ']');
	json_number(j, "file_count", count);
}
