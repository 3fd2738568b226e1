/* SPDX-License-Identifier: MIT */
#include "top.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <cute_shm.h>

#include "now.h"
#include "python_segment.h"
#include "root_dir.h"
#include "text.h"

/* What one look goes by. */
struct look {
	struct top_request *request;
	struct top_sample *sample;
};

static bool
wanted(const char *project, void *arg)
{
	const struct top_request *r = arg;
	int i;

	for (i = 0; i < r->count; i++)
		if (fnmatch(r->names[i], project, 0) == 0 ||
		    strcmp(r->names[i], project) == 0)
			return true;
	return r->count == 0;
}

static int
add(const struct cute_shm_info *info, void *arg)
{
	struct look *look = arg;
	struct top_sample *s = look->sample;

	if (python_segment(info) || !wanted(info->project, look->request))
		return 0;
	s->projects =
		text_alloc(s->projects, s->count + 1, sizeof(*s->projects));
	s->projects[s->count++] = (struct top_project){
		.name = text_format("%s", info->project),
		.err = info->err,
		.size = info->err ? 0 : info->size,
		.arrays = info->err ? 0 : info->array_count,
		.in_use = info->in_use,
		.ephemeral = info->ephemeral,
		.rate = -1,
	};
	s->bytes += s->projects[s->count - 1].size;
	return 0;
}

/* A sequence rises by two with each update. */
static uint64_t
count_updates(const struct cute_shm *shm)
{
	struct cute_shm_node top, node;
	struct cute_shm_state state;
	struct cute_shm_array a;
	uint64_t ret = 0;
	int err = cute_shm_find(shm, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node))
		if (node.kind == CUTE_SHM_ARRAY &&
		    cute_shm_node_array(&node, &a) == 0 &&
		    cute_shm_state(&a, &state) == 0)
			ret += state.sequence / 2;
	return ret;
}

static int
count_user(const struct cute_shm_user *user, void *arg)
{
	(void)user;
	++*(size_t *)arg;
	return 0;
}

static void
look_into(struct top_project *p, const char *root,
	  struct cute_shm_usage **usage)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = root };
	struct cute_shm_update_summary updates = { .updated = 0 };
	struct cute_shm_info info;
	struct cute_shm *shm;

	p->err = cute_shm_open(p->name, &opt, &shm);
	if (p->err != 0)
		return;
	cute_shm_info(shm, &info);
	memcpy(p->uuid, info.uuid, sizeof(p->uuid));
	/* What is damaged there, verification says. */
	(void)cute_shm_update_summary(shm, &updates);
	p->torn = updates.torn;
	if (updates.updated > 0)
		p->updates = count_updates(shm);
	/* Without /proc they are not to be seen, that is all. */
	if (p->in_use && (*usage || cute_shm_usage_new(usage) == 0))
		(void)cute_shm_usage_users(*usage, shm, count_user, &p->users);
	cute_shm_close(shm);
}

/* Both samples have their projects by name. */
static void
set_rates(struct top_sample *s, const struct top_sample *previous)
{
	double seconds = s->at - previous->at;
	size_t i, k = 0;
	int order;

	for (i = 0; i < s->count && seconds > 0; i++) {
		struct top_project *p = &s->projects[i];
		const struct top_project *q;

		order = -1;
		while (k < previous->count &&
		       (order = strcmp(previous->projects[k].name, p->name)) <
			       0)
			k++;
		q = &previous->projects[k];
		if (k < previous->count && order == 0 && !p->err && !q->err &&
		    memcmp(p->uuid, q->uuid, sizeof(p->uuid)) == 0)
			p->rate = (double)(p->updates - q->updates) / seconds;
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct top_project *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
top_look(struct top_request *request, const struct top_sample *previous,
	 struct top_sample *ret)
{
	struct look look = { .request = request, .sample = ret };
	struct cute_shm_usage *usage = NULL;
	size_t i;
	int err;

	*ret = (struct top_sample){ .at = clock_now() };
	ret->loads = (struct loads){ .wanted = wanted, .arg = request };
	err = cute_shm_list(request->root, add, &look);
	if (err != 0)
		return err;
	loads_find(&ret->loads, request->root);
	for (i = 0; i < ret->count; i++)
		if (!ret->projects[i].err)
			look_into(&ret->projects[i], request->root, &usage);
	cute_shm_usage_free(usage);
	if (ret->count > 0)
		qsort(ret->projects, ret->count, sizeof(*ret->projects),
		      by_name);
	if (previous)
		set_rates(ret, previous);
	/* A file system without a bound has no figures. */
	if (!root_space(request->root, &ret->root_size, &ret->root_free))
		ret->root_size = 0;
	return 0;
}

void
top_free(struct top_sample *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		free(s->projects[i].name);
	free(s->projects);
	loads_free(&s->loads);
}
