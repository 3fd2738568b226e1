# The Python package: pure Python, and extension modules over the libraries.

pypackagedir = $(pythondir)/cute_shm
pypackage_LTLIBRARIES =
python_modules = \
	lib/python/cute_shm/__init__.py \
	lib/python/cute_shm/__init__.pyi \
	lib/python/cute_shm/py.typed \
	lib/python/cute_shm/__main__.py \
	lib/python/cute_shm/_communicator.py \
	lib/python/cute_shm/_errors.py \
	lib/python/cute_shm/_nodes.py \
	lib/python/cute_shm/_original.py \
	lib/python/cute_shm/_projects.py \
	lib/python/cute_shm/_root.py \
	lib/python/cute_shm/_shm_array.py \
	lib/python/cute_shm/_values.py \
	lib/python/cute_shm/_watch.py
EXTRA_DIST += lib/python/find_python.py lib/python/pyproject.toml \
	lib/python/setup.py $(python_modules)

if PYTHON
pypackage_LTLIBRARIES += lib/python/_core.la
pypackage_DATA = $(python_modules)
if HDF5
pypackage_LTLIBRARIES += lib/python/_hdf5.la
endif
if MPI
pypackage_LTLIBRARIES += lib/python/_mpi.la
endif
endif

PYTHON_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-export-symbols-regex '^PyInit_'

lib_python__core_la_SOURCES = \
	lib/python/python_arrow.c \
	lib/python/python_buffer.c \
	lib/python/python_build.c \
	lib/python/python_core.h \
	lib/python/python_error.c \
	lib/python/python_live.c \
	lib/python/python_mapping.c \
	lib/python/python_module.c \
	lib/python/python_node.c \
	lib/python/python_project.c \
	lib/python/python_update.c \
	lib/python/python_walk.c
lib_python__core_la_CFLAGS = $(AM_CFLAGS) $(PYTHON_CFLAGS)
lib_python__core_la_LIBADD = lib/libcute_shm.la
lib_python__core_la_LDFLAGS = $(PYTHON_LDFLAGS)

lib_python__hdf5_la_SOURCES = \
	lib/python/python_core.h \
	lib/python/python_error.c \
	lib/python/python_hdf5.c \
	lib/python/python_mpi.h
lib_python__hdf5_la_CFLAGS = $(AM_CFLAGS) $(PYTHON_CFLAGS)
lib_python__hdf5_la_LIBADD = lib/libcute_shm_hdf5.la lib/libcute_shm.la
lib_python__hdf5_la_LDFLAGS = $(PYTHON_LDFLAGS)

lib_python__mpi_la_SOURCES = \
	lib/python/mpi/python_mpi.c \
	lib/python/python_core.h \
	lib/python/python_error.c \
	lib/python/python_mpi.h
lib_python__mpi_la_CFLAGS = $(AM_CFLAGS) $(PYTHON_CFLAGS) $(MPI_CFLAGS)
lib_python__mpi_la_LIBADD = lib/libcute_shm_mpi.la lib/libcute_shm_hdf5.la \
	lib/libcute_shm.la $(MPI_LIBS)
lib_python__mpi_la_LDFLAGS = $(PYTHON_LDFLAGS)

# What Python itself wrote there, and the folder.
.PHONY: uninstall-python
uninstall-hook: uninstall-python
uninstall-python:
	test -z "$(pythondir)" || { \
		rm -rf "$(DESTDIR)$(pypackagedir)/__pycache__"; \
		rmdir "$(DESTDIR)$(pypackagedir)" 2>/dev/null || :; }
