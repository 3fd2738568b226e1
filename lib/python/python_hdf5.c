/* SPDX-License-Identifier: MIT */
/*
 * The module cute_shm._hdf5: loads and exports of HDF5 files.  The handle of a
 * new project goes to the other module in a capsule.
 */

#include <stdbool.h>

#include <cute_shm_hdf5.h>

#include "python/python_core.h"
#include "python/python_mpi.h"

PyMODINIT_FUNC PyInit__hdf5(void);

static int
on_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	struct py_call *call = arg;
	int stop;

	PyEval_RestoreThread(call->state);
	stop = PyErr_Occurred() != NULL || PyErr_CheckSignals() != 0;
	if (!stop && call->progress != Py_None) {
		PyObject *path = decode(p->path != NULL ? p->path : "");
		PyObject *result =
			path == NULL
				? NULL
				: PyObject_CallFunction(
					  call->progress, "KKKN",
					  (unsigned long long)p->bytes_done,
					  (unsigned long long)p->bytes_total,
					  (unsigned long long)p->objects, path);

		stop = result == NULL;
		Py_XDECREF(result);
	}
	call->state = PyEval_SaveThread();
	return stop;
}

static void
add_skipped(const struct cute_shm_hdf5_skipped *skipped, struct py_call *call)
{
	PyObject *item = Py_BuildValue("NNiii", decode(skipped->path),
				       decode(skipped->reason), skipped->failed,
				       skipped->incomplete, skipped->changed);

	if (item != NULL)
		PyList_Append(call->found, item);
	Py_XDECREF(item);
}

/* An exception here ends the load at the next progress. */
static void
on_skipped(const struct cute_shm_hdf5_skipped *skipped, void *arg)
{
	struct py_call *call = arg;

	PyEval_RestoreThread(call->state);
	add_skipped(skipped, call);
	call->state = PyEval_SaveThread();
}

/* By a thread of the library, where an exception would be lost. */
static void
on_skipped_by_thread(const struct cute_shm_hdf5_skipped *skipped, void *arg)
{
	PyGILState_STATE before = PyGILState_Ensure();
	struct py_call *call = arg;

	add_skipped(skipped, call);
	call->lost |= PyErr_Occurred() != NULL;
	PyErr_Clear();
	PyGILState_Release(before);
}

/* A tuple of texts as the list that the library wants; free with PyMem_Free. */
static const char **
patterns(PyObject *tuple)
{
	Py_ssize_t n = PyTuple_Size(tuple), i;
	const char **list;

	if (n < 0)
		return NULL;
	list = PyMem_Calloc((size_t)n + 1, sizeof(*list));
	if (list == NULL)
		PyErr_NoMemory();
	for (i = 0; list != NULL && i < n; i++) {
		list[i] = PyBytes_AsString(PyTuple_GetItem(tuple, i));
		if (list[i] == NULL) {
			PyMem_Free(list);
			return NULL;
		}
	}
	return list;
}

static void
close_capsule(PyObject *capsule)
{
	if (PyCapsule_IsValid(capsule, "cute_shm"))
		cute_shm_close(PyCapsule_GetPointer(capsule, "cute_shm"));
}

static PyObject *
load_result(const struct cute_shm_hdf5_result *r, struct cute_shm *shm,
	    PyObject *found)
{
	PyObject *capsule = Py_None;

	if (shm != NULL)
		capsule = PyCapsule_New(shm, "cute_shm", close_capsule);
	else
		Py_INCREF(capsule);
	if (capsule == NULL) {
		cute_shm_close(shm);
		Py_DECREF(found);
		return NULL;
	}
	return Py_BuildValue("{sNsKsKsKsKsKsKsKsdsKsKsKsKsKsN}", "handle",
			     capsule, "arrays", (unsigned long long)r->arrays,
			     "groups", (unsigned long long)r->groups, "links",
			     (unsigned long long)r->links, "bytes",
			     (unsigned long long)r->bytes, "segment_size",
			     (unsigned long long)r->segment_size, "skipped",
			     (unsigned long long)r->skipped, "failed",
			     (unsigned long long)r->failed, "seconds",
			     r->seconds, "current",
			     (unsigned long long)r->current, "files",
			     (unsigned long long)r->files, "partial",
			     (unsigned long long)r->partial, "reused",
			     (unsigned long long)r->reused, "reused_bytes",
			     (unsigned long long)r->reused_bytes, "left_out",
			     found);
}

/* What is to be loaded: one file, or several as groups. */
struct from {
	PyObject *path; /* of the one file, as bytes, */
	const char *file;
	PyObject *paths; /* or a list of such paths, */
	struct cute_shm_hdf5_source *sources;
	size_t count;
};

static void
from_clear(struct from *from)
{
	Py_CLEAR(from->path);
	Py_CLEAR(from->paths);
	PyMem_Free(from->sources);
}

/* A pair of a name, or None, and a path; the pair keeps the name. */
static bool
from_add(struct from *from, PyObject *pair)
{
	struct cute_shm_hdf5_source *s = &from->sources[from->count];
	PyObject *path = NULL;
	bool ok;

	if (!PyArg_ParseTuple(pair, "zO&", &s->name, PyUnicode_FSConverter,
			      &path))
		return false;
	s->file = PyBytes_AsString(path);
	ok = s->file != NULL && PyList_Append(from->paths, path) == 0;
	Py_DECREF(path);
	from->count++;
	return ok;
}

/* A path, or a tuple of pairs; call from_clear() in any case. */
static bool
from_get(PyObject *file, struct from *from)
{
	Py_ssize_t n, i;
	bool ok = true;

	if (!PyTuple_Check(file)) {
		if (!PyUnicode_FSConverter(file, &from->path))
			return false;
		from->file = PyBytes_AsString(from->path);
		return from->file != NULL;
	}
	n = PyTuple_Size(file);
	from->paths = PyList_New(0);
	from->sources = PyMem_Calloc((size_t)n + 1, sizeof(*from->sources));
	if (from->sources == NULL)
		PyErr_NoMemory();
	if (from->sources == NULL || from->paths == NULL)
		return false;
	for (i = 0; ok && i < n; i++)
		ok = from_add(from, PyTuple_GetItem(file, i));
	return ok;
}

/* By MPI, for all ranks of a communicator; without 'how' for this process. */
struct by_mpi {
	const struct py_mpi_load *how;
	int comm;
	unsigned flags;
};

/* None, or a tuple of the function of cute_shm._mpi, a number, and flags. */
static bool
by_mpi_get(PyObject *given, struct by_mpi *by)
{
	PyObject *capsule;

	if (given == Py_None)
		return true;
	if (!PyArg_ParseTuple(given, "OiI", &capsule, &by->comm, &by->flags))
		return false;
	by->how = PyCapsule_GetPointer(capsule, PY_MPI_LOAD);
	return by->how != NULL;
}

static int
load_from(const char *project, const struct from *from, const struct by_mpi *by,
	  const struct cute_shm_hdf5_options *opt,
	  struct cute_shm_hdf5_result *ret)
{
	if (by->how != NULL)
		return by->how->load(by->comm, by->flags, project, from->file,
				     from->sources, from->count, opt, ret);
	if (from->sources != NULL)
		return cute_shm_hdf5_load_files(project, from->sources,
						from->count, opt, ret);
	return cute_shm_hdf5_load(project, from->file, opt, ret);
}

static int
plan_from(const struct from *from, const struct cute_shm_hdf5_options *opt,
	  struct cute_shm_hdf5_result *ret)
{
	if (from->sources != NULL)
		return cute_shm_hdf5_plan_files(from->sources, from->count, opt,
						ret);
	return cute_shm_hdf5_plan(from->file, opt, ret);
}

/* Run a load, or a plan if 'project' is NULL, without the GIL. */
static PyObject *
run(const char *project, const struct from *from, const struct by_mpi *by,
    struct cute_shm_hdf5_options *opt, struct py_call *call)
{
	struct cute_shm_hdf5_result result = { 0 };
	struct cute_shm *shm = NULL;
	int err;

	call->found = PyList_New(0);
	if (call->found == NULL)
		return NULL;
	opt->progress = on_progress;
	opt->skipped = by->how != NULL ? on_skipped_by_thread : on_skipped;
	opt->arg = call;
	call->state = PyEval_SaveThread();
	if (project != NULL) {
		opt->handle = by->how != NULL ? NULL : &shm;
		err = load_from(project, from, by, opt, &result);
		opt->handle = NULL;
	} else {
		err = plan_from(from, opt, &result);
	}
	PyEval_RestoreThread(call->state);
	if (err == 0 && call->lost && PyErr_Occurred() == NULL)
		PyErr_NoMemory();
	if (err != 0 || PyErr_Occurred() != NULL) {
		call_failed(err);
		cute_shm_close(shm);
		Py_DECREF(call->found);
		return NULL;
	}
	return load_result(&result, shm, call->found);
}

/*
 * load(project or None, file or a tuple of pairs, root or None, flags, mode,
 * group, jobs, select, exclude, max_memory, max_size, max_seconds, timeout,
 * progress, by_mpi)
 */
static PyObject *
hdf5_load(PyObject *module, PyObject *args)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt) };
	PyObject *file, *select, *exclude, *mpi, *result = NULL;
	unsigned long long max_memory, max_size;
	const char **selected, **excluded = NULL;
	struct py_call call = { 0 };
	struct from from = { 0 };
	struct by_mpi by = { 0 };
	const char *project;
	unsigned mode;

	(void)module;
	if (!PyArg_ParseTuple(args, "zOzIIzIO!O!KKddOO", &project, &file,
			      &opt.root, &opt.flags, &mode, &opt.group,
			      &opt.jobs, &PyTuple_Type, &select, &PyTuple_Type,
			      &exclude, &max_memory, &max_size,
			      &opt.max_seconds, &opt.timeout, &call.progress,
			      &mpi) ||
	    !by_mpi_get(mpi, &by))
		return NULL;
	opt.mode = (mode_t)mode;
	opt.max_memory = max_memory;
	opt.max_size = max_size;
	opt.creator = "cute_shm for Python " CUTE_SHM_VERSION;
	selected = from_get(file, &from) ? patterns(select) : NULL;
	if (selected != NULL)
		excluded = patterns(exclude);
	if (excluded != NULL) {
		opt.select = selected[0] != NULL ? selected : NULL;
		opt.exclude = excluded[0] != NULL ? excluded : NULL;
		result = run(project, &from, &by, &opt, &call);
	}
	PyMem_Free(selected);
	PyMem_Free(excluded);
	from_clear(&from);
	return result;
}

/*
 * export(handle, file, flags, gzip, shuffle, chunk_size, jobs, progress):
 * 'handle' is what Mapping.handle() gives
 */
static PyObject *
hdf5_export(PyObject *module, PyObject *args)
{
	struct cute_shm_hdf5_export_options opt = { .size = sizeof(opt) };
	struct cute_shm_hdf5_export_result r = { 0 };
	struct py_call call = { 0 };
	const struct cute_shm *shm;
	PyObject *handle, *file;
	unsigned long long chunk_size;
	int err;

	(void)module;
	if (!PyArg_ParseTuple(args, "OO&IIpKIO", &handle, PyUnicode_FSConverter,
			      &file, &opt.flags, &opt.gzip, &opt.shuffle,
			      &chunk_size, &opt.jobs, &call.progress))
		return NULL;
	opt.chunk_size = chunk_size;
	opt.progress = on_progress;
	opt.skipped = on_skipped;
	opt.arg = &call;
	shm = PyCapsule_GetPointer(handle, "cute_shm.borrowed");
	if (shm == NULL)
		goto out;
	call.found = PyList_New(0);
	if (call.found == NULL)
		goto out;
	call.state = PyEval_SaveThread();
	err = cute_shm_hdf5_export(shm, PyBytes_AsString(file), &opt, &r);
	PyEval_RestoreThread(call.state);
	if (err != 0 || PyErr_Occurred() != NULL) {
		call_failed(err);
		Py_CLEAR(call.found);
	}
out:
	Py_DECREF(file);
	return call.found;
}

static PyMethodDef functions[] = {
	{ "load", hdf5_load, METH_VARARGS, NULL },
	{ "export", hdf5_export, METH_VARARGS, NULL },
	{ 0 },
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "cute_shm._hdf5",
	.m_doc = "Private; see cute_shm.load().",
	.m_size = -1,
	.m_methods = functions,
};

PyMODINIT_FUNC
PyInit__hdf5(void)
{
	return PyModule_Create(&definition);
}
