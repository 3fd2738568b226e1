/* SPDX-License-Identifier: MIT */
/* cute-shm-dump: what is in a project, down to the values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "dump.h"
#include "hex.h"
#include "json.h"
#include "node_json.h"
#include "text.h"
#include "value.h"

static bool opt_file, opt_header, opt_all, opt_raw, opt_npy, opt_json;
static bool opt_any_owner, opt_hex, opt_overwrite;
static const char *opt_root, *opt_output;
static struct json json;

static const struct cli_option options[] = {
	{ 'f', CLI_FLAG, "file", NULL,
	  "PROJECT is a file: a copy of a segment, as on a disk", &opt_file },
	{ 'H', CLI_FLAG, "header", NULL, "no values: names, dtypes, attributes",
	  &opt_header },
	{ 'a', CLI_FLAG, "all", NULL,
	  "all values; default the edges of what has over 1000", &opt_all },
	{ 0, CLI_FLAG, "raw", NULL, "the bytes of one array, as they are",
	  &opt_raw },
	{ 0, CLI_FLAG, "npy", NULL, "one array as a .npy file for numpy.load",
	  &opt_npy },
	{ 0, CLI_FLAG, "hex", NULL,
	  "the bytes, row by row, and what each field means", &opt_hex },
	{ 0, CLI_FLAG, "json", NULL, "all of it as JSON", &opt_json },
	{ 0, CLI_TEXT, "output", "FILE",
	  "into FILE instead of standard output, all of it or nothing",
	  &opt_output },
	{ 0, CLI_FLAG, "overwrite", NULL, "replace FILE if it exists",
	  &opt_overwrite },
	{ 0, CLI_FLAG, "any-owner", NULL,
	  "look into segments of other users too", &opt_any_owner },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm",
	  &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-dump",
	.operands = "PROJECT [PATH...]",
	.summary = "Show what is in a project: all of it, or what is at each "
		   "PATH, which may have a\nslice as NumPy writes it: "
		   "'arm/q[0:10, ::2]'.",
	.statuses = "  0   shown\n"
		    "  1   something is not there, damaged, or torn by a "
		    "writer that died\n"
		    "  64  misuse of the command line\n",
	.min_operands = 1,
	.max_operands = -1,
	.options = options,
};

/* -------------------------------------------------------------------- text */

static void
put_attributes(const struct cute_shm_node *node)
{
	struct cute_shm_attr attr;
	struct text_buffer b;
	char *text;
	int err;

	for (err = cute_shm_next_attr(node, NULL, &attr); err == 0;
	     err = cute_shm_next_attr(node, &attr, &attr)) {
		fputs("  @", stdout);
		text_put(stdout, attr.name, strlen(attr.name));
		text_buffer_begin(&b);
		value_text(b.out, &attr.value, opt_all ? 1L << 30 : 400);
		text = text_buffer_end(&b);
		printf(" = %s\n", text);
		free(text);
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
		dump_text(stdout, a, slice, node, opt_all);
	free(rest);
	free(shape);
	free(dtype);
}

static void
put_link(const struct cute_shm_node *node)
{
	struct cute_shm_node target;
	char *rest;

	rest = cute_shm_follow(node, &target) == 0 ?
	       text_format(" -> /%s", target.path) : text_format(" -> ?");
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
	}
	if (node->kind == CUTE_SHM_LINK && cute_shm_follow(node, &target) == 0)
		json_text(&json, "target", target.path);
	node_json_attributes(&json, node);
	if (why_not) {
		json_text(&json, "error", why_not);
	} else if (a && !opt_header) {
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
	if (opt_json)
		put_node_json(node, a, slice, why_not);
	else
		put_array(node, a, slice, !opt_header && !why_not);
}

static int
dump_values(const struct cute_shm_node *node, const struct cute_shm_array *a,
	    struct slice *slice)
{
	const char *bytes = NULL;
	struct dump_value v;
	int status;

	dump_value_begin(&v, a, slice);
	if (v.why)
		cli_message("%s", v.why);
	else if (opt_raw)
		bytes = dump_raw(stdout, &v.array, slice);
	else if (opt_npy)
		bytes = dump_npy(stdout, &v.array, slice);
	if (bytes)
		cli_message("/%s: %s", node->path, bytes);
	if (!opt_raw && !opt_npy)
		show(node, &v.array, slice, v.why);
	status = v.why || bytes ? CLI_FAILED : CLI_OK;
	dump_value_end(&v);
	return status;
}

/* 'part': what stands in brackets, or NULL. */
static int
dump_array(const struct cute_shm_node *node, const char *part)
{
	struct cute_shm_array a;
	struct slice slice;
	char *problem = NULL;

	if (cute_shm_node_array(node, &a) != 0)
		return cli_fail();
	if (part)
		problem = slice_parse(part, &a, &slice);
	else
		slice_all(&a, &slice);
	if (problem) {
		cli_message("/%s[%s]: %s", node->path, part, problem);
		free(problem);
		return CLI_FAILED;
	}
	if (!opt_header || opt_raw || opt_npy)
		return dump_values(node, &a, &slice);
	show(node, &a, &slice, NULL);
	return CLI_OK;
}

static int
dump_node(const struct cute_shm_node *node)
{
	if (node->kind == CUTE_SHM_ARRAY)
		return dump_array(node, NULL);
	if (opt_json)
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
	return hex_dump(stdout, shm, node, opt_all) == 0 ? CLI_OK : CLI_FAILED;
}

static int
dump_whole(const struct cute_shm *shm, const struct cute_shm_node *node)
{
	struct cute_shm_node target;

	if (opt_hex)
		return dump_hex(shm, node);
	if (cute_shm_follow(node, &target) != 0)
		return cli_fail();
	return opt_raw || opt_npy ? dump_array(&target, NULL) :
				    dump_tree(&target);
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
	if (opt_hex) {
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
	status = cute_shm_find(shm, name, &node) != 0 ? cli_fail() :
		 dump_part(&node, part);
	free(part);
	free(name);
	return status;
}

static int
dump(const struct cute_shm *shm, int n, char **paths)
{
	int status = CLI_OK, i;

	if (n == 0 && opt_hex)
		return dump_hex(shm, NULL);
	if (n == 0)
		return dump_path(shm, "");
	for (i = 0; i < n; i++)
		if (dump_path(shm, paths[i]) != CLI_OK)
			status = CLI_FAILED;
	return status;
}

static int
dump_all(const struct cute_shm *shm, int n, char **argv)
{
	int status;

	if (opt_json) {
		json.out = stdout;
		json_open(&json, NULL, '{');
		json_text(&json, "project", argv[0]);
		json_open(&json, "nodes", '[');
	}
	status = dump(shm, n - 1, argv + 1);
	if (opt_json) {
		json_close(&json, ']');
		json_close(&json, '}');
	}
	return status;
}

/*
 * For the completion of the shells, which call it as --complete PROJECT PREFIX:
 * what is directly in the group that PREFIX begins with and is named as its
 * last component begins.  Each ends with a null byte, groups with a slash too.
 */
static int
complete(const struct cute_shm *shm, const char *prefix)
{
	const char *slash = strrchr(prefix, '/');
	const char *begin = slash ? slash + 1 : prefix;
	int above = (int)(begin - prefix), err;
	char *group = text_format("%.*s", above > 1 ? above - 1 : above,
				  prefix);
	struct cute_shm_node node;

	err = cute_shm_find(shm, group, &node);
	free(group);
	if (err == 0)
		err = cute_shm_follow(&node, &node);
	if (err == 0 && node.kind != CUTE_SHM_GROUP)
		return CLI_OK;
	if (err == 0)
		err = cute_shm_first_child(&node, &node);
	for (; err == 0; err = cute_shm_next_sibling(&node, &node))
		if (strncmp(node.name, begin, strlen(begin)) == 0)
			printf("%.*s%s%s%c", above, prefix, node.name,
			       node.child_count > 0 ? "/" : "", '\0');
	return err == CUTE_SHM_ERR_END ? CLI_OK : cli_fail();
}

/* No option of the table, since it is none for people: the first argument. */
static bool
take_complete(int *argc, char ***argv)
{
	if (*argc < 2 || strcmp((*argv)[1], "--complete") != 0)
		return false;
	(*argv)[1] = (*argv)[0];
	++*argv;
	--*argc;
	return true;
}

static void
check_options(int n)
{
	if (opt_raw + opt_npy + opt_json + opt_hex > 1)
		cli_misuse("--raw, --npy, --hex and --json exclude each "
			   "other");
	if ((opt_raw || opt_npy) && n != 2)
		cli_misuse("--%s is for one PATH", opt_raw ? "raw" : "npy");
	if (!opt_output && (opt_raw || opt_npy) && isatty(STDOUT_FILENO))
		cli_misuse("--%s writes bytes: not to a terminal; --output "
			   "takes a file", opt_raw ? "raw" : "npy");
	if (opt_overwrite && !opt_output)
		cli_misuse("--overwrite is for --output");
}

int
main(int argc, char **argv)
{
	bool completing = take_complete(&argc, &argv);
	int n = cli_begin(&program, argc, argv), err, status;
	struct cute_shm_open_options opt = {
		.size = sizeof(opt), .root = opt_root,
		.flags = opt_any_owner ? CUTE_SHM_ANY_OWNER : 0
	};
	struct cute_shm *shm;

	check_options(n);
	err = opt_file ? cute_shm_open_file(argv[0], &opt, &shm) :
			 cute_shm_open(argv[0], &opt, &shm);
	if (err != 0)
		return cli_end(cli_fail());
	if (completing) {
		status = complete(shm, n > 1 ? argv[1] : "");
		cute_shm_close(shm);
		return cli_end(status);
	}
	status = opt_output ? dump_file_begin(opt_output, opt_overwrite) :
			      CLI_OK;
	if (status == CLI_OK) {
		status = dump_all(shm, n, argv);
		if (opt_output)
			status = dump_file_end(opt_output, status);
	}
	cute_shm_close(shm);
	return cli_end(status);
}
