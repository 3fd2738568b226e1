/* SPDX-License-Identifier: MIT */
/* cute-shm-list: what projects there are, and what is in them. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "list.h"
#include "open_project.h"
#include "python_segment.h"
#include "root_dir.h"
#include "text.h"

bool list_with_nodes, list_exact_bytes, list_as_tree;
static bool opt_short, opt_json, opt_any_owner;
static const char *opt_root, *opt_columns, *opt_sort;
static struct cli_list opt_path;

static const struct cli_option options[] = {
	{ 's', CLI_FLAG, "short", NULL,
	  "a row per project: arrays, size, age, owner, users, state",
	  &opt_short },
	{ 'o', CLI_TEXT, "columns", "LIST",
	  "such a row, of these columns: project,data,source,...",
	  &opt_columns },
	{ 0, CLI_TEXT, "sort", "KEY",
	  "projects by name, size, arrays or age (the newest first)",
	  &opt_sort },
	{ 0, CLI_FLAG, "tree", NULL, "names below those of their groups",
	  &list_as_tree },
	{ 0, CLI_TEXTS, "path", "GLOB",
	  "only what matches, as arm/* or *_raw; may be repeated", &opt_path },
	{ 0, CLI_FLAG, "json", NULL, "the same as JSON, all values in full",
	  &opt_json },
	{ 0, CLI_FLAG, "bytes", NULL, "sizes in bytes", &list_exact_bytes },
	{ 0, CLI_FLAG, "any-owner", NULL,
	  "look into segments of other users too", &opt_any_owner },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-list",
	.operands = "[PROJECT...]",
	.summary = "Show projects in shared memory, with their arrays and "
		   "attributes; all of them,\nor those that are named or "
		   "match, as 'run-*'.",
	.statuses = "  0   listed, damaged and foreign segments included\n"
		    "  1   a project that was named is not there, or the root "
		    "is not\n"
		    "  64  misuse of the command line\n",
	.max_operands = -1,
	.options = options,
};

struct request {
	char **names;
	int count;
	bool *found;
	struct cute_shm_info *projects; /* those that are asked for */
	size_t project_count;
	uint64_t python_count; /* segments of the Python package */
	struct loads loads;
	struct list_total total;
	const struct list_view *view;
	struct cute_shm_usage *usage; /* once it has been needed */
};

bool
list_filtered(void)
{
	return opt_path.count > 0;
}

/* A slash at the end, as groups are shown, makes no difference. */
static bool
matches(const char *pattern, const char *path)
{
	size_t size = strlen(pattern);
	char *plain;
	bool ret;

	if (size < 2 || pattern[size - 1] != '/')
		return fnmatch(pattern, path, 0) == 0;
	plain = text_format("%.*s", (int)size - 1, pattern);
	ret = fnmatch(plain, path, 0) == 0;
	free(plain);
	return ret;
}

bool
list_wanted(const struct cute_shm_node *node)
{
	const char *const *p = opt_path.items;

	if (!list_filtered())
		return true;
	for (; *p; p++)
		if (matches(**p == '/' ? *p + 1 : *p, node->path))
			return true;
	return false;
}

static bool
requested(struct request *r, const char *project)
{
	bool ret = r->count == 0;
	int i;

	for (i = 0; i < r->count; i++) {
		if (fnmatch(r->names[i], project, 0) == 0 ||
		    strcmp(r->names[i], project) == 0) {
			r->found[i] = true;
			ret = true;
		}
	}
	return ret;
}

/* ------------------------------------------------------------------- users */

static int
add_user(const struct cute_shm_user *user, void *arg)
{
	struct list_project *p = arg;
	struct list_user *users = p->users;

	users = text_alloc(users, p->user_count + 1, sizeof(*users));
	users[p->user_count++] =
		(struct list_user){ .pid = user->pid,
				    .uid = user->uid,
				    .command =
					    text_format("%s", user->command) };
	p->users = users;
	return 0;
}

/* One look at all processes, for all projects. */
static bool
see_usage(struct request *r)
{
	return r->usage || cute_shm_usage_new(&r->usage) == 0;
}

static void
free_users(struct list_project *p)
{
	struct list_user *users = p->users;

	while (p->user_count > 0)
		free(users[--p->user_count].command);
	free(users);
}

/* ---------------------------------------------------------------- projects */

/* The library's sentence names its flag; here it is an option. */
static const char *
message_of(int err)
{
	if (err == CUTE_SHM_ERR_OWNER)
		return "belongs to another user, who could change it under "
		       "its readers; --any-owner trusts";
	return err ? cute_shm_errmsg() : "";
}

/* The listing's texts last for the call only. */
static struct cute_shm_info
keep(const struct cute_shm_info *info)
{
	struct cute_shm_info ret = *info;

	ret.message = text_format("%s", info->message);
	ret.project = text_format("%s", info->project);
	ret.path = text_format("%s", info->path);
	ret.version = text_format("%s", info->version);
	ret.creator = text_format("%s", info->creator);
	ret.source = text_format("%s", info->source);
	return ret;
}

static void
forget(const struct cute_shm_info *info)
{
	free((char *)(uintptr_t)info->message);
	free((char *)(uintptr_t)info->project);
	free((char *)(uintptr_t)info->path);
	free((char *)(uintptr_t)info->version);
	free((char *)(uintptr_t)info->creator);
	free((char *)(uintptr_t)info->source);
}

static bool
named(const struct request *r, const char *project)
{
	int i;

	for (i = 0; i < r->count; i++)
		if (strcmp(r->names[i], project) == 0)
			return true;
	return false;
}

static int
add_project(const struct cute_shm_info *info, void *arg)
{
	struct request *r = arg;

	if (python_segment(info) && !named(r, info->project)) {
		r->python_count++;
		return 0;
	}
	if (!requested(r, info->project))
		return 0;
	r->projects = text_alloc(r->projects, r->project_count + 1,
				 sizeof(*r->projects));
	r->projects[r->project_count++] = keep(info);
	return 0;
}

static void
add_matching(const struct cute_shm *shm, struct list_total *total)
{
	struct cute_shm_node top, node;
	struct cute_shm_array a;
	int err = cute_shm_find(shm, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node))
		if (node.kind == CUTE_SHM_ARRAY && list_wanted(&node) &&
		    cute_shm_node_array(&node, &a) == 0) {
			total->arrays++;
			total->bytes += a.data_size;
		}
}

/* Of segments, or of the data of those arrays that are shown. */
static void
add_total(const struct list_project *p, struct list_total *total)
{
	total->projects++;
	if (!list_filtered()) {
		total->arrays += p->info->array_count;
		total->bytes += p->info->err ? 0 : p->info->size;
	} else if (p->shm) {
		add_matching(p->shm, total);
	}
}

static void
show_project(struct request *r, const struct cute_shm_info *info,
	     struct list_source source)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.root = opt_root,
		.flags = opt_any_owner ? CUTE_SHM_ANY_OWNER : 0
	};
	struct list_project p = { .info = info,
				  .source = source,
				  .err = info->err,
				  .message = info->message };
	struct cute_shm *shm = NULL;
	char *message = NULL;

	if (!p.err) {
		p.err = open_project(info->project, false, &opt, &shm);
		message = text_format("%s", message_of(p.err));
		p.message = message;
		p.shm = shm;
	}
	/* What is damaged there, verification says. */
	if (shm)
		(void)cute_shm_update_summary(shm, &p.updates);
	/* Without /proc they are not to be seen, that is all. */
	if (shm && info->in_use && see_usage(r))
		cute_shm_usage_users(r->usage, shm, add_user, &p);
	add_total(&p, &r->total);
	r->view->project(&p);
	free_users(&p);
	cute_shm_close(shm);
	free(message);
}

/* ----------------------------------------------------------------- sorting */

static int
by_size(const void *a, const void *b)
{
	const struct cute_shm_info *x = a, *y = b;

	return x->size < y->size   ? 1
	       : x->size > y->size ? -1
				   : strcmp(x->project, y->project);
}

static int
by_arrays(const void *a, const void *b)
{
	const struct cute_shm_info *x = a, *y = b;

	return x->array_count < y->array_count ? 1
	       : x->array_count > y->array_count
		       ? -1
		       : strcmp(x->project, y->project);
}

static int
by_age(const void *a, const void *b)
{
	const struct cute_shm_info *x = a, *y = b;

	return x->created_ns < y->created_ns   ? 1
	       : x->created_ns > y->created_ns ? -1
					       : strcmp(x->project, y->project);
}

/* The order of 'key'; they come by name. */
static bool
order(const char *key, int (**ret)(const void *, const void *))
{
	*ret = strcmp(key, "size") == 0	    ? by_size
	       : strcmp(key, "arrays") == 0 ? by_arrays
	       : strcmp(key, "age") == 0    ? by_age
					    : NULL;
	return *ret || strcmp(key, "name") == 0;
}

static void
show_all(struct request *r)
{
	int (*compare)(const void *, const void *);
	struct list_source *sources;
	size_t i;

	if (opt_sort && order(opt_sort, &compare) && compare &&
	    r->project_count > 0)
		qsort(r->projects, r->project_count, sizeof(*r->projects),
		      compare);
	sources = text_alloc(NULL, r->project_count, sizeof(*sources));
	list_sources_find(r->projects, r->project_count, sources);
	for (i = 0; i < r->project_count; i++) {
		if (!ferror(stdout))
			show_project(r, &r->projects[i], sources[i]);
		forget(&r->projects[i]);
	}
	free(sources);
	free(r->projects);
}

static void
report_unopened(const char *project, int err)
{
	char *problem = open_problem(project, opt_root, err);

	cli_message("%s", problem);
	free(problem);
}

/* A file system without a bound has no figures. */
static void
see_root(struct list_total *total)
{
	total->whole = true;
	if (!root_space(opt_root, &total->root_size, &total->root_free))
		total->root_size = 0;
}

/* Opening what is not there tells why, also of names that cannot be. */
static bool
report_missing(const char *project)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = opt_root };
	struct cute_shm *shm;
	int err;

	if (strpbrk(project, "*?[")) {
		cli_message("no project matches \"%s\"", project);
		return true;
	}
	err = cute_shm_open(project, &opt, &shm);
	if (err != 0) {
		report_unopened(project, err);
		return true;
	}
	cute_shm_close(shm);
	return false; /* it appeared just now */
}

/* A path instead of a project's name; false, and reported: not to be opened. */
static bool
show_file(struct request *r, const char *path)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = opt_any_owner ? CUTE_SHM_ANY_OWNER : 0
	};
	struct list_source source;
	struct cute_shm_info info;
	struct cute_shm *shm;
	int err = cute_shm_open_file(path, &opt, &shm);

	if (err != 0) {
		report_unopened(path, err);
		return false;
	}
	cute_shm_info(shm, &info);
	info.project = path;
	info = keep(&info);
	cute_shm_close(shm);
	list_sources_find(&info, 1, &source);
	show_project(r, &info, source);
	forget(&info);
	return true;
}

static void
on_log(enum cute_shm_log_level level, const char *message, void *arg)
{
	(void)level;
	(void)arg;
	cli_message("%s", message);
}

static bool
wanted_load(const char *project, void *arg)
{
	return requested(arg, project);
}

static int
list(struct request *r)
{
	int status = CLI_OK, i;

	/* A root that cannot be listed is told below. */
	cute_shm_set_log(CUTE_SHM_LOG_INFO, on_log, NULL);
	(void)cute_shm_collect(opt_root, NULL, NULL);
	if (cute_shm_list(opt_root, add_project, r) != 0)
		return cli_fail();
	loads_find(&r->loads, opt_root);
	show_all(r);
	if (r->count == 0 && !list_filtered())
		see_root(&r->total);
	for (i = 0; i < r->count; i++) {
		if (strchr(r->names[i], '/')
			    ? !show_file(r, r->names[i])
			    : !r->found[i] && report_missing(r->names[i]))
			status = CLI_FAILED;
	}
	if (r->total.projects == 0 && r->loads.count == 0 && r->count == 0 &&
	    !opt_json)
		cli_message("no projects in %s", root_dir(opt_root));
	if (r->python_count > 0 && r->count == 0 && !opt_json)
		cli_message("%s of the Python package left out",
			    units_count(r->python_count, "segment").text);
	return status;
}

static void
check_options(void)
{
	int (*compare)(const void *, const void *);

	if (opt_columns)
		list_set_columns(opt_columns);
	if (opt_sort && !order(opt_sort, &compare))
		cli_misuse("option '--sort': '%s' is none of name, size, "
			   "arrays, age",
			   opt_sort);
	if (opt_columns)
		opt_short = true;
	if (opt_short && list_as_tree)
		cli_misuse("--tree shows arrays, not a row per project");
}

int
main(int argc, char **argv)
{
	struct request r = { .names = argv };
	int status;

	r.count = cli_begin(&program, argc, argv);
	check_options();
	r.found = text_alloc(NULL, (size_t)r.count, sizeof(*r.found));
	memset(r.found, 0, (size_t)r.count * sizeof(*r.found));
	list_with_nodes = !opt_short;
	r.view = opt_json ? &list_json : opt_short ? &list_short : &list_full;
	r.loads = (struct loads){ .wanted = wanted_load, .arg = &r };
	r.total.loads = &r.loads;
	r.view->begin();
	status = list(&r);
	r.view->end(&r.total);
	loads_free(&r.loads);
	cute_shm_usage_free(r.usage);
	free(r.found);
	return cli_end(status);
}
