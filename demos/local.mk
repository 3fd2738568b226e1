# The demos of the README: built as a user would, with the public headers only.

DEMO_CPPFLAGS = -I$(srcdir)/lib/include
check_PROGRAMS += demos/demo_arrays demos/demo_transfer demos/demo_read \
	demos/demo_clean demos/demo_server demos/demo_client
demos_demo_arrays_SOURCES = demos/demo_arrays.c
demos_demo_arrays_CPPFLAGS = $(DEMO_CPPFLAGS)
demos_demo_arrays_LDADD = lib/libcute_shm.la
demos_demo_transfer_SOURCES = demos/demo_transfer.c
demos_demo_transfer_CPPFLAGS = $(DEMO_CPPFLAGS)
demos_demo_transfer_LDADD = lib/libcute_shm.la
demos_demo_read_SOURCES = demos/demo_read.c
demos_demo_read_CPPFLAGS = $(DEMO_CPPFLAGS)
demos_demo_read_LDADD = lib/libcute_shm.la
demos_demo_clean_SOURCES = demos/demo_clean.c
demos_demo_clean_CPPFLAGS = $(DEMO_CPPFLAGS)
demos_demo_clean_LDADD = lib/libcute_shm.la

demos_demo_server_SOURCES = demos/demo_server.c
demos_demo_server_CPPFLAGS = $(DEMO_CPPFLAGS)
demos_demo_server_LDADD = lib/libcute_shm.la -lm
demos_demo_client_SOURCES = demos/demo_client.c
demos_demo_client_CPPFLAGS = $(DEMO_CPPFLAGS)
demos_demo_client_LDADD = lib/libcute_shm.la

if HDF5
check_PROGRAMS += demos/demo_hdf5
endif
demos_demo_hdf5_SOURCES = demos/demo_hdf5.c
demos_demo_hdf5_CPPFLAGS = $(DEMO_CPPFLAGS)
demos_demo_hdf5_LDADD = lib/libcute_shm_hdf5.la lib/libcute_shm.la

# For systemd: installed as examples, to be copied to /etc.
examplesdir = $(docdir)/examples
dist_examples_DATA = demos/systemd/cute-shm.conf
if HDF5
examples_DATA = demos/systemd/cute-shm@.service
endif
EXTRA_DIST += demos/systemd/cute-shm@.service.in
CLEANFILES += demos/systemd/cute-shm@.service

demos/systemd/cute-shm@.service: demos/systemd/cute-shm@.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) demos/systemd && $(SED) \
		"s|[@]bindir@|$(bindir)|" \
		"$(srcdir)/demos/systemd/cute-shm@.service.in" >"$@"
