/* SPDX-License-Identifier: MIT */
/* All of it for programs; cute-shm-list(1) promises these members. */
#include "list.h"

#include <inttypes.h>

#include "json.h"
#include "node_json.h"
#include "segment_status.h"

static struct json json;

static void
begin(void)
{
	json.out = stdout;
	json_open(&json, NULL, '{');
	json_open(&json, "projects", '[');
}

static void
put_load(const struct cute_shm_load_info *info)
{
	json_open(&json, NULL, '{');
	json_text(&json, "project", info->project);
	json_text(&json, "state",
		  !info->running ? "dead"
		  : info->known	 ? "loading"
				 : "unknown");
	if (info->known) {
		json_text(&json, "source", info->source);
		json_number(&json, "pid", (uint64_t)info->pid);
		json_number(&json, "uid", info->uid);
		json_text(&json, "started", units_utc(info->started_ns).text);
		json_number(&json, "bytes_done", info->bytes_done);
		json_number(&json, "bytes_total", info->bytes_total);
		json_number(&json, "segment_size", info->segment_size);
	}
	json_close(&json, '}');
}

static void
end(const struct list_total *total)
{
	size_t i;

	json_close(&json, ']');
	json_open(&json, "loads", '[');
	for (i = 0; i < total->loads->count; i++)
		put_load(&total->loads->items[i].info);
	json_close(&json, ']');
	json_open(&json, "total", '{');
	json_number(&json, "project_count", total->projects);
	json_number(&json, "array_count", total->arrays);
	json_number(&json, "size", total->bytes);
	json_close(&json, '}');
	json_close(&json, '}');
}

/* The digest is that of the data as they are, if there is one. */
static void
put_state(const struct cute_shm_array *a)
{
	struct cute_shm_state state;

	if (cute_shm_state(a, &state) != 0) {
		json_text(&json, "error", cute_shm_errmsg());
		return;
	}
	if (state.torn || !state.sealed)
		json_null(&json, "digest");
	else
		json_hex(&json, "digest", state.digest);
	json_number(&json, "sequence", state.sequence);
	json_text(&json, "state",
		  state.torn	 ? "torn"
		  : state.sealed ? "sealed"
				 : "unsealed");
}

static void
put_array(const struct cute_shm_node *node)
{
	struct cute_shm_array a;

	if (cute_shm_node_array(node, &a) != 0) {
		json_text(&json, "error", cute_shm_errmsg());
		return;
	}
	json_text(&json, "dtype", a.dtype);
	json_shape(&json, "shape", a.ndim, a.shape);
	json_number(&json, "size", a.data_size);
	node_json_offsets(&json, &a);
	if (a.offsets)
		json_number(&json, "values", a.value_count);
	put_state(&a);
}

static void
put_link(const struct cute_shm_node *node)
{
	struct cute_shm_node target;

	if (cute_shm_follow(node, &target) == 0)
		json_text(&json, "target", target.path);
	else
		json_text(&json, "error", cute_shm_errmsg());
}

static void
put_node(const struct cute_shm_node *node)
{
	json_open(&json, NULL, '{');
	json_text(&json, "path", node->path);
	json_text(&json, "kind", node_json_kind(node->kind));
	if (node->kind == CUTE_SHM_ARRAY)
		put_array(node);
	else if (node->kind == CUTE_SHM_LINK)
		put_link(node);
	node_json_attributes(&json, node);
	json_close(&json, '}');
}

static void
put_nodes(const struct cute_shm *shm)
{
	struct cute_shm_node top, node;
	int err = cute_shm_find(shm, "", &top);

	json_open(&json, "nodes", '[');
	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node))
		if (list_wanted(&node))
			put_node(&node);
	json_close(&json, ']');
}

static void
put_source(const struct list_project *p)
{
	static const char *const states[] = {
		[CUTE_SHM_SOURCE_NONE] = "unknown", /* not examined */
		[CUTE_SHM_SOURCE_CURRENT] = "current",
		[CUTE_SHM_SOURCE_CHANGED] = "changed",
		[CUTE_SHM_SOURCE_GONE] = "gone",
		[CUTE_SHM_SOURCE_UNKNOWN] = "unknown",
	};
	const struct cute_shm_info *info = p->info;

	if (!*info->source) {
		json_null(&json, "source");
		return;
	}
	json_open(&json, "source", '{');
	json_text(&json, "path", info->source);
	json_number(&json, "size", info->source_size);
	json_text(&json, "modified", units_utc(info->source_mtime_ns).text);
	json_text(&json, "state", states[p->source.state]);
	if (p->source.modified_ns)
		json_text(&json, "now_modified",
			  units_utc(p->source.modified_ns).text);
	json_close(&json, '}');
}

static void
put_uuid(const uint8_t *u)
{
	unsigned i;

	json_key(&json, "uuid");
	putchar('"');
	for (i = 0; i < 16; i++)
		printf("%s%02x",
		       i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
	putchar('"');
}

/* What only a sound header tells. */
static void
put_header(const struct list_project *p)
{
	const struct cute_shm_info *info = p->info;

	json_text(&json, "format", info->version);
	json_number(&json, "node_count", info->node_count);
	json_number(&json, "array_count", info->array_count);
	json_number(&json, "array_bytes", info->array_bytes);
	json_text(&json, "created", units_utc(info->created_ns).text);
	json_text(&json, "creator", info->creator);
	json_number(&json, "creator_pid", info->creator_pid);
	json_number(&json, "creator_uid", info->creator_uid);
	json_bool(&json, "ephemeral", info->ephemeral);
	json_bool(&json, "orphan", info->orphan);
	json_bool(&json, "in_use", info->in_use);
	json_number(&json, "updated_count", p->updates.updated);
	json_number(&json, "unsealed_count", p->updates.unsealed);
	json_number(&json, "torn_count", p->updates.torn);
	put_source(p);
	put_uuid(info->uuid);
	json_hex(&json, "metadata_digest", info->metadata_digest);
	json_number(&json, "view_size", info->view_size);
}

static void
put_users(const struct list_project *p)
{
	size_t i;

	json_open(&json, "users", '[');
	for (i = 0; i < p->user_count; i++) {
		json_open(&json, NULL, '{');
		json_number(&json, "pid", (uint64_t)p->users[i].pid);
		json_number(&json, "uid", p->users[i].uid);
		json_text(&json, "command", p->users[i].command);
		json_close(&json, '}');
	}
	json_close(&json, ']');
}

static void
project(const struct list_project *p)
{
	const struct cute_shm_info *info = p->info;
	const char *message;
	char mode[16];
	int err = list_integrity(p, &message);

	json_open(&json, NULL, '{');
	json_text(&json, "project", info->project);
	json_text(&json, "segment", info->path);
	json_text(&json, "status", segment_status(err));
	if (err)
		json_text(&json, "message", message);
	json_number(&json, "size", info->size);
	snprintf(mode, sizeof(mode), "%04o", (unsigned)info->mode & 07777);
	json_text(&json, "mode", mode);
	json_text(&json, "owner", list_owner(info).text);
	json_number(&json, "uid", info->uid);
	json_number(&json, "gid", info->gid);
	if (!info->err) {
		put_header(p);
		put_users(p);
	}
	if (p->shm && list_with_nodes)
		put_nodes(p->shm);
	json_close(&json, '}');
}

const struct list_view list_json = { begin, project, end };
