/* SPDX-License-Identifier: MIT */
/* For programs; cute-shm-top(1) promises these members. */
#include "top.h"

#include <stdio.h>

#include "json.h"
#include "segment_status.h"

static void
put_project(struct json *j, const struct top_project *p)
{
	json_open(j, NULL, '{');
	json_text(j, "project", p->name);
	json_text(j, "status", segment_status(p->err));
	if (!p->err) {
		json_number(j, "array_count", p->arrays);
		json_number(j, "size", p->size);
		json_bool(j, "in_use", p->in_use);
		json_number(j, "user_count", p->users);
		json_bool(j, "ephemeral", p->ephemeral);
		json_number(j, "torn_count", p->torn);
		json_number(j, "updates", p->updates);
		if (p->rate < 0)
			json_null(j, "updates_per_second");
		else
			json_seconds(j, "updates_per_second", p->rate);
	}
	json_close(j, '}');
}

static void
put_load(struct json *j, const struct cute_shm_load_info *info)
{
	json_open(j, NULL, '{');
	json_text(j, "project", info->project);
	json_bool(j, "running", info->running);
	json_number(j, "bytes_done", info->bytes_done);
	json_number(j, "bytes_total", info->bytes_total);
	json_number(j, "segment_size", info->segment_size);
	json_close(j, '}');
}

void
top_json(const struct top_sample *s, const char *root)
{
	struct json j = { .out = stdout };
	size_t i;

	json_open(&j, NULL, '{');
	json_text(&j, "root", root);
	json_number(&j, "size", s->bytes);
	if (s->root_size > 0) {
		json_number(&j, "root_size", s->root_size);
		json_number(&j, "root_free", s->root_free);
	}
	json_open(&j, "projects", '[');
	for (i = 0; i < s->count; i++)
		put_project(&j, &s->projects[i]);
	json_close(&j, ']');
	json_open(&j, "loads", '[');
	for (i = 0; i < s->loads.count; i++)
		put_load(&j, &s->loads.items[i].info);
	json_close(&j, ']');
	json_close(&j, '}');
}
