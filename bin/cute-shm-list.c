/* SPDX-License-Identifier: MIT */
/* cute-shm-list: what projects there are, and what is in them. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "list.h"
#include "text.h"

bool list_with_tree, list_exact_bytes;
static bool opt_short, opt_json, opt_any_owner;
static const char *opt_root;

static const struct cli_option options[] = {
	{ 's', CLI_FLAG, "short", NULL,
	  "a row per project: arrays, size, age, owner, users, integrity",
	  &opt_short },
	{ 0, CLI_FLAG, "json", NULL, "the same as JSON, all values in full",
	  &opt_json },
	{ 0, CLI_FLAG, "bytes", NULL, "sizes in bytes", &list_exact_bytes },
	{ 0, CLI_FLAG, "any-owner", NULL,
	  "look into segments of other users too", &opt_any_owner },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm",
	  &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-list",
	.operands = "[PROJECT...]",
	.summary = "Show projects in shared memory, with their arrays and "
		   "attributes; all of them,\nor those that are named.",
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
	uint64_t listed;
	const struct list_view *view;
};

struct units
list_owner(const struct cute_shm_info *info)
{
	const struct passwd *user = getpwuid(info->uid);
	struct units ret;

	if (user)
		snprintf(ret.text, sizeof(ret.text), "%s", user->pw_name);
	else
		snprintf(ret.text, sizeof(ret.text), "%ju",
			 (uintmax_t)info->uid);
	return ret;
}

struct units
list_size(uint64_t bytes)
{
	struct units ret;

	if (!list_exact_bytes)
		return units_size(bytes);
	snprintf(ret.text, sizeof(ret.text), "%" PRIu64, bytes);
	return ret;
}

const char *
list_status(int err)
{
	switch (err) {
	case CUTE_SHM_OK:
		return "sound";
	case CUTE_SHM_ERR_CORRUPT:
		return "damaged";
	case CUTE_SHM_ERR_FORMAT:
		return "foreign";
	case CUTE_SHM_ERR_UNSUPPORTED:
		return "unsupported";
	case CUTE_SHM_ERR_OWNER:
		return "untrusted";
	case CUTE_SHM_ERR_PERMISSION:
		return "unreadable";
	default:
		return "error";
	}
}

int
list_integrity(const struct list_project *p, const char **message)
{
	struct cute_shm_verify_options opt = {
		.size = sizeof(opt), .flags = CUTE_SHM_VERIFY_METADATA
	};
	int err = p->err;

	*message = p->message;
	if (p->shm) {
		err = cute_shm_verify(p->shm, &opt, NULL);
		*message = err ? cute_shm_errmsg() : "";
	}
	return err;
}

static bool
requested(struct request *r, const char *project)
{
	bool ret = r->count == 0;
	int i;

	for (i = 0; i < r->count; i++) {
		if (strcmp(r->names[i], project) == 0) {
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
	users[p->user_count++] = (struct list_user){
		.pid = user->pid, .uid = user->uid,
		.command = text_format("%s", user->command)
	};
	p->users = users;
	return 0;
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

static int
each_project(const struct cute_shm_info *info, void *arg)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt), .root = opt_root,
		.flags = opt_any_owner ? CUTE_SHM_ANY_OWNER : 0
	};
	struct list_project p = {
		.info = info, .err = info->err, .message = info->message
	};
	struct request *r = arg;
	struct cute_shm *shm = NULL;
	char *message = NULL;

	if (!requested(r, info->project))
		return 0;
	r->listed++;
	if (!p.err) {
		p.err = cute_shm_open(info->project, &opt, &shm);
		message = text_format("%s", message_of(p.err));
		p.message = message;
		p.shm = shm;
	}
	/* Without /proc they are not to be seen, that is all. */
	if (shm && info->in_use)
		cute_shm_users(shm, add_user, &p);
	r->view->project(&p);
	free_users(&p);
	cute_shm_close(shm);
	free(message);
	return 0;
}

static const char *
root(void)
{
	const char *env = getenv("CUTE_SHM_ROOT");

	if (opt_root)
		return opt_root;
	return env && *env ? env : "/dev/shm";
}

/* Opening what is not there tells why, also of names that cannot be. */
static bool
report_missing(const char *project)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt), .root = opt_root
	};
	struct cute_shm *shm;

	if (cute_shm_open(project, &opt, &shm) != 0) {
		cli_message("%s", cute_shm_errmsg());
		return true;
	}
	cute_shm_close(shm);
	return false;	/* it appeared just now */
}

static void
on_log(enum cute_shm_log_level level, const char *message, void *arg)
{
	(void)level;
	(void)arg;
	cli_message("%s", message);
}

static int
list(struct request *r)
{
	int status = CLI_OK, i;

	/* A root that cannot be listed is told below. */
	cute_shm_set_log(CUTE_SHM_LOG_INFO, on_log, NULL);
	(void)cute_shm_collect(opt_root, NULL, NULL);
	if (cute_shm_list(opt_root, each_project, r) != 0) {
		cli_message("%s", cute_shm_errmsg());
		return CLI_FAILED;
	}
	for (i = 0; i < r->count; i++) {
		if (!r->found[i] && report_missing(r->names[i]))
			status = CLI_FAILED;
	}
	if (r->listed == 0 && r->count == 0 && !opt_json)
		cli_message("no projects in %s", root());
	return status;
}

int
main(int argc, char **argv)
{
	struct request r = { .names = argv };
	int status;

	r.count = cli_begin(&program, argc, argv);
	r.found = text_alloc(NULL, (size_t)r.count, sizeof(*r.found));
	memset(r.found, 0, (size_t)r.count * sizeof(*r.found));
	list_with_tree = !opt_short;
	r.view = opt_json ? &list_json : opt_short ? &list_short : &list_full;
	r.view->begin();
	status = list(&r);
	r.view->end();
	free(r.found);
	return cli_end(status);
}
