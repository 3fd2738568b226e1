/* SPDX-License-Identifier: MIT */
/* Projects as a whole: describe, list, remove, verify, save and restore. */

#include "python/python_core.h"

/* Put a new reference into the dict: 0, or -1 with an exception. */
static int
put(PyObject *dict, const char *name, PyObject *value)
{
	int failed = value == NULL || PyDict_SetItemString(dict, name, value);

	Py_XDECREF(value);
	return failed ? -1 : 0;
}

static int
put_number(PyObject *dict, const char *name, uint64_t value)
{
	return put(dict, name, PyLong_FromUnsignedLongLong(value));
}

static int
put_text(PyObject *dict, const char *name, const char *value)
{
	return put(dict, name, decode(value));
}

static int
put_numbers(PyObject *dict, const struct cute_shm_info *info)
{
	return put(dict, "error", PyLong_FromLong(info->err)) ||
	       put_number(dict, "size", info->size) ||
	       put_number(dict, "mode", info->mode) ||
	       put_number(dict, "uid", info->uid) ||
	       put_number(dict, "gid", info->gid) ||
	       put_number(dict, "node_count", info->node_count) ||
	       put_number(dict, "array_count", info->array_count) ||
	       put_number(dict, "array_bytes", info->array_bytes) ||
	       put_number(dict, "block_size", info->block_size) ||
	       put_number(dict, "created_ns", info->created_ns) ||
	       put_number(dict, "creator_pid", info->creator_pid) ||
	       put_number(dict, "creator_uid", info->creator_uid) ||
	       put_number(dict, "source_size", info->source_size) ||
	       put_number(dict, "source_mtime_ns", info->source_mtime_ns) ||
	       put_number(dict, "metadata_digest", info->metadata_digest);
}

static int
put_rest(PyObject *dict, const struct cute_shm_info *info)
{
	return put_text(dict, "message", info->message) ||
	       put_text(dict, "project", info->project) ||
	       put_text(dict, "path", info->path) ||
	       put_text(dict, "version", info->version) ||
	       put_text(dict, "creator", info->creator) ||
	       put_text(dict, "source", info->source) ||
	       put(dict, "ephemeral", PyBool_FromLong(info->ephemeral)) ||
	       put(dict, "orphan", PyBool_FromLong(info->orphan)) ||
	       put(dict, "in_use", PyBool_FromLong(info->in_use)) ||
	       put(dict, "uuid",
		   PyBytes_FromStringAndSize((const char *)info->uuid,
					     sizeof(info->uuid)));
}

PyObject *
info_dict(const struct cute_shm_info *info)
{
	PyObject *dict = PyDict_New();

	if (dict != NULL && (put_numbers(dict, info) || put_rest(dict, info)))
		Py_CLEAR(dict);
	return dict;
}

static int
add_info(const struct cute_shm_info *info, void *arg)
{
	struct py_call *call = arg;
	PyObject *dict;
	int stop;

	PyEval_RestoreThread(call->state);
	dict = info_dict(info);
	stop = dict == NULL || PyList_Append(call->found, dict) != 0 ||
	       PyErr_CheckSignals() != 0;
	Py_XDECREF(dict);
	call->state = PyEval_SaveThread();
	return stop;
}

/* list(root): a list of dicts */
PyObject *
project_list(PyObject *module, PyObject *args)
{
	struct py_call call = { .progress = Py_None };
	PyObject *object, *held;
	const char *root;
	int err;

	(void)module;
	if (!PyArg_ParseTuple(args, "O", &object) ||
	    read_root(object, &held, &root) != 0)
		return NULL;
	call.found = PyList_New(0);
	if (call.found != NULL) {
		call.state = PyEval_SaveThread();
		err = cute_shm_list(root, add_info, &call);
		PyEval_RestoreThread(call.state);
		if (err != 0) {
			call_failed(err);
			Py_CLEAR(call.found);
		}
	}
	Py_XDECREF(held);
	return call.found;
}

/* unlink(project, root, flags): the bytes that were freed */
PyObject *
project_unlink(PyObject *module, PyObject *args)
{
	struct cute_shm_unlink_options opt = { .size = sizeof(opt) };
	PyObject *object, *held;
	const char *project;
	uint64_t freed = 0;
	int err;

	(void)module;
	if (!PyArg_ParseTuple(args, "sOI", &project, &object, &opt.flags) ||
	    read_root(object, &held, &opt.root) != 0)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	err = cute_shm_unlink(project, &opt, &freed);
	Py_END_ALLOW_THREADS
	Py_XDECREF(held);
	return err == 0 ? PyLong_FromUnsignedLongLong(freed)
			: raise_failure(err);
}

static int
add_damage(const struct cute_shm_damage *damage, void *arg)
{
	struct py_call *call = arg;
	PyObject *item;
	int stop;

	PyEval_RestoreThread(call->state);
	item = Py_BuildValue("isKKKs", damage->err, damage->path,
			     (unsigned long long)damage->offset,
			     (unsigned long long)damage->begin,
			     (unsigned long long)damage->end, damage->message);
	stop = item == NULL || PyList_Append(call->found, item) != 0;
	Py_XDECREF(item);
	call->state = PyEval_SaveThread();
	return stop;
}

/*
 * verify(metadata_only, jobs, progress): (arrays, bytes, unsealed, damages),
 * the last a list of (code, path or None, offset, begin, end, sentence)
 */
PyObject *
mapping_verify(PyObject *self, PyObject *args)
{
	struct cute_shm_verify_options opt = { .size = sizeof(opt) };
	struct mapping *m = (struct mapping *)self;
	struct cute_shm_verify_result result;
	struct py_call call = { 0 };
	int err, only;

	if (!PyArg_ParseTuple(args, "pIO", &only, &opt.jobs, &call.progress))
		return NULL;
	call.found = PyList_New(0);
	if (call.found == NULL)
		return NULL;
	opt.flags = only ? CUTE_SHM_VERIFY_METADATA : 0;
	opt.report = add_damage;
	opt.progress = call_progress;
	opt.arg = &call;
	Py_INCREF((PyObject *)m);
	call.state = PyEval_SaveThread();
	err = cute_shm_verify(m->shm, &opt, &result);
	PyEval_RestoreThread(call.state);
	Py_DECREF((PyObject *)m);
	if (PyErr_Occurred() != NULL ||
	    (err != 0 && PyList_Size(call.found) == 0)) {
		Py_DECREF(call.found);
		return call_failed(err);
	}
	return Py_BuildValue("KKKN", (unsigned long long)result.arrays,
			     (unsigned long long)result.bytes,
			     (unsigned long long)result.unsealed, call.found);
}

/* export(file, overwrite, progress): save the segment */
PyObject *
mapping_export(PyObject *self, PyObject *args)
{
	struct cute_shm_export_options opt = { .size = sizeof(opt) };
	struct mapping *m = (struct mapping *)self;
	struct py_call call = { 0 };
	PyObject *file;
	int err, overwrite;

	if (!PyArg_ParseTuple(args, "O&pO", PyUnicode_FSConverter, &file,
			      &overwrite, &call.progress))
		return NULL;
	opt.flags = overwrite ? CUTE_SHM_OVERWRITE : 0;
	opt.progress = call_progress;
	opt.arg = &call;
	Py_INCREF((PyObject *)m);
	call.state = PyEval_SaveThread();
	err = cute_shm_export(m->shm, PyBytes_AsString(file), &opt);
	PyEval_RestoreThread(call.state);
	Py_DECREF((PyObject *)m);
	Py_DECREF(file);
	if (err != 0 || PyErr_Occurred() != NULL)
		return call_failed(err);
	Py_RETURN_NONE;
}

/* load(project, fd, root, flags, progress): restore a saved segment */
PyObject *
mapping_load(PyObject *module, PyObject *args)
{
	struct cute_shm_load_options opt = { .size = sizeof(opt) };
	struct py_call call = { 0 };
	struct cute_shm *shm = NULL;
	PyObject *object, *held;
	const char *project;
	int err, fd;

	(void)module;
	if (!PyArg_ParseTuple(args, "siOIO", &project, &fd, &object, &opt.flags,
			      &call.progress) ||
	    read_root(object, &held, &opt.root) != 0)
		return NULL;
	opt.progress = call_progress;
	opt.arg = &call;
	call.state = PyEval_SaveThread();
	err = cute_shm_load(project, fd, &opt, &shm);
	PyEval_RestoreThread(call.state);
	Py_XDECREF(held);
	if (err != 0)
		return call_failed(err);
	return mapping_new(shm, 0);
}
