/* SPDX-License-Identifier: MIT */
/* Whether an object gets a node in the segment.  Report what has no form. */

#include "hdf5/scan/scan.h"

/* Decide whether a dataset has a form in a segment; report it if it has not. */
static int
judge_dataset(struct loader *l, struct object *o, hid_t id, hsize_t attributes)
{
	struct dataset d;
	char why[WHY_SIZE];
	int rc;

	rc = dataset_get(l, o, id, NULL, NULL, why, &d);
	if (rc == 0) {
		rc = outside_check(l, o->path, id);
		if (rc != 0)
			dataset_free(&d);
		if (rc == SKIP)
			return 0;
	}
	if (rc == 0) {
		o->made = true;
		o->held = held_new(l, &d, attributes);
		dataset_free(&d);
		return 0;
	}
	if (rc == SKIP)
		return send_skipped(l, o->path, "%s", why);
	if (!is_objects_own(l, rc))
		return rc;
	o->broken = true;
	return send_failed(l, o->path, "%s", cute_shm_errmsg());
}

/* The same for a dataset that the index knows; NOT_NATIVE: it does not. */
static int
judge_native(struct loader *l, struct object *o, const char **left)
{
	struct dataset d;
	char why[WHY_SIZE];
	int rc;

	/* Most datasets have all but their data in common with others. */
	if (!l->opt->select && o->native->form == l->good_form) {
		o->made = true;
		return 0;
	}
	rc = dataset_native(l, o, NULL, NULL, why, &d);
	if (rc == NOT_NATIVE)
		*left = o->why_not;
	if (rc == SKIP)
		return send_skipped(l, o->path, "%s", why);
	if (rc != 0)
		return rc;
	o->made = true;
	l->good_form = o->native->form;
	dataset_free(&d);
	return 0;
}

int
see_comment(struct loader *l, const char *path, bool has_comment)
{
	return has_comment ? send_skipped(l, path, "comment of an object") : 0;
}

int
judge(struct loader *l, struct object *o, const struct found *seen,
      const char **left)
{
	int rc;

	/* NOT_NATIVE must be known before anything is reported. */
	if (o->native && o->kind == OBJECT_DATASET) {
		rc = judge_native(l, o, left);
		return rc ? rc : see_comment(l, o->path, seen->has_comment);
	}
	rc = see_comment(l, o->path, seen->has_comment);
	if (rc != 0)
		return rc;
	switch (o->kind) {
	case OBJECT_GROUP: o->made = true; return 0;
	case OBJECT_DATASET:
		return judge_dataset(l, o, seen->id, seen->attributes);
	case OBJECT_TYPE: o->made = seen->attributes > 0; return 0;
	default: return send_skipped(l, o->path, "object of unknown kind");
	}
}
