/* SPDX-License-Identifier: MIT */
/* Mapping: an open project. */

#include <sys/mman.h>

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

/* Mode "c": pages that are written to become private. */
static int
map_copy(struct mapping *m)
{
	struct cute_shm_info info;
	void *copy;
	int err;

	err = cute_shm_info(m->shm, &info);
	if (err != 0) {
		raise_failure(err);
		return -1;
	}
	copy = mmap(NULL, info.size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_NORESERVE, cute_shm_fd(m->shm), 0);
	if (copy == MAP_FAILED) {
		PyErr_SetFromErrno(PyExc_OSError);
		return -1;
	}
	m->copy = copy;
	m->copy_size = info.size;
	return 0;
}

/* open(project, by_path, root, flags, copy) */
PyObject *
mapping_open(PyObject *module, PyObject *args)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt) };
	PyObject *name = NULL, *root = NULL, *result = NULL;
	struct cute_shm *shm = NULL;
	int by_path, copy, err;

	(void)module;
	if (!PyArg_ParseTuple(args, "O&pOIp", PyUnicode_FSConverter, &name,
			      &by_path, &root, &opt.flags, &copy))
		return NULL;
	Py_INCREF(root);
	if (root != Py_None) {
		PyObject *bytes = NULL;

		if (!PyUnicode_FSConverter(root, &bytes))
			goto out;
		Py_DECREF(root);
		root = bytes;
		opt.root = PyBytes_AsString(root);
	}
	Py_BEGIN_ALLOW_THREADS
	if (by_path)
		err = cute_shm_open_file(PyBytes_AsString(name), &opt, &shm);
	else
		err = cute_shm_open(PyBytes_AsString(name), &opt, &shm);
	Py_END_ALLOW_THREADS
	result = err == 0 ? mapping_new(shm, opt.flags) : raise_failure(err);
	if (result != NULL && copy && map_copy((struct mapping *)result) != 0)
		Py_CLEAR(result);
out:
	Py_DECREF(root);
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
	PyTypeObject *type = Py_TYPE(self);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

	if (m->weakrefs != NULL)
		PyObject_ClearWeakRefs(self);
	if (m->copy != NULL)
		munmap(m->copy, m->copy_size);
	cute_shm_close(m->shm);
	release(self);
	Py_DECREF((PyObject *)type);
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
	struct mapping *m = (struct mapping *)self;
	struct cute_shm_info info;
	int err = cute_shm_info(m->shm, &info);
	PyObject *path;

	(void)none;
	if (err != 0)
		return raise_failure(err);
	path = PyUnicode_DecodeFSDefault(info.path);
	return path == NULL
		       ? NULL
		       : Py_BuildValue("Ny#", path, (const char *)info.uuid,
				       (Py_ssize_t)sizeof(info.uuid));
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

static PyObject *
mapping_copies(PyObject *self, void *none)
{
	(void)none;
	return PyBool_FromLong(((struct mapping *)self)->copy != NULL);
}

static PyObject *
no_constructor(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	(void)type;
	(void)args;
	(void)keywords;
	PyErr_SetString(PyExc_TypeError, "use cute_shm.open()");
	return NULL;
}

static PyMethodDef methods[] = {
	{ "info", mapping_info, METH_NOARGS, NULL },
	{ "identity", mapping_identity, METH_NOARGS, NULL },
	{ "fileno", mapping_fileno, METH_NOARGS, NULL },
	{ "is_current", mapping_is_current, METH_NOARGS, NULL },
	{ "root", mapping_root, METH_O, NULL },
	{ "verify", mapping_verify, METH_VARARGS, NULL },
	{ "export", mapping_export, METH_VARARGS, NULL },
	{ 0 },
};

static PyGetSetDef getters[] = {
	{ "flags", mapping_flags, NULL, NULL, NULL },
	{ "copies", mapping_copies, NULL, NULL, NULL },
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
	mapping_type = (PyTypeObject *)PyType_FromSpec(&spec);
	if (mapping_type == NULL)
		return -1;
	Py_INCREF((PyObject *)mapping_type);
	return PyModule_AddObject(module, "Mapping", (PyObject *)mapping_type);
}
