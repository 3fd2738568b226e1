/* SPDX-License-Identifier: MIT */
/* cute-shm-export: a project as an HDF5 file, or as a file of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cute_shm.h>
#ifdef HAVE_HDF5
#include <cute_shm_hdf5.h>
#endif

#include "cli.h"
#include "interrupt.h"
#include "left_out.h"
#include "json.h"
#include "now.h"
#include "open_project.h"
#include "progress.h"
#include "text.h"
#include "units.h"

static bool opt_overwrite, opt_segment, opt_shuffle, opt_file;
static bool opt_no_progress, opt_json, opt_any_owner, opt_quiet;
static const char *opt_root, *opt_chunk;
static struct cli_list opt_split;
static unsigned opt_gzip, opt_jobs, opt_verbose;
static uint64_t opt_max_memory;
static double opt_max_time;
static bool to_stdout;

static const struct cli_option options[] = {
	{ 'o', CLI_FLAG, "overwrite", NULL, "replace FILE, when all is written",
	  &opt_overwrite },
	{ 0, CLI_FLAG, "segment", NULL,
	  "write the segment itself, which cute-shm-load loads", &opt_segment },
	{ 0, CLI_TEXTS, "split", "DIR",
	  "in place of FILE: a file in DIR for each loaded file", &opt_split },
	{ 'z', CLI_LEVEL, "gzip", "LEVEL",
	  "compress with gzip, 1 (fast) to 9 (small)", &opt_gzip },
	{ 0, CLI_FLAG, "shuffle", NULL,
	  "sort bytes by significance first, which helps gzip", &opt_shuffle },
	{ 0, CLI_TEXT, "chunk", "SIZE",
	  "bytes of a chunk, such as 256K; 1M if compressed", &opt_chunk },
	{ 'j', CLI_COUNT, "jobs", "N",
	  "threads; default as many as there are CPUs", &opt_jobs },
	{ 'f', CLI_FLAG, "file", NULL,
	  "PROJECT is a file: a copy of a segment, as on a disk", &opt_file },
	{ 'q', CLI_FLAG, "quiet", NULL, "print nothing when all is well",
	  &opt_quiet },
	{ 'v', CLI_TIMES, "verbose", NULL,
	  "say more often how far it is; twice: what is done", &opt_verbose },
	{ 0, CLI_SIZE, "max-memory", "SIZE",
	  "private memory for HDF5; default what is available",
	  &opt_max_memory },
	{ 0, CLI_TIME, "max-time", "TIME",
	  "fail if it takes longer, such as 30s, 5m", &opt_max_time },
	{ 0, CLI_FLAG, "json", NULL, "the result as JSON", &opt_json },
	{ 0, CLI_FLAG, "no-progress", NULL, "show no progress",
	  &opt_no_progress },
	{ 0, CLI_FLAG, "any-owner", NULL,
	  "look into segments of other users too", &opt_any_owner },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-export",
	.operands = "PROJECT FILE",
	.summary = "Write the project as the HDF5 file FILE: groups, arrays, "
		   "attributes, links.\nWith --segment, FILE may be -, "
		   "standard output.",
	.statuses = "  0   written\n"
		    "  1   failed, FILE is as it was unless it says so\n"
		    "  2   written in part: something was left out\n"
		    "  4   over --max-memory or --max-time, FILE is as it "
		    "was\n"
		    "  64  misuse of the command line\n",
	.min_operands = 2,
	.max_operands = 2,
	.more = &opt_split,
	.options = options,
};

/* What both ways have to tell. */
struct outcome {
	uint64_t datasets, groups, links, bytes, file_size, skipped, files;
	double seconds;
};

static int
fail(int err)
{
	progress_clear();
	if (err == CUTE_SHM_ERR_CANCELLED && interrupt_pending())
		return CLI_FAILED; /* and die by the signal in main() */
	cli_message("%s%s", cute_shm_errmsg(),
		    err == CUTE_SHM_ERR_EXISTS ? "; --overwrite replaces it"
					       : "");
	return err == CUTE_SHM_ERR_LIMIT ? CLI_LIMIT : CLI_FAILED;
}

/* "4096", "256K", "1M". */
static uint64_t
chunk_size(void)
{
	uint64_t n;

	if (!opt_chunk)
		return 0;
	if (!units_parse_size(opt_chunk, &n) || n > UINT64_C(1) << 30)
		cli_misuse("option '--chunk': '%s' is no size from 1 to 1G",
			   opt_chunk);
	return n;
}

/* ---------------------------------------------------------------- segments */

static int
on_bytes(uint64_t done, uint64_t total, void *arg)
{
	progress_update(&(struct progress){
		.bytes_done = done,
		.bytes_total = total,
		.name = arg,
	});
	return interrupt_pending();
}

static int
export_segment(const struct cute_shm *shm, char *file, struct outcome *ret)
{
	struct cute_shm_export_options opt = {
		.size = sizeof(opt),
		.flags = opt_overwrite ? CUTE_SHM_OVERWRITE : 0,
		.progress = on_bytes,
		.arg = file,
		.max_seconds = opt_max_time,
	};
	struct cute_shm_info info;
	double begin = clock_now();
	int err = to_stdout ? cute_shm_export_fd(shm, STDOUT_FILENO, &opt)
			    : cute_shm_export(shm, file, &opt);

	if (err != 0)
		return err;
	cute_shm_info(shm, &info);
	*ret = (struct outcome){
		.datasets = info.array_count,
		.bytes = info.array_bytes,
		.file_size = info.size,
		.seconds = clock_now() - begin,
	};
	return 0;
}

/* ------------------------------------------------------------------- HDF5 */

#ifdef HAVE_HDF5
static int
on_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	(void)arg;
	progress_update(&(struct progress){
		.bytes_done = p->bytes_done,
		.bytes_total = p->bytes_total ? p->bytes_total : 1,
		.path = p->path,
	});
	return interrupt_pending();
}

static void
on_skipped(const struct cute_shm_hdf5_skipped *s, void *arg)
{
	(void)arg;
	left_out_add(LEFT_OUT_SKIPPED, s->path, s->reason);
}

static int
export_hdf5(const struct cute_shm *shm, const char *file, struct outcome *ret)
{
	struct cute_shm_hdf5_export_options opt = {
		.size = sizeof(opt),
		.flags = opt_overwrite ? CUTE_SHM_HDF5_OVERWRITE : 0,
		.gzip = opt_gzip,
		.shuffle = opt_shuffle,
		.chunk_size = chunk_size(),
		.jobs = opt_jobs,
		.progress = on_progress,
		.skipped = on_skipped,
		.max_memory = opt_max_memory,
		.max_seconds = opt_max_time,
	};
	struct cute_shm_hdf5_export_result r;
	int err = opt_split.count
			  ? cute_shm_hdf5_export_files(shm, file, &opt, &r)
			  : cute_shm_hdf5_export(shm, file, &opt, &r);

	left_out_print();
	if (err == 0)
		*ret = (struct outcome){
			.datasets = r.datasets,
			.groups = r.groups,
			.links = r.links,
			.bytes = r.bytes,
			.file_size = r.file_size,
			.skipped = r.skipped,
			.files = r.files,
			.seconds = r.seconds,
		};
	return err;
}
#else
static int
export_hdf5(const struct cute_shm *shm, const char *file, struct outcome *ret)
{
	(void)shm;
	(void)file;
	(void)ret;
	return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
			     "built without HDF5: "
			     "only --segment can be written");
}
#endif

/* ------------------------------------------------------------------ report */

static void
report(const char *project, const char *file, const struct outcome *o)
{
	FILE *out = to_stdout ? stderr : stdout;
	struct json j = { .out = stdout };

	if (opt_json) {
		json_open(&j, NULL, '{');
		json_text(&j, "project", project);
		json_text(&j, "file", file);
		json_text(&j, "format", opt_segment ? "segment" : "hdf5");
		if (opt_split.count)
			json_number(&j, "file_count", o->files);
		json_number(&j, "array_bytes", o->bytes);
		json_number(&j, "file_size", o->file_size);
		json_number(&j, "skipped_count", o->skipped);
		json_seconds(&j, "seconds", o->seconds);
		json_close(&j, '}');
		return;
	}
	if (opt_quiet || (to_stdout && !opt_verbose))
		return;
	text_put(out, file, strlen(file));
	fputs(": ", out);
	if (opt_split.count)
		fprintf(out, "%s, ", units_count(o->files, "file").text);
	fprintf(out, "%s, %s in %s (%s)",
		units_count(o->datasets, opt_segment ? "array" : "dataset")
			.text,
		units_size(o->file_size).text, units_seconds(o->seconds).text,
		units_rate(o->bytes, o->seconds).text);
	if (o->skipped)
		fprintf(out, ", %" PRIu64 " skipped", o->skipped);
	putc('\n', out);
}

static void
check_usage(const char *file)
{
	to_stdout = opt_segment && strcmp(file, "-") == 0;
	if (opt_split.count && opt_segment)
		cli_misuse("--split writes HDF5 files: not with --segment");
	if (opt_split.count && !*file)
		cli_misuse("--split '': a directory must be given");
	if ((strcmp(file, "-") == 0 && !to_stdout) || !*file)
		cli_misuse("FILE '%s': only --segment writes a stream, HDF5 is "
			   "a file; to have one called so, write ./-",
			   file);
	if (to_stdout && opt_json)
		cli_misuse("--json: standard output is the segment's");
	if (to_stdout && isatty(STDOUT_FILENO))
		cli_misuse("standard output is a terminal: a segment goes to a "
			   "file or a pipe");
	if (opt_segment && (opt_gzip || opt_shuffle || opt_chunk))
		cli_misuse("--segment writes the segment as it is: not with "
			   "--gzip, --shuffle, --chunk");
	chunk_size();
}

/* A copy of what is damaged would look sound. */
static int
verify(const struct cute_shm *shm)
{
	struct cute_shm_verify_options opt = { .size = sizeof(opt),
					       .jobs = opt_jobs };

	return cute_shm_verify(shm, &opt, NULL);
}

static int
fail_open(const char *project, int err)
{
	char *problem = open_problem(project, opt_root, err);

	cli_message("%s", problem);
	free(problem);
	return CLI_FAILED;
}

static int export(const char *project, char *file)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.root = opt_root,
		.flags = opt_any_owner ? CUTE_SHM_ANY_OWNER : 0
	};
	struct cute_shm *shm = NULL;
	struct outcome outcome = { 0 };
	int err;

	err = open_project(project, opt_file, &opt, &shm);
	if (err != 0)
		return fail_open(project, err);
	err = verify(shm);
	if (err == 0)
		err = opt_segment ? export_segment(shm, file, &outcome)
				  : export_hdf5(shm, file, &outcome);
	cute_shm_close(shm);
	if (err != 0)
		return fail(err);
	progress_clear();
	report(project, file, &outcome);
	if (!to_stdout)
		cli_done("%s is written", file);
	return outcome.skipped ? CLI_PARTIAL : CLI_OK;
}

int
main(int argc, char **argv)
{
	char *file;
	int status;

	cli_begin(&program, argc, argv);
	file = opt_split.count ? (char *)(uintptr_t)opt_split.items[0]
			       : argv[1];
	if (opt_split.count && (argv[1] || opt_split.count > 1))
		cli_misuse("--split is in place of FILE, '%s'",
			   argv[1] ? argv[1] : opt_split.items[1]);
	check_usage(file);
	cli_before_message(progress_clear);
	interrupt_begin();
	cli_log(opt_verbose);
	progress_begin(!opt_no_progress && !opt_quiet, opt_verbose > 0);
	status = cli_end(export(argv[0], file));
	interrupt_end();
	return status;
}
