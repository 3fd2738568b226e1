/* SPDX-License-Identifier: MIT */
/* Mapping: an open project. */

#include "python/python_core.h"

PyTypeObject *mapping_type;

PyObject *
mapping_new(struct cute_shm *shm, unsigned flags)
{
	struct mapping *m;

	m = (struct mapping *)PyType_GenericAlloc(mapping_type, 0);
	if (m == NULL) {
		cute_shm_close(shm);
		return NULL;
	}
	m->shm = shm;
	m->flags = flags;
	return (PyObject *)m;
}

/* open(project, by_path, root, flags) */
PyObject *
mapping_open(PyObject *module, PyObject *args)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt) };
	PyObject *name = NULL, *root, *held, *result = NULL;
	struct cute_shm *shm = NULL;
	int by_path, err;

	(void)module;
	if (!PyArg_ParseTuple(args, "O&pOI", PyUnicode_FSConverter, &name,
			      &by_path, &root, &opt.flags))
		return NULL;
	if (read_root(root, &held, &opt.root) != 0)
		goto out;
	Py_BEGIN_ALLOW_THREADS
	if (by_path)
		err = cute_shm_open_file(PyBytes_AsString(name), &opt, &shm);
	else
		err = cute_shm_open(PyBytes_AsString(name), &opt, &shm);
	Py_END_ALLOW_THREADS
	result = err == 0 ? mapping_new(shm, opt.flags) : raise_failure(err);
	Py_XDECREF(held);
out:
	Py_DECREF(name);
	return result;
}

/* A handle that the other module made; see python_hdf5.c. */
PyObject *
mapping_adopt(PyObject *module, PyObject *capsule)
{
	struct cute_shm *shm = PyCapsule_GetPointer(capsule, "cute_shm");

	(void)module;
	if (shm == NULL || PyCapsule_SetName(capsule, "taken") != 0)
		return NULL;
	return mapping_new(shm, 0);
}

static void
mapping_dealloc(PyObject *self)
{
	struct mapping *m = (struct mapping *)self;

	if (m->weakrefs != NULL)
		PyObject_ClearWeakRefs(self);
	cute_shm_close(m->shm);
	object_free(self);
}

static PyObject *
mapping_info(PyObject *self, PyObject *none)
{
	struct mapping *m = (struct mapping *)self;
	struct cute_shm_info info;
	int err = cute_shm_info(m->shm, &info);

	(void)none;
	return err == 0 ? info_dict(&info) : raise_failure(err);
}

/* What names this segment, on this machine: its path and its UUID. */
static PyObject *
mapping_identity(PyObject *self, PyObject *none)
{
	const struct cute_shm *shm = ((struct mapping *)self)->shm;
	PyObject *path = PyUnicode_DecodeFSDefault(cute_shm_path(shm));

	(void)none;
	return path == NULL ? NULL
			    : Py_BuildValue("Ny#", path,
					    (const char *)cute_shm_uuid(shm),
					    (Py_ssize_t)16);
}

/* reopen(flags): another mapping of the segment, also if it has no name */
static PyObject *
mapping_reopen(PyObject *self, PyObject *args)
{
	struct cute_shm *shm = NULL;
	unsigned flags;
	int err;

	if (!PyArg_ParseTuple(args, "I", &flags))
		return NULL;
	err = cute_shm_reopen(((struct mapping *)self)->shm, flags, &shm);
	return err == 0 ? mapping_new(shm, flags) : raise_failure(err);
}

/*
 * The handle for the other module.  The capsule keeps this mapping, and is not
 * to be kept itself.
 */
static void
let_go(PyObject *capsule)
{
	Py_DECREF((PyObject *)PyCapsule_GetContext(capsule));
}

static PyObject *
mapping_handle(PyObject *self, PyObject *none)
{
	PyObject *capsule = PyCapsule_New(((struct mapping *)self)->shm,
					  "cute_shm.borrowed", let_go);

	(void)none;
	if (capsule == NULL)
		return NULL;
	Py_INCREF(self);
	PyCapsule_SetContext(capsule, self);
	return capsule;
}

/* "current", "changed", "gone", "unknown", or None without a source. */
static PyObject *
mapping_source_state(PyObject *self, PyObject *none)
{
	static const char *const states[] = {
		[CUTE_SHM_SOURCE_CURRENT] = "current",
		[CUTE_SHM_SOURCE_CHANGED] = "changed",
		[CUTE_SHM_SOURCE_GONE] = "gone",
		[CUTE_SHM_SOURCE_UNKNOWN] = "unknown",
	};
	struct mapping *m = (struct mapping *)self;
	enum cute_shm_source state;
	struct cute_shm_info info;
	int err = cute_shm_info(m->shm, &info);
	uint64_t modified_ns;

	(void)none;
	if (err != 0)
		return raise_failure(err);
	Py_INCREF(self);
	Py_BEGIN_ALLOW_THREADS
	state = cute_shm_source_state(&info, &modified_ns);
	Py_END_ALLOW_THREADS
	Py_DECREF(self);
	return Py_BuildValue("z", states[state]);
}

static PyObject *
mapping_fileno(PyObject *self, PyObject *none)
{
	(void)none;
	return PyLong_FromLong(cute_shm_fd(((struct mapping *)self)->shm));
}

static PyObject *
mapping_is_current(PyObject *self, PyObject *none)
{
	(void)none;
	return PyBool_FromLong(
		cute_shm_is_current(((struct mapping *)self)->shm));
}

static PyObject *
mapping_root(PyObject *self, PyObject *type)
{
	if (!PyType_Check(type) ||
	    !PyType_IsSubtype((PyTypeObject *)type, node_type)) {
		PyErr_SetString(PyExc_TypeError, "no subclass of Node");
		return NULL;
	}
	return node_root((struct mapping *)self, (PyTypeObject *)type);
}

static PyObject *
mapping_flags(PyObject *self, void *none)
{
	(void)none;
	return PyLong_FromUnsignedLong(((struct mapping *)self)->flags);
}

static PyMethodDef methods[] = {
	{ "handle", mapping_handle, METH_NOARGS, NULL },
	{ "info", mapping_info, METH_NOARGS, NULL },
	{ "identity", mapping_identity, METH_NOARGS, NULL },
	{ "fileno", mapping_fileno, METH_NOARGS, NULL },
	{ "source_state", mapping_source_state, METH_NOARGS, NULL },
	{ "is_current", mapping_is_current, METH_NOARGS, NULL },
	{ "reopen", mapping_reopen, METH_VARARGS, NULL },
	{ "root", mapping_root, METH_O, NULL },
	{ "verify", mapping_verify, METH_VARARGS, NULL },
	{ "export", mapping_export, METH_VARARGS, NULL },
	{ 0 },
};

static PyGetSetDef getters[] = {
	{ "flags", mapping_flags, NULL, NULL, NULL },
	{ 0 },
};

static PyMemberDef members[] = {
	{ "__weaklistoffset__", T_PYSSIZET, offsetof(struct mapping, weakrefs),
	  READONLY, NULL },
	{ 0 },
};

static PyType_Slot slots[] = {
	SLOT(Py_tp_dealloc, mapping_dealloc), SLOT(Py_tp_new, no_constructor),
	SLOT(Py_tp_methods, methods),	      SLOT(Py_tp_getset, getters),
	SLOT(Py_tp_members, members),	      SLOT(0, NULL),
};

static PyType_Spec spec = {
	.name = "cute_shm._core.Mapping",
	.basicsize = sizeof(struct mapping),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = slots,
};

int
mapping_init(PyObject *module)
{
	return add_type(module, &mapping_type, &spec);
}
