/* SPDX-License-Identifier: MIT */
/*
 * Update: one that has begun.  It exports the data of the array as a buffer
 * that may be written to; who has begun it ends it.  If only assign() writes,
 * an update that is given up has written nothing.
 */

#include "python/python_core.h"

struct py_update {
	PyObject_HEAD
	PyObject *node; /* keeps the memory, which arrays may still have */
	int begun;
	int direct; /* the program writes to the buffer itself */
	struct cute_shm_update update;
	Py_ssize_t exports;
	int exported; /* ever */
};

static PyTypeObject *update_type;

/* Begin, or NULL with *err: 0 for an exception, else the library's error. */
static PyObject *
begin(PyObject *node, int64_t timeout_ns, int *err)
{
	struct py_update *u;

	*err = 0;
	u = (struct py_update *)PyType_GenericAlloc(update_type, 0);
	if (u == NULL)
		return NULL;
	/* A thread with an update needs the GIL to end it: do not wait here. */
	*err = cute_shm_update_begin(&((struct node *)node)->array, 0,
				     &u->update);
	if (*err == CUTE_SHM_ERR_TIMEOUT && timeout_ns != 0) {
		Py_BEGIN_ALLOW_THREADS
		*err = cute_shm_update_begin(&((struct node *)node)->array,
					     timeout_ns, &u->update);
		Py_END_ALLOW_THREADS
	}
	if (*err != 0) {
		Py_DECREF((PyObject *)u);
		return NULL;
	}
	Py_INCREF(node);
	u->node = node;
	u->begun = 1;
	return (PyObject *)u;
}

/* Where the elements of an array begin in the data of its node: 0, or -1. */
static int
offset_of(PyObject *node, PyObject *array, Py_ssize_t *ret)
{
	const char *data = ((struct node *)node)->array.data;
	Py_buffer view;

	if (PyObject_GetBuffer(array, &view, PyBUF_STRIDES) != 0)
		return -1;
	*ret = (const char *)view.buf - data;
	PyBuffer_Release(&view);
	return 0;
}

/*
 * _begin(array, timeout, direct): the update, and the offset of the array in
 * its buffer; seconds, negative for ever
 */
PyObject *
node_begin(PyObject *self, PyObject *args)
{
	struct py_wait wait;
	PyObject *u, *array;
	Py_ssize_t offset;
	double timeout;
	int err, direct;

	if (!PyArg_ParseTuple(args, "Odp", &array, &timeout, &direct) ||
	    offset_of(self, array, &offset) != 0)
		return NULL;
	wait = wait_begin(timeout, WAIT_FOR_LOCK_NS);
	do {
		u = begin(self, wait_next(&wait), &err);
	} while (u == NULL && err != 0 && wait_again(&wait, err) == 1);
	if (u == NULL && err != 0 && PyErr_Occurred() == NULL)
		raise_failure(err);
	if (u == NULL)
		return NULL;
	((struct py_update *)u)->direct = direct;
	return Py_BuildValue("Nn", u, offset);
}

static void
finish(struct py_update *u)
{
	if (u->begun)
		cute_shm_update_end(&u->update);
	u->begun = 0;
}

static PyObject *
update_end(PyObject *self, PyObject *none)
{
	struct py_update *u = (struct py_update *)self;

	(void)none;
	if (u->exports != 0) {
		PyErr_SetString(PyExc_BufferError, "a view is in use");
		return NULL;
	}
	finish(u);
	Py_RETURN_NONE;
}

static void
give_up(struct py_update *u)
{
	if (u->begun)
		cute_shm_update_abandon(&u->update);
	u->begun = 0;
}

/* abandon(): end it, if it has begun, as if it had not; nothing was written */
static PyObject *
update_abandon(PyObject *self, PyObject *none)
{
	(void)none;
	give_up((struct py_update *)self);
	Py_RETURN_NONE;
}

/* refuse_torn(): give it up and raise TornError if the array is torn */
static PyObject *
update_refuse_torn(PyObject *self, PyObject *none)
{
	struct py_update *u = (struct py_update *)self;
	const struct cute_shm_array *a = &((struct node *)u->node)->array;

	(void)none;
	if (!u->begun || !u->update.torn)
		Py_RETURN_NONE;
	give_up(u);
	return raise_failure(
		cute_shm_fail(CUTE_SHM_ERR_TORN,
			      "/%s is torn: its writer died in the middle; an "
			      "update of the whole array heals it, such as "
			      "a.update(x) or a[...] = x",
			      a->path));
}

/*
 * assign(memory, key, value): memory[key] = value, and end the update; no
 * signal handler of Python runs in between.  NumPy refuses an assignment before
 * it has written anything, if nothing is to be converted.
 */
static PyObject *
update_assign(PyObject *self, PyObject *args)
{
	struct py_update *u = (struct py_update *)self;
	PyObject *memory, *key, *value;

	if (!PyArg_ParseTuple(args, "OOO", &memory, &key, &value))
		return NULL;
	if (!u->begun) {
		PyErr_SetString(PyExc_ValueError, "the update has ended");
		return NULL;
	}
	if (PyObject_SetItem(memory, key, value) != 0) {
		give_up(u);
		return NULL;
	}
	finish(u);
	Py_RETURN_NONE;
}

static void
update_dealloc(PyObject *self)
{
	struct py_update *u = (struct py_update *)self;

	if (u->begun && u->direct && u->exported)
		cute_shm_update_end(&u->update);
	else
		give_up(u);
	Py_XDECREF(u->node);
	object_free(self);
}

static int
update_buffer(PyObject *self, Py_buffer *view, int flags)
{
	struct py_update *u = (struct py_update *)self;

	if (!u->begun) {
		PyErr_SetString(PyExc_BufferError, "the update has ended");
		view->obj = NULL;
		return -1;
	}
	if (PyBuffer_FillInfo(view, self, u->update.data,
			      (Py_ssize_t)u->update.size, 0, flags) != 0)
		return -1;
	u->exports++;
	u->exported = 1;
	return 0;
}

static void
update_release(PyObject *self, Py_buffer *view)
{
	(void)view;
	((struct py_update *)self)->exports--;
}

static PyObject *
get_torn(PyObject *self, void *none)
{
	(void)none;
	return PyBool_FromLong(((struct py_update *)self)->update.torn);
}

static PyMethodDef methods[] = {
	{ "abandon", update_abandon, METH_NOARGS, NULL },
	{ "assign", update_assign, METH_VARARGS, NULL },
	{ "end", update_end, METH_NOARGS, NULL },
	{ "refuse_torn", update_refuse_torn, METH_NOARGS, NULL },
	{ 0 },
};

static PyGetSetDef getters[] = {
	{ "torn", get_torn, NULL, NULL, NULL },
	{ 0 },
};

static PyType_Slot slots[] = {
	SLOT(Py_tp_dealloc, update_dealloc),
	SLOT(Py_tp_methods, methods),
	SLOT(Py_tp_getset, getters),
	SLOT(Py_bf_getbuffer, update_buffer),
	SLOT(Py_bf_releasebuffer, update_release),
	SLOT(0, NULL),
};

static PyType_Spec spec = {
	.name = "cute_shm._core.Update",
	.basicsize = sizeof(struct py_update),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = slots,
};

int
update_init(PyObject *module)
{
	return add_type(module, &update_type, &spec);
}
