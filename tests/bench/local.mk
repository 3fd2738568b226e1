# make bench: not part of make check, which has no timings.  BENCHFLAGS holds
# options, such as --json; see tests/bench/bench --help.

if HDF5
EXTRA_PROGRAMS = tests/bench/bench
CLEANFILES += tests/bench/bench
tests_bench_bench_SOURCES = \
	tests/bench/bench.c \
	tests/bench/bench.h \
	tests/bench/data.c \
	tests/bench/files.c \
	tests/bench/filters.c \
	tests/bench/live.c \
	tests/bench/load.c \
	tests/bench/lookup.c \
	tests/bench/memory.c \
	tests/bench/scaling.c \
	tests/bench/start.c \
	tests/bench/view.c
tests_bench_bench_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS) $(XXHASH_CFLAGS) \
	$(ZSTD_CFLAGS)
tests_bench_bench_LDADD = lib/libload.la lib/libreader.la lib/libtable.la \
	lib/libcore.la \
	$(HDF5_LIBS) $(XXHASH_LIBS) $(ZSTD_LIBS)

# With the reader that was just built, not one that is installed.
bench: tests/bench/bench lib/cute-shm-reader $(module_LTLIBRARIES)
	CUTE_SHM_READER=$$PWD/lib/cute-shm-reader \
		tests/bench/bench $(BENCHFLAGS)
if PYTHON
	$(if $(BENCHFLAGS),,$(MAKE) bench-h5py bench-python)
endif

# Loads beside h5py; COMPAREFLAGS holds options or files.
bench-h5py: tests/bench/bench $(pypackage_LTLIBRARIES) lib/cute-shm-reader \
	$(module_LTLIBRARIES)
	$(run_python) $(abs_srcdir)/tests/bench/compare.py \
		--bench $(abs_builddir)/tests/bench/bench $(COMPAREFLAGS)
endif

# Python programs, with the package as it was built.
run_python = CUTE_SHM_READER=$$PWD/lib/cute-shm-reader srcdir=$(srcdir) \
	$(SHELL) $(srcdir)/tests/python/python.sh
EXTRA_DIST += tests/bench/bench_python.py tests/bench/compare.py
.PHONY: bench-h5py bench-python

# The Python package, which has no such options; "make bench-python" is it alone.
bench-python: $(pypackage_LTLIBRARIES) lib/cute-shm-reader $(module_LTLIBRARIES)
	$(run_python) $(srcdir)/tests/bench/bench_python.py
