# Tests.  To add one, put its name into a list below; that is all, for most.
#
# tests/ROOM/test_X is a libcheck program, made from tests/ROOM/test_X.c; it may
# call all functions of tests/support and of the libraries, also those that are
# not exported.  tests/cli/cli_X.sh compares a session with tests/cli/golden/cli_X.

unit_tests = \
	tests/base/test_descriptors \
	tests/base/test_error \
	tests/base/test_log \
	tests/base/test_pool \
	tests/base/test_sink \
	tests/file/test_outfile \
	tests/file/test_outfiles \
	tests/format/test_check \
	tests/format/test_digest \
	tests/format/test_dtype \
	tests/format/test_layout \
	tests/format/test_path \
	tests/format/test_slice \
	tests/lock/test_fork \
	tests/lock/test_lock \
	tests/lock/test_lock_wait \
	tests/lock/test_presence \
	tests/lock/test_ranges \
	tests/root/test_lifetime \
	tests/root/test_logind \
	tests/root/test_names \
	tests/root/test_owners \
	tests/root/test_project \
	tests/root/test_space \
	tests/root/test_users \
	tests/together/test_turns \
	tests/read/test_attr_value \
	tests/read/test_golden \
	tests/read/test_hostile \
	tests/read/test_many \
	tests/read/test_map \
	tests/read/test_mutation \
	tests/read/test_read \
	tests/read/test_private \
	tests/read/test_results \
	tests/read/test_tree \
	tests/read/test_typed \
	tests/read/test_walk \
	tests/live/test_live \
	tests/live/test_live_abandon \
	tests/live/test_live_locked \
	tests/live/test_live_rules \
	tests/live/test_live_stress \
	tests/live/test_live_wait \
	tests/build/test_ahead \
	tests/build/test_build \
	tests/build/test_build_large \
	tests/build/test_huge \
	tests/build/test_killed \
	tests/build/test_nomem \
	tests/build/test_progress \
	tests/build/test_publish \
	tests/build/test_race \
	tests/build/test_rebuild \
	tests/build/test_syscalls \
	tests/verify/test_verify \
	tests/together/test_source_state \
	tests/verify/test_verify_rules \
	tests/view/test_view \
	tests/view/test_view_use \
	tests/copy/test_receive \
	tests/copy/test_save \
	tests/copy/test_stream \
	tests/cli/test_ageing \
	tests/cli/test_progress \
	tests/cli/test_regular_file \
	tests/cli/test_text

# Tests of what is built with HDF5 only.
hdf5_unit_tests = \
	tests/hdf5/test_filter \
	tests/hdf5/test_filter_codec \
	tests/hdf5/test_filter_numbers \
	tests/hdf5/test_hdf5_attributes \
	tests/hdf5/test_hdf5_bounds \
	tests/hdf5/test_hdf5_changed \
	tests/hdf5/test_hdf5_damage \
	tests/hdf5/test_hdf5_empty \
	tests/hdf5/test_hdf5_extreme \
	tests/hdf5/test_hdf5_failing \
	tests/hdf5/test_hdf5_files \
	tests/hdf5/test_hdf5_files_change \
	tests/hdf5/test_hdf5_held \
	tests/hdf5/test_hdf5_host \
	tests/hdf5/test_hdf5_host_files \
	tests/hdf5/test_hdf5_hostile \
	tests/hdf5/test_hdf5_killed \
	tests/hdf5/test_hdf5_layouts \
	tests/hdf5/test_hdf5_lists \
	tests/hdf5/test_hdf5_native \
	tests/hdf5/test_hdf5_near_chunks \
	tests/hdf5/test_hdf5_nested \
	tests/hdf5/test_hdf5_other_files \
	tests/hdf5/test_hdf5_packed \
	tests/hdf5/test_hdf5_parts \
	tests/hdf5/test_hdf5_plugin \
	tests/hdf5/test_hdf5_page_cache \
	tests/hdf5/test_hdf5_prefetch \
	tests/hdf5/test_hdf5_random \
	tests/hdf5/test_hdf5_read \
	tests/hdf5/test_hdf5_references \
	tests/hdf5/test_hdf5_reader \
	tests/hdf5/test_hdf5_reader_hostile \
	tests/hdf5/test_hdf5_reader_start \
	tests/hdf5/test_hdf5_reuse \
	tests/hdf5/test_hdf5_safety \
	tests/hdf5/test_hdf5_save \
	tests/hdf5/test_hdf5_scan \
	tests/hdf5/test_hdf5_slices \
	tests/hdf5/test_hdf5_split \
	tests/hdf5/test_hdf5_sources \
	tests/hdf5/test_hdf5_together \
	tests/hdf5/test_hdf5_types \
	tests/hdf5/test_hdf5_unsupported \
	tests/hdf5/test_hdf5_wide \
	tests/hdf5/test_heap_pass \
	tests/hdf5/test_image \
	tests/hdf5/test_native \
	tests/hdf5/test_native_bounds \
	tests/hdf5/test_native_storage \
	tests/hdf5/test_older \
	tests/hdf5/test_pick_items \
	tests/hdf5/test_plan \
	tests/hdf5/test_sandbox \
	tests/hdf5/test_sandbox_use \
	tests/hdf5/test_strategy \
	tests/hdf5/test_strategy_chunks

# Shell tests: of the tools (cli), of what can be seen from outside (surface), of
# the system that they run on.
script_tests = \
	tests/cli/cli_bounds.sh \
	tests/cli/cli_columns.sh \
	tests/cli/cli_command.sh \
	tests/cli/cli_cost.sh \
	tests/cli/cli_diff.sh \
	tests/cli/cli_top.sh \
	tests/cli/cli_doctor.sh \
	tests/cli/cli_dump.sh \
	tests/cli/cli_export.sh \
	tests/cli/cli_files.sh \
	tests/cli/cli_found.sh \
	tests/cli/cli_front.sh \
	tests/cli/cli_holes.sh \
	tests/cli/cli_list.sh \
	tests/cli/cli_modes.sh \
	tests/cli/cli_options.sh \
	tests/cli/cli_terminal.sh \
	tests/cli/cli_typed.sh \
	tests/cli/cli_unlink.sh \
	tests/cli/cli_verify.sh \
	tests/cli/cli_view_python.sh \
	tests/cli/cli_wait_cost.sh \
	tests/cli/demo_shares.sh \
	tests/cli/demos.sh \
	tests/surface/check_bootstrap.sh \
	tests/surface/check_completion.sh \
	tests/surface/check_descriptors.sh \
	tests/surface/check_example.sh \
	tests/surface/check_exports.sh \
	tests/surface/check_format.sh \
	tests/surface/check_headers.sh \
	tests/surface/check_host.sh \
	tests/surface/check_includes.sh \
	tests/surface/check_kaitai.sh \
	tests/surface/check_link.sh \
	tests/surface/check_linker.sh \
	tests/surface/check_magic.sh \
	tests/surface/check_man.sh \
	tests/surface/check_needed.sh \
	tests/surface/check_options.sh \
	tests/surface/check_projects.sh \
	tests/surface/check_rooms.sh \
	tests/surface/check_systemd.sh \
	tests/surface/check_width.sh \
	tests/system/cgroup.sh \
	tests/system/many.sh \
	tests/system/roots.sh \
	tests/fuzz/replay_seeds.sh \
	tests/python/python.sh

hdf5_script_tests = \
	tests/cli/cli_ensure.sh \
	tests/cli/cli_evaluate.sh \
	tests/cli/cli_export_hdf5.sh \
	tests/cli/cli_jobs.sh \
	tests/cli/cli_load.sh \
	tests/cli/cli_pty.sh \
	tests/cli/cli_signals.sh \
	tests/cli/cli_sources.sh \
	tests/cli/cli_split.sh \
	tests/cli/cli_view.sh \
	tests/corpus/corpus.sh \
	tests/corpus/native.sh \
	tests/corpus/slices.sh \
	tests/corpus/strategies.sh \
	tests/hdf5/by_library.sh \
	tests/hdf5/newer.sh \
	tests/mpi/failures.sh \
	tests/mpi/mpi.sh \
	tests/mpi/python.sh

# Programs that make the projects and files for the shell tests.
helpers = \
	tests/cli/demo_project \
	tests/cli/demo_readers \
	tests/cli/make_hostile \
	tests/cli/make_pair \
	tests/cli/make_project \
	tests/cli/peak \
	tests/cli/show_progress \
	tests/cli/update_project \
	tests/surface/make_every \
	tests/surface/make_example \
	tests/system/hold_projects \
	tests/system/one_file

hdf5_helpers = \
	tests/cli/demo_file \
	tests/cli/make_files \
	tests/corpus/native \
	tests/mpi/large_file

hdf5_test_readers = \
	tests/hdf5/hostile_reader \
	tests/hdf5/reader_bounds \
	tests/hdf5/reader_failing \
	tests/hdf5/reader_prefetch

check_PROGRAMS += $(helpers)
TESTS += $(script_tests)
if HDF5
check_PROGRAMS += $(hdf5_helpers)
TESTS += $(hdf5_script_tests)
endif
if HAVE_CHECK
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
if HDF5
check_PROGRAMS += $(hdf5_unit_tests) $(hdf5_test_readers)
TESTS += $(hdf5_unit_tests)
if MPI
check_PROGRAMS += tests/mpi/fail_load
endif
endif
endif

# No test may be called read_segment: its log would be that of the .py.
EXTRA_DIST += $(script_tests) $(hdf5_script_tests) tests/env.sh \
	tests/cli/golden tests/cli/job_control.py tests/cli/lib.sh \
	tests/cli/view.py \
	tests/mpi/deaths.sh tests/mpi/lib.sh tests/mpi/load_by_mpi.py \
	tests/cli/terminal_signals.py tests/cli/top_screen.py \
	tests/corpus/corpus_one.sh tests/corpus/hostile.sh \
	tests/corpus/compare_slices.py \
	tests/surface/golden tests/surface/read_kaitai.js \
	tests/surface/read_segment.py \
	tests/surface/smoke_installed.sh \
	tests/python/examples.py \
	tests/python/smoke_installed.py \
	tests/python/test_communicator.py \
	tests/python/test_corpus.py \
	tests/python/test_exchange.py \
	tests/python/test_hdf5.py \
	tests/python/test_life.py \
	tests/python/test_live.py \
	tests/python/test_loaders.py \
	tests/python/test_names.py \
	tests/python/test_original.py \
	tests/python/test_original_manual.py \
	tests/python/test_read.py \
	tests/python/test_readme.py \
	tests/python/test_stubs.py

# What every program of the tests is compiled and linked with.  Only what it
# calls becomes part of it.
AM_CPPFLAGS += -I$(srcdir)/tests/support $(CHECK_CFLAGS) $(HDF5_CFLAGS) \
	$(XXHASH_CFLAGS) $(LZ4_CFLAGS) $(ZSTD_CFLAGS) $(BLOSC_CFLAGS)
AM_LDFLAGS += -Wl,--as-needed
LDADD = tests/libsupport.la bin/libcli.la
if HDF5
LDADD += lib/libload.la lib/libreader.la lib/libtable.la
endif
LDADD += lib/libcore.la $(CHECK_LIBS)

# What tests share.
check_LTLIBRARIES += tests/libsupport.la
tests_libsupport_la_SOURCES = tests/support/read_all.c tests/support/read_all.h
if HAVE_CHECK
tests_libsupport_la_SOURCES += \
	tests/support/build_util.c \
	tests/support/build_util.h \
	tests/support/failing.c \
	tests/support/failing.h \
	tests/support/live_util.c \
	tests/support/live_util.h \
	tests/support/lock_util.c \
	tests/support/lock_util.h \
	tests/support/root_util.c \
	tests/support/root_util.h \
	tests/support/sample.c \
	tests/support/sample.h \
	tests/support/test_reader.c \
	tests/support/test_reader.h \
	tests/support/test_shared.c \
	tests/support/util.c \
	tests/support/util.h \
	tests/support/verify_util.c \
	tests/support/verify_util.h \
	tests/support/view_util.c \
	tests/support/view_util.h
if HDF5
tests_libsupport_la_SOURCES += \
	tests/support/files_util.c \
	tests/support/files_util.h \
	tests/support/filter_util.c \
	tests/support/filter_util.h \
	tests/support/hdf5_little.c \
	tests/support/hdf5_little.h \
	tests/support/hdf5_util.c \
	tests/support/hdf5_util.h \
	tests/support/load_one.c \
	tests/support/load_one.h \
	tests/support/sandbox_util.c \
	tests/support/sandbox_util.h \
	tests/support/sources_util.c \
	tests/support/sources_util.h \
	tests/support/strategy_util.c \
	tests/support/strategy_util.h
endif
endif

# These need no libcheck.
if HDF5
tests_libsupport_la_SOURCES += \
	tests/support/native_compare.c \
	tests/support/native_compare.h \
	tests/support/native_compare_data.c \
	tests/support/native_compare_type.c \
	tests/support/native_file.c \
	tests/support/native_file.h \
	tests/support/native_walk.c \
	tests/support/native_walk.h
endif

# The rest is for programs that are special.

# Files of tools.
tests_cli_test_ageing_SOURCES = tests/cli/test_ageing.c bin/ageing.c \
	bin/ageing.h

# These use the library as others do: the shared one, and what it exports.
tests_cli_demo_project_LDADD = lib/libcute_shm.la -lm
tests_cli_demo_readers_LDADD = lib/libcute_shm.la
tests_cli_make_pair_LDADD = lib/libcute_shm.la
tests_cli_make_project_LDADD = lib/libcute_shm.la
tests_cli_update_project_LDADD = lib/libcute_shm.la
tests_surface_make_every_LDADD = lib/libcute_shm.la
tests_system_hold_projects_LDADD = lib/libcute_shm.la
tests_system_one_file_LDADD = lib/libcute_shm.la

# A filter plugin of libhdf5, in a folder of its own; -rpath makes it shared.
if HDF5
check_LTLIBRARIES += tests/hdf5/plugin/libhostile.la
tests_hdf5_plugin_libhostile_la_SOURCES = tests/hdf5/plugin/hostile.c \
	tests/hdf5/plugin/hostile.h
tests_hdf5_plugin_libhostile_la_LDFLAGS = $(AM_LDFLAGS) -module \
	-avoid-version -rpath /nowhere
endif

# Calls of libc that fail when a test wants it; see tests/support/failing.h.
WRAP_FAILING = -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=reallocarray -Wl,--wrap=aligned_alloc -Wl,--wrap=strdup \
	-Wl,--wrap=strndup -Wl,--wrap=asprintf -Wl,--wrap=vasprintf \
	-Wl,--wrap=fstat -Wl,--wrap=lstat -Wl,--wrap=pread -Wl,--wrap=pwrite \
	-Wl,--wrap=read -Wl,--wrap=write -Wl,--wrap=ftruncate \
	-Wl,--wrap=fchmod -Wl,--wrap=fsync -Wl,--wrap=rename \
	-Wl,--wrap=linkat -Wl,--wrap=renameat2 -Wl,--wrap=unlink \
	-Wl,--wrap=realpath -Wl,--wrap=pipe2 -Wl,--wrap=memfd_create \
	-Wl,--wrap=socketpair -Wl,--wrap=posix_spawn -Wl,--wrap=poll \
	-Wl,--wrap=recv -Wl,--wrap=recvmsg -Wl,--wrap=sendmsg \
	-Wl,--wrap=mprotect -Wl,--wrap=mmap -Wl,--wrap=getrandom \
	-Wl,--wrap=posix_fallocate -Wl,--wrap=pthread_create \
	-Wl,--wrap=open -Wl,--wrap=fcntl
tests_build_test_nomem_LDFLAGS = $(AM_LDFLAGS) $(WRAP_FAILING)
tests_build_test_syscalls_LDFLAGS = $(AM_LDFLAGS) $(WRAP_FAILING)
tests_hdf5_test_hdf5_failing_LDFLAGS = $(AM_LDFLAGS) $(WRAP_FAILING)
tests_mpi_fail_load_CFLAGS = $(AM_CFLAGS) $(MPI_CFLAGS)
tests_mpi_fail_load_LDADD = lib/libmpiload.la $(LDADD) $(MPI_LIBS)
tests_mpi_fail_load_LDFLAGS = $(AM_LDFLAGS) $(WRAP_FAILING)

# Calls that a test replaces by its own.
tests_build_test_ahead_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=posix_fallocate -Wl,--wrap=pthread_create
tests_build_test_huge_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=madvise
tests_file_test_outfile_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=open -Wl,--wrap=renameat2 -Wl,--wrap=linkat \
	-Wl,--wrap=access
# One test calls the open() of the reader.
tests_hdf5_test_hdf5_host_SOURCES = tests/hdf5/test_hdf5_host.c \
	lib/hdf5/host/open_call.c
tests_hdf5_test_hdf5_host_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=host_files_begin
tests_lock_test_lock_wait_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=pthread_create
tests_read_test_map_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=mmap
tests_root_test_names_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=open -Wl,--wrap=opendir

# Readers with calls that a test replaces.
READER_MAIN = lib/hdf5/host/open_call.c lib/hdf5/reader/reader_main.c
tests_hdf5_reader_bounds_SOURCES = tests/hdf5/reader_bounds.c \
	tests/hdf5/reader_bounds.h $(READER_MAIN)
tests_hdf5_reader_bounds_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=H5Oopen -Wl,--wrap=H5Fcreate
tests_hdf5_reader_failing_SOURCES = $(READER_MAIN)
tests_hdf5_reader_failing_LDFLAGS = $(AM_LDFLAGS) $(WRAP_FAILING)
tests_hdf5_reader_prefetch_SOURCES = tests/hdf5/reader_prefetch.c \
	tests/hdf5/reader_prefetch.h $(READER_MAIN)
tests_hdf5_reader_prefetch_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=posix_fadvise -Wl,--wrap=syscall

# "make installcheck": every tool, and the Python package, from where they are
# installed.  Below DESTDIR the dynamic linker cannot know the libraries.
installcheck-local: tests/cli/make_project
	$(if $(DESTDIR),LD_LIBRARY_PATH="$(DESTDIR)$(libdir)") \
		$(SHELL) $(srcdir)/tests/surface/smoke_installed.sh \
		"$(DESTDIR)$(bindir)" $(bin_PROGRAMS)
if PYTHON
	$(if $(DESTDIR),LD_LIBRARY_PATH="$(DESTDIR)$(libdir)") \
		PYTHONDONTWRITEBYTECODE=1 $(PYTHON3) \
		$(srcdir)/tests/python/smoke_installed.py \
		"$(DESTDIR)$(pythondir)"
endif

# It installs, for which libtool links libraries anew in the build folder: last,
# when no other test uses them.
tests/surface/check_link.log: $(filter-out tests/surface/check_link.log,$(TEST_LOGS))

# "make coverage", after configure --enable-coverage: which lines and branches of
# lib/ the tests run, a table, and then the same of bin/ and of lib/mpi/; fails
# below COVERAGE_LINES or COVERAGE_BRANCHES (of bin/, COVERAGE_BIN_..., of
# lib/mpi/, of whose calls of MPI some fail, COVERAGE_MPI_...) per cent.
# (A static library that counts does not link with others.)
COVERAGE_LINES = 95
COVERAGE_BRANCHES = 85
COVERAGE_BIN_LINES = 90
COVERAGE_BIN_BRANCHES = 77
COVERAGE_MPI_LINES = 85
COVERAGE_MPI_BRANCHES = 60
EXTRA_DIST += tests/coverage.h

# (-fexceptions makes a branch of each call that might throw.)
coverage:
	find . -name '*.gcda' -exec rm {} +
	$(MAKE) check TESTS="$(filter-out tests/surface/check_link.sh,$(TESTS))"
	$(GCOVR) --root $(srcdir) --object-directory . --filter '.*/lib/' \
		--exclude '.*/lib/mpi/' \
		--exclude-unreachable-branches --exclude-throw-branches \
		--print-summary \
		--fail-under-line $(COVERAGE_LINES) \
		--fail-under-branch $(COVERAGE_BRANCHES)
	$(GCOVR) --root $(srcdir) --object-directory . --filter '.*/bin/' \
		--exclude-unreachable-branches --print-summary \
		--fail-under-line $(COVERAGE_BIN_LINES) \
		--fail-under-branch $(COVERAGE_BIN_BRANCHES)
if MPI
	$(GCOVR) --root $(srcdir) --object-directory . --filter '.*/lib/mpi/' \
		--exclude-unreachable-branches --print-summary \
		--fail-under-line $(COVERAGE_MPI_LINES) \
		--fail-under-branch $(COVERAGE_MPI_BRANCHES)
endif
