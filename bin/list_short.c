/* SPDX-License-Identifier: MIT */
/* One row per project. */
#include "list.h"

#include <inttypes.h>

#include "table.h"

static const struct table_column columns[] = {
	{ .title = "project", .narrowest = 16, .style = TEXT_BOLD,
	  .cut = TEXT_CUT_MIDDLE },
	{ .title = "arrays", .right = true },
	{ .title = "size", .right = true },
	{ .title = "age", .right = true },
	{ .title = "owner", .narrowest = 8 },
	{ .title = "users", .right = true },
	{ .title = "integrity", .narrowest = 9 },
};

static struct table *table;

static void
begin(void)
{
	table = table_new(columns, sizeof(columns) / sizeof(*columns));
}

static void
project(const struct list_project *p)
{
	const struct cute_shm_info *info = p->info;
	const char *message;
	int err = list_integrity(p, &message);

	table_cell(table, "%s", info->project);
	if (info->err) {
		table_cell(table, "-");
		table_cell(table, "%s", list_size(info->size).text);
		table_cell(table, "-");
	} else {
		table_cell(table, "%" PRIu64, info->array_count);
		table_cell(table, "%s", list_size(info->size).text);
		table_cell(table, "%s", units_age(info->created_ns).text);
	}
	table_cell(table, "%s", list_owner(info).text);
	if (p->user_count > 0)
		table_cell(table, "%zu", p->user_count);
	else
		table_cell(table, "%s", info->in_use ? "some" : "-");
	table_cell(table, "%s%s%s", list_status(err), err ? ": " : "", message);
	if (err)
		table_style(table, TEXT_BAD);
}

static void
end(void)
{
	table_print(table, 0, stdout);
	table_free(table);
}

const struct list_view list_short = { begin, project, end };
