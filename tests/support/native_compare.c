/* SPDX-License-Identifier: MIT */
/* Compare objects, links and attributes of the native index with libhdf5's. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/report/report.h"
#include "hdf5/filter/filter.h"
#include "native_compare.h"

void
differs(struct comparison *c, const char *format, ...)
{
	va_list ap;

	fprintf(c->report->out, "%s %s: DIFFERS: ", c->report->file, c->path);
	va_start(ap, format);
	vfprintf(c->report->out, format, ap);
	va_end(ap);
	fputc('\n', c->report->out);
	c->report->differences++;
}

/* -------------------------------------------------------------- attributes */

static void
compare_attribute(struct comparison *c, const struct native_attribute *a,
		  bool ordered, hid_t id)
{
	hid_t type = H5Aget_type(id), space = H5Aget_space(id);
	const char *what = type_differs(a->type, type);
	size_t size = H5Tget_size(type) > 32 ? H5Tget_size(type) : 32;
	H5A_info_t info;
	uint8_t *read;

	if (what)
		differs(c, "attribute %s: datatype: %s", a->name, what);
	what = space_differs(a->space, space);
	if (what)
		differs(c, "attribute %s: dataspace: %s", a->name, what);
	if (H5Aget_info(id, &info) < 0 || info.cset != (H5T_cset_t)a->charset ||
	    (ordered && info.corder != a->order))
		differs(c, "attribute %s: order or characters", a->name);
	read = calloc(a->space->points + 1, size);
	if (a->space->points > 0) {
		if (H5Aread(id, type, read) < 0) {
			if (lists_readable(c, a->type, a->data,
					   a->space->points))
				differs(c, "attribute %s cannot be read",
					a->name);
		} else {
			compare_values(c, a->name, a->type, a->data,
				       a->space->points, read);
			H5Dvlen_reclaim(type, space, H5P_DEFAULT, read);
		}
	}
	free(read);
	H5Tclose(type);
	H5Sclose(space);
}

static herr_t
count_one(hid_t id, const char *name, const H5A_info_t *info, void *arg)
{
	(void)id;
	(void)name;
	(void)info;
	++*(unsigned *)arg;
	return 0;
}

/* libhdf5 refuses it: no fault if it is too old for version 4 of datatypes. */
static void
refused(struct comparison *c, const char *what)
{
	char cause[200];

	if (!strstr(hdf5_cause(cause, sizeof(cause)),
		    "version number for datatype"))
		differs(c, "libhdf5 cannot %s", what);
}

static void
compare_attributes(struct comparison *c, const struct native_object *o,
		   hid_t id)
{
	unsigned count = 0;
	uint32_t i;
	hid_t a;

	if (H5Aiterate2(id, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, count_one,
			&count) < 0) {
		if (o)
			refused(c, "list the attributes");
		return;
	}
	c->report->attributes += count;
	if (!o)
		return;
	c->report->native_attributes += o->attribute_count;
	if (o->attribute_count != count)
		differs(c, "%u attributes instead of %u", o->attribute_count,
			count);
	for (i = 0; i < o->attribute_count; i++) {
		a = H5Aopen(id, o->attributes[i].name, H5P_DEFAULT);
		if (a < 0) {
			/* With a wrong number in the header. */
			if (o->attribute_count == count)
				differs(c, "attribute %s cannot be opened",
					o->attributes[i].name);
			continue;
		}
		compare_attribute(c, &o->attributes[i], o->attributes_ordered,
				  a);
		H5Aclose(a);
	}
}

/* ------------------------------------------------------------------- links */

static void
compare_target(struct comparison *c, const struct native_link *l, hid_t group,
	       const char *name, size_t size)
{
	char *value = calloc(1, size + 1);
	const char *file, *target;

	if (H5Lget_val(group, name, value, size + 1, H5P_DEFAULT) < 0)
		differs(c, "link %s has no value", name);
	else if (l->kind == NATIVE_SOFT && strcmp(value, l->target) != 0)
		differs(c, "link %s: target", name);
	else if (l->kind == NATIVE_EXTERNAL &&
		 (H5Lunpack_elink_val(value, size, NULL, &file, &target) < 0 ||
		  strcmp(file, l->file) != 0 || strcmp(target, l->target) != 0))
		differs(c, "link %s: target", name);
	free(value);
}

static void
compare_link(struct comparison *c, const struct native_link *l, hid_t group,
	     const char *name, const H5L_info_t *info)
{
	if (strcmp(name, l->name) != 0)
		differs(c, "link %s instead of %s", l->name, name);
	else if (info->type != (H5L_type_t)l->kind)
		differs(c, "link %s: kind", name);
	else if (info->cset != (H5T_cset_t)l->charset ||
		 (info->corder_valid && info->corder != (int64_t)l->order))
		differs(c, "link %s: order or characters", name);
	else if (l->kind == NATIVE_HARD) {
		if (info->u.address != l->address)
			differs(c, "link %s: address", name);
	} else {
		compare_target(c, l, group, name, info->u.val_size);
	}
}

static void compare_object(struct comparison *c, hid_t id, const char *path);

/*
 * Go on with the object of a hard link.  If the index knows the group, libhdf5
 * must open what the index knows.
 */
static void
follow(struct comparison *c, bool known, hid_t group, const char *path,
       const char *name, const H5L_info_t *info)
{
	char *below;
	hid_t id;

	if (asprintf(&below, "%s/%s", path, name) < 0)
		abort();
	id = H5Oopen(group, name, H5P_DEFAULT);
	c->path = below;
	if (id >= 0) {
		compare_object(c, id, below);
		H5Oclose(id);
	} else {
		const struct native_object *o =
			native_find(&c->n, info->u.address);

		if (known && o && o->kind != NATIVE_UNKNOWN)
			refused(c, "open it");
	}
	c->path = path;
	free(below);
}

/* The links of one group, as libhdf5 iterates over them. */
struct iteration {
	struct comparison *c;
	const struct native_object *o;
	const char *path;
	uint32_t count;
};

static herr_t
see_link(hid_t group, const char *name, const H5L_info_t *info, void *arg)
{
	struct iteration *i = arg;

	i->c->path = i->path;
	if (i->o && i->count < i->o->link_count)
		compare_link(i->c, &i->o->links[i->count], group, name, info);
	i->count++;
	if (info->type == H5L_TYPE_HARD)
		follow(i->c, i->o != NULL, group, i->path, name, info);
	return 0;
}

static void
compare_links(struct comparison *c, const struct native_object *o, hid_t group,
	      const char *path)
{
	H5_index_t by =
		o && o->links_ordered ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
	struct iteration i = { c, o, path, 0 };

	if (H5Literate(group, by, H5_ITER_INC, NULL, see_link, &i) < 0) {
		if (o)
			differs(c, "libhdf5 cannot list the links");
		return;
	}
	c->path = path;
	if (o && i.count != o->link_count)
		differs(c, "%u links instead of %u", o->link_count, i.count);
}

/* ----------------------------------------------------------------- objects */

static bool
seen(struct comparison *c, uint64_t address)
{
	size_t i;

	for (i = c->count; i-- > 0;)
		if (c->seen[i] == address)
			return true;
	if (c->count == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->seen = realloc(c->seen, c->room * sizeof(*c->seen));
	}
	c->seen[c->count++] = address;
	return false;
}

static void
compare_type(struct comparison *c, const struct native_object *o, hid_t id)
{
	const char *what = type_differs(o->type, id);

	if (what)
		differs(c, "datatype: %s", what);
}

static void
compare_kind(struct comparison *c, const struct native_object *o, hid_t id,
	     H5O_type_t type)
{
	static const enum native_kind kinds[] = { NATIVE_GROUP, NATIVE_DATASET,
						  NATIVE_DATATYPE };
	struct native_dataset d;

	if (o->kind != kinds[type]) {
		differs(c, "kind of object");
	} else if (type == H5O_TYPE_DATASET) {
		d = native_dataset_get(o);
		compare_data(c, &d, id);
	} else if (type == H5O_TYPE_NAMED_DATATYPE) {
		compare_type(c, o, id);
	}
}

static void
compare_object(struct comparison *c, hid_t id, const char *path)
{
	const struct native_object *o;
	H5O_info_t info;

	if (H5Oget_info2(id, &info, H5O_INFO_BASIC | H5O_INFO_HDR) < 0 ||
	    info.type < 0 || info.type > H5O_TYPE_NAMED_DATATYPE ||
	    seen(c, info.addr))
		return;
	o = native_find(&c->n, info.addr);
	if (!o || o->kind == NATIVE_UNKNOWN) {
		fprintf(c->report->out, "%s %s: no opinion: %s\n",
			c->report->file, path, o ? o->why : "not found");
		o = NULL;
	}
	c->report->unknown += !o;
	c->report->groups += info.type == H5O_TYPE_GROUP;
	c->report->datasets += info.type == H5O_TYPE_DATASET;
	c->report->types += info.type == H5O_TYPE_NAMED_DATATYPE;
	c->report->native_datasets += o && info.type == H5O_TYPE_DATASET;
	if (o) {
		compare_kind(c, o, id, info.type);
		if (o->has_comment != ((info.hdr.mesg.present >> 13 & 1) != 0))
			differs(c, "comment");
	}
	compare_attributes(c, o, id);
	if (info.type == H5O_TYPE_GROUP)
		compare_links(c, o, id, path);
}

void
native_compare(const char *path, struct native_report *report)
{
	hid_t file, root;
	struct comparison c = { .report = report, .path = "" };
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	off_t size = lseek(fd, 0, SEEK_END);

	filters_register();
	file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
	err = native_open(fd, (uint64_t)size, report->whole_limit, &c.n);
	if (err != 0)
		fprintf(report->out, "%s: no opinion: %s\n", report->file,
			c.n.image.why);
	if (file < 0 && err == 0)
		differs(&c, "libhdf5 cannot open the file");
	if (file >= 0) {
		root = H5Oopen(file, "/", H5P_DEFAULT);
		if (root >= 0) {
			compare_object(&c, root, "");
			H5Oclose(root);
		}
		H5Fclose(file);
	}
	native_close(&c.n);
	close(fd);
	free(c.seen);
}
