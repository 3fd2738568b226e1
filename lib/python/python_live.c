/* SPDX-License-Identifier: MIT */
/*
 * Updates in place, and waits for them.  A wait for a lock must end on Ctrl-C
 * and must not hold the GIL, so it is made of short ones, with a look at the
 * signals in between; a wait for an update is ended by a signal or a Waker.
 */

#include <time.h>

#include "python/python_core.h"

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct py_wait
wait_begin(double timeout, int64_t longest)
{
	return (struct py_wait){ .timeout = timeout,
				 .begin = now_ns(),
				 .longest = longest };
}

/* How long the next slice may be. */
int64_t
wait_next(struct py_wait *w)
{
	double left = w->timeout * 1e9 - (double)(now_ns() - w->begin);

	w->slice = w->longest;
	if (w->timeout >= 0 && left < (double)w->longest)
		w->slice = left > 0 ? (int64_t)left : 0;
	return w->slice;
}

/* After a slice: 1 to try again, 0 to stop, -1 for an exception. */
int
wait_again(const struct py_wait *w, int err)
{
	if (err != CUTE_SHM_ERR_CANCELLED &&
	    (err != CUTE_SHM_ERR_TIMEOUT || w->slice == 0))
		return 0;
	return PyErr_CheckSignals() == 0 ? 1 : -1;
}

/* _update(offset, bytes, timeout) */
PyObject *
node_update(PyObject *self, PyObject *args)
{
	struct node *n = (struct node *)self;
	struct py_wait wait;
	int64_t part;
	unsigned long long offset;
	double timeout;
	Py_buffer src;
	int err, more;

	if (!PyArg_ParseTuple(args, "Ky*d", &offset, &src, &timeout))
		return NULL;
	wait = wait_begin(timeout, WAIT_FOR_LOCK_NS);
	do {
		part = wait_next(&wait);
		Py_BEGIN_ALLOW_THREADS
		err = cute_shm_update(&n->array, offset, src.buf,
				      (size_t)src.len, part);
		Py_END_ALLOW_THREADS
		more = wait_again(&wait, err);
	} while (more == 1);
	PyBuffer_Release(&src);
	if (more < 0)
		return NULL;
	if (err != 0)
		return raise_failure(err);
	Py_RETURN_NONE;
}

/* _snapshot(bytearray or array, timeout): the sequence of the copy */
PyObject *
node_snapshot(PyObject *self, PyObject *args)
{
	struct node *n = (struct node *)self;
	struct py_wait wait;
	int64_t part;
	uint32_t sequence = 0;
	double timeout;
	Py_buffer dst;
	int err, more;

	if (!PyArg_ParseTuple(args, "w*d", &dst, &timeout))
		return NULL;
	wait = wait_begin(timeout, WAIT_FOR_LOCK_NS);
	do {
		part = wait_next(&wait);
		Py_BEGIN_ALLOW_THREADS
		err = cute_shm_snapshot(&n->array, 0, dst.buf, (size_t)dst.len,
					part, &sequence);
		Py_END_ALLOW_THREADS
		more = wait_again(&wait, err);
	} while (more == 1);
	PyBuffer_Release(&dst);
	if (more < 0)
		return NULL;
	return err == 0 ? PyLong_FromUnsignedLong(sequence)
			: raise_failure(err);
}

/* _state(): (sequence, writer_pid, updated_ns, torn, sealed) */
PyObject *
node_state(PyObject *self, PyObject *none)
{
	struct node *n = (struct node *)self;
	struct cute_shm_state state;
	int err = cute_shm_state(&n->array, &state);

	(void)none;
	if (err != 0)
		return raise_failure(err);
	return Py_BuildValue("IIKNN", state.sequence, state.writer_pid,
			     (unsigned long long)state.updated_ns,
			     PyBool_FromLong(state.torn),
			     PyBool_FromLong(state.sealed));
}

/* ------------------------------------------------------- waits for updates */

/*
 * A signal that arrives between the look at the signals and the sleep does not
 * end the sleep, so look again after this time.
 */
#define WAIT_FOR_UPDATE_NS INT64_C(1000000000)

struct py_waker {
	PyObject_HEAD
	struct cute_shm_waker *waker;
};

static PyTypeObject *waker_type;

/* _wait(since, timeout): the new sequence */
PyObject *
node_wait(PyObject *self, PyObject *args)
{
	struct node *n = (struct node *)self;
	struct cute_shm_watch watch = { .array = &n->array };
	struct py_wait wait;
	int64_t part;
	double timeout;
	size_t which;
	int err, more;

	if (!PyArg_ParseTuple(args, "Id", &watch.since, &timeout))
		return NULL;
	wait = wait_begin(timeout, WAIT_FOR_UPDATE_NS);
	do {
		part = wait_next(&wait);
		Py_BEGIN_ALLOW_THREADS
		err = cute_shm_wait_any(&watch, 1, part, NULL, &which);
		Py_END_ALLOW_THREADS
		more = wait_again(&wait, err);
	} while (more == 1);
	if (more < 0)
		return NULL;
	return err == 0 ? PyLong_FromUnsignedLong(watch.sequence)
			: raise_failure(err);
}

static PyObject *
waker_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	struct py_waker *w = (struct py_waker *)PyType_GenericAlloc(type, 0);
	int err;

	(void)args;
	(void)keywords;
	if (w == NULL)
		return NULL;
	err = cute_shm_waker_new(&w->waker);
	if (err == 0)
		return (PyObject *)w;
	Py_DECREF((PyObject *)w);
	return raise_failure(err);
}

static void
waker_dealloc(PyObject *self)
{
	cute_shm_waker_free(((struct py_waker *)self)->waker);
	object_free(self);
}

/* wake(): end the present or the next wait */
static PyObject *
waker_wake(PyObject *self, PyObject *none)
{
	(void)none;
	cute_shm_waker_wake(((struct py_waker *)self)->waker);
	Py_RETURN_NONE;
}

/* The watches of a tuple of (node, since): their number, or -1. */
static Py_ssize_t
read_watches(PyObject *tuple, struct cute_shm_watch *watches)
{
	Py_ssize_t n = PyTuple_Size(tuple), i;
	PyObject *node;

	if (n > CUTE_SHM_WATCHES) {
		PyErr_SetString(PyExc_ValueError, "too many waits");
		return -1;
	}
	for (i = 0; i < n; i++) {
		watches[i] = (struct cute_shm_watch){ 0 };
		if (!PyArg_ParseTuple(PyTuple_GetItem(tuple, i), "O!I",
				      node_type, &node, &watches[i].since))
			return -1;
		watches[i].array = &((struct node *)node)->array;
	}
	return n;
}

/*
 * wait_any(((node, since), ...), waker): (which, sequence, torn), or None if
 * the waker has ended the wait
 */
PyObject *
wait_any(PyObject *module, PyObject *args)
{
	struct cute_shm_watch watches[CUTE_SHM_WATCHES];
	PyObject *tuple, *waker;
	size_t which = 0;
	Py_ssize_t n;
	int err;

	(void)module;
	if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &tuple, waker_type,
			      &waker))
		return NULL;
	n = read_watches(tuple, watches);
	if (n < 0)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	err = cute_shm_wait_any(watches, (size_t)n, CUTE_SHM_FOREVER,
				((struct py_waker *)waker)->waker, &which);
	Py_END_ALLOW_THREADS
	if (err == CUTE_SHM_ERR_CANCELLED)
		Py_RETURN_NONE;
	if (err != 0 && err != CUTE_SHM_ERR_TORN)
		return raise_failure(err);
	return Py_BuildValue("nIN", (Py_ssize_t)which, watches[which].sequence,
			     PyBool_FromLong(err != 0));
}

static PyMethodDef methods[] = {
	{ "wake", waker_wake, METH_NOARGS, NULL },
	{ 0 },
};

static PyType_Slot slots[] = {
	SLOT(Py_tp_dealloc, waker_dealloc),
	SLOT(Py_tp_new, waker_new),
	SLOT(Py_tp_methods, methods),
	SLOT(0, NULL),
};

static PyType_Spec spec = {
	.name = "cute_shm._core.Waker",
	.basicsize = sizeof(struct py_waker),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = slots,
};

int
waker_init(PyObject *module)
{
	if (PyModule_AddIntConstant(module, "WATCHES", CUTE_SHM_WATCHES) != 0)
		return -1;
	return add_type(module, &waker_type, &spec);
}
