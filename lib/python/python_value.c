/* SPDX-License-Identifier: MIT */
/* Attributes: their names, and their values as bytes. */

#include "python/python_core.h"

/* In an attribute the values have a place of their own. */
static size_t
values_at(const struct cute_shm_array *a)
{
	return a->values == NULL ? 0
				 : (uintptr_t)a->values - (uintptr_t)a->data;
}

/*
 * _attr(name): (dtype, shape, bytes, where the values of a ragged one begin or
 * None, their number), or None if there is no such attribute.
 */
PyObject *
node_attr(PyObject *self, PyObject *arg)
{
	struct node *n = (struct node *)self;
	const struct cute_shm_array *a;
	struct cute_shm_attr attr;
	PyObject *name, *shape, *result = NULL;
	int err;

	if (n->mapping == NULL)
		Py_RETURN_NONE;
	name = PyUnicode_AsEncodedString(arg, "utf-8", "surrogateescape");
	if (name == NULL)
		return NULL;
	err = cute_shm_attr(&n->node, PyBytes_AsString(name), &attr);
	Py_DECREF(name);
	if (err == CUTE_SHM_ERR_NOT_FOUND)
		Py_RETURN_NONE;
	if (err != 0)
		return raise_failure(err);
	a = &attr.value;
	shape = shape_tuple(a);
	if (shape == NULL)
		return NULL;
	if (a->offsets == NULL)
		result = Py_BuildValue("sNy#OK", a->dtype, shape,
				       a->data_size ? a->data : "",
				       (Py_ssize_t)a->data_size, Py_None,
				       (unsigned long long)0);
	else
		result = Py_BuildValue("sNy#KK", a->dtype, shape, a->data,
				       (Py_ssize_t)a->data_size,
				       (unsigned long long)values_at(a),
				       (unsigned long long)a->value_count);
	return result;
}

PyObject *
node_attr_names(PyObject *self, PyObject *none)
{
	struct node *n = (struct node *)self;
	struct cute_shm_attr attr;
	PyObject *list = PyList_New(0);
	int err, failed = 0;

	(void)none;
	if (list == NULL || n->mapping == NULL)
		return list;
	err = cute_shm_next_attr(&n->node, NULL, &attr);
	while (err == 0 && !failed) {
		PyObject *name = decode(attr.name);

		failed = name == NULL || PyList_Append(list, name) != 0;
		Py_XDECREF(name);
		err = cute_shm_next_attr(&n->node, &attr, &attr);
	}
	if (!failed && err == CUTE_SHM_ERR_END)
		return list;
	Py_DECREF(list);
	return failed ? NULL : raise_failure(err);
}
