/* SPDX-License-Identifier: MIT */
#include "top.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "segment_status.h"
#include "table.h"
#include "text.h"
#include "units.h"

static const struct table_column columns_shown[] = {
	{ .title = "project", .narrowest = 16, .cut = TEXT_CUT_MIDDLE },
	{ .title = "arrays", .right = true },
	{ .title = "size", .right = true },
	{ .title = "users", .right = true },
	{ .title = "updates/s", .right = true },
	{ .title = "state", .narrowest = 8 },
};

static void
put_load(struct table *t, const struct cute_shm_load_info *info)
{
	char *state = load_state(info);

	table_cell(t, "%s", info->project);
	table_cell(t, "-");
	table_cell(t, "%s",
		   info->segment_size ? units_size(info->segment_size).text
				      : "-");
	table_cell(t, "-");
	table_cell(t, "-");
	table_cell(t, "%s", state);
	free(state);
}

static void
put_state(struct table *t, const struct top_project *p)
{
	if (p->err)
		table_cell(t, "%s", segment_status(p->err));
	else if (p->torn > 0)
		table_cell(t, "%" PRIu64 " torn%s", p->torn,
			   p->ephemeral ? ", ephemeral" : "");
	else
		table_cell(t, "%s", p->ephemeral ? "ephemeral" : "-");
}

static void
put_project(struct table *t, const struct top_project *p)
{
	table_cell(t, "%s", p->name);
	if (p->err) {
		table_cell(t, "-");
		table_cell(t, "-");
	} else {
		table_cell(t, "%" PRIu64, p->arrays);
		table_cell(t, "%s", units_size(p->size).text);
	}
	if (p->users > 0)
		table_cell(t, "%zu", p->users);
	else
		table_cell(t, "%s", p->in_use ? "some" : "-");
	if (p->updates == 0 || p->rate < 0)
		table_cell(t, "-");
	else
		table_cell(t, p->rate < 10 ? "%.1f" : "%.0f", p->rate);
	put_state(t, p);
}

/*
 * Loads first, then the projects, by name; those that nobody uses give way
 * where there is no room for all.  Returns how many are left out.
 */
static size_t
put_rows(struct table *t, const struct top_sample *s, size_t room)
{
	size_t out = 0, used = 0, i, idle;

	for (i = 0; i < s->loads.count; i++)
		if (i < room)
			put_load(t, &s->loads.items[i].info);
		else
			out++;
	room -= s->loads.count - out;
	for (i = 0; i < s->count; i++)
		used += s->projects[i].in_use;
	idle = used < room ? room - used : 0;
	for (i = 0; i < s->count; i++) {
		if (room == 0 || (!s->projects[i].in_use && idle == 0)) {
			out++;
			continue;
		}
		idle -= !s->projects[i].in_use;
		room--;
		put_project(t, &s->projects[i]);
	}
	return out;
}

static void
put_heading(FILE *out, const struct top_sample *s, const char *root)
{
	fprintf(out, "%s: %s", root, units_count(s->count, "project").text);
	if (s->loads.count > 0)
		fprintf(out, ", %s", units_count(s->loads.count, "load").text);
	fprintf(out, ", %s", units_size(s->bytes).text);
	if (s->root_size > 0)
		fprintf(out, " of %s, %s free", units_size(s->root_size).text,
			units_size(s->root_free).text);
	putc('\n', out);
}

/* The text's lines, none wider than 'columns'. */
static char **
split(char *text, size_t columns, size_t *count)
{
	char **ret = NULL, *line, *rest = text;

	*count = 0;
	while ((line = strsep(&rest, "\n")) && (*line || rest)) {
		ret = text_alloc(ret, *count + 1, sizeof(*ret));
		ret[(*count)++] =
			columns ? text_shorten(line, columns, TEXT_CUT_END)
				: text_format("%s", line);
	}
	free(text);
	return ret;
}

/* A heading, an empty line, titles, rows, and what is left out. */
#define OTHER_LINES 4

char **
top_lines(const struct top_sample *s, const char *root, size_t rows,
	  size_t columns, size_t *count)
{
	size_t all = s->loads.count + s->count, room = all, out;
	struct table *t =
		table_new(columns_shown,
			  sizeof(columns_shown) / sizeof(*columns_shown));
	struct text_buffer b;

	if (rows > 0 && all + OTHER_LINES - 1 > rows)
		room = rows > OTHER_LINES ? rows - OTHER_LINES : 0;
	text_buffer_begin(&b);
	put_heading(b.out, s, root);
	out = put_rows(t, s, room);
	if (all > out)
		putc('\n', b.out);
	table_print_within(t, 0, columns, b.out);
	if (out > 0)
		fprintf(b.out, "and %zu more\n", out);
	table_free(t);
	return split(text_buffer_end(&b), columns, count);
}
