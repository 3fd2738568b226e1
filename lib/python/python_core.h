/* SPDX-License-Identifier: MIT */
/*
 * The extension modules of the Python package: thin, over the public C API.
 * What can be said in Python is said in Python (lib/python/cute_shm).
 *
 * A mapping owns a handle; a node refers to its mapping and exports the bytes
 * of its array.  An ndarray on a node keeps the node, so that the last of all
 * these that goes away unmaps the project.
 */
#ifndef PYTHON_CORE_H
#define PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <cute_shm.h>

struct mapping {
	PyObject_HEAD
	struct cute_shm *shm;
	unsigned flags;
	PyObject *weakrefs;
};

struct node {
	PyObject_HEAD
	struct mapping *mapping; /* NULL: closed */
	struct cute_shm_node node;
	uint64_t id;		     /* the same for all names of the node */
	PyObject *name;		     /* by links, else NULL: it is node.path */
	struct cute_shm_array array; /* of an array; else zero */
	int inspected;		     /* ragged: its offsets have been checked */
	int utf8;		     /* then: all texts are UTF-8 */
};

/* A type and its members, for PyType_FromSpec(). */
#define SLOT(name, value) \
	{ \
		name, value \
	}

/* python_error.c */
PyObject *raise_failure(int err);
PyObject *decode(const char *text);
PyObject *shape_tuple(const struct cute_shm_array *array);
int read_shape(PyObject *tuple, unsigned *ndim, uint64_t *shape);
int read_root(PyObject *object, PyObject **held, const char **root);
int add_type(PyObject *module, PyTypeObject **type, PyType_Spec *spec);
PyObject *no_constructor(PyTypeObject *type, PyObject *args,
			 PyObject *keywords);
void object_free(PyObject *self);

/* A call that runs without the GIL and calls back. */
struct py_call {
	PyObject *progress; /* a callable or None */
	PyObject *found;    /* a list for what callbacks report, or NULL */
	PyThreadState *state;
	int lost; /* a callback on another thread had no memory */
};

int call_progress(uint64_t done, uint64_t total, void *arg);
PyObject *call_failed(int err);

/* python_mapping.c */
extern PyTypeObject *mapping_type;
int mapping_init(PyObject *module);
PyObject *mapping_new(struct cute_shm *shm, unsigned flags);
PyObject *mapping_open(PyObject *module, PyObject *args);
PyObject *mapping_adopt(PyObject *module, PyObject *capsule);

/* python_node.c */
extern PyTypeObject *node_type;
int node_init(PyObject *module);
PyObject *node_new(struct mapping *mapping, const struct cute_shm_node *node,
		   const char *name);
PyObject *node_set_types(PyObject *module, PyObject *args);
PyObject *node_root(struct mapping *mapping, PyTypeObject *type);
PyObject *node_attr(PyObject *self, PyObject *arg);
PyObject *node_attr_names(PyObject *self, PyObject *none);

/* python_buffer.c */
int node_buffer(PyObject *self, Py_buffer *view, int flags);
void node_release(PyObject *self, Py_buffer *view);
PyObject *node_dlpack(PyObject *self, PyObject *args);

/* python_arrow.c */
PyObject *node_arrow_schema(PyObject *self, PyObject *none);
PyObject *node_arrow_array(PyObject *self, PyObject *none);

/* python_walk.c */
PyObject *node_get(PyObject *self, PyObject *arg);
PyObject *node_items(PyObject *self, PyObject *none);
PyObject *node_names(PyObject *self, PyObject *none);
PyObject *node_next(PyObject *self, PyObject *arg);
PyObject *node_parent(PyObject *self, PyObject *none);

/* python_live.c */

/*
 * A wait in slices; 'timeout' in seconds, negative for ever.  A signal does not
 * end a wait for a lock, so that its slices are short.
 */
struct py_wait {
	double timeout;
	int64_t begin;
	int64_t longest; /* slice, nanoseconds */
	int64_t slice;	 /* the last one */
};

#define WAIT_FOR_LOCK_NS INT64_C(50000000)

struct py_wait wait_begin(double timeout, int64_t longest);
int64_t wait_next(struct py_wait *w);
int wait_again(const struct py_wait *w, int err);
PyObject *node_update(PyObject *self, PyObject *args);
PyObject *node_snapshot(PyObject *self, PyObject *args);
PyObject *node_state(PyObject *self, PyObject *none);
int waker_init(PyObject *module);
PyObject *node_wait(PyObject *self, PyObject *args);
PyObject *wait_any(PyObject *module, PyObject *args);

/* python_update.c */
int update_init(PyObject *module);
PyObject *node_begin(PyObject *self, PyObject *args);

/* python_build.c */
int builder_init(PyObject *module);

/* python_project.c */
PyObject *info_dict(const struct cute_shm_info *info);
PyObject *project_list(PyObject *module, PyObject *args);
PyObject *project_unlink(PyObject *module, PyObject *args);
PyObject *mapping_verify(PyObject *self, PyObject *args);
PyObject *mapping_export(PyObject *self, PyObject *args);
PyObject *mapping_load(PyObject *module, PyObject *args);

#endif
