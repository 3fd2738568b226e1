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

/*
 * The UTF-8 of 'path', taken from 'group' unless it begins with a slash; no
 * slash at either end.  NULL with an exception.
 */
static PyObject *
join(const char *group, PyObject *path)
{
	PyObject *text, *whole;
	size_t size;
	char *p;

	text = PyUnicode_AsEncodedString(path, "utf-8", "surrogateescape");
	if (text == NULL)
		return NULL;
	p = PyBytes_AsString(text);
	size = strlen(p);
	if (size != (size_t)PyBytes_Size(text)) {
		PyErr_SetString(PyExc_ValueError, "a NUL in a path");
		Py_DECREF(text);
		return NULL;
	}
	if (size > 1 && p[size - 1] == '/')
		p[size - 1] = '\0';
	if (p[0] == '/') {
		group = "";
		p++;
	}
	whole = PyBytes_FromFormat(group[0] != '\0' && p[0] != '\0' ? "%s/%s"
								    : "%s%s",
				   group, p);
	Py_DECREF(text);
	return whole;
}

/* The UTF-8 of the path by which a node was reached; NULL: its own. */
static PyObject *
name_of(const struct node *n)
{
	return n->name != NULL ? PyUnicode_AsEncodedString(n->name, "utf-8",
							   "surrogateescape")
			       : PyBytes_FromString(n->node.path);
}

/* The node that has this whole path, or None. */
static PyObject *
get_whole(struct mapping *mapping, const char *path)
{
	struct cute_shm_node found;
	int err = cute_shm_find(mapping->shm, path, &found);

	if (err == CUTE_SHM_ERR_NOT_FOUND || err == CUTE_SHM_ERR_TYPE)
		Py_RETURN_NONE;
	return err == 0 ? node_new(mapping, &found, path) : raise_failure(err);
}

/* _get(path): the group or array there, or None. */
PyObject *
node_get(PyObject *self, PyObject *arg)
{
	struct node *n = (struct node *)self;
	PyObject *group, *path, *found = NULL;

	if (!is_open(n))
		return NULL;
	group = name_of(n);
	if (group == NULL)
		return NULL;
	path = join(PyBytes_AsString(group), arg);
	if (path != NULL)
		found = get_whole(n->mapping, PyBytes_AsString(path));
	Py_XDECREF(path);
	Py_DECREF(group);
	return found;
}

/* A list of what 'make' gives for each child. */
static PyObject *
children(struct node *n,
	 PyObject *(*make)(struct node *, const struct cute_shm_node *))
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
		PyObject *item = make(n, &child);

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
make_name(struct node *group, const struct cute_shm_node *node)
{
	(void)group;
	return decode(node->name);
}

/* The object for a node in a group, or below it, by the name of that. */
static PyObject *
new_below(struct node *group, const struct cute_shm_node *node)
{
	size_t skip = strlen(group->node.path);
	PyObject *path, *name, *result;
	const char *rest = node->path + skip + (skip > 0);

	if (group->name == NULL)
		return node_new(group->mapping, node, node->path);
	path = name_of(group);
	if (path == NULL)
		return NULL;
	name = PyBytes_FromFormat("%s/%s", PyBytes_AsString(path), rest);
	Py_DECREF(path);
	if (name == NULL)
		return NULL;
	result = node_new(group->mapping, node, PyBytes_AsString(name));
	Py_DECREF(name);
	return result;
}

static PyObject *
make_item(struct node *group, const struct cute_shm_node *node)
{
	PyObject *name = decode(node->name);
	PyObject *object = name != NULL ? new_below(group, node) : NULL;

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
	return err == 0 ? new_below(n, &next) : raise_failure(err);
}

/* The group of the path by which a node was reached by links. */
static PyObject *
parent_by_name(struct node *n)
{
	PyObject *name = name_of(n), *found;
	char *path, *slash;

	if (name == NULL)
		return NULL;
	path = PyBytes_AsString(name);
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	found = get_whole(n->mapping, slash != NULL ? path : "");
	Py_DECREF(name);
	return found;
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
	if (n->name != NULL)
		return parent_by_name(n);
	err = cute_shm_parent(&n->node, &parent);
	return err == 0 ? node_new(n->mapping, &parent, NULL)
			: raise_failure(err);
}
