/* SPDX-License-Identifier: MIT */
/* cute-shm-evaluate: one shared copy against one copy for each process. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cute_shm.h>
#include <cute_shm_hdf5.h>

#include "cli.h"
#include "evaluate.h"
#include "evaluate_plot.h"
#include "interrupt.h"
#include "left_out.h"
#include "json.h"
#include "table.h"
#include "text.h"
#include "units.h"

static bool opt_json, opt_overwrite;
static const char *opt_root, *opt_plot, *opt_processes = "1,5,10,15";
static unsigned opt_iterations, opt_jobs;

static const struct cli_option options[] = {
	{ 'i', CLI_MANY, "iterations", "N",
	  "reads of one element of each array; default: for 0.2 s",
	  &opt_iterations },
	{ 'n', CLI_TEXT, "processes", "LIST",
	  "numbers of readers; default 1,5,10,15", &opt_processes },
	{ 'j', CLI_COUNT, "jobs", "N",
	  "threads that load; default as many as there are CPUs", &opt_jobs },
	{ 0, CLI_FLAG, "json", NULL, "the results as JSON", &opt_json },
	{ 0, CLI_TEXT, "plot", "FILE", "a picture of them, too: SVG",
	  &opt_plot },
	{ 0, CLI_FLAG, "overwrite", NULL, "replace the picture FILE",
	  &opt_overwrite },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-evaluate",
	.operands = "FILE PROJECT",
	.summary = "Compare: readers of the HDF5 file FILE that share PROJECT, "
		   "and readers that\nhave a copy each.  A project that is "
		   "not there is made, and removed at the end.",
	.statuses = "  0   evaluated\n"
		    "  1   failed\n"
		    "  2   in part: some copies do not fit into memory\n"
		    "  3   the project does not fit into memory\n"
		    "  64  misuse of the command line\n",
	.min_operands = 2,
	.max_operands = 2,
	.options = options,
};

static const struct table_column columns[] = {
	{ .title = "data" },
	{ .title = "readers", .right = true },
	{ .title = "ready after", .right = true },
	{ .title = "iterations/s", .right = true },
	{ .title = "PSS", .right = true },
	{ .title = "private", .right = true },
	{ .title = "memory", .right = true },
};

/* What holds for all rows. */
struct evaluation {
	const char *file;
	const char *project;
	uint64_t segment_size;
	uint64_t copy_size;
	struct table *table;
	struct json json;
	struct cute_shm_file *plot; /* NULL: none is wanted */
	struct evaluate_point *points;
	size_t point_count;
	bool partial;
};

/* ---------------------------------------------------------------- the rows */

static void
add_point(struct evaluation *e, const char *data, unsigned n,
	  const struct evaluate_result *r, uint64_t memory)
{
	e->points =
		text_alloc(e->points, e->point_count + 1, sizeof(*e->points));
	e->points[e->point_count++] = (struct evaluate_point){
		.copies = strcmp(data, "copies") == 0,
		.tried = r != NULL,
		.readers = n,
		.rate = r ? r->rate : 0,
		.memory = memory,
	};
}

static void
report_row(struct evaluation *e, const char *data, unsigned n,
	   const struct evaluate_result *r, uint64_t memory)
{
	struct json *j = &e->json;

	add_point(e, data, n, r, memory);
	if (opt_json) {
		json_open(j, NULL, '{');
		json_text(j, "data", data);
		json_number(j, "processes", n);
		json_seconds(j, "ready_seconds", r->ready);
		json_seconds(j, "iterations_per_second", r->rate);
		json_number(j, "pss", r->pss);
		json_number(j, "private", r->private_bytes);
		json_number(j, "memory", memory);
		json_close(j, '}');
		return;
	}
	table_cell(e->table, "%s", data);
	table_cell(e->table, "%u", n);
	table_cell(e->table, "%s", units_seconds(r->ready).text);
	table_cell(e->table, "%.0f", r->rate);
	table_cell(e->table, "%s", units_size(r->pss).text);
	table_cell(e->table, "%s", units_size(r->private_bytes).text);
	table_cell(e->table, "%s", units_size(memory).text);
}

/* Rather say so than have the kernel end a process. */
static void
report_no_room(struct evaluation *e, unsigned n, uint64_t need,
	       uint64_t available)
{
	struct json *j = &e->json;

	e->partial = true;
	add_point(e, "copies", n, NULL, need);
	cli_message("%u copies of %s need %s of memory, %s is there", n,
		    e->file, units_size(need).text, units_size(available).text);
	if (opt_json) {
		json_open(j, NULL, '{');
		json_text(j, "data", "copies");
		json_number(j, "processes", n);
		json_null(j, "ready_seconds");
		json_null(j, "iterations_per_second");
		json_null(j, "pss");
		json_null(j, "private");
		json_number(j, "memory", need);
		json_close(j, '}');
		return;
	}
	table_cell(e->table, "copies");
	table_cell(e->table, "%u", n);
	table_cell(e->table, "-");
	table_cell(e->table, "-");
	table_cell(e->table, "-");
	table_cell(e->table, "-");
	table_cell(e->table, "%s", units_size(need).text);
}

static bool
evaluate_shared(struct evaluation *e, unsigned n)
{
	struct evaluate_request request = {
		.project = e->project,
		.root = opt_root,
		.processes = n,
		.iterations = opt_iterations,
	};
	struct evaluate_result r;

	if (!evaluate_run(&request, &r))
		return false;
	report_row(e, "shared", n, &r, e->segment_size + r.anonymous);
	return true;
}

static bool
evaluate_copies(struct evaluation *e, unsigned n)
{
	struct evaluate_request request = {
		.copies = true,
		.project = e->project,
		.root = opt_root,
		.processes = n,
		.iterations = opt_iterations,
	};
	uint64_t need = e->copy_size * n;
	struct cute_shm_space space;
	struct evaluate_result r;

	/* What the root does not say, the bounds on all memory do. */
	if (cute_shm_available(NULL, &space) == 0 &&
	    need > space.available - space.available / 8) {
		report_no_room(e, n, need, space.available);
		return true;
	}
	if (!evaluate_run(&request, &r))
		return false;
	report_row(e, "copies", n, &r, r.pss);
	return true;
}

/* ------------------------------------------------------------- the project */

/* Of this file as it is, or it would be two things that are compared. */
static int
check_source(const struct cute_shm *shm, const char *file)
{
	char *path = realpath(file, NULL);
	struct cute_shm_info info;
	struct stat st;
	int err = 0;

	cute_shm_info(shm, &info);
	if (path && strcmp(path, info.source) == 0 && stat(path, &st) == 0 &&
	    ((uint64_t)st.st_size != info.source_size ||
	     (uint64_t)st.st_mtim.tv_sec * 1000000000 +
			     (uint64_t)st.st_mtim.tv_nsec !=
		     info.source_mtime_ns))
		err = cute_shm_fail(CUTE_SHM_ERR_EXISTS,
				    "project %s exists, "
				    "and %s has changed since it was loaded: "
				    "choose another name",
				    info.project, file);
	if (!path || strcmp(path, info.source) != 0)
		err = cute_shm_fail(CUTE_SHM_ERR_EXISTS,
				    "project %s exists, "
				    "and is from %s: choose another name",
				    info.project,
				    *info.source ? info.source : "no file");
	free(path);
	return err;
}

/* Both sides do without it; but who compares should know. */
static void
on_skipped(const struct cute_shm_hdf5_skipped *s, void *arg)
{
	struct evaluation *e = arg;

	left_out_add(s->failed	  ? LEFT_OUT_UNREADABLE
		     : s->changed ? LEFT_OUT_CHANGED
				  : LEFT_OUT_SKIPPED,
		     s->path, s->reason);
	e->partial |= s->failed;
}

static int
on_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	(void)p;
	(void)arg;
	return interrupt_pending();
}

/* The one that is there, or a new one that ends with us. */
static int
get_project(struct evaluation *e, struct cute_shm **ret)
{
	struct cute_shm_open_options open = {
		.size = sizeof(open),
		.root = opt_root,
	};
	struct cute_shm_hdf5_options load = {
		.size = sizeof(load),
		.root = opt_root,
		.jobs = opt_jobs,
		.flags = CUTE_SHM_HDF5_EPHEMERAL | CUTE_SHM_HDF5_KEEP_GOING,
		.creator = "cute-shm-evaluate " CUTE_SHM_VERSION,
		.progress = on_progress,
		.skipped = on_skipped,
		.arg = e,
		.handle = ret,
	};
	struct cute_shm_info info;
	int err = cute_shm_open(e->project, &open, ret);

	if (err == 0)
		err = check_source(*ret, e->file);
	else if (err == CUTE_SHM_ERR_NOT_FOUND)
		err = cute_shm_hdf5_load(e->project, e->file, &load, NULL);
	left_out_print();
	if (err != 0)
		return err;
	cute_shm_info(*ret, &info);
	e->segment_size = info.size;
	e->copy_size = info.array_bytes;
	if (info.array_bytes == 0)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s: there are no "
				     "data to compare",
				     e->file);
	return 0;
}

/* ------------------------------------------------------------- the picture */

/* Before the work, so that it is not in vain. */
static int
begin_plot(struct evaluation *e, const struct cute_shm *shm)
{
	int err;

	if (!opt_plot)
		return 0;
	err = cute_shm_file_new(shm, opt_plot,
				opt_overwrite ? CUTE_SHM_OVERWRITE : 0,
				&e->plot);
	if (err == CUTE_SHM_ERR_EXISTS)
		err = cute_shm_fail(err, "%s; --overwrite replaces it",
				    cute_shm_errmsg());
	return err;
}

/* A picture of all rows; false after a message. */
static bool
end_plot(struct evaluation *e)
{
	char *title =
		text_format("%s: %s", e->file, units_size(e->copy_size).text);
	int fd = dup(cute_shm_file_fd(e->plot));
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool good = false;

	if (out) {
		evaluate_plot(out, title, e->points, e->point_count);
		good = !ferror(out);
		good &= fclose(out) == 0;
	} else if (fd >= 0) {
		close(fd);
	}
	free(title);
	if (!good)
		cli_message("cannot write %s: %s", opt_plot, strerror(errno));
	else if (cute_shm_file_publish(e->plot) != 0)
		cli_message("%s", cute_shm_errmsg());
	else
		return true;
	return false;
}

/* ---------------------------------------------------------------------- all */

#define MAX_COUNTS 64

/* "1,5,10,15" */
static unsigned
parse_processes(unsigned counts[MAX_COUNTS])
{
	const char *p = opt_processes;
	unsigned long number;
	unsigned n = 0;
	char *end;

	while (n < MAX_COUNTS) {
		number = strtoul(p, &end, 10);
		if (*p < '0' || *p > '9' || number == 0 || number > 4096 ||
		    (*end && *end != ','))
			break;
		counts[n++] = (unsigned)number;
		if (!*end)
			return n;
		p = end + 1;
	}
	cli_misuse("option '--processes': '%s' is no list of up to %d numbers "
		   "from 1 to 4096",
		   opt_processes, MAX_COUNTS);
}

static bool
evaluate_all(struct evaluation *e, const unsigned *counts, unsigned n)
{
	unsigned i;

	for (i = 0; i < n && !interrupt_pending(); i++)
		if (!evaluate_shared(e, counts[i]) ||
		    !evaluate_copies(e, counts[i]))
			return false;
	return !interrupt_pending();
}

static void
begin_report(struct evaluation *e)
{
	e->table = table_new(columns, sizeof(columns) / sizeof(*columns));
	if (!opt_json)
		return;
	e->json.out = stdout;
	json_open(&e->json, NULL, '{');
	json_text(&e->json, "file", e->file);
	json_text(&e->json, "project", e->project);
	json_number(&e->json, "segment_size", e->segment_size);
	json_number(&e->json, "copy_size", e->copy_size);
	json_number(&e->json, "iterations", opt_iterations);
	json_open(&e->json, "results", '[');
}

static void
end_report(struct evaluation *e)
{
	if (opt_json) {
		json_close(&e->json, ']');
		json_close(&e->json, '}');
	} else {
		table_print(e->table, 0, stdout);
	}
	table_free(e->table);
}

static int
evaluate(const char *file, const char *project, const unsigned *counts,
	 unsigned n)
{
	struct evaluation e = { .file = file, .project = project };
	struct cute_shm *shm = NULL;
	bool good;
	int err = get_project(&e, &shm);

	if (err == 0)
		err = begin_plot(&e, shm);
	if (err != 0) {
		if (!interrupt_pending())
			cli_message("%s", cute_shm_errmsg());
		cute_shm_close(shm);
		return err == CUTE_SHM_ERR_NO_SPACE ? CLI_NO_SPACE : CLI_FAILED;
	}
	begin_report(&e);
	good = evaluate_all(&e, counts, n);
	end_report(&e);
	if (good && e.plot)
		good = end_plot(&e);
	cute_shm_file_free(e.plot);
	free(e.points);
	cute_shm_close(shm);
	return !good ? CLI_FAILED : e.partial ? CLI_PARTIAL : CLI_OK;
}

int
main(int argc, char **argv)
{
	unsigned counts[MAX_COUNTS], n;
	int status;

	cli_begin(&program, argc, argv);
	if (opt_overwrite && !opt_plot)
		cli_misuse("--overwrite is for --plot");
	n = parse_processes(counts);
	interrupt_begin();
	status = cli_end(evaluate(argv[0], argv[1], counts, n));
	interrupt_end();
	return status;
}
