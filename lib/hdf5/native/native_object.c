/* SPDX-License-Identifier: MIT */
/* One object from the messages of its header. */

#include "hdf5/native/native.h"

#define HAS(type) (1u << MESSAGE_##type)

static int
space_of(struct native *n, const struct native_space **ret)
{
	const struct header_message *m =
		header_find(&n->header, MESSAGE_DATASPACE);

	if (m->flags & MESSAGE_SHARED)
		return image_doubt(&n->image, "a shared dataspace");
	return space_read(n, cursor_on(m->data, m->size), ret);
}

static int
type_of(struct native *n, const struct native_type **ret)
{
	const struct header_message *m =
		header_find(&n->header, MESSAGE_DATATYPE);

	return shared_type(n, m->flags, cursor_on(m->data, m->size), ret);
}

static int
layout_of(struct native *n, struct native_dataset *d)
{
	const struct header_message *m =
		header_find(&n->header, MESSAGE_LAYOUT);

	if (m->flags & MESSAGE_SHARED)
		return image_doubt(&n->image, "a shared layout");
	return layout_read(n, cursor_on(m->data, m->size), d);
}

static int
filters_of(struct native *n, struct native_dataset *d)
{
	const struct header_message *m =
		header_find(&n->header, MESSAGE_FILTERS);

	if (!m)
		return 0;
	if (m->flags & MESSAGE_SHARED)
		return image_doubt(&n->image, "a shared list of filters");
	if (d->layout.kind != NATIVE_CHUNKED)
		return image_doubt(&n->image, "filters without chunks");
	return pipeline_read(n, cursor_on(m->data, m->size), d);
}

/* Most datasets of a file with very many differ in their address only. */
static int
form_keep(struct native *n, struct native_dataset *d, struct native_object *o)
{
	o->data_address = d->layout.address;
	d->layout.address = 0;
	o->form = recent_find(&n->recent_forms,
			      cursor_on((const uint8_t *)d, sizeof(*d)));
	if (o->form)
		return 0;
	o->form = native_keep(n, d, 1, sizeof(*d));
	if (!o->form)
		return CUTE_SHM_ERR_NOMEM;
	recent_keep(&n->recent_forms, o->form, sizeof(*d), o->form);
	return 0;
}

static int
dataset_read(struct native *n, struct native_dataset *d)
{
	int err;

	if (n->header.present & HAS(EXTERNAL))
		return image_doubt(&n->image, "data in other files");
	err = space_of(n, &d->space);
	if (err == 0)
		err = type_of(n, &d->type);
	if (err == 0)
		err = layout_of(n, d);
	if (err == 0)
		err = fill_read(n, &n->header, d);
	return err ? err : filters_of(n, d);
}

static int
dataset_of(struct native *n, struct native_object *o)
{
	struct native_dataset d;
	int err;

	/* As bytes: they are compared with others. */
	memset(&d, 0, sizeof(d));
	err = dataset_read(n, &d);
	if (err != 0)
		return err;
	o->kind = NATIVE_DATASET;
	return form_keep(n, &d, o);
}

static int
group_of(struct native *n, struct native_object *o)
{
	o->kind = NATIVE_GROUP;
	/* libhdf5 looks at the symbol table only without link information. */
	return n->header.present & HAS(LINK_INFO)
		       ? links_read(n, &n->header, o)
		       : symbol_table_read(n,
					   header_find(&n->header,
						       MESSAGE_SYMBOL_TABLE),
					   o);
}

static int
kind_of(struct native *n, struct native_object *o)
{
	uint32_t has = n->header.present;
	const struct header_message *m;

	if ((has & (HAS(LINK_INFO) | HAS(SYMBOL_TABLE))) &&
	    !(has & (HAS(DATATYPE) | HAS(DATASPACE) | HAS(LAYOUT))))
		return group_of(n, o);
	if ((has & HAS(DATATYPE)) && (has & HAS(DATASPACE)) &&
	    (has & HAS(LAYOUT)) &&
	    !(has & (HAS(LINK_INFO) | HAS(SYMBOL_TABLE))))
		return dataset_of(n, o);
	if (!(has & HAS(DATATYPE)) ||
	    (has & (HAS(DATASPACE) | HAS(LAYOUT) | HAS(LINK_INFO) |
		    HAS(SYMBOL_TABLE))))
		return image_doubt(&n->image, "an unknown kind of object");
	o->kind = NATIVE_DATATYPE;
	m = header_find(&n->header, MESSAGE_DATATYPE);
	if (m->flags & MESSAGE_SHARED)
		return image_doubt(&n->image, "a committed type that leads on");
	return shared_type(n, 0, cursor_on(m->data, m->size), &o->type);
}

int
object_read(struct native *n, struct native_object *o)
{
	int err = header_read(&n->image, o->address, &n->header);

	if (err == 0)
		err = kind_of(n, o);
	if (err == 0) {
		o->has_comment = (n->header.present & HAS(COMMENT)) != 0;
		err = attributes_read(n, &n->header, o);
	}
	return err;
}
