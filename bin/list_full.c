/* SPDX-License-Identifier: MIT */
/* A title per project, and a table of what is in it. */
#include "list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "segment_status.h"
#include "table.h"
#include "value.h"

#define VALUE_LIMIT 40	 /* columns of an attribute's value */
#define NAME_LIMIT  200	 /* bytes of its name */
#define CELL_LIMIT  4000 /* bytes of a node's attributes */
#define MAX_USERS   4	 /* processes that a title names */
#define OUR_PREFIX  "cute-shm:"

static const struct table_column columns[] = {
	{ .title = "path", .narrowest = 30, .cut = TEXT_CUT_MIDDLE },
	{ .title = "shape", .right = true, .narrowest = 8 },
	{ .title = "dtype" },
	{ .title = "size", .right = true },
	{ .title = "attributes", .narrowest = 12, .style = TEXT_DIM },
};

/* Of a tree; 'share' is that of a group in all bytes. */
static const struct table_column tree_columns[] = {
	{ .title = "path", .narrowest = 30, .cut = TEXT_CUT_MIDDLE },
	{ .title = "shape", .right = true, .narrowest = 8 },
	{ .title = "dtype" },
	{ .title = "size", .right = true },
	{ .title = "share", .narrowest = 5 },
	{ .title = "attributes", .narrowest = 12, .style = TEXT_DIM },
};

static struct list_shares *shares; /* of the tree, or NULL */
static bool printed;

static void
begin(void)
{
	printed = false;
}

/* "robot: loading 43 %, process 17, owner ada, from /data/robot.h5" */
static void
put_load(const struct cute_shm_load_info *info)
{
	char *name = text_escape(info->project, strlen(info->project));
	char *source = text_escape(info->source, strlen(info->source));
	char *state = load_state(info);

	if (printed)
		putchar('\n');
	printed = true;
	text_style(stdout, TEXT_NAME);
	fputs(name, stdout);
	text_style(stdout, TEXT_PLAIN);
	printf(": %s", state);
	if (info->known)
		printf(", process %jd, owner %s", (intmax_t)info->pid,
		       list_load_owner(info).text);
	printf("%s%s\n", *source ? ", from " : "", source);
	free(state);
	free(source);
	free(name);
}

static void
end(const struct list_total *total)
{
	size_t i;

	for (i = 0; i < total->loads->count; i++)
		put_load(&total->loads->items[i].info);
	list_put_total(total);
}

/* ------------------------------------------------------------------- title */

/* What is known of it, in the order of interest; the source comes after. */
static char *
facts(const struct cute_shm_info *info)
{
	if (info->err)
		return text_format(": %s, owner %s", list_size(info->size).text,
				   list_owner(info).text);
	return text_format(": %s, %s%s, %s old, owner %s%s",
			   units_count(info->array_count, "array").text,
			   list_size(info->size).text,
			   list_exact_bytes ? " bytes" : "",
			   units_age(info->created_ns).text,
			   list_owner(info).text,
			   info->orphan	     ? ", orphan"
			   : info->ephemeral ? ", ephemeral"
					     : "");
}

/* ", used by python3 (123), python3 (124) and 3 more", or nothing. */
static char *
users(const struct list_project *p)
{
	struct text_buffer b;
	size_t i;

	text_buffer_begin(&b);
	if (p->info->in_use && p->user_count == 0)
		fputs(", in use", b.out);
	for (i = 0; i < p->user_count && i < MAX_USERS; i++)
		fprintf(b.out, "%s%s (%jd)", i ? ", " : ", used by ",
			p->users[i].command, (intmax_t)p->users[i].pid);
	if (i < p->user_count)
		fprintf(b.out, " and %zu more", p->user_count - i);
	return text_buffer_end(&b);
}

/* 'room' columns are left on the line; 0: as many as it takes. */
static void
put_source(const char *source, size_t room)
{
	static const char before[] = ", from ";
	char *escaped, *fitting;

	if (!*source)
		return;
	escaped = text_escape(source, strlen(source));
	if (!room) {
		printf("%s%s", before, escaped);
	} else if (room > strlen(before) + 10) {
		fitting = text_shorten(escaped, room - strlen(before),
				       TEXT_CUT_MIDDLE);
		printf("%s%s", before, fitting);
		free(fitting);
	}
	free(escaped);
}

static void
put_title(const struct list_project *p)
{
	const struct cute_shm_info *info = p->info;
	char *name = text_escape(info->project, strlen(info->project));
	char *known = facts(info), *used = users(p), *fitting;
	char *change = list_source_change(&p->source);
	char *rest = text_format("%s%s%s%s", known, used, *change ? ", " : "",
				 change);
	size_t all = text_columns(stdout), taken = text_width(name);

	free(known);
	free(used);
	free(change);
	if (all) {
		fitting = text_shorten(rest, all > taken ? all - taken : 1,
				       TEXT_CUT_END);
		free(rest);
		rest = fitting;
	}
	taken += text_width(rest);
	text_style(stdout, TEXT_NAME);
	fputs(name, stdout);
	text_style(stdout, TEXT_PLAIN);
	text_put(stdout, rest, strlen(rest));
	put_source(info->source, !all ? 0 : all > taken ? all - taken : 1);
	putchar('\n');
	free(name);
	free(rest);
}

static void
put_trouble(int err, const char *message)
{
	text_style(stdout, TEXT_BAD);
	printf("  %s: ", segment_status(err));
	text_put(stdout, message, strlen(message));
	text_style(stdout, TEXT_PLAIN);
	putchar('\n');
}

/* -------------------------------------------------------------- attributes */

/* The attributes of a node on their way into a cell. */
struct attributes {
	FILE *out;
	const struct cute_shm_node *node;
	bool searched; /* for the values of its enum: once */
	bool found;
	struct cute_shm_attr values;
};

/* With an ellipsis where it is cut. */
static void
put_text(FILE *out, const char *text, uint64_t n, uint64_t limit)
{
	text_put(out, text, n > limit ? limit : n);
	if (n > limit)
		fputs(text_ellipsis(), out);
}

/* "fields={x, y}", "enum={RED=0, GREEN=1}"; 'values' may be NULL. */
static void
put_names(FILE *out, const char *what, const struct cute_shm_array *names,
	  const struct cute_shm_array *values)
{
	long limit = ftell(out) + 3 * VALUE_LIMIT / 2;
	struct cute_shm_array one;
	const void *text;
	uint64_t i, n;

	fprintf(out, "%s={", what);
	for (i = 0; i < names->element_count && ftell(out) < limit; i++) {
		fputs(i ? ", " : "", out);
		if (cute_shm_element(names, i, &text, &n) == 0)
			put_text(out, text, n, VALUE_LIMIT);
		if (!values || i >= values->element_count)
			continue;
		one = *values;
		one.ndim = 0;
		one.element_count = 1;
		one.data = (const char *)values->data + i * values->item_size;
		putc('=', out);
		value_text(out, &one, VALUE_LIMIT);
	}
	fprintf(out, "%s%s}", i < names->element_count ? ", " : "",
		i < names->element_count ? text_ellipsis() : "");
}

/* NULL if the node has none that can be shown. */
static const struct cute_shm_array *
enum_values(struct attributes *a)
{
	if (!a->searched)
		a->found = cute_shm_attr(a->node, OUR_PREFIX "enum-values",
					 &a->values) == 0 &&
			   a->values.value.dtype[0] != '*';
	a->searched = true;
	return a->found ? &a->values.value : NULL;
}

/* True if it is one of ours, and shown (or shown by another one) as such. */
static bool
put_ours(struct attributes *a, const struct cute_shm_attr *attr)
{
	const char *name = attr->name + strlen(OUR_PREFIX);
	bool texts = strcmp(attr->value.dtype, "*|S1") == 0;

	if (texts && strcmp(name, "compound") == 0) {
		put_names(a->out, "fields", &attr->value, NULL);
		return true;
	}
	if (texts && strcmp(name, "enum-names") == 0 && enum_values(a)) {
		put_names(a->out, "enum", &attr->value, enum_values(a));
		return true;
	}
	return false;
}

static void
put_value(FILE *out, const struct cute_shm_array *value)
{
	struct text_buffer b;
	char *s, *fitting;

	text_buffer_begin(&b);
	value_text(b.out, value, 4 * VALUE_LIMIT);
	s = text_buffer_end(&b);
	fitting = text_shorten(s, VALUE_LIMIT, TEXT_CUT_END);
	fputs(fitting, out);
	free(fitting);
	free(s);
}

static void
put_attribute(struct attributes *a, const struct cute_shm_attr *attr)
{
	if (strncmp(attr->name, OUR_PREFIX, strlen(OUR_PREFIX)) == 0 &&
	    put_ours(a, attr))
		return;
	/* The cell is escaped as a whole, later. */
	fprintf(a->out, "%.*s%s=", NAME_LIMIT, attr->name,
		strnlen(attr->name, NAME_LIMIT + 1) > NAME_LIMIT
			? text_ellipsis()
			: "");
	put_value(a->out, &attr->value);
}

static int
put_attributes(FILE *out, const struct cute_shm_node *node)
{
	struct attributes a = { .out = out, .node = node };
	struct cute_shm_attr attr;
	const char *before = "";
	uint64_t left = node->attr_count;
	int err;

	for (err = cute_shm_next_attr(node, NULL, &attr);
	     err == 0 && ftell(out) < CELL_LIMIT;
	     err = cute_shm_next_attr(node, &attr, &attr)) {
		left -= left > 0;
		if (strcmp(attr.name, OUR_PREFIX "enum-values") == 0)
			continue;
		fputs(before, out);
		before = "  ";
		put_attribute(&a, &attr);
	}
	if (err == 0)
		fprintf(out, "  and %" PRIu64 " more", left);
	return err == CUTE_SHM_ERR_END ? 0 : err;
}

/* ------------------------------------------------------------------- nodes */

static void
put_target(FILE *out, const struct cute_shm_node *node)
{
	struct cute_shm_node target;

	if (cute_shm_follow(node, &target) == 0)
		fprintf(out, "-> /%s", target.path);
	else
		fputs("-> ?", out); /* damaged; verification says how */
}

/* Of arrays updated in place: how often, and whether they are whole. */
static void
put_state(FILE *out, const struct cute_shm_node *node)
{
	struct cute_shm_state state;
	struct cute_shm_array array;

	if (cute_shm_node_array(node, &array) != 0 ||
	    cute_shm_state(&array, &state) != 0 || state.sequence == 0)
		return;
	if (state.torn)
		fprintf(out, "[torn: process %" PRIu32 " died while updating]",
			state.writer_pid);
	else
		fprintf(out, "[%s%s]",
			units_count(state.sequence / 2, "update").text,
			state.sealed ? "" : ", unsealed");
	if (node->attr_count > 0)
		putc(' ', out);
}

/* The path; in a tree the name, below those of its groups. */
static void
add_name(struct table *t, const struct cute_shm_node *node)
{
	const char *end =
		node->kind == CUTE_SHM_GROUP && *node->path ? "/" : "";
	const char *p;
	int depth = 0;

	if (!list_as_tree) {
		table_cell(t, "/%s%s", node->path, end);
		return;
	}
	for (p = node->path; *p; p++)
		depth += *p == '/';
	table_cell(t, "%*s%s%s", 2 * depth, "", *node->path ? node->name : "/",
		   end);
}

/* The cells of a group or a link, up to the attributes. */
static void
add_path(struct table *t, const struct cute_shm_node *node)
{
	uint64_t bytes;
	char *bar;

	add_name(t, node);
	table_cell(t, "%s", "");
	table_cell(t, "%s", "");
	if (!shares || node->kind != CUTE_SHM_GROUP) {
		table_cell(t, "%s", "");
		if (shares)
			table_cell(t, "%s", "");
		return;
	}
	bytes = list_shares_bytes(shares, node);
	bar = list_shares_bar(shares, bytes);
	table_cell(t, "%s", list_size(bytes).text);
	table_cell(t, "%s", bar);
	free(bar);
}

static int
add_array(struct table *t, const struct cute_shm_node *node)
{
	struct cute_shm_array array;
	char *shape, *dtype;
	int err = cute_shm_node_array(node, &array);

	if (err)
		return err;
	shape = value_shape(array.dtype, array.ndim, array.shape);
	dtype = value_dtype(array.dtype);
	add_name(t, node);
	table_cell(t, "%s", shape);
	table_cell(t, "%s", dtype);
	table_cell(t, "%s", list_size(array.data_size).text);
	if (shares)
		table_cell(t, "%s", "");
	free(shape);
	free(dtype);
	return 0;
}

/* A group is shown by its members, unless it has something of its own. */
static bool
silent(const struct cute_shm_node *node)
{
	if (list_as_tree)
		return *node->path == '\0' && node->attr_count == 0;
	return node->kind == CUTE_SHM_GROUP && node->attr_count == 0 &&
	       (node->child_count > 0 || *node->path == '\0');
}

static int
add_node(struct table *t, const struct cute_shm_node *node)
{
	struct text_buffer b;
	char *attributes;
	int err = 0;

	if (silent(node))
		return 0;
	if (node->kind == CUTE_SHM_ARRAY)
		err = add_array(t, node);
	else
		add_path(t, node);
	if (err)
		return err;
	text_buffer_begin(&b);
	if (node->kind == CUTE_SHM_ARRAY)
		put_state(b.out, node);
	if (node->kind == CUTE_SHM_LINK)
		put_target(b.out, node);
	else
		err = put_attributes(b.out, node);
	attributes = text_buffer_end(&b);
	table_cell(t, "%s", attributes);
	free(attributes);
	return err;
}

/*
 * Of a tree that is not shown whole: the groups above the node that were not
 * shown yet.  *shown is the path that was shown last.
 */
static int
add_groups_above(struct table *t, const struct cute_shm_node *node,
		 char **shown)
{
	struct cute_shm_node group;
	const char *p;
	char *path;
	int err = 0;

	for (p = strchr(node->path, '/'); p && !err; p = strchr(p + 1, '/')) {
		size_t size = (size_t)(p - node->path);

		if (*shown && strncmp(*shown, node->path, size) == 0 &&
		    ((*shown)[size] == '/' || (*shown)[size] == '\0'))
			continue;
		path = text_format("%.*s", (int)size, node->path);
		err = cute_shm_find(node->shm, path, &group);
		if (!err)
			err = add_node(t, &group);
		free(path);
	}
	free(*shown);
	*shown = text_format("%s", node->path);
	return err;
}

static int
add_nodes(struct table *t, const struct cute_shm *shm)
{
	struct cute_shm_node top, node;
	char *shown = NULL;
	int err = cute_shm_find(shm, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		if (!list_wanted(&node))
			continue;
		if (list_as_tree && list_filtered())
			err = add_groups_above(t, &node, &shown);
		if (!err)
			err = add_node(t, &node);
		if (err)
			break;
	}
	free(shown);
	return err == CUTE_SHM_ERR_END ? 0 : err;
}

static void
project(const struct list_project *p)
{
	struct table *t;
	int err;

	if (printed)
		putchar('\n');
	printed = true;
	put_title(p);
	if (!p->shm) {
		put_trouble(p->err, p->message);
		return;
	}
	if (list_as_tree) {
		shares = list_shares_new(p->shm);
		t = table_new(tree_columns,
			      sizeof(tree_columns) / sizeof(*tree_columns));
	} else {
		t = table_new(columns, sizeof(columns) / sizeof(*columns));
	}
	err = add_nodes(t, p->shm);
	table_print(t, 2, stdout);
	table_free(t);
	if (shares)
		list_shares_free(shares);
	shares = NULL;
	if (err)
		put_trouble(err, cute_shm_errmsg());
}

const struct list_view list_full = { begin, project, end };
