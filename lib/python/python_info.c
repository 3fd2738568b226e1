/* SPDX-License-Identifier: MIT */
/* The description of a project as a dict; cute_shm.Info gives it names. */

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
