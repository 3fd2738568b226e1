/* SPDX-License-Identifier: MIT */
#include "mpi_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "interrupt.h"
#include "json.h"
#include "left_out.h"
#include "progress.h"
#include "text.h"
#include "units.h"
#include "value.h"

static struct mpi_report_options opt;
static struct json json;
static struct text_buffer nodes;

void
mpi_report_begin(const struct mpi_report_options *options)
{
	opt = *options;
	cli_before_message(progress_clear);
	progress_begin(opt.progress, opt.verbose);
	left_out_each(opt.verbose);
	json = (struct json){ .depth = 1, .filled = true };
	text_buffer_begin(&nodes);
	json.out = nodes.out;
	json_open(&json, "nodes", '[');
}

/* The file first; when it is read, what goes out. */
void
mpi_report_progress(const struct cute_shm_mpi_progress *p)
{
	const struct cute_shm_hdf5_progress *l = &p->load;
	bool read = l->bytes_total > 0 && l->bytes_done >= l->bytes_total;

	progress_update(&(struct progress){
		.bytes_done = read ? p->bytes_passed : l->bytes_done,
		.bytes_total = read ? p->segment_size : l->bytes_total,
		.objects = l->objects,
		.path = read ? NULL : l->path,
		.name = read ? "the other nodes" : NULL,
	});
}

void
mpi_report_array(const struct cute_shm_hdf5_array *a, void *arg)
{
	char *shape = value_shape(a->dtype, a->ndim, a->shape);
	char *dtype = value_dtype(a->dtype);

	(void)arg;
	cli_message("/%s: %s %s, %s, %s, %s", a->path, dtype, shape,
		    units_size(a->bytes).text, a->strategy,
		    units_rate(a->bytes, a->seconds).text);
	free(shape);
	free(dtype);
}

void
mpi_report_skipped(const struct cute_shm_hdf5_skipped *s, void *arg)
{
	(void)arg;
	left_out_add(s->failed	     ? LEFT_OUT_UNREADABLE
		     : s->incomplete ? LEFT_OUT_INCOMPLETE
		     : s->changed    ? LEFT_OUT_CHANGED
				     : LEFT_OUT_SKIPPED,
		     s->path, s->reason);
}

void
mpi_report_node(const struct cute_shm_mpi_node *node)
{
	json_open(&json, NULL, '{');
	json_text(&json, "node", node->name);
	json_number(&json, "rank", (uint64_t)node->rank);
	json_bool(&json, "loaded", node->err == 0 && !node->current);
	json_number(&json, "received", node->rank == 0 ? 0 : node->bytes);
	json_seconds(&json, "seconds", node->seconds);
	if (node->files > 0) {
		json_number(&json, "file_count", node->files);
		json_number(&json, "array_bytes", node->array_bytes);
	}
	if (node->err)
		json_text(&json, "error", node->message);
	json_close(&json, '}');
	if (opt.verbose && node->err == 0)
		cli_message("node %s: %s after %s", node->name,
			    node->current ? "is current" : "loaded",
			    units_seconds(node->seconds).text);
}

static void
put_json(int err, const struct cute_shm_mpi_result *r)
{
	struct json j = { .out = stdout };
	char *text;

	json_open(&j, NULL, '{');
	json_text(&j, "project", opt.project);
	hdf5_sources_json(opt.sources, &j, r->load.files);
	json_bool(&j, "loaded", err == 0 && r->current < r->nodes);
	if (err == 0) {
		json_number(&j, "array_count", r->load.arrays);
		json_number(&j, "group_count", r->load.groups);
		json_number(&j, "link_count", r->load.links);
		json_number(&j, "array_bytes", r->load.bytes);
		json_number(&j, "segment_size", r->segment_size);
		json_number(&j, "skipped_count", r->load.skipped);
		json_number(&j, "failed_count", r->load.failed);
		json_seconds(&j, "seconds", r->seconds);
	}
	json_close(&json, ']');
	text = text_buffer_end(&nodes);
	fwrite(text, 1, nodes.size, stdout);
	free(text);
	json_close(&j, '}');
}

static void
put_text(const struct cute_shm_mpi_result *r)
{
	text_put(stdout, opt.project, strlen(opt.project));
	if (r->current == r->nodes) {
		printf(" is current on %s\n",
		       units_count(r->nodes, "node").text);
		return;
	}
	fputs(": ", stdout);
	if (r->load.files)
		printf("%s, ", units_count(r->load.files, "file").text);
	printf("%s in %s, %s on %s in %s (%s)",
	       units_count(r->load.arrays, "array").text,
	       units_count(r->load.groups, "group").text,
	       units_size(r->load.bytes).text,
	       units_count(r->nodes, "node").text,
	       units_seconds(r->seconds).text,
	       units_rate(r->load.bytes, r->seconds).text);
	if (r->current)
		printf(", %" PRIu64 " of them current", r->current);
	if (r->load.skipped)
		printf(", %" PRIu64 " skipped", r->load.skipped);
	if (r->load.failed)
		printf(", %" PRIu64 " unreadable", r->load.failed);
	putchar('\n');
}

void
mpi_report_left_out(void)
{
	left_out_print();
	free(text_buffer_end(&nodes));
}

void
mpi_report_end(int err, const struct cute_shm_mpi_result *r)
{
	progress_clear();
	left_out_print();
	if (opt.json && !(err == CUTE_SHM_ERR_CANCELLED && interrupt_pending()))
		put_json(err, r);
	else
		free(text_buffer_end(&nodes));
	if (err == CUTE_SHM_ERR_CANCELLED && interrupt_pending())
		return;
	if (err != 0)
		cli_message("%s%s", cute_shm_errmsg(),
			    err == CUTE_SHM_ERR_EXISTS
				    ? "; --overwrite replaces it"
				    : "");
	else if (!opt.json)
		put_text(r);
	if (err == 0)
		cli_done(r->current == r->nodes ? "project %s is current"
						: "project %s is loaded",
			 opt.project);
}
