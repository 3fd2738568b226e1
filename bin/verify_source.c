/* SPDX-License-Identifier: MIT */
/*
 * A project against the HDF5 file that it came from, or the files that its
 * groups came from: that is loaded once more, beside it, and the two are
 * compared (verify_compare.c).
 */
#include <stdint.h>
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
#include "verify_compare.h"

#ifdef HAVE_HDF5
#include <cute_shm_hdf5.h>

/* One file, or several, each of which is a group. */
struct origin {
	const char *file;
	struct cute_shm_hdf5_source *files;
	size_t count; /* 0: one */
};

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
	gap_add(c, skipped->path, skipped->reason, skipped->failed != 0);
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
