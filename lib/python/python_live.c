/* SPDX-License-Identifier: MIT */
/*
 * Updates in place.  A wait for a lock must end on Ctrl-C and must not hold the
 * GIL, so it is made of short ones, with a look at the signals in between.
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
