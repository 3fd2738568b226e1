/* SPDX-License-Identifier: MIT */
/* cute-shm-dump's output: a project, or what is at some paths of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "dump.h"
#include "hex.h"
#include "json.h"
#include "node_json.h"
#include "text.h"
#include "value.h"

#define VALUE_LIMIT 400 /* bytes of an attribute's value */

static const struct dump_options *opt;
static struct json json;

/* -------------------------------------------------------------------- text */

/* In a buffer, which knows how long it is; all of it needs none. */
static void
put_value(const struct cute_shm_array *value)
{
	struct text_buffer b;
	char *text;

	if (opt->all) {
		value_text(stdout, value, 0);
		return;
	}
	text_buffer_begin(&b);
	value_text(b.out, value, VALUE_LIMIT);
	text = text_buffer_end(&b);
	fputs(text, stdout);
	free(text);
}

static void
put_attributes(const struct cute_shm_node *node)
{
	struct cute_shm_attr attr;
	int err;

	for (err = cute_shm_next_attr(node, NULL, &attr); err == 0;
	     err = cute_shm_next_attr(node, &attr, &attr)) {
		fputs("  @", stdout);
		text_put(stdout, attr.name, strlen(attr.name));
		fputs(" = ", stdout);
		put_value(&attr.value);
		putchar('\n');
	}
}

static void
put_title(const struct cute_shm_node *node, const char *rest)
{
	text_style(stdout, TEXT_NAME);
	putchar('/');
	text_put(stdout, node->path, strlen(node->path));
	text_style(stdout, TEXT_PLAIN);
	text_line(stdout, "%s", rest);
}

static void
put_array(const struct cute_shm_node *node, const struct cute_shm_array *a,
	  const struct slice *slice, bool values)
{
	char *dtype = value_dtype(a->dtype);
	char *shape = value_shape(a->dtype, slice->result_ndim, slice->shape);
	char *rest = text_format("  %s %s", dtype, shape);

	put_title(node, rest);
	put_attributes(node);
	if (values)
		dump_text(stdout, a, slice, node, opt->all);
	free(rest);
	free(shape);
	free(dtype);
}

static void
put_link(const struct cute_shm_node *node)
{
	struct cute_shm_node target;
	char *rest;

	rest = cute_shm_follow(node, &target) == 0
		       ? text_format(" -> /%s", target.path)
		       : text_format(" -> ?");
	put_title(node, rest);
	free(rest);
}

/* -------------------------------------------------------------------- JSON */

static void
put_node_json(const struct cute_shm_node *node, const struct cute_shm_array *a,
	      const struct slice *slice, const char *why_not)
{
	struct cute_shm_node target;

	json_open(&json, NULL, '{');
	json_text(&json, "path", node->path);
	json_text(&json, "kind", node_json_kind(node->kind));
	if (a) {
		json_text(&json, "dtype", a->dtype);
		json_shape(&json, "shape", slice->result_ndim, slice->shape);
		node_json_offsets(&json, a);
	}
	if (node->kind == CUTE_SHM_LINK && cute_shm_follow(node, &target) == 0)
		json_text(&json, "target", target.path);
	node_json_attributes(&json, node);
	if (why_not) {
		json_text(&json, "error", why_not);
	} else if (a && !opt->header) {
		json_key(&json, "value");
		dump_json(stdout, a, slice);
	}
	json_close(&json, '}');
}

/* ------------------------------------------------------------------- nodes */

/* What can be said without the values is said in any case. */
static void
show(const struct cute_shm_node *node, const struct cute_shm_array *a,
     const struct slice *slice, const char *why_not)
{
	if (opt->json)
		put_node_json(node, a, slice, why_not);
	else
		put_array(node, a, slice, !opt->header && !why_not);
}

static int
dump_values(const struct cute_shm_node *node, const struct cute_shm_array *a,
	    struct slice *slice)
{
	const char *bytes = NULL;
	struct dump_value v;
	int status;

	dump_value_begin(&v, a, slice,
			 !opt->json && !opt->raw && !opt->npy &&
				 dump_edges(slice, opt->all));
	if (v.why)
		cli_message("%s", v.why);
	else if (opt->raw)
		bytes = dump_raw(stdout, &v.array, slice);
	else if (opt->npy)
		bytes = dump_npy(stdout, &v.array, slice);
	if (bytes)
		cli_message("/%s: %s", node->path, bytes);
	if (!opt->raw && !opt->npy)
		show(node, &v.array, slice, v.why);
	status = v.why || bytes ? CLI_FAILED : CLI_OK;
	dump_value_end(&v);
	return status;
}

static int
dump_map(const struct cute_shm_node *node, const struct cute_shm_array *a,
	 const char *part)
{
	const char *why = dump_python(stdout, a, part);

	if (!why)
		return CLI_OK;
	cli_message("/%s: %s", node->path, why);
	return CLI_FAILED;
}

/* 'part': what stands in brackets, or NULL. */
static bool
slice_of(const struct cute_shm_array *a, const char *part, struct slice *ret,
	 char *why)
{
	struct slice_text text = { .count = 0 };

	if (part && (!slice_read(part, strlen(part), &text, why) ||
		     !slice_apply(&text, a->ndim, a->shape, ret, why)))
		return false;
	if (!part)
		slice_all(a->ndim, a->shape, ret);
	/* An array "null" has no element, though it has no dimension of 0. */
	if (a->element_count == 0)
		ret->element_count = 0;
	return true;
}

static int
dump_array(const struct cute_shm_node *node, const char *part)
{
	struct cute_shm_array a;
	char why[SLICE_WHY];
	struct slice slice;

	if (cute_shm_node_array(node, &a) != 0)
		return cli_fail();
	if (!slice_of(&a, part, &slice, why)) {
		cli_message("/%s[%s]: %s", node->path, part, why);
		return CLI_FAILED;
	}
	if (opt->python)
		return dump_map(node, &a, part);
	if (!opt->header || opt->raw || opt->npy)
		return dump_values(node, &a, &slice);
	show(node, &a, &slice, NULL);
	return CLI_OK;
}

static int
dump_node(const struct cute_shm_node *node)
{
	if (node->kind == CUTE_SHM_ARRAY)
		return dump_array(node, NULL);
	if (opt->json)
		put_node_json(node, NULL, NULL, NULL);
	else if (node->kind == CUTE_SHM_LINK)
		put_link(node);
	else if (node->attr_count > 0 || node->child_count == 0) {
		put_title(node, *node->path ? "/" : "");
		put_attributes(node);
	}
	return CLI_OK;
}

static int
dump_tree(const struct cute_shm_node *top)
{
	struct cute_shm_node node;
	int err = 0, status = CLI_OK;

	for (node = *top; err == 0 && !ferror(stdout);
	     err = cute_shm_next(top, &node, &node))
		if (dump_node(&node) != CLI_OK)
			status = CLI_FAILED;
	if (err != 0 && err != CUTE_SHM_ERR_END)
		return cli_fail();
	return status;
}

/* 'node' is NULL for all of it. */
static int
dump_hex(const struct cute_shm *shm, const struct cute_shm_node *node)
{
	return hex_dump(stdout, shm, node, opt->all) == 0 ? CLI_OK : CLI_FAILED;
}

static int
dump_whole(const struct cute_shm *shm, const struct cute_shm_node *node)
{
	struct cute_shm_node target;

	if (opt->hex)
		return dump_hex(shm, node);
	if (cute_shm_follow(node, &target) != 0)
		return cli_fail();
	return opt->raw || opt->npy || opt->python ? dump_array(&target, NULL)
						   : dump_tree(&target);
}

/* 'part': what stands behind the bracket. */
static int
dump_part(const struct cute_shm_node *node, char *part)
{
	size_t size = strlen(part);
	struct cute_shm_node target;

	if (cute_shm_follow(node, &target) != 0)
		return cli_fail();
	if (size == 0 || part[size - 1] != ']') {
		cli_message("/%s[%s: ']' is missing at the end", node->path,
			    part);
		return CLI_FAILED;
	}
	if (opt->hex) {
		cli_message("/%s[%s: --hex shows all of an array, no part",
			    node->path, part);
		return CLI_FAILED;
	}
	part[size - 1] = '\0';
	return dump_array(&target, part);
}

/* "path" or "path[slice]"; a name may have brackets itself. */
static int
dump_path(const struct cute_shm *shm, const char *path)
{
	const char *bracket = strrchr(path, '[');
	struct cute_shm_node node;
	char *name, *part;
	int err = cute_shm_find(shm, path, &node), status;

	if (err == 0)
		return dump_whole(shm, &node);
	if (err != CUTE_SHM_ERR_NOT_FOUND || !bracket)
		return cli_fail();
	name = text_format("%.*s", (int)(bracket - path), path);
	part = text_format("%s", bracket + 1);
	status = cute_shm_find(shm, name, &node) != 0 ? cli_fail()
						      : dump_part(&node, part);
	free(part);
	free(name);
	return status;
}

static int
dump(const struct cute_shm *shm, int n, char **paths)
{
	int status = CLI_OK, i;

	if (n == 0 && opt->hex)
		return dump_hex(shm, NULL);
	if (n == 0)
		return dump_path(shm, "");
	for (i = 0; i < n; i++)
		if (dump_path(shm, paths[i]) != CLI_OK)
			status = CLI_FAILED;
	return status;
}

int
dump_project(const struct cute_shm *shm, const char *project, int n,
	     char **paths, const struct dump_options *options)
{
	int status;

	opt = options;
	if (opt->json) {
		json = (struct json){ .out = stdout };
		json_open(&json, NULL, '{');
		json_text(&json, "project", project);
		json_open(&json, "nodes", '[');
	}
	status = dump(shm, n, paths);
	if (opt->json) {
		json_close(&json, ']');
		json_close(&json, '}');
	}
	return status;
}
