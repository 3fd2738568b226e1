/* SPDX-License-Identifier: MIT */
/* Node: a group or an array, and its attributes as bytes. */

#include <string.h>

#include "python/python_core.h"

PyTypeObject *node_type;

/* cute_shm.Group and cute_shm.Array, which Python defines. */
static PyTypeObject *group_type, *array_type;

PyObject *
node_set_types(PyObject *module, PyObject *args)
{
	PyObject *group, *array;

	(void)module;
	if (!PyArg_ParseTuple(args, "O!O!", &PyType_Type, &group, &PyType_Type,
			      &array))
		return NULL;
	Py_INCREF(group);
	Py_INCREF(array);
	group_type = (PyTypeObject *)group;
	array_type = (PyTypeObject *)array;
	Py_RETURN_NONE;
}

static PyObject *
node_alloc(struct mapping *mapping, PyTypeObject *type,
	   const struct cute_shm_node *node)
{
	struct node *n = (struct node *)PyType_GenericAlloc(type, 0);

	if (n == NULL)
		return NULL;
	Py_INCREF((PyObject *)mapping);
	n->mapping = mapping;
	n->node = *node;
	n->id = cute_shm_node_id(node);
	return (PyObject *)n;
}

/*
 * The object for a group or an array; a link gives that of its target.  'name'
 * is the path by which it was reached; NULL: its own.
 */
PyObject *
node_new(struct mapping *mapping, const struct cute_shm_node *node,
	 const char *name)
{
	struct cute_shm_node target;
	struct node *n;
	int err = cute_shm_follow(node, &target);

	if (err != 0)
		return raise_failure(err);
	n = (struct node *)node_alloc(mapping,
				      target.kind == CUTE_SHM_ARRAY
					      ? array_type
					      : group_type,
				      &target);
	if (n == NULL)
		return NULL;
	if (name != NULL && strcmp(name, target.path) != 0) {
		n->name = decode(name);
		if (n->name == NULL) {
			Py_DECREF((PyObject *)n);
			return NULL;
		}
	}
	if (target.kind == CUTE_SHM_ARRAY)
		err = cute_shm_node_array(&n->node, &n->array);
	if (err != 0) {
		Py_DECREF((PyObject *)n);
		return raise_failure(err);
	}
	return (PyObject *)n;
}

PyObject *
node_root(struct mapping *mapping, PyTypeObject *type)
{
	struct cute_shm_node root;
	int err = cute_shm_find(mapping->shm, "", &root);

	return err == 0 ? node_alloc(mapping, type, &root) : raise_failure(err);
}

static void
node_dealloc(PyObject *self)
{
	Py_XDECREF((PyObject *)((struct node *)self)->mapping);
	Py_XDECREF(((struct node *)self)->name);
	object_free(self);
}

/* Drop the reference to the mapping; arrays keep theirs. */
static PyObject *
node_drop(PyObject *self, PyObject *none)
{
	struct node *n = (struct node *)self;

	(void)none;
	if (n->node.kind == CUTE_SHM_GROUP)
		Py_CLEAR(n->mapping);
	Py_RETURN_NONE;
}

static PyObject *
get_path(PyObject *self, void *none)
{
	(void)none;
	return decode(((struct node *)self)->node.path);
}

/* The path by which it was reached. */
static PyObject *
get_name(PyObject *self, void *none)
{
	struct node *n = (struct node *)self;

	if (n->name == NULL)
		return get_path(self, none);
	Py_INCREF(n->name);
	return n->name;
}

static PyObject *
get_dtype(PyObject *self, void *none)
{
	const struct node *n = (struct node *)self;

	(void)none;
	return decode(n->array.dtype != NULL ? n->array.dtype : "");
}

static PyObject *
get_shape(PyObject *self, void *none)
{
	(void)none;
	return shape_tuple(&((struct node *)self)->array);
}

/* The byte at which the items of a ragged array begin; else None. */
static PyObject *
get_values_at(PyObject *self, void *none)
{
	const struct cute_shm_array *a = &((struct node *)self)->array;

	(void)none;
	if (a->offsets == NULL)
		Py_RETURN_NONE;
	return PyLong_FromUnsignedLongLong(
		cute_shm_values_at(a->element_count));
}

static PyObject *
get_mapping(PyObject *self, void *none)
{
	struct mapping *m = ((struct node *)self)->mapping;
	PyObject *result = m != NULL ? (PyObject *)m : Py_None;

	(void)none;
	Py_INCREF(result);
	return result;
}

static PyMethodDef methods[] = {
	{ "_arrow_array", node_arrow_array, METH_NOARGS, NULL },
	{ "_arrow_schema", node_arrow_schema, METH_NOARGS, NULL },
	{ "_attr", node_attr, METH_O, NULL },
	{ "_attr_names", node_attr_names, METH_NOARGS, NULL },
	{ "_begin", node_begin, METH_VARARGS, NULL },
	{ "_dlpack", node_dlpack, METH_VARARGS, NULL },
	{ "_drop", node_drop, METH_NOARGS, NULL },
	{ "_get", node_get, METH_O, NULL },
	{ "_items", node_items, METH_NOARGS, NULL },
	{ "_names", node_names, METH_NOARGS, NULL },
	{ "_next", node_next, METH_O, NULL },
	{ "_parent", node_parent, METH_NOARGS, NULL },
	{ "_update", node_update, METH_VARARGS, NULL },
	{ "_snapshot", node_snapshot, METH_VARARGS, NULL },
	{ "_wait", node_wait, METH_VARARGS, NULL },
	{ "_state", node_state, METH_NOARGS, NULL },
	{ 0 },
};

static PyGetSetDef getters[] = {
	{ "_path", get_path, NULL, NULL, NULL },
	{ "_name", get_name, NULL, NULL, NULL },
	{ "_dtype", get_dtype, NULL, NULL, NULL },
	{ "_shape", get_shape, NULL, NULL, NULL },
	{ "_values_at", get_values_at, NULL, NULL, NULL },
	{ "_mapping", get_mapping, NULL, NULL, NULL },
	{ 0 },
};

#define IN_NODE(name, member) \
	{ \
		name, T_ULONGLONG, offsetof(struct node, member), READONLY, \
			NULL \
	}

static PyMemberDef members[] = {
	IN_NODE("_child_count", node.child_count),
	IN_NODE("_record", id),
	{ "_attr_count", T_UINT, offsetof(struct node, node.attr_count),
	  READONLY, NULL },
	IN_NODE("_data_size", array.data_size),
	IN_NODE("_element_count", array.element_count),
	IN_NODE("_value_count", array.value_count),
	IN_NODE("_digest", array.digest),
	{ 0 },
};

static PyType_Slot slots[] = {
	SLOT(Py_tp_dealloc, node_dealloc),
	SLOT(Py_tp_new, no_constructor),
	SLOT(Py_tp_methods, methods),
	SLOT(Py_tp_getset, getters),
	SLOT(Py_tp_members, members),
	SLOT(Py_bf_getbuffer, node_buffer),
	SLOT(Py_bf_releasebuffer, node_release),
	SLOT(0, NULL),
};

static PyType_Spec spec = {
	.name = "cute_shm._core.Node",
	.basicsize = sizeof(struct node),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = slots,
};

int
node_init(PyObject *module)
{
	return add_type(module, &node_type, &spec);
}

/* -------------------------------------------------------------- attributes */

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
