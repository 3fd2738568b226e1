/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "interrupt.h"
#include "hdf5_sources.h"
#include "json.h"
#include "left_out.h"
#include "progress.h"
#include "table.h"
#include "units.h"
#include "value.h"

static const struct table_column columns[] = {
	{ .title = "path", .narrowest = 30, .cut = TEXT_CUT_MIDDLE },
	{ .title = "shape", .right = true, .narrowest = 8 },
	{ .title = "dtype" },
	{ .title = "size", .right = true },
};

/* A list of the JSON that is gathered while other things happen. */
struct section {
	struct json json;
	struct text_buffer buffer;
};

static struct load_report_options opt;
static struct table *table;
static struct section arrays, skipped, changed;

static void
section_begin(struct section *s, const char *key)
{
	s->json = (struct json){ .depth = 1, .filled = true };
	text_buffer_begin(&s->buffer);
	s->json.out = s->buffer.out;
	json_open(&s->json, key, '[');
}

static void
section_end(struct section *s, FILE *out)
{
	char *text;

	json_close(&s->json, ']');
	text = text_buffer_end(&s->buffer);
	if (out)
		fwrite(text, 1, s->buffer.size, out);
	free(text);
}

void
load_report_begin(const struct load_report_options *options)
{
	opt = *options;
	cli_before_message(progress_clear);
	progress_begin(opt.progress, opt.verbose);
	table = table_new(columns, sizeof(columns) / sizeof(*columns));
	section_begin(&arrays, "arrays");
	section_begin(&skipped, "skipped");
	section_begin(&changed, "changed");
	left_out_each(opt.verbose);
}

static void
end(FILE *json)
{
	progress_clear();
	left_out_print();
	section_end(&arrays, json);
	section_end(&skipped, json);
	section_end(&changed, json);
	table_free(table);
}

int
load_report_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	(void)arg;
	progress_update(&(struct progress){
		.bytes_done = p->bytes_done,
		.bytes_total = p->bytes_total,
		.objects = p->objects,
		.path = p->path,
	});
	return interrupt_pending();
}

static void
add_json(const struct cute_shm_hdf5_array *a)
{
	struct json *j = &arrays.json;

	json_open(j, NULL, '{');
	json_text(j, "path", a->path);
	json_text(j, "dtype", a->dtype);
	json_shape(j, "shape", a->ndim, a->shape);
	json_number(j, "size", a->bytes);
	if (!opt.plan) {
		json_text(j, "strategy", a->strategy);
		json_seconds(j, "seconds", a->seconds);
	}
	if (a->libhdf5[0])
		json_text(j, "libhdf5", a->libhdf5);
	json_close(j, '}');
}

void
load_report_array(const struct cute_shm_hdf5_array *a, void *arg)
{
	char *shape = value_shape(a->dtype, a->ndim, a->shape);
	char *dtype = value_dtype(a->dtype);

	(void)arg;
	if (opt.json)
		add_json(a);
	if (opt.plan && !opt.json) {
		table_cell(table, "/%s", a->path);
		table_cell(table, "%s", shape);
		table_cell(table, "%s", dtype);
		table_cell(table, "%s", units_size(a->bytes).text);
	}
	if (opt.verbose && !opt.plan)
		cli_message("/%s: %s %s, %s, %s, %s%s%s", a->path, dtype, shape,
			    units_size(a->bytes).text, a->strategy,
			    units_rate(a->bytes, a->seconds).text,
			    a->libhdf5[0] ? ", by libhdf5: " : "", a->libhdf5);
	free(shape);
	free(dtype);
}

void
load_report_skipped(const struct cute_shm_hdf5_skipped *s, void *arg)
{
	struct json *j = s->changed ? &changed.json : &skipped.json;

	(void)arg;
	left_out_add(s->failed	     ? LEFT_OUT_UNREADABLE
		     : s->incomplete ? LEFT_OUT_INCOMPLETE
		     : s->changed    ? LEFT_OUT_CHANGED
				     : LEFT_OUT_SKIPPED,
		     s->path, s->reason);
	json_open(j, NULL, '{');
	json_text(j, "path", s->path);
	json_text(j, "reason", s->reason);
	if (!s->changed)
		json_bool(j, "failed", s->failed);
	if (s->incomplete)
		json_bool(j, "incomplete", true);
	json_close(j, '}');
}

/* ---------------------------------------------------------------- the end */

static void
put_contents(FILE *out, const struct cute_shm_hdf5_result *r)
{
	if (r->files)
		fprintf(out, "%s, ", units_count(r->files, "file").text);
	fprintf(out, "%s in %s", units_count(r->arrays, "array").text,
		units_count(r->groups, "group").text);
	if (r->links)
		fprintf(out, ", %s", units_count(r->links, "link").text);
	fprintf(out, ", %s", units_size(r->bytes).text);
	if (r->reused)
		fprintf(out, ", %s reused (%s)",
			units_count(r->reused, "file").text,
			units_size(r->reused_bytes).text);
}

static void
put_left_out(FILE *out, const struct cute_shm_hdf5_result *r)
{
	if (r->skipped)
		fprintf(out, ", %" PRIu64 " skipped", r->skipped);
	if (r->failed)
		fprintf(out, ", %" PRIu64 " unreadable", r->failed);
	putc('\n', out);
}

static void
put_json(struct json *j, const struct cute_shm_hdf5_result *r)
{
	json_open(j, NULL, '{');
	json_text(j, "project", opt.project);
	hdf5_sources_json(opt.sources, j, r->files);
	if (!opt.plan)
		json_bool(j, "loaded", !r->current);
	json_number(j, "array_count", r->arrays);
	json_number(j, "group_count", r->groups);
	json_number(j, "link_count", r->links);
	json_number(j, "array_bytes", r->bytes);
	json_number(j, "segment_size", r->segment_size);
	json_number(j, "skipped_count", r->skipped);
	json_number(j, "failed_count", r->failed);
	if (!opt.plan)
		json_bool(j, "partial", r->partial);
	if (opt.reuse && !opt.plan) {
		json_number(j, "reused_count", r->reused);
		json_number(j, "reused_bytes", r->reused_bytes);
	}
}

void
load_report_done(const struct cute_shm_hdf5_result *r)
{
	FILE *out = opt.quiet ? stderr : stdout;
	struct json j = { .out = out };

	if (opt.json) {
		put_json(&j, r);
		json_seconds(&j, "seconds", r->seconds);
		end(out);
		json_close(&j, '}');
		return;
	}
	end(NULL);
	if (opt.quiet && !opt.verbose)
		return;
	text_put(out, opt.project, strlen(opt.project));
	fputs(": ", out);
	put_contents(out, r);
	fprintf(out, " in %s (%s)", units_seconds(r->seconds).text,
		units_rate(r->bytes, r->seconds).text);
	put_left_out(out, r);
}

void
load_report_current(const struct cute_shm_hdf5_result *r,
		    const struct cute_shm *shm)
{
	FILE *out = opt.quiet ? stderr : stdout;
	struct cute_shm_info info;

	if (opt.json) {
		load_report_done(r);
		return;
	}
	end(NULL);
	if (opt.quiet && !opt.verbose)
		return;
	cute_shm_info(shm, &info);
	text_put(out, opt.project, strlen(opt.project));
	fputs(" is current: ", out);
	put_contents(out, r);
	fprintf(out, ", loaded %s ago%s\n", units_age(info.created_ns).text,
		r->partial ? "; --keep-going left something out then" : "");
}

static void
plan_json(const struct cute_shm_hdf5_result *r,
	  const struct cute_shm_space *space, uint64_t gain, bool exists)
{
	struct json j = { .out = stdout };

	put_json(&j, r);
	json_number(&j, "available", space->available);
	json_text(&j, "limit", space->limit);
	json_number(&j, "replaced", gain);
	json_bool(&j, "fits", r->segment_size <= space->available + gain);
	json_bool(&j, "exists", exists);
	end(stdout);
	json_close(&j, '}');
}

void
load_report_plan(const struct cute_shm_hdf5_result *r,
		 const struct cute_shm_space *space, uint64_t gain, bool exists)
{
	bool fits = r->segment_size <= space->available + gain;

	progress_clear();
	if (opt.json) {
		plan_json(r, space, gain, exists);
		return;
	}
	table_print(table, 0, stdout);
	if (r->arrays)
		putchar('\n');
	put_contents(stdout, r);
	put_left_out(stdout, r);
	printf("%s: needs about %s of shared memory, %s available (%s)",
	       fits ? "fits" : "does not fit", units_size(r->segment_size).text,
	       units_size(space->available).text, space->limit);
	if (gain > 0)
		printf(", and %s of the project that it replaces",
		       units_size(gain).text);
	putchar('\n');
	end(NULL);
}

void
load_report_failed(void)
{
	end(NULL);
}
