/* SPDX-License-Identifier: MIT */
/*
 * What the calls of both modules share: errors, texts, shapes, callbacks, and
 * what all types need.
 */

#include <string.h>

#include "python/python_core.h"

/* Raise the exception for 'err', with the sentence of this thread. */
PyObject *
raise_failure(int err)
{
	PyObject *module, *error, *text;

	module = PyImport_ImportModule("cute_shm._errors");
	if (module == NULL)
		return NULL;
	text = decode(cute_shm_errmsg());
	error = text == NULL
			? NULL
			: PyObject_CallMethod(module, "failure", "iOi", err,
					      text, cute_shm_missing());
	Py_XDECREF(text);
	Py_DECREF(module);
	if (error != NULL) {
		PyErr_SetObject((PyObject *)Py_TYPE(error), error);
		Py_DECREF(error);
	}
	return NULL;
}

/* Names come from files: bytes that are no UTF-8 come back as they were. */
PyObject *
decode(const char *text)
{
	return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text),
				    "surrogateescape");
}

PyObject *
shape_tuple(const struct cute_shm_array *array)
{
	PyObject *tuple = PyTuple_New((Py_ssize_t)array->ndim);
	uint32_t i;

	for (i = 0; tuple != NULL && i < array->ndim; i++) {
		PyObject *n = PyLong_FromUnsignedLongLong(array->shape[i]);

		if (n == NULL)
			Py_CLEAR(tuple);
		else
			PyTuple_SetItem(tuple, (Py_ssize_t)i, n);
	}
	return tuple;
}

/* The reverse: 0, or -1 with an exception. */
int
read_shape(PyObject *tuple, unsigned *ndim, uint64_t *shape)
{
	Py_ssize_t n = PyTuple_Size(tuple), i;

	if (n < 0)
		return -1;
	if (n > CUTE_SHM_MAX_NDIM) {
		PyErr_Format(PyExc_ValueError,
			     "%zd dimensions are more than the %d of a segment",
			     n, CUTE_SHM_MAX_NDIM);
		return -1;
	}
	for (i = 0; i < n; i++) {
		shape[i] = PyLong_AsUnsignedLongLong(PyTuple_GetItem(tuple, i));
		if (PyErr_Occurred() != NULL)
			return -1;
	}
	*ndim = (unsigned)n;
	return 0;
}

/*
 * A callback of the library, on the thread of the call: take signals, so that
 * Ctrl-C stops it, and call the program.  An exception ends the call.
 */
int
call_progress(uint64_t done, uint64_t total, void *arg)
{
	struct py_call *call = arg;
	int stop;

	PyEval_RestoreThread(call->state);
	stop = PyErr_Occurred() != NULL || PyErr_CheckSignals() != 0;
	if (!stop && call->progress != Py_None) {
		PyObject *result =
			PyObject_CallFunction(call->progress, "KK",
					      (unsigned long long)done,
					      (unsigned long long)total);

		stop = result == NULL;
		Py_XDECREF(result);
	}
	call->state = PyEval_SaveThread();
	return stop;
}

/* The exception of a callback stands before the library's. */
PyObject *
call_failed(int err)
{
	return PyErr_Occurred() != NULL ? NULL : raise_failure(err);
}

/* The option 'root', which may be None: 0, or -1 with an exception. */
int
read_root(PyObject *object, PyObject **held, const char **root)
{
	*held = NULL;
	*root = NULL;
	if (object == Py_None)
		return 0;
	if (!PyUnicode_FSConverter(object, held))
		return -1;
	*root = PyBytes_AsString(*held);
	return 0;
}

/* ------------------------------------------------------------------- types */

/* Make the type and add it to the module: 0, or -1 with an exception. */
int
add_type(PyObject *module, PyTypeObject **type, PyType_Spec *spec)
{
	*type = (PyTypeObject *)PyType_FromSpec(spec);
	if (*type == NULL)
		return -1;
	Py_INCREF((PyObject *)*type);
	return PyModule_AddObject(module, strrchr(spec->name, '.') + 1,
				  (PyObject *)*type);
}

/* For types whose objects come from cute_shm.open(). */
PyObject *
no_constructor(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	(void)type;
	(void)args;
	(void)keywords;
	PyErr_SetString(PyExc_TypeError, "use cute_shm.open()");
	return NULL;
}

/* The last step of a type's dealloc. */
void
object_free(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

	release(self);
	Py_DECREF((PyObject *)type);
}
