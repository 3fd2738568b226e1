/* SPDX-License-Identifier: MIT */
/*
 * A project against the HDF5 file that it came from, or the files that its
 * groups came from: that is loaded once more, beside it, and the two are
 * compared node by node.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress.h"
#include "same_data.h"
#include "selection.h"
#include "text.h"
#include "verify.h"

#ifdef HAVE_HDF5
#include <cute_shm_hdf5.h>

/*
 * What the load of the source leaves out or cannot read, and why.  A difference
 * there says nothing about the project.
 */
struct gap {
	char *path; /* of an attribute: "a/b@name", "a/b@*" */
	char *reason;
	bool told;
};

/* One file, or several, each of which is a group. */
struct origin {
	const char *file;
	struct cute_shm_hdf5_source *files;
	size_t count; /* 0: one */
};

struct comparison {
	struct verify_subject *subject;
	bool several; /* files: their groups have attributes of the load */
	struct gap *gaps;
	size_t count;
};

static void
tell(struct comparison *c, struct gap *gap)
{
	char *message;

	if (gap->told)
		return;
	gap->told = true;
	message = text_format("/%s: unreadable in the source: %s", gap->path,
			      gap->reason);
	verify_add(c->subject, VERIFY_UNREADABLE, gap->path, message);
	free(message);
}

/* Whether it is left out because another file is not there, or not wanted. */
static bool
is_outside(const char *reason)
{
	return strstr(reason, "external link") ||
	       strstr(reason, "external raw file") ||
	       strstr(reason, "another file");
}

static void
on_skipped(const struct cute_shm_hdf5_skipped *skipped, void *arg)
{
	struct comparison *c = arg;

	if (!skipped->failed && !skipped->incomplete &&
	    !is_outside(skipped->reason))
		return;
	c->gaps = text_alloc(c->gaps, c->count + 1, sizeof(*c->gaps));
	c->gaps[c->count] = (struct gap){
		.path = text_format("%s", skipped->path),
		.reason = text_format("%s", skipped->reason),
	};
	if (skipped->failed)
		tell(c, &c->gaps[c->count]);
	c->count++;
}

static void
gaps_free(struct comparison *c)
{
	while (c->count > 0) {
		free(c->gaps[--c->count].path);
		free(c->gaps[c->count].reason);
	}
	free(c->gaps);
}

/* Whether 'path' is that, or lies below it; "" is the root. */
static bool
lies_in(const char *path, const char *top)
{
	size_t n = strlen(top);

	return n == 0 || (strncmp(path, top, n) == 0 &&
			  (path[n] == '\0' || path[n] == '/'));
}

static struct gap *
gap_at(const struct comparison *c, const char *path)
{
	for (size_t i = 0; i < c->count; i++)
		if (lies_in(path, c->gaps[i].path))
			return &c->gaps[i];
	return NULL;
}

/* Of a link, also what it leads to. */
static struct gap *
gap_of(const struct comparison *c, const struct cute_shm_node *node)
{
	struct gap *gap = gap_at(c, node->path);
	struct cute_shm_node target;

	if (!gap && node->kind == CUTE_SHM_LINK &&
	    cute_shm_follow(node, &target) == 0)
		gap = gap_at(c, target.path);
	return gap;
}

/* One of compound type is one per field: "name.field". */
static bool
lies_in_attr(const char *name, const char *top)
{
	size_t n = strlen(top);

	return strcmp(top, "*") == 0 || (strncmp(name, top, n) == 0 &&
					 (name[n] == '\0' || name[n] == '.'));
}

static struct gap *
gap_of_attr(const struct comparison *c, const char *path, const char *name)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < c->count; i++) {
		const char *p = c->gaps[i].path;

		if (strncmp(p, path, n) == 0 && p[n] == '@' &&
		    lies_in_attr(name, p + n + 1))
			return &c->gaps[i];
	}
	return NULL;
}

static void differs(struct comparison *c, const char *path, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

static void
differs(struct comparison *c, const char *path, const char *format, ...)
{
	va_list args;
	char *what, *message;

	va_start(args, format);
	what = text_vformat(format, args);
	va_end(args);
	message = text_format("/%s: differs: %s", path, what);
	verify_add(c->subject, VERIFY_DIFFERS, path, message);
	free(message);
	free(what);
}

static void
compare_arrays(struct comparison *c, const struct cute_shm_node *ours,
	       const struct cute_shm_node *theirs)
{
	struct cute_shm_array a[2];
	uint64_t element;
	int found;

	if (cute_shm_node_array(ours, &a[0]) != 0 ||
	    cute_shm_node_array(theirs, &a[1]) != 0) {
		differs(c, ours->path, "%s", cute_shm_errmsg());
		return;
	}
	if (!same_type(a)) {
		differs(c, ours->path, "another dtype or shape in the source");
		return;
	}
	found = first_difference(a, &element);
	if (found != 0 && a[0].offsets)
		differs(c, ours->path, "other lists in the source");
	else if (found != 0)
		differs(c, ours->path,
			"other data in the source, from element "
			"%" PRIu64 " of %" PRIu64 " on",
			element, a[0].element_count);
}

static void
compare_links(struct comparison *c, const struct cute_shm_node *ours,
	      const struct cute_shm_node *theirs)
{
	struct cute_shm_node a, b;

	if (cute_shm_follow(ours, &a) != 0 || cute_shm_follow(theirs, &b) != 0)
		differs(c, ours->path, "%s", cute_shm_errmsg());
	else if (strcmp(a.path, b.path) != 0)
		differs(c, ours->path, "leads to /%s, in the source to /%s",
			a.path, b.path);
}

/* Those say how the file was, but the data are what counts. */
static bool
tells_source(const struct comparison *c, const char *path, const char *name)
{
	return c->several && !strchr(path, '/') &&
	       (strcmp(name, "cute-shm:source-size") == 0 ||
		strcmp(name, "cute-shm:source-mtime-ns") == 0);
}

/* Attributes of 'a' that 'b' has not, or has otherwise. */
static void
compare_attrs(struct comparison *c, const struct cute_shm_node *a,
	      const struct cute_shm_node *b, bool both, const char *where)
{
	struct cute_shm_attr attr, other;
	int err;

	for (err = cute_shm_next_attr(a, NULL, &attr); err == 0;
	     err = cute_shm_next_attr(a, &attr, &attr)) {
		if (tells_source(c, a->path, attr.name) ||
		    (both && gap_of_attr(c, a->path, attr.name)))
			continue;
		if (cute_shm_attr(b, attr.name, &other) != 0)
			differs(c, a->path, "attribute %s is only in the %s",
				attr.name, where);
		else if (both && !same_array(&attr.value, &other.value))
			differs(c, a->path,
				"another attribute %s in the "
				"source",
				attr.name);
	}
}

/* Kind and data. */
static bool
same_node(const struct cute_shm_node *ours, const struct cute_shm_node *theirs)
{
	struct cute_shm_array a, b;

	return ours->kind == theirs->kind &&
	       (ours->kind != CUTE_SHM_ARRAY ||
		(cute_shm_node_array(ours, &a) == 0 &&
		 cute_shm_node_array(theirs, &b) == 0 && same_array(&a, &b)));
}

static void
compare_nodes(struct comparison *c, const struct cute_shm_node *ours,
	      const struct cute_shm_node *theirs)
{
	struct gap *gap = gap_of(c, ours);

	if (gap && !same_node(ours, theirs)) {
		tell(c, gap);
		return;
	}
	if (ours->kind != theirs->kind) {
		differs(c, ours->path, "of another kind in the source");
		return;
	}
	if (ours->kind == CUTE_SHM_ARRAY)
		compare_arrays(c, ours, theirs);
	else if (ours->kind == CUTE_SHM_LINK)
		compare_links(c, ours, theirs);
	compare_attrs(c, ours, theirs, true, "project");
	compare_attrs(c, theirs, ours, false, "source");
}

/* Nodes of 'a' that 'b' has not; 'both': compare the others. */
static void
compare_trees(struct comparison *c, const struct cute_shm *a,
	      const struct cute_shm *b, bool both, const char *where)
{
	struct cute_shm_node top, node, other;
	int err = cute_shm_find(a, "", &top);
	struct gap *gap;

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		if (cute_shm_find(b, node.path, &other) == 0) {
			if (both)
				compare_nodes(c, &node, &other);
			continue;
		}
		/* What is there was read, if not as a whole. */
		gap = both ? gap_of(c, &node) : NULL;
		if (gap)
			tell(c, gap);
		else
			differs(c, node.path, "only in the %s", where);
	}
	if (err != CUTE_SHM_ERR_END)
		verify_add(c->subject, VERIFY_DAMAGED, NULL, cute_shm_errmsg());
}

static int
on_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	(void)arg;
	progress_update(&(struct progress){
		.bytes_done = p->bytes_done,
		.bytes_total = p->bytes_total,
		.objects = p->objects,
		.path = p->path,
	});
	return 0;
}

static int
load_origin(const char *name, const struct origin *origin,
	    const struct cute_shm_hdf5_options *opt)
{
	if (origin->count > 0)
		return cute_shm_hdf5_load_files(name, origin->files,
						origin->count, opt, NULL);
	return cute_shm_hdf5_load(name, origin->file, opt, NULL);
}

/*
 * What the project's load selected.  A file that was exported from such a
 * project has the attribute, too, and a load of all of it keeps that: a load of
 * nothing but the root, which has an attribute of its own, renames it.
 */
static void
selection_of(const struct cute_shm *shm, const char *name,
	     const struct origin *origin, struct cute_shm_hdf5_options opt,
	     struct selection *ret)
{
	static const char *const all[] = { "*", NULL };
	struct cute_shm_attr ours, theirs;
	struct cute_shm_node root;

	selection_get(shm, ret);
	if (origin->count > 0 || (!ret->select && !ret->exclude))
		return;
	opt.exclude = all;
	opt.progress = NULL;
	opt.skipped = NULL;
	if (load_origin(name, origin, &opt) != 0)
		return;
	if (cute_shm_find(*opt.handle, "", &root) == 0 &&
	    cute_shm_attr(&root, "%63ute-shm:selection", &theirs) == 0 &&
	    cute_shm_find(shm, "", &root) == 0 &&
	    cute_shm_attr(&root, "cute-shm:selection", &ours) == 0 &&
	    same_array(&ours.value, &theirs.value))
		selection_free(ret);
	cute_shm_close(*opt.handle);
	*opt.handle = NULL;
}

/* Load it beside the project, and compare. */
static void
compare_with(struct verify_subject *s, const struct cute_shm *shm,
	     const struct origin *origin,
	     const struct verify_source_options *options)
{
	struct comparison c = { .subject = s, .several = origin->count > 0 };
	struct cute_shm *source = NULL;
	struct selection selected;
	struct cute_shm_hdf5_options opt = {
		.size = sizeof(opt),
		.root = options->root,
		.jobs = options->jobs,
		.flags = CUTE_SHM_HDF5_EPHEMERAL | CUTE_SHM_HDF5_KEEP_GOING |
			 (options->no_external ? CUTE_SHM_HDF5_NO_EXTERNAL : 0),
		.handle = &source,
		.progress = on_progress,
		.skipped = on_skipped,
		.arg = &c,
	};
	char *name = text_format("cute-shm-verify.%jd", (intmax_t)getpid());
	int err;

	selection_of(shm, name, origin, opt, &selected);
	opt.select = (const char *const *)selected.select;
	opt.exclude = (const char *const *)selected.exclude;
	err = load_origin(name, origin, &opt);
	selection_free(&selected);
	progress_clear();
	if (err != 0) {
		verify_add(s, VERIFY_UNKNOWN, NULL, cute_shm_errmsg());
	} else {
		compare_trees(&c, shm, source, true, "project");
		compare_trees(&c, source, shm, false, "source");
	}
	cute_shm_close(source);
	gaps_free(&c);
	free(name);
}

/* The whole path, for free(); NULL: it has none. */
static char *
source_path(const struct cute_shm *shm)
{
	struct cute_shm_info info;
	size_t end, size;
	char *whole;

	cute_shm_info(shm, &info);
	if (info.source[0] == '/')
		return text_format("%s", info.source);
	end = strlen(info.source);
	if (end == 0 ||
	    cute_shm_attr_text(shm, "", "cute-shm:source", &whole) != 0)
		return NULL;
	/* The header has the end of the path. */
	size = strlen(whole);
	if (whole[0] == '/' && size > end &&
	    strcmp(whole + size - end, info.source) == 0)
		return whole;
	free(whole);
	return NULL;
}

/* The files that the groups of the root are from. */
static void
add_files(const struct cute_shm *shm, struct origin *origin)
{
	struct cute_shm_node root, node;
	int err = cute_shm_find(shm, "", &root);
	char *file;

	if (err == 0)
		err = cute_shm_first_child(&root, &node);
	for (; err == 0; err = cute_shm_next_sibling(&node, &node)) {
		if (node.kind != CUTE_SHM_GROUP ||
		    cute_shm_attr_text(shm, node.path, "cute-shm:source",
				       &file) != 0)
			continue;
		origin->files = text_alloc(origin->files, origin->count + 1,
					   sizeof(*origin->files));
		origin->files[origin->count++] =
			(struct cute_shm_hdf5_source){ node.path, file };
	}
}

/* A folder is the source of several files. */
static void
compare(struct verify_subject *s, const struct cute_shm *shm, const char *path,
	const struct verify_source_options *options)
{
	struct origin origin = { .file = path };
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		add_files(shm, &origin);
	compare_with(s, shm, &origin, options);
	while (origin.count > 0)
		free((char *)(uintptr_t)origin.files[--origin.count].file);
	free(origin.files);
}

void
verify_source(struct verify_subject *s, const struct cute_shm *shm,
	      const struct verify_source_options *options)
{
	char *path = source_path(shm);
	struct cute_shm_info info;

	cute_shm_info(shm, &info);
	if (path)
		compare(s, shm, path, options);
	else
		verify_add(s, VERIFY_UNKNOWN, NULL,
			   info.source[0]
				   ? "the path of its source is too long, and "
				     "was not "
				     "kept"
				   : "it has no source");
	free(path);
}

#else

void
verify_source(struct verify_subject *s, const struct cute_shm *shm,
	      const struct verify_source_options *options)
{
	(void)shm, (void)options;
	verify_add(s, VERIFY_UNKNOWN, NULL,
		   "this was built without HDF5: no source can be read");
}
#endif
