/* SPDX-License-Identifier: MIT */
/* cute-shm-verify: whether the data are what they were. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "now.h"
#include "open_project.h"
#include "progress.h"
#include "text.h"
#include "units.h"
#include "verify.h"

static bool opt_file, opt_json, opt_quiet, opt_no_progress, opt_any_owner;
static bool opt_source, opt_no_external;
static const char *opt_root;
static unsigned opt_jobs, opt_verbose;

static const struct cli_option options[] = {
	{ 'f', CLI_FLAG, "file", NULL,
	  "the arguments are files: copies of segments, as on a disk",
	  &opt_file },
	{ 'q', CLI_FLAG, "quiet", NULL, "only say what is not sound",
	  &opt_quiet },
	{ 'v', CLI_TIMES, "verbose", NULL,
	  "say more often how far it is; twice: what is done", &opt_verbose },
	{ 0, CLI_FLAG, "source", NULL,
	  "compare also with the HDF5 file that it came from", &opt_source },
	{ 0, CLI_FLAG, "no-external", NULL,
	  "with --source, read no other files that it leads to",
	  &opt_no_external },
	{ 'j', CLI_COUNT, "jobs", "N",
	  "threads; default as many as there are CPUs", &opt_jobs },
	{ 0, CLI_FLAG, "json", NULL, "the findings as JSON", &opt_json },
	{ 0, CLI_FLAG, "no-progress", NULL, "show no progress",
	  &opt_no_progress },
	{ 0, CLI_FLAG, "any-owner", NULL,
	  "look into segments of other users too", &opt_any_owner },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ .name = NULL }
};

enum {
	STATUS_DAMAGED = 1,
	STATUS_UNKNOWN = 2,
	STATUS_UNREADABLE = 3
};

static const struct cli_program program = {
	.name = "cute-shm-verify",
	.operands = "PROJECT...",
	.summary = "Check projects against their digests: header, metadata, "
		   "and all data.",
	.statuses = "  0   all are sound\n"
		    "  1   one is damaged, torn by a writer that died, or "
		    "differs from its source\n"
		    "  2   one cannot be told: not there, not to be read, or "
		    "unsealed\n"
		    "  3   a part of its source cannot be read: of that it "
		    "cannot be told\n"
		    "  64  misuse of the command line\n",
	.failed = STATUS_UNKNOWN,
	.min_operands = 1,
	.max_operands = -1,
	.options = options,
};

/* ---------------------------------------------------------------- findings */

struct verify_finding *
verify_add(struct verify_subject *s, enum verify_kind kind, const char *path,
	   const char *message)
{
	struct verify_finding *f;

	s->findings =
		text_alloc(s->findings, s->count + 1, sizeof(*s->findings));
	f = &s->findings[s->count++];
	*f = (struct verify_finding){
		.kind = kind,
		.path = path ? text_format("%s", path) : NULL,
		.message = text_format("%s", message),
	};
	if (kind > s->verdict)
		s->verdict = kind;
	return f;
}

/* The block after the last one that was found belongs to the same range. */
static bool
follows(const struct verify_subject *s, const struct cute_shm_damage *d)
{
	const struct verify_finding *last = &s->findings[s->count - 1];

	return d->path && last->path && strcmp(d->path, last->path) == 0 &&
	       last->begin < last->end && d->begin == last->end;
}

/* What the callbacks have to know. */
struct context {
	struct verify_subject *subject;
	const struct cute_shm *shm;
};

static int
on_damage(const struct cute_shm_damage *d, void *arg)
{
	struct context *c = arg;
	struct verify_subject *s = c->subject;
	struct cute_shm_array array;
	struct verify_finding *f;

	if (d->begin < d->end && s->count > 0 && follows(s, d)) {
		s->findings[s->count - 1].end = d->end;
		return 0;
	}
	f = verify_add(s,
		       d->err == CUTE_SHM_ERR_TORN ? VERIFY_TORN
						   : VERIFY_DAMAGED,
		       d->path, d->message);
	f->begin = d->begin;
	f->end = d->end;
	if (d->begin < d->end && cute_shm_get(c->shm, d->path, &array) == 0)
		f->size = array.data_size;
	return 0;
}

static int
on_progress(uint64_t done, uint64_t total, void *arg)
{
	const struct context *c = arg;

	progress_update(&(struct progress){
		.bytes_done = done,
		.bytes_total = total ? total : 1,
		.name = c->subject->name,
	});
	return 0;
}

/* Arrays that were updated, and have no digest of what they hold now. */
static void
add_unsealed(struct verify_subject *s, const struct cute_shm *shm)
{
	struct cute_shm_node top, node;
	struct cute_shm_state state;
	struct cute_shm_array array;
	char *message;
	int err = cute_shm_find(shm, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		if (cute_shm_node_array(&node, &array) != 0 ||
		    cute_shm_state(&array, &state) != 0 ||
		    state.sequence == 0 || state.sealed || state.torn)
			continue;
		message = text_format(
			"/%s: unsealed: %s, the "
			"last by process %" PRIu32,
			node.path,
			units_count(state.sequence / 2, "update").text,
			state.writer_pid);
		verify_add(s, VERIFY_UNSEALED, node.path, message);
		free(message);
	}
}

/* ---------------------------------------------------------------- subjects */

static int
attach(const char *name, struct cute_shm **ret)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.root = opt_root,
		.flags = opt_any_owner ? CUTE_SHM_ANY_OWNER : 0
	};

	return open_project(name, opt_file, &opt, ret);
}

static void
check(struct verify_subject *s, const struct cute_shm *shm)
{
	struct context c = { s, shm };
	struct cute_shm_verify_options opt = { .size = sizeof(opt),
					       .jobs = opt_jobs,
					       .report = on_damage,
					       .progress = on_progress,
					       .arg = &c };
	int err = cute_shm_verify(shm, &opt, &s->result);

	progress_clear();
	/* No memory, no threads: that is nothing about the segment. */
	if (err != 0 && s->count == 0)
		verify_add(s, VERIFY_UNKNOWN, NULL, cute_shm_errmsg());
	if (s->result.unsealed > 0)
		add_unsealed(s, shm);
	if (opt_source && s->verdict != VERIFY_DAMAGED)
		verify_source(s, shm,
			      &(struct verify_source_options){
				      .root = opt_root,
				      .jobs = opt_jobs,
				      .no_external = opt_no_external });
}

static void
add_unopened(struct verify_subject *s, int err)
{
	char *problem = open_problem(s->name, opt_root, err);

	verify_add(s,
		   err == CUTE_SHM_ERR_CORRUPT ? VERIFY_DAMAGED
					       : VERIFY_UNKNOWN,
		   NULL, problem);
	free(problem);
}

static enum verify_kind
verify(const char *name)
{
	struct verify_subject s = { .name = name };
	double begin = clock_now();
	struct cute_shm *shm = NULL;
	int err = attach(name, &shm);

	if (err == 0)
		check(&s, shm);
	else
		add_unopened(&s, err);
	cute_shm_close(shm);
	s.seconds = clock_now() - begin;
	verify_report(&s);
	while (s.count > 0) {
		free(s.findings[--s.count].path);
		free(s.findings[s.count].message);
	}
	free(s.findings);
	return s.verdict;
}

int
main(int argc, char **argv)
{
	enum verify_kind worst = VERIFY_SOUND, kind;
	int n = cli_begin(&program, argc, argv), status, i;

	cli_before_message(progress_clear);
	cli_log(opt_verbose);
	progress_begin(!opt_no_progress && !opt_quiet, opt_verbose > 0);
	verify_report_begin(opt_json, opt_quiet);
	for (i = 0; i < n; i++) {
		kind = verify(argv[i]);
		worst = kind > worst ? kind : worst;
	}
	verify_report_end();
	status = worst >= VERIFY_TORN	      ? STATUS_DAMAGED
		 : worst == VERIFY_UNREADABLE ? STATUS_UNREADABLE
		 : worst > VERIFY_SOUND	      ? STATUS_UNKNOWN
					      : CLI_OK;
	/* Lost output is no damage. */
	return cli_end(status) == status ? status : STATUS_UNKNOWN;
}
