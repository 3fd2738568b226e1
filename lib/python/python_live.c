/* SPDX-License-Identifier: MIT */
/*
 * Updates in place.  A wait must end on Ctrl-C and must not hold the GIL, so it
 * is made of short ones, with a look at the signals in between.
 */

#include <time.h>

#include "python/python_core.h"

#define SLICE_NS INT64_C(50000000)

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* How long the next slice may be; 'timeout' in seconds, negative for ever. */
static int64_t
slice(double timeout, int64_t begin)
{
	double left;

	if (timeout < 0)
		return SLICE_NS;
	left = timeout * 1e9 - (double)(now_ns() - begin);
	if (left <= 0)
		return 0;
	return left < (double)SLICE_NS ? (int64_t)left : SLICE_NS;
}

/* After a slice: 1 to try again, 0 to stop, -1 for an exception. */
static int
again(int err, int64_t last)
{
	if (err != CUTE_SHM_ERR_TIMEOUT || last == 0)
		return 0;
	return PyErr_CheckSignals() == 0 ? 1 : -1;
}

/* _update(offset, bytes, timeout) */
PyObject *
node_update(PyObject *self, PyObject *args)
{
	struct node *n = (struct node *)self;
	int64_t begin = now_ns(), part;
	unsigned long long offset;
	double timeout;
	Py_buffer src;
	int err, more;

	if (!PyArg_ParseTuple(args, "Ky*d", &offset, &src, &timeout))
		return NULL;
	do {
		part = slice(timeout, begin);
		Py_BEGIN_ALLOW_THREADS err =
			cute_shm_update(&n->array, offset, src.buf,
					(size_t)src.len, part);
		Py_END_ALLOW_THREADS more = again(err, part);
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
	int64_t begin = now_ns(), part;
	uint32_t sequence = 0;
	double timeout;
	Py_buffer dst;
	int err, more;

	if (!PyArg_ParseTuple(args, "w*d", &dst, &timeout))
		return NULL;
	do {
		part = slice(timeout, begin);
		Py_BEGIN_ALLOW_THREADS err =
			cute_shm_snapshot(&n->array, 0, dst.buf,
					  (size_t)dst.len, part, &sequence);
		Py_END_ALLOW_THREADS more = again(err, part);
	} while (more == 1);
	PyBuffer_Release(&dst);
	if (more < 0)
		return NULL;
	return err == 0 ? PyLong_FromUnsignedLong(sequence)
			: raise_failure(err);
}

/* _wait(since, timeout): the new sequence */
PyObject *
node_wait(PyObject *self, PyObject *args)
{
	struct node *n = (struct node *)self;
	int64_t begin = now_ns(), part;
	uint32_t sequence = 0;
	unsigned since;
	double timeout;
	int err, more;

	if (!PyArg_ParseTuple(args, "Id", &since, &timeout))
		return NULL;
	do {
		part = slice(timeout, begin);
		Py_BEGIN_ALLOW_THREADS err =
			cute_shm_wait(&n->array, since, part, &sequence);
		Py_END_ALLOW_THREADS more = again(err, part);
	} while (more == 1);
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
