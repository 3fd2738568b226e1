/* SPDX-License-Identifier: MIT */
/*
 * The module cute_shm._mpi: loads by the MPI that it was built with.  mpi4py
 * may have been built with another one; the package compares what both say
 * before it uses a communicator here.
 */

#include "python/python_core.h"

#include <cute_shm_mpi.h>

#include "python/python_mpi.h"

PyMODINIT_FUNC PyInit__mpi(void);

/* What the callbacks of a load have. */
struct call {
	const struct cute_shm_hdf5_options *opt;
	int reads; /* this rank reads, and does not receive */
};

/* Of what is read, or else of what arrives. */
static int
on_progress(const struct cute_shm_mpi_progress *p, void *arg)
{
	const struct call *call = arg;
	struct cute_shm_hdf5_progress own = p->load;

	if (!call->reads) {
		own.bytes_done = p->bytes_passed;
		own.bytes_total = p->segment_size;
	}
	return call->opt->progress(&own, call->opt->arg);
}

static void
on_skipped(const struct cute_shm_hdf5_skipped *skipped, void *arg)
{
	const struct call *call = arg;

	call->opt->skipped(skipped, call->opt->arg);
}

static int
load(int comm, unsigned flags, const char *project, const char *file,
     const struct cute_shm_hdf5_source *sources, size_t count,
     const struct cute_shm_hdf5_options *opt, struct cute_shm_hdf5_result *ret)
{
	struct cute_shm_hdf5_options how = *opt;
	struct cute_shm_mpi_result result = { .nodes = 0 };
	struct call call = { .opt = opt };
	const struct cute_shm_mpi_options all = {
		.size = sizeof(all),
		.flags = flags,
		.load = &how,
		.progress = on_progress,
		.arg = &call,
	};
	MPI_Comm of = MPI_Comm_f2c((MPI_Fint)comm);
	int rank = 0, err;

	if (of != MPI_COMM_NULL)
		MPI_Comm_rank(of, &rank);
	call.reads = rank == 0 || (flags & CUTE_SHM_MPI_SCATTER);
	how.progress = NULL;
	how.skipped = on_skipped;
	err = sources != NULL
		      ? cute_shm_mpi_load_files(of, project, sources, count,
						&all, &result)
		      : cute_shm_mpi_load(of, project, file, &all, &result);
	*ret = result.load;
	ret->current = result.current == result.nodes;
	return err;
}

#define TEXT_OF(x) #x
#define TEXT(x)	   TEXT_OF(x)

#if defined(OMPI_MAJOR_VERSION)
#define BUILT_WITH \
	"Open MPI " TEXT(OMPI_MAJOR_VERSION) "." TEXT( \
		OMPI_MINOR_VERSION) "." TEXT(OMPI_RELEASE_VERSION)
#elif defined(MPICH_VERSION)
#define BUILT_WITH "MPICH " MPICH_VERSION
#else
#define BUILT_WITH "another MPI"
#endif

/*
 * What it was built with, the version of the MPI that it has found, and the
 * bytes of an MPI_Comm, by which the ABIs of MPIs differ.
 */
static PyObject *
about(PyObject *module, PyObject *none)
{
	char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
	int size = 0;

	(void)module;
	(void)none;
	MPI_Get_library_version(version, &size);
	return Py_BuildValue("sNn", BUILT_WITH, decode(version),
			     (Py_ssize_t)sizeof(MPI_Comm));
}

/* Whether it was begun in this process: by mpi4py, if that uses the same. */
static PyObject *
is_running(PyObject *module, PyObject *none)
{
	int begun = 0;

	(void)module;
	(void)none;
	MPI_Initialized(&begun);
	return PyBool_FromLong(begun);
}

static PyMethodDef functions[] = {
	{ "about", about, METH_NOARGS, NULL },
	{ "is_running", is_running, METH_NOARGS, NULL },
	{ 0 },
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "cute_shm._mpi",
	.m_doc = "Private; see cute_shm.load().",
	.m_size = -1,
	.m_methods = functions,
};

PyMODINIT_FUNC
PyInit__mpi(void)
{
	static struct py_mpi_load loader = { .load = load };
	PyObject *module = PyModule_Create(&definition);
	PyObject *capsule = PyCapsule_New(&loader, PY_MPI_LOAD, NULL);

	if (module == NULL || capsule == NULL ||
	    PyModule_AddObject(module, "load", capsule) != 0) {
		Py_XDECREF(capsule);
		Py_CLEAR(module);
	}
	return module;
}
