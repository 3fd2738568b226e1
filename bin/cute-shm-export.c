/* SPDX-License-Identifier: MIT */
/* cute-shm-export: a project as an HDF5 file, or as a file of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cute_shm.h>
#ifdef HAVE_HDF5
#include <cute_shm_hdf5.h>
#endif

#include "cli.h"
#include "clock.h"
#include "interrupt.h"
#include "left_out.h"
#include "json.h"
#include "progress.h"
#include "text.h"
#include "units.h"

static bool opt_overwrite, opt_segment, opt_shuffle, opt_file;
static bool opt_no_progress, opt_json, opt_any_owner, opt_quiet;
static const char *opt_root, *opt_chunk;
static unsigned opt_gzip, opt_jobs;

static const struct cli_option options[] = {
	{ 'o', CLI_FLAG, "overwrite", NULL,
	  "replace FILE, when all is written", &opt_overwrite },
	{ 0, CLI_FLAG, "segment", NULL,
	  "write the segment itself, which cute-shm-load loads",
	  &opt_segment },
	{ 'z', CLI_LEVEL, "gzip", "LEVEL",
	  "compress with gzip, 1 (fast) to 9 (small)", &opt_gzip },
	{ 0, CLI_FLAG, "shuffle", NULL,
	  "sort bytes by significance first, which helps gzip",
	  &opt_shuffle },
	{ 0, CLI_TEXT, "chunk", "SIZE",
	  "bytes of a chunk, such as 256K; default 1M if compressed",
	  &opt_chunk },
	{ 'j', CLI_COUNT, "jobs", "N",
	  "threads; default as many as there are CPUs",
	  &opt_jobs },
	{ 'f', CLI_FLAG, "file", NULL,
	  "PROJECT is a file: a copy of a segment, as on a disk", &opt_file },
	{ 'q', CLI_FLAG, "quiet", NULL, "print nothing when all is well",
	  &opt_quiet },
	{ 0, CLI_FLAG, "json", NULL, "the result as JSON", &opt_json },
	{ 0, CLI_FLAG, "no-progress", NULL,
	  "show no progress on the terminal", &opt_no_progress },
	{ 0, CLI_FLAG, "any-owner", NULL,
	  "look into segments of other users too", &opt_any_owner },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm",
	  &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-export",
	.operands = "PROJECT FILE",
	.summary = "Write the project as the HDF5 file FILE: groups, arrays, "
		   "attributes, links.",
	.statuses = "  0   written\n"
		    "  1   failed, FILE is as it was unless it says so\n"
		    "  2   written in part: something was left out\n"
		    "  64  misuse of the command line\n",
	.min_operands = 2,
	.max_operands = 2,
	.options = options,
};

/* What both ways have to tell. */
struct outcome {
	uint64_t datasets, groups, links, bytes, file_size, skipped;
	double seconds;
};

static int
fail(int err)
{
	progress_clear();
	if (err == CUTE_SHM_ERR_CANCELLED && interrupt_pending())
		return CLI_FAILED;	/* and die by the signal in main() */
	cli_message("%s%s", cute_shm_errmsg(), err == CUTE_SHM_ERR_EXISTS ?
		    "; --overwrite replaces it" : "");
	return CLI_FAILED;
}

/* "4096", "256K", "1M". */
static uint64_t
chunk_size(void)
{
	unsigned long long n;
	char *end;
	int shift;

	if (!opt_chunk)
		return 0;
	n = strtoull(opt_chunk, &end, 10);
	shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	if (*opt_chunk < '0' || *opt_chunk > '9' || n == 0 ||
	    n > (UINT64_C(1) << 30) >> shift || (*end && !shift) ||
	    (shift && end[1]))
		cli_misuse("option '--chunk': '%s' is no size from 1 to 1G",
			   opt_chunk);
	return (uint64_t)n << shift;
}

/* ---------------------------------------------------------------- segments */

static int
on_bytes(uint64_t done, uint64_t total, void *arg)
{
	progress_update(&(struct progress){
		.bytes_done = done, .bytes_total = total, .path = arg,
	});
	return interrupt_pending();
}

static int
export_segment(const struct cute_shm *shm, char *file, struct outcome *ret)
{
	struct cute_shm_save_options opt = {
		.size = sizeof(opt),
		.flags = opt_overwrite ? CUTE_SHM_OVERWRITE : 0,
		.progress = on_bytes,
		.arg = file,
	};
	struct cute_shm_info info;
	double begin = clock_now();
	int err = cute_shm_save(shm, file, &opt);

	if (err != 0)
		return err;
	cute_shm_info(shm, &info);
	*ret = (struct outcome){
		.datasets = info.array_count, .bytes = info.array_bytes,
		.file_size = info.size, .seconds = clock_now() - begin,
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
	struct cute_shm_hdf5_save_options opt = {
		.size = sizeof(opt),
		.flags = opt_overwrite ? CUTE_SHM_HDF5_OVERWRITE : 0,
		.gzip = opt_gzip,
		.shuffle = opt_shuffle,
		.chunk_size = chunk_size(),
		.jobs = opt_jobs,
		.progress = on_progress,
		.skipped = on_skipped,
	};
	struct cute_shm_hdf5_save_result r;
	int err = cute_shm_hdf5_save(shm, file, &opt, &r);

	left_out_print();
	if (err == 0)
		*ret = (struct outcome){
			.datasets = r.datasets, .groups = r.groups,
			.links = r.links, .bytes = r.bytes,
			.file_size = r.file_size, .skipped = r.skipped,
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
	return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED, "built without HDF5: "
			     "only --segment can be written");
}
#endif

/* ------------------------------------------------------------------ report */

static void
report(const char *project, const char *file, const struct outcome *o)
{
	struct json j = { .out = stdout };

	if (opt_json) {
		json_open(&j, NULL, '{');
		json_text(&j, "project", project);
		json_text(&j, "file", file);
		json_text(&j, "format", opt_segment ? "segment" : "hdf5");
		json_number(&j, "array_bytes", o->bytes);
		json_number(&j, "file_size", o->file_size);
		json_number(&j, "skipped_count", o->skipped);
		json_seconds(&j, "seconds", o->seconds);
		json_close(&j, '}');
		return;
	}
	if (opt_quiet)
		return;
	text_put(stdout, file, strlen(file));
	printf(": %s, %s in %s (%s)",
	       units_count(o->datasets, opt_segment ? "array" :
			   "dataset").text, units_size(o->file_size).text,
	       units_seconds(o->seconds).text,
	       units_rate(o->bytes, o->seconds).text);
	if (o->skipped)
		printf(", %" PRIu64 " skipped", o->skipped);
	putchar('\n');
}

static void
check_usage(const char *file)
{
	if (strcmp(file, "-") == 0 || !*file)
		cli_misuse("FILE '%s': what is exported is a file, not a "
			   "stream; to have one called so, write ./-", file);
	if (opt_segment && (opt_gzip || opt_shuffle || opt_chunk))
		cli_misuse("--segment writes the segment as it is: not with "
			   "--gzip, --shuffle, --chunk");
	chunk_size();
}

/* A copy of what is damaged would look sound. */
static int
verify(const struct cute_shm *shm)
{
	struct cute_shm_verify_options opt = {
		.size = sizeof(opt), .jobs = opt_jobs
	};

	return cute_shm_verify(shm, &opt, NULL);
}

static int
export(const char *project, char *file)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt), .root = opt_root,
		.flags = opt_any_owner ? CUTE_SHM_ANY_OWNER : 0
	};
	struct cute_shm *shm = NULL;
	struct outcome outcome = { 0 };
	int err;

	err = opt_file ? cute_shm_open_file(project, &opt, &shm)
		       : cute_shm_open(project, &opt, &shm);
	if (err == 0)
		err = verify(shm);
	if (err == 0)
		err = opt_segment ? export_segment(shm, file, &outcome)
				  : export_hdf5(shm, file, &outcome);
	cute_shm_close(shm);
	if (err != 0)
		return fail(err);
	progress_clear();
	report(project, file, &outcome);
	cli_done("%s is written", file);
	return outcome.skipped ? CLI_PARTIAL : CLI_OK;
}

int
main(int argc, char **argv)
{
	int status;

	cli_begin(&program, argc, argv);
	check_usage(argv[1]);
	cli_before_message(progress_clear);
	interrupt_begin();
	progress_begin(!opt_no_progress);
	status = cli_end(export(argv[0], argv[1]));
	interrupt_end();
	return status;
}
