/* SPDX-License-Identifier: MIT */
/* From node to node. */

#include <string.h>

#include "python/python_core.h"

static int
is_open(const struct node *n)
{
	if (n->mapping != NULL)
		return 1;
	PyErr_SetString(PyExc_ValueError, "the project is closed");
	return 0;
}

/* The UTF-8 of a path that is taken from the group, or NULL. */
static PyObject *
whole_path(const struct node *group, PyObject *path)
{
	PyObject *text, *whole;

	text = PyUnicode_AsEncodedString(path, "utf-8", "surrogateescape");
	if (text == NULL)
		return NULL;
	if (strlen(PyBytes_AsString(text)) != (size_t)PyBytes_Size(text)) {
		PyErr_SetString(PyExc_ValueError, "a NUL in a path");
		Py_CLEAR(text);
	}
	if (text == NULL || group->node.path[0] == '\0' ||
	    PyBytes_AsString(text)[0] == '/')
		return text;
	whole = PyBytes_FromFormat("%s/%s", group->node.path,
				   PyBytes_AsString(text));
	Py_DECREF(text);
	return whole;
}

/* _get(path): the group or array there, or None. */
PyObject *
node_get(PyObject *self, PyObject *arg)
{
	struct node *n = (struct node *)self;
	struct cute_shm_node found;
	PyObject *path;
	int err;

	if (!is_open(n))
		return NULL;
	path = whole_path(n, arg);
	if (path == NULL)
		return NULL;
	err = cute_shm_find(n->mapping->shm, PyBytes_AsString(path), &found);
	Py_DECREF(path);
	if (err == CUTE_SHM_ERR_NOT_FOUND || err == CUTE_SHM_ERR_TYPE)
		Py_RETURN_NONE;
	return err == 0 ? node_new(n->mapping, &found) : raise_failure(err);
}

/* A list of what 'make' gives for each child. */
static PyObject *
children(struct node *n,
	 PyObject *(*make)(struct mapping *, const struct cute_shm_node *))
{
	struct cute_shm_node child;
	PyObject *list;
	int err, failed = 0;

	if (!is_open(n))
		return NULL;
	list = PyList_New(0);
	if (list == NULL)
		return NULL;
	err = cute_shm_first_child(&n->node, &child);
	while (err == 0 && !failed) {
		PyObject *item = make(n->mapping, &child);

		failed = item == NULL || PyList_Append(list, item) != 0;
		Py_XDECREF(item);
		err = cute_shm_next_sibling(&child, &child);
	}
	if (!failed && err == CUTE_SHM_ERR_END)
		return list;
	Py_DECREF(list);
	return failed ? NULL : raise_failure(err);
}

static PyObject *
make_name(struct mapping *mapping, const struct cute_shm_node *node)
{
	(void)mapping;
	return decode(node->name);
}

static PyObject *
make_item(struct mapping *mapping, const struct cute_shm_node *node)
{
	PyObject *name = decode(node->name);
	PyObject *object = name != NULL ? node_new(mapping, node) : NULL;

	if (object == NULL) {
		Py_XDECREF(name);
		return NULL;
	}
	return Py_BuildValue("NN", name, object);
}

PyObject *
node_names(PyObject *self, PyObject *none)
{
	(void)none;
	return children((struct node *)self, make_name);
}

PyObject *
node_items(PyObject *self, PyObject *none)
{
	(void)none;
	return children((struct node *)self, make_item);
}

/* _next(node): what follows in the subtree of self, links left out; or None. */
PyObject *
node_next(PyObject *self, PyObject *arg)
{
	struct node *n = (struct node *)self;
	struct cute_shm_node next;
	int err;

	if (!is_open(n))
		return NULL;
	if (!PyObject_TypeCheck(arg, node_type)) {
		PyErr_SetString(PyExc_TypeError, "not a node");
		return NULL;
	}
	next = ((struct node *)arg)->node;
	do {
		err = cute_shm_next(&n->node, &next, &next);
	} while (err == 0 && next.kind == CUTE_SHM_LINK);
	if (err == CUTE_SHM_ERR_END)
		Py_RETURN_NONE;
	return err == 0 ? node_new(n->mapping, &next) : raise_failure(err);
}

PyObject *
node_parent(PyObject *self, PyObject *none)
{
	struct node *n = (struct node *)self;
	struct cute_shm_node parent;
	int err;

	(void)none;
	if (!is_open(n))
		return NULL;
	err = cute_shm_parent(&n->node, &parent);
	return err == 0 ? node_new(n->mapping, &parent) : raise_failure(err);
}
