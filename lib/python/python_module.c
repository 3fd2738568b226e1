/* SPDX-License-Identifier: MIT */
/* The module cute_shm._core. */

#include "python/python_core.h"

PyMODINIT_FUNC PyInit__core(void);

static PyObject *
core_version(PyObject *module, PyObject *none)
{
	(void)module;
	(void)none;
	return decode(cute_shm_version());
}

static PyMethodDef functions[] = {
	{ "open", mapping_open, METH_VARARGS, NULL },
	{ "adopt", mapping_adopt, METH_O, NULL },
	{ "set_types", node_set_types, METH_VARARGS, NULL },
	{ "list", project_list, METH_VARARGS, NULL },
	{ "unlink", project_unlink, METH_VARARGS, NULL },
	{ "load", mapping_load, METH_VARARGS, NULL },
	{ "wait_any", wait_any, METH_VARARGS, NULL },
	{ "version", core_version, METH_NOARGS, NULL },
	{ 0 },
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "cute_shm._core",
	.m_doc = "Private; see cute_shm.",
	.m_size = -1,
	.m_methods = functions,
};

PyMODINIT_FUNC
PyInit__core(void)
{
	PyObject *module = PyModule_Create(&definition);

	if (module != NULL &&
	    (mapping_init(module) != 0 || node_init(module) != 0 ||
	     builder_init(module) != 0 || update_init(module) != 0 ||
	     waker_init(module) != 0))
		Py_CLEAR(module);
	return module;
}
