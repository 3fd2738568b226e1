/* SPDX-License-Identifier: MIT */
/* One row per project, with columns by choice. */
#include "list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "segment_status.h"
#include "table.h"

/* The columns that there are, and how each is filled. */
struct column {
	struct table_column table;
	void (*put)(struct table *t, const struct list_project *p);
	bool usual; /* shown if no others are asked for */
};

static struct table *table;

static void
put_project(struct table *t, const struct list_project *p)
{
	table_cell(t, "%s", p->info->project);
}

static void
put_arrays(struct table *t, const struct list_project *p)
{
	if (p->info->err)
		table_cell(t, "-");
	else
		table_cell(t, "%" PRIu64, p->info->array_count);
}

static void
put_size(struct table *t, const struct list_project *p)
{
	table_cell(t, "%s", list_size(p->info->size).text);
}

static void
put_data(struct table *t, const struct list_project *p)
{
	table_cell(t, "%s",
		   p->info->err ? "-" : list_size(p->info->array_bytes).text);
}

static void
put_age(struct table *t, const struct list_project *p)
{
	table_cell(t, "%s",
		   p->info->err ? "-" : units_age(p->info->created_ns).text);
}

static void
put_created(struct table *t, const struct list_project *p)
{
	table_cell(t, "%s",
		   p->info->err ? "-" : units_utc(p->info->created_ns).text);
}

static void
put_owner(struct table *t, const struct list_project *p)
{
	table_cell(t, "%s", list_owner(p->info).text);
}

static void
put_users(struct table *t, const struct list_project *p)
{
	if (p->user_count > 0)
		table_cell(t, "%zu", p->user_count);
	else
		table_cell(t, "%s", p->info->in_use ? "some" : "-");
}

static void
put_state(struct table *t, const struct list_project *p)
{
	char *state = list_state(p);

	table_cell(t, "%s", *state ? state : "-");
	if (p->updates.torn > 0)
		table_style(t, TEXT_BAD);
	free(state);
}

static void
put_integrity(struct table *t, const struct list_project *p)
{
	const char *message;
	int err = list_integrity(p, &message);

	table_cell(t, "%s%s%s", segment_status(err), err ? ": " : "", message);
	if (err)
		table_style(t, TEXT_BAD);
}

static void
put_mode(struct table *t, const struct list_project *p)
{
	table_cell(t, "%04o", (unsigned)p->info->mode & 07777);
}

static void
put_creator(struct table *t, const struct list_project *p)
{
	table_cell(t, "%s", p->info->creator);
}

static void
put_source(struct table *t, const struct list_project *p)
{
	table_cell(t, "%s", p->info->source);
}

static void
put_digest(struct table *t, const struct list_project *p)
{
	if (p->info->err)
		table_cell(t, "-");
	else
		table_cell(t, "%016" PRIx64, p->info->metadata_digest);
}

static void
put_segment(struct table *t, const struct list_project *p)
{
	table_cell(t, "%s", p->info->path);
}

/* In the order of the usual ones; the manual has their names. */
static const struct column all[] = {
	{ { .title = "project",
	    .narrowest = 16,
	    .style = TEXT_BOLD,
	    .cut = TEXT_CUT_MIDDLE },
	  put_project,
	  true },
	{ { .title = "arrays", .right = true }, put_arrays, true },
	{ { .title = "size", .right = true }, put_size, true },
	{ { .title = "data", .right = true }, put_data, false },
	{ { .title = "age", .right = true }, put_age, true },
	{ { .title = "created" }, put_created, false },
	{ { .title = "owner", .narrowest = 8 }, put_owner, true },
	{ { .title = "mode" }, put_mode, false },
	{ { .title = "users", .right = true }, put_users, true },
	{ { .title = "state", .narrowest = 8 }, put_state, true },
	{ { .title = "integrity", .narrowest = 9 }, put_integrity, true },
	{ { .title = "digest" }, put_digest, false },
	{ { .title = "creator", .narrowest = 12 }, put_creator, false },
	{ { .title = "source", .narrowest = 16, .cut = TEXT_CUT_MIDDLE },
	  put_source,
	  false },
	{ { .title = "segment", .narrowest = 16, .cut = TEXT_CUT_MIDDLE },
	  put_segment,
	  false },
};

#define ALL (sizeof(all) / sizeof(*all))

/* Those that are shown; one may be asked for more than once. */
#define MOST 32
static const struct column *chosen[MOST];
static struct table_column columns[MOST];
static size_t count;
static bool given;

static const struct column *
find(const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < ALL; i++)
		if (strlen(all[i].table.title) == size &&
		    strncmp(all[i].table.title, name, size) == 0)
			return &all[i];
	return NULL;
}

static _Noreturn void
no_column(const char *name, size_t size)
{
	struct text_buffer b;
	size_t i;

	text_buffer_begin(&b);
	for (i = 0; i < ALL; i++)
		fprintf(b.out, "%s%s", i ? ", " : "", all[i].table.title);
	cli_misuse("option '--columns': '%.*s' is none of %s", (int)size, name,
		   text_buffer_end(&b));
}

void
list_set_columns(const char *names)
{
	size_t size;

	given = true;
	for (;; names += size + 1) {
		size = strcspn(names, ",");
		if (count == MOST)
			cli_misuse("option '--columns': more than %d", MOST);
		chosen[count] = find(names, size);
		if (!chosen[count])
			no_column(names, size);
		columns[count] = chosen[count]->table;
		count++;
		if (names[size] == '\0')
			return;
	}
}

static void
begin(void)
{
	size_t i;

	if (!given)
		count = 0;
	for (i = 0; i < ALL && !given; i++)
		if (all[i].usual) {
			chosen[count] = &all[i];
			columns[count++] = all[i].table;
		}
	table = table_new(columns, count);
}

static void
project(const struct list_project *p)
{
	size_t i;

	for (i = 0; i < count; i++)
		chosen[i]->put(table, p);
}

/* Only some columns say something of a load. */
static void
put_load(const struct column *c, const struct cute_shm_load_info *info)
{
	char *state = load_state(info);

	if (c->put == put_project)
		table_cell(table, "%s", info->project);
	else if (c->put == put_size && info->segment_size > 0)
		table_cell(table, "%s", list_size(info->segment_size).text);
	else if (c->put == put_age && info->known)
		table_cell(table, "%s", units_age(info->started_ns).text);
	else if (c->put == put_owner && info->known)
		table_cell(table, "%s", list_load_owner(info).text);
	else if (c->put == put_state)
		table_cell(table, "%s", state);
	else if (c->put == put_source && info->known)
		table_cell(table, "%s", info->source);
	else
		table_cell(table, "-");
	free(state);
}

static void
end(const struct list_total *total)
{
	size_t i, k;

	for (i = 0; i < total->loads->count; i++)
		for (k = 0; k < count; k++)
			put_load(chosen[k], &total->loads->items[i].info);
	table_print(table, 0, stdout);
	table_free(table);
	list_put_total(total);
}

const struct list_view list_short = { begin, project, end };
