# Tests: one libcheck program per module, shell tests of the tools.

EXTRA_DIST += tests/env.sh tests/strategies.sh tests/hostile.sh

# The tools: scripts that compare a session with tests/golden, and programs that
# make the projects and files for them.
check_PROGRAMS += tests/make_project tests/update_project tests/one_file \
	tests/hold_projects
tests_hold_projects_SOURCES = tests/hold_projects.c
tests_hold_projects_LDADD = lib/libcute_shm.la
tests_one_file_SOURCES = tests/one_file.c
tests_one_file_LDADD = lib/libcute_shm.la
tests_update_project_SOURCES = tests/update_project.c
tests_update_project_LDADD = lib/libcute_shm.la
tests_make_project_SOURCES = tests/make_project.c
tests_make_project_LDADD = lib/libcute_shm.la

# What costs the tools much: see tests/cli_cost.sh.
check_PROGRAMS += tests/make_hostile tests/peak
tests_peak_SOURCES = tests/peak.c
tests_make_hostile_SOURCES = tests/make_hostile.c
tests_make_hostile_LDADD = lib/libcore.la
TESTS += tests/cli_columns.sh tests/cli_command.sh tests/cli_cost.sh \
	tests/cli_found.sh tests/cli_modes.sh
EXTRA_DIST += tests/cli_columns.sh tests/cli_command.sh tests/cli_cost.sh \
	tests/cli_found.sh tests/cli_modes.sh \
	tests/job_control.py

# "make installcheck": every tool, from where it is installed.  Below DESTDIR the
# dynamic linker cannot know the libraries.
EXTRA_DIST += tests/smoke_installed.sh
installcheck-local: tests/make_project
	$(if $(DESTDIR),LD_LIBRARY_PATH="$(DESTDIR)$(libdir)") \
		$(SHELL) $(srcdir)/tests/smoke_installed.sh \
		"$(DESTDIR)$(bindir)" $(bin_PROGRAMS)

cli_tests = tests/cli_front.sh tests/cli_options.sh tests/cli_list.sh \
	tests/cli_unlink.sh \
	tests/cli_terminal.sh tests/cli_verify.sh tests/cli_dump.sh \
	tests/cli_export.sh tests/cli_doctor.sh \
	tests/cli_bounds.sh tests/cli_holes.sh tests/cli_typed.sh
hdf5_cli_tests = tests/cli_load.sh tests/cli_signals.sh \
	tests/cli_export_hdf5.sh tests/cli_evaluate.sh tests/cli_pty.sh
surface_tests = tests/check_completion.sh tests/check_descriptors.sh \
	tests/check_rooms.sh \
	tests/check_exports.sh tests/check_headers.sh tests/check_link.sh \
	tests/check_linker.sh
TESTS += $(cli_tests) $(surface_tests) tests/cgroup.sh \
	tests/roots.sh tests/many.sh
EXTRA_DIST += $(surface_tests) tests/cgroup.sh tests/roots.sh tests/many.sh
EXTRA_DIST += $(cli_tests) $(hdf5_cli_tests) tests/lib.sh \
	tests/terminal_signals.py \
	tests/golden/cli_front \
	tests/golden/cli_list tests/golden/cli_load tests/golden/cli_options \
	tests/golden/cli_terminal tests/golden/cli_unlink \
	tests/golden/cli_verify tests/golden/cli_dump \
	tests/golden/cli_export tests/golden/cli_export_hdf5 \
	tests/golden/cli_doctor tests/golden/cli_evaluate \
	tests/golden/cli_bounds \
	tests/golden/cli_typed

# What ./bootstrap demo shows.
check_PROGRAMS += tests/demo_project tests/demo_readers
TESTS += tests/demo_shares.sh tests/check_bootstrap.sh
EXTRA_DIST += tests/demo_shares.sh tests/check_bootstrap.sh
tests_demo_project_SOURCES = tests/demo_project.c
tests_demo_project_LDADD = lib/libcute_shm.la -lm

if HDF5
check_PROGRAMS += tests/demo_file
# The run over real files.
TESTS += tests/corpus.sh
check_PROGRAMS += tests/make_files
TESTS += $(hdf5_cli_tests)
endif
tests_demo_file_SOURCES = tests/demo_file.c
tests_demo_file_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS)
tests_demo_file_LDADD = $(HDF5_LIBS) -lm
tests_demo_readers_SOURCES = tests/demo_readers.c
tests_demo_readers_LDADD = lib/libcute_shm.la
EXTRA_DIST += tests/corpus.sh tests/corpus_one.sh
tests_make_files_SOURCES = tests/make_files.c
tests_make_files_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS)
tests_make_files_LDADD = $(HDF5_LIBS)

if HAVE_CHECK
if HDF5
FILTER_TEST_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(HDF5_CFLAGS) \
	$(LZ4_CFLAGS) $(ZSTD_CFLAGS) $(BLOSC_CFLAGS)
FILTER_TEST_LDADD = lib/libload.la lib/libcore.la $(CHECK_LIBS)
check_PROGRAMS += tests/test_filter tests/test_filter_codec
tests_test_filter_SOURCES = tests/test_filter.c tests/filter_util.c \
	tests/filter_util.h
tests_test_filter_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_filter_LDADD = $(FILTER_TEST_LDADD)
tests_test_filter_codec_SOURCES = tests/test_filter_codec.c \
	tests/filter_util.c tests/filter_util.h
tests_test_filter_codec_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_filter_codec_LDADD = $(FILTER_TEST_LDADD)
TESTS += tests/test_filter tests/test_filter_codec

check_PROGRAMS += tests/test_plan tests/test_strategy \
	tests/test_strategy_chunks
tests_test_plan_SOURCES = tests/test_plan.c tests/util.c tests/util.h
tests_test_plan_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_plan_LDADD = $(FILTER_TEST_LDADD)
STRATEGY_SOURCES = tests/strategy_util.c tests/strategy_util.h \
	tests/filter_util.c tests/filter_util.h tests/util.c tests/util.h
tests_test_strategy_SOURCES = tests/test_strategy.c $(STRATEGY_SOURCES)
tests_test_strategy_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_strategy_LDADD = $(FILTER_TEST_LDADD)
tests_test_strategy_chunks_SOURCES = tests/test_strategy_chunks.c \
	$(STRATEGY_SOURCES)
tests_test_strategy_chunks_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_strategy_chunks_LDADD = $(FILTER_TEST_LDADD)
TESTS += tests/test_plan tests/test_strategy tests/test_strategy_chunks \
	tests/strategies.sh
endif
endif
# The loader, on files that the tests make.
HDF5_TEST_SOURCES = tests/hdf5_util.c tests/hdf5_util.h tests/util.c tests/util.h
if HAVE_CHECK
if HDF5
hdf5_tests = tests/test_hdf5_types tests/test_hdf5_scan tests/test_hdf5_read \
	tests/test_hdf5_nested tests/test_hdf5_prefetch tests/test_hdf5_held \
	tests/test_hdf5_bounds \
	tests/test_hdf5_save tests/test_hdf5_damage tests/test_hdf5_extreme \
	tests/test_hdf5_failing tests/test_hdf5_layouts \
	tests/test_hdf5_killed tests/test_hdf5_random \
	tests/test_hdf5_hostile tests/test_hdf5_wide tests/test_hdf5_empty \
	tests/test_hdf5_together \
	tests/test_hdf5_sources tests/test_hdf5_changed
hdf5_tests += tests/test_hdf5_attributes tests/test_hdf5_packed
check_PROGRAMS += $(hdf5_tests)
TESTS += $(hdf5_tests)
endif
endif
tests_test_hdf5_hostile_SOURCES = tests/test_hdf5_hostile.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_hostile_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_hostile_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_empty_SOURCES = tests/test_hdf5_empty.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_empty_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_empty_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_wide_SOURCES = tests/test_hdf5_wide.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_wide_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_wide_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_sources_SOURCES = tests/test_hdf5_sources.c \
	$(HDF5_TEST_SOURCES)
tests_test_hdf5_sources_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_sources_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_changed_SOURCES = tests/test_hdf5_changed.c \
	$(HDF5_TEST_SOURCES)
tests_test_hdf5_changed_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_changed_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_killed_SOURCES = tests/test_hdf5_killed.c \
	tests/hdf5_little.c tests/hdf5_little.h $(HDF5_TEST_SOURCES)
tests_test_hdf5_killed_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_killed_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_packed_SOURCES = tests/test_hdf5_packed.c \
	tests/filter_util.c tests/filter_util.h $(HDF5_TEST_SOURCES)
tests_test_hdf5_packed_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_packed_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_together_SOURCES = tests/test_hdf5_together.c \
	$(HDF5_TEST_SOURCES)
tests_test_hdf5_together_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_together_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_layouts_SOURCES = tests/test_hdf5_layouts.c \
	$(HDF5_TEST_SOURCES)
tests_test_hdf5_layouts_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_layouts_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_random_SOURCES = tests/test_hdf5_random.c \
	$(HDF5_TEST_SOURCES)
tests_test_hdf5_random_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_random_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_prefetch_SOURCES = tests/test_hdf5_prefetch.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_prefetch_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_prefetch_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_prefetch_LDFLAGS = -Wl,--wrap=posix_fadvise
tests_test_hdf5_read_SOURCES = tests/test_hdf5_read.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_read_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_read_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_damage_SOURCES = tests/test_hdf5_damage.c \
	tests/hdf5_little.c tests/hdf5_little.h $(HDF5_TEST_SOURCES)
tests_test_hdf5_damage_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_damage_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_failing_SOURCES = tests/test_hdf5_failing.c \
	tests/failing.c tests/failing.h tests/hdf5_little.c \
	tests/hdf5_little.h $(HDF5_TEST_SOURCES)
tests_test_hdf5_failing_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_failing_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_failing_LDFLAGS = $(WRAP_FAILING)
tests_test_hdf5_extreme_SOURCES = tests/test_hdf5_extreme.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_extreme_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_extreme_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_save_SOURCES = tests/test_hdf5_save.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_save_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_save_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_bounds_SOURCES = tests/test_hdf5_bounds.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_bounds_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_bounds_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_bounds_LDFLAGS = -Wl,--wrap=H5Oopen -Wl,--wrap=H5Fcreate
tests_test_hdf5_held_SOURCES = tests/test_hdf5_held.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_held_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_held_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_scan_SOURCES = tests/test_hdf5_scan.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_scan_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_scan_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_attributes_SOURCES = tests/test_hdf5_attributes.c \
	$(HDF5_TEST_SOURCES)
tests_test_hdf5_attributes_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_attributes_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_nested_SOURCES = tests/test_hdf5_nested.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_nested_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_nested_LDADD = $(FILTER_TEST_LDADD)
tests_test_hdf5_types_SOURCES = tests/test_hdf5_types.c $(HDF5_TEST_SOURCES)
tests_test_hdf5_types_CFLAGS = $(FILTER_TEST_CFLAGS)
tests_test_hdf5_types_LDADD = $(FILTER_TEST_LDADD)

check_PROGRAMS += tests/show_progress
tests_show_progress_SOURCES = tests/show_progress.c
tests_show_progress_LDADD = bin/libcli.la lib/libcute_shm.la

if HAVE_CHECK
check_PROGRAMS += tests/test_text tests/test_slice
TESTS += tests/test_text tests/test_slice
endif
tests_test_slice_SOURCES = tests/test_slice.c tests/util.c tests/util.h \
	bin/slice.c bin/slice.h
tests_test_slice_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_test_slice_LDADD = bin/libcli.la lib/libcute_shm.la $(CHECK_LIBS)
tests_test_text_SOURCES = tests/test_text.c
tests_test_text_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_test_text_LDADD = bin/libcli.la lib/libcute_shm.la $(CHECK_LIBS)

# The manual: its form, its options, its example; and a reader that was written
# from it alone.  (No test may be called read_segment: its log would be that of
# the .py.)
manual_tests = tests/check_man.sh tests/check_options.sh \
	tests/check_example.sh tests/check_format.sh
TESTS += $(manual_tests)
EXTRA_DIST += $(manual_tests) tests/read_segment.py tests/golden/check_format

check_PROGRAMS += tests/make_example tests/make_every
tests_make_example_SOURCES = tests/make_example.c
tests_make_example_LDADD = lib/libcore.la
tests_make_every_SOURCES = tests/make_every.c
tests_make_every_LDADD = lib/libcute_shm.la

# Calls of libc that fail when a test wants it.
FAILING_SOURCES = tests/failing.c tests/failing.h tests/util.c tests/util.h
WRAP_FAILING = -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=reallocarray -Wl,--wrap=aligned_alloc -Wl,--wrap=strdup \
	-Wl,--wrap=strndup -Wl,--wrap=asprintf -Wl,--wrap=vasprintf \
	-Wl,--wrap=fstat -Wl,--wrap=lstat -Wl,--wrap=pread -Wl,--wrap=pwrite \
	-Wl,--wrap=read -Wl,--wrap=write -Wl,--wrap=ftruncate \
	-Wl,--wrap=fchmod -Wl,--wrap=fsync -Wl,--wrap=rename \
	-Wl,--wrap=linkat -Wl,--wrap=renameat2 -Wl,--wrap=unlink \
	-Wl,--wrap=realpath -Wl,--wrap=pipe2 -Wl,--wrap=fork \
	-Wl,--wrap=mprotect -Wl,--wrap=mmap -Wl,--wrap=getrandom \
	-Wl,--wrap=posix_fallocate -Wl,--wrap=pthread_create \
	-Wl,--wrap=open -Wl,--wrap=fcntl

# The core library, one program per module.
if HAVE_CHECK
CORE_TEST_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
CORE_TEST_LDADD = lib/libcore.la $(CHECK_LIBS)
core_tests = tests/test_attr_value tests/test_ahead \
	tests/test_build tests/test_build_large \
	tests/test_descriptors tests/test_presence tests/test_ranges \
	tests/test_digest tests/test_dtype \
	tests/test_error tests/test_huge tests/test_layout \
	tests/test_log tests/test_progress \
	tests/test_lifetime tests/test_logind tests/test_map \
	tests/test_names \
	tests/test_nomem tests/test_path \
	tests/test_pool tests/test_publish tests/test_race tests/test_rebuild \
	tests/test_space tests/test_syscalls tests/test_killed tests/test_users
check_PROGRAMS += $(core_tests)
TESTS += $(core_tests)
endif
tests_test_ahead_SOURCES = tests/test_ahead.c tests/util.c tests/util.h
tests_test_ahead_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_ahead_LDADD = $(CORE_TEST_LDADD)
tests_test_ahead_LDFLAGS = -Wl,--wrap=posix_fallocate -Wl,--wrap=pthread_create
tests_test_attr_value_SOURCES = tests/test_attr_value.c tests/util.c tests/util.h
tests_test_attr_value_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_attr_value_LDADD = $(CORE_TEST_LDADD)
tests_test_build_SOURCES = tests/test_build.c tests/util.c tests/util.h
tests_test_build_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_build_LDADD = $(CORE_TEST_LDADD)
tests_test_build_large_SOURCES = tests/test_build_large.c tests/util.c \
	tests/util.h
tests_test_build_large_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_build_large_LDADD = $(CORE_TEST_LDADD)
tests_test_descriptors_SOURCES = tests/test_descriptors.c tests/util.c \
	tests/util.h
tests_test_descriptors_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_descriptors_LDADD = $(CORE_TEST_LDADD)
tests_test_presence_SOURCES = tests/test_presence.c tests/util.c tests/util.h
tests_test_presence_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_presence_LDADD = $(CORE_TEST_LDADD)
tests_test_ranges_SOURCES = tests/test_ranges.c tests/util.c tests/util.h
tests_test_ranges_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_ranges_LDADD = $(CORE_TEST_LDADD)
tests_test_digest_SOURCES = tests/test_digest.c tests/util.c tests/util.h
tests_test_digest_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_digest_LDADD = $(CORE_TEST_LDADD)
tests_test_dtype_SOURCES = tests/test_dtype.c tests/util.c tests/util.h
tests_test_dtype_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_dtype_LDADD = $(CORE_TEST_LDADD)
tests_test_error_SOURCES = tests/test_error.c tests/util.c tests/util.h
tests_test_error_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_error_LDADD = $(CORE_TEST_LDADD)
tests_test_huge_SOURCES = tests/test_huge.c tests/util.c tests/util.h
tests_test_huge_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_huge_LDADD = $(CORE_TEST_LDADD)
tests_test_huge_LDFLAGS = -Wl,--wrap=madvise
tests_test_log_SOURCES = tests/test_log.c tests/util.c tests/util.h
tests_test_log_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_log_LDADD = $(CORE_TEST_LDADD)
tests_test_progress_SOURCES = tests/test_progress.c tests/util.c tests/util.h
tests_test_progress_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_progress_LDADD = bin/libcli.la $(CORE_TEST_LDADD)
tests_test_layout_SOURCES = tests/test_layout.c tests/util.c tests/util.h
tests_test_layout_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_layout_LDADD = $(CORE_TEST_LDADD)
tests_test_logind_SOURCES = tests/test_logind.c tests/util.c tests/util.h
tests_test_logind_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_logind_LDADD = $(CORE_TEST_LDADD)
tests_test_lifetime_SOURCES = tests/test_lifetime.c tests/util.c tests/util.h
tests_test_lifetime_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_lifetime_LDADD = $(CORE_TEST_LDADD)
tests_test_map_SOURCES = tests/test_map.c tests/util.c tests/util.h
tests_test_map_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_map_LDADD = $(CORE_TEST_LDADD)
tests_test_map_LDFLAGS = -Wl,--wrap=mmap
tests_test_race_SOURCES = tests/test_race.c tests/util.c tests/util.h
tests_test_race_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_race_LDADD = $(CORE_TEST_LDADD)
tests_test_names_SOURCES = tests/test_names.c tests/util.c tests/util.h
tests_test_names_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_names_LDADD = $(CORE_TEST_LDADD)
tests_test_names_LDFLAGS = -Wl,--wrap=open -Wl,--wrap=opendir
tests_test_nomem_SOURCES = tests/test_nomem.c $(FAILING_SOURCES)
tests_test_nomem_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_nomem_LDADD = $(CORE_TEST_LDADD)
tests_test_nomem_LDFLAGS = $(WRAP_FAILING)
tests_test_path_SOURCES = tests/test_path.c tests/util.c tests/util.h
tests_test_path_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_path_LDADD = $(CORE_TEST_LDADD)
tests_test_pool_SOURCES = tests/test_pool.c tests/util.c tests/util.h
tests_test_pool_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_pool_LDADD = $(CORE_TEST_LDADD)
tests_test_publish_SOURCES = tests/test_publish.c tests/util.c tests/util.h
tests_test_publish_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_publish_LDADD = $(CORE_TEST_LDADD)
tests_test_rebuild_SOURCES = tests/test_rebuild.c tests/util.c tests/util.h
tests_test_rebuild_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_rebuild_LDADD = $(CORE_TEST_LDADD)
tests_test_killed_SOURCES = tests/test_killed.c tests/util.c tests/util.h
tests_test_killed_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_killed_LDADD = $(CORE_TEST_LDADD)
tests_test_users_SOURCES = tests/test_users.c tests/util.c tests/util.h
tests_test_users_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_users_LDADD = $(CORE_TEST_LDADD)
tests_test_syscalls_SOURCES = tests/test_syscalls.c $(FAILING_SOURCES)
tests_test_syscalls_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_syscalls_LDADD = $(CORE_TEST_LDADD)
tests_test_syscalls_LDFLAGS = $(WRAP_FAILING)
tests_test_space_SOURCES = tests/test_space.c tests/util.c tests/util.h
tests_test_space_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_space_LDADD = $(CORE_TEST_LDADD)

# The reading half; sample.c makes the segments that they damage.
SAMPLE_SOURCES = tests/sample.c tests/sample.h tests/read_all.c \
	tests/read_all.h tests/util.c tests/util.h
if HAVE_CHECK
reading_tests = tests/test_check tests/test_golden tests/test_hostile \
	tests/test_mutation tests/test_project tests/test_read \
	tests/test_save tests/test_stream \
	tests/test_tree tests/test_typed tests/test_verify \
	tests/test_verify_rules tests/test_walk
check_PROGRAMS += $(reading_tests)
TESTS += $(reading_tests)
endif
tests_test_check_SOURCES = tests/test_check.c $(SAMPLE_SOURCES)
tests_test_check_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_check_LDADD = $(CORE_TEST_LDADD)
tests_test_typed_SOURCES = tests/test_typed.c $(SAMPLE_SOURCES)
tests_test_typed_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_typed_LDADD = $(CORE_TEST_LDADD)
tests_test_walk_SOURCES = tests/test_walk.c $(SAMPLE_SOURCES)
tests_test_walk_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_walk_LDADD = $(CORE_TEST_LDADD)
tests_test_read_SOURCES = tests/test_read.c $(SAMPLE_SOURCES)
tests_test_read_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_read_LDADD = $(CORE_TEST_LDADD)
tests_test_tree_SOURCES = tests/test_tree.c $(SAMPLE_SOURCES)
tests_test_tree_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_tree_LDADD = $(CORE_TEST_LDADD)
tests_test_golden_SOURCES = tests/test_golden.c $(SAMPLE_SOURCES)
tests_test_golden_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_golden_LDADD = $(CORE_TEST_LDADD)
tests_test_hostile_SOURCES = tests/test_hostile.c $(SAMPLE_SOURCES)
tests_test_hostile_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_hostile_LDADD = $(CORE_TEST_LDADD)
VERIFY_SOURCES = tests/verify_util.c tests/verify_util.h $(SAMPLE_SOURCES)
tests_test_verify_SOURCES = tests/test_verify.c $(VERIFY_SOURCES)
tests_test_verify_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_verify_LDADD = $(CORE_TEST_LDADD)
tests_test_verify_rules_SOURCES = tests/test_verify_rules.c $(VERIFY_SOURCES)
tests_test_verify_rules_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_verify_rules_LDADD = $(CORE_TEST_LDADD)
tests_test_save_SOURCES = tests/test_save.c $(SAMPLE_SOURCES)
tests_test_save_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_save_LDADD = $(CORE_TEST_LDADD)
tests_test_stream_SOURCES = tests/test_stream.c $(SAMPLE_SOURCES)
tests_test_stream_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_stream_LDADD = $(CORE_TEST_LDADD)
tests_test_mutation_SOURCES = tests/test_mutation.c $(SAMPLE_SOURCES)
tests_test_mutation_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_mutation_LDADD = $(CORE_TEST_LDADD)
if HAVE_CHECK
check_PROGRAMS += tests/test_outfile
TESTS += tests/test_outfile
endif
tests_test_outfile_SOURCES = tests/test_outfile.c tests/util.c tests/util.h
tests_test_outfile_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_outfile_LDADD = $(CORE_TEST_LDADD)
tests_test_outfile_LDFLAGS = -Wl,--wrap=open
tests_test_project_SOURCES = tests/test_project.c $(SAMPLE_SOURCES)
tests_test_project_CFLAGS = $(CORE_TEST_CFLAGS)
tests_test_project_LDADD = $(CORE_TEST_LDADD)

# "make coverage", after configure --enable-coverage: which lines and branches of
# lib/ the tests run, a table, and then the same of bin/; fails below
# COVERAGE_LINES or COVERAGE_BRANCHES (of bin/, COVERAGE_BIN_...) per cent.  (A static library that counts does not link with others.)
COVERAGE_LINES = 95
COVERAGE_BRANCHES = 85
COVERAGE_BIN_LINES = 90
COVERAGE_BIN_BRANCHES = 77
EXTRA_DIST += tests/coverage.h

coverage:
	find . -name '*.gcda' -exec rm {} +
	$(MAKE) check TESTS="$(filter-out tests/check_link.sh,$(TESTS))"
	$(GCOVR) --root $(srcdir) --object-directory . --filter '.*/lib/' \
		--exclude-unreachable-branches --print-summary \
		--fail-under-line $(COVERAGE_LINES) \
		--fail-under-branch $(COVERAGE_BRANCHES)
	$(GCOVR) --root $(srcdir) --object-directory . --filter '.*/bin/' \
		--exclude-unreachable-branches --print-summary \
		--fail-under-line $(COVERAGE_BIN_LINES) \
		--fail-under-branch $(COVERAGE_BIN_BRANCHES)

# "make fuzz": any bytes as a segment, as a filtered chunk, and as the recipe of a
# datatype, for FUZZ_SECONDS each; needs clang.  Begins with the seeds, which "make check" replays, and with
# a segment that has everything; what it finds stays in tests/fuzz/corpus-*.
FUZZ_CC = clang
FUZZ_SECONDS = 60
FUZZ_FLAGS = -g -O1 -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION \
	-D_GNU_SOURCE
fuzzed_segment = tests/fuzz/fuzz_segment.c tests/read_all.c \
	$(filter %.c,$(lib_libcore_la_SOURCES) $(lib_libcommon_la_SOURCES))
fuzzed_filter = tests/fuzz/fuzz_filter.c \
	$(filter lib/hdf5/filter/%.c,$(lib_libload_la_SOURCES)) \
	lib/base/error.c lib/base/log.c
fuzzed_types = tests/fuzz/fuzz_types.c \
	$(filter lib/hdf5/type/%.c lib/hdf5/report/%.c,$(lib_libload_la_SOURCES)) \
	$(filter lib/format/%.c lib/base/%.c lib/read/reserved.c, \
		$(lib_libcore_la_SOURCES) $(lib_libcommon_la_SOURCES))
segment_seeds = \
	tests/fuzz/segment/empty.hex \
	tests/fuzz/segment/scalar.hex \
	tests/fuzz/segment/tree.hex \
	tests/fuzz/segment/ragged.hex \
	tests/fuzz/segment/attributes.hex \
	tests/fuzz/segment/columns.hex \
	tests/fuzz/segment/link-to-link.hex \
	tests/fuzz/segment/parent-loop.hex \
	tests/fuzz/segment/next-itself.hex \
	tests/fuzz/segment/size-zero.hex \
	tests/fuzz/segment/text-without-end.hex \
	tests/fuzz/segment/dimensions-33.hex \
	tests/fuzz/segment/shape-overflow.hex \
	tests/fuzz/segment/values-outside.hex \
	tests/fuzz/segment/offsets-fall.hex \
	tests/fuzz/segment/attributes-without-end.hex \
	tests/fuzz/segment/index-astray.hex \
	tests/fuzz/segment/live-slot-outside.hex \
	tests/fuzz/segment/data-outside.hex \
	tests/fuzz/segment/sections-overlap.hex
filter_seeds = \
	tests/fuzz/filter/deflate.hex \
	tests/fuzz/filter/shuffle-deflate.hex \
	tests/fuzz/filter/shuffle-deflate-more.hex \
	tests/fuzz/filter/lzf.hex \
	tests/fuzz/filter/zstd.hex \
	tests/fuzz/filter/lz4.hex \
	tests/fuzz/filter/blosc.hex \
	tests/fuzz/filter/bitshuffle-lz4.hex \
	tests/fuzz/filter/fletcher32.hex
types_seeds = \
	tests/fuzz/types/altered.hex \
	tests/fuzz/types/big-endian.hex \
	tests/fuzz/types/odd-bits.hex \
	tests/fuzz/types/float.hex \
	tests/fuzz/types/spaces.hex \
	tests/fuzz/types/record.hex \
	tests/fuzz/types/complex.hex \
	tests/fuzz/types/enum.hex \
	tests/fuzz/types/nested.hex
EXTRA_DIST += $(segment_seeds) $(filter_seeds) $(types_seeds) \
	tests/replay_seeds.sh
CLEANFILES += tests/fuzz/fuzz_segment tests/fuzz/fuzz_filter \
	tests/fuzz/fuzz_types

# Objects of automake's own: the same names must not be compiled twice.
check_PROGRAMS += tests/replay_segment
tests_replay_segment_SOURCES = tests/fuzz/replay.c tests/fuzz/seed.c \
	tests/fuzz/seed.h tests/fuzz/fit.h tests/fuzz/fuzz_segment.c \
	tests/read_all.c tests/read_all.h
tests_replay_segment_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_replay_segment_LDADD = lib/libcore.la
if HDF5
check_PROGRAMS += tests/replay_filter tests/replay_types
endif
tests_replay_types_SOURCES = tests/fuzz/replay.c tests/fuzz/seed.c \
	tests/fuzz/seed.h tests/fuzz/fuzz_types.c
tests_replay_types_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS)
tests_replay_types_LDADD = lib/libload.la lib/libcore.la $(HDF5_LIBS)
tests_replay_filter_SOURCES = tests/fuzz/replay.c tests/fuzz/seed.c \
	tests/fuzz/seed.h tests/fuzz/fuzz_filter.c
tests_replay_filter_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS)
tests_replay_filter_LDADD = lib/libload.la lib/libcore.la
TESTS += tests/replay_seeds.sh

# The same seeds for what cute-shm-list and cute-shm-dump show of a segment.
shown_sources = $(filter bin/dump_node.c bin/dump_python.c bin/dump_raw.c bin/dump_text.c \
	bin/dump_value.c bin/enum_names.c bin/hex%.c bin/slice.c, \
	$(bin_cute_shm_dump_SOURCES)) \
	$(filter bin/list_%.c,$(bin_cute_shm_list_SOURCES))
fuzzed_tools = tests/fuzz/fuzz_tools.c $(shown_sources) \
	$(filter-out bin/cli.c bin/command.c bin/interrupt.c bin/open_project.c \
	bin/progress.c, \
	$(filter %.c,$(bin_libcli_la_SOURCES))) \
	$(filter %.c,$(lib_libcore_la_SOURCES) $(lib_libcommon_la_SOURCES))
CLEANFILES += tests/fuzz/fuzz_tools
.PHONY: fuzz-tools

check_PROGRAMS += tests/replay_tools
tests_replay_tools_SOURCES = tests/fuzz/replay.c tests/fuzz/seed.c \
	tests/fuzz/seed.h tests/fuzz/fit.h tests/fuzz/fuzz_tools.c \
	bin/dump_node.c bin/dump_python.c bin/dump_raw.c bin/dump_text.c \
	bin/dump_value.c bin/enum_names.c bin/hex.c bin/hex_fields.c bin/hex_rows.c \
	bin/list_full.c bin/list_json.c bin/list_parts.c bin/list_shares.c \
	bin/list_short.c \
	bin/slice.c
tests_replay_tools_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_replay_tools_LDADD = bin/libcli.la lib/libcore.la

tests/fuzz/fuzz_tools: $(fuzzed_tools)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -I. \
		-I$(srcdir)/tests -I$(srcdir)/tests/fuzz $(XXHASH_CFLAGS) \
		-o $@ $(addprefix $(srcdir)/,$(fuzzed_tools)) \
		$(XXHASH_LIBS) -lpthread -lm

fuzz: fuzz-tools
fuzz-tools: tests/fuzz/fuzz_tools tests/make_every$(EXEEXT) \
		tests/replay_segment$(EXEEXT)
	@$(MKDIR_P) tests/fuzz/corpus-tools
	CUTE_SHM_ROOT=tests/fuzz/corpus-tools tests/make_every small seed || \
		test -f tests/fuzz/corpus-tools/cute-shm.seed
	tests/replay_segment -b tests/fuzz/corpus-tools \
		$(addprefix $(srcdir)/,$(segment_seeds))
	tests/fuzz/fuzz_tools -max_total_time=$(FUZZ_SECONDS) \
		-max_len=65536 -timeout=20 tests/fuzz/corpus-tools

tests/fuzz/fuzz_segment: $(fuzzed_segment)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -I. \
		-I$(srcdir)/tests -I$(srcdir)/tests/fuzz $(XXHASH_CFLAGS) \
		-o $@ $(addprefix $(srcdir)/,$(fuzzed_segment)) \
		$(XXHASH_LIBS) -lpthread

tests/fuzz/fuzz_filter: $(fuzzed_filter)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -I. \
		-I$(srcdir)/tests/fuzz $(HDF5_CFLAGS) -o $@ \
		$(addprefix $(srcdir)/,$(fuzzed_filter)) \
		$(HDF5_LIBS) $(LIBDEFLATE_LIBS) $(ZSTD_LIBS) $(LZ4_LIBS) \
		$(BLOSC_LIBS) -lpthread

tests/fuzz/fuzz_types: $(fuzzed_types)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -I. \
		-I$(srcdir)/tests/fuzz $(HDF5_CFLAGS) -o $@ \
		$(addprefix $(srcdir)/,$(fuzzed_types)) $(HDF5_LIBS)

fuzz: tests/fuzz/fuzz_segment tests/fuzz/fuzz_filter tests/fuzz/fuzz_types \
		tests/make_every$(EXEEXT) tests/replay_segment$(EXEEXT)
	@$(MKDIR_P) tests/fuzz/corpus-segment tests/fuzz/corpus-filter \
		tests/fuzz/corpus-types
	CUTE_SHM_ROOT=tests/fuzz/corpus-segment tests/make_every small seed || \
		test -f tests/fuzz/corpus-segment/cute-shm.seed
	tests/replay_segment -b tests/fuzz/corpus-segment \
		$(addprefix $(srcdir)/,$(segment_seeds))
	tests/replay_segment -b tests/fuzz/corpus-filter \
		$(addprefix $(srcdir)/,$(filter_seeds))
	tests/replay_segment -b tests/fuzz/corpus-types \
		$(addprefix $(srcdir)/,$(types_seeds))
	tests/fuzz/fuzz_segment -max_total_time=$(FUZZ_SECONDS) \
		-max_len=65536 -timeout=10 tests/fuzz/corpus-segment
	tests/fuzz/fuzz_filter -max_total_time=$(FUZZ_SECONDS) \
		-max_len=65536 -timeout=10 tests/fuzz/corpus-filter
	tests/fuzz/fuzz_types -max_total_time=$(FUZZ_SECONDS) \
		-max_len=4096 -timeout=10 tests/fuzz/corpus-types

if HAVE_CHECK
check_PROGRAMS += tests/test_lock tests/test_lock_wait tests/test_live \
	tests/test_live_rules tests/test_live_stress \
	tests/test_many tests/test_fork
tests_test_fork_SOURCES = tests/test_fork.c tests/util.c tests/util.h
tests_test_fork_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_test_fork_LDADD = lib/libcore.la $(CHECK_LIBS)
tests_test_many_SOURCES = tests/test_many.c tests/util.c tests/util.h
tests_test_many_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_test_many_LDADD = lib/libcore.la $(CHECK_LIBS)
tests_test_live_stress_SOURCES = tests/test_live_stress.c tests/util.c \
	tests/util.h
tests_test_live_stress_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_test_live_stress_LDADD = lib/libcore.la $(CHECK_LIBS)
LOCK_TEST_SOURCES = tests/lock_util.c tests/lock_util.h tests/util.c tests/util.h
tests_test_lock_SOURCES = tests/test_lock.c $(LOCK_TEST_SOURCES)
tests_test_lock_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_test_lock_LDADD = lib/libcore.la $(CHECK_LIBS)
tests_test_lock_wait_SOURCES = tests/test_lock_wait.c $(LOCK_TEST_SOURCES)
tests_test_lock_wait_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_test_lock_wait_LDADD = lib/libcore.la $(CHECK_LIBS)
tests_test_lock_wait_LDFLAGS = -Wl,--wrap=pthread_create
LIVE_TEST_SOURCES = tests/live_util.c tests/live_util.h tests/util.c tests/util.h
tests_test_live_SOURCES = tests/test_live.c $(LIVE_TEST_SOURCES)
tests_test_live_rules_SOURCES = tests/test_live_rules.c $(LIVE_TEST_SOURCES)
tests_test_live_rules_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_test_live_rules_LDADD = lib/libcore.la $(CHECK_LIBS)
tests_test_live_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_test_live_LDADD = lib/libcore.la $(CHECK_LIBS)
TESTS += tests/test_lock tests/test_lock_wait tests/test_live \
	tests/test_live_rules tests/test_live_stress \
	tests/test_many tests/test_fork
endif

# The loader.
if HAVE_CHECK
if HDF5
check_PROGRAMS += tests/test_hdf5_safety
TESTS += tests/test_hdf5_safety
endif
endif
tests_test_hdf5_safety_SOURCES = tests/test_hdf5_safety.c tests/util.c \
	tests/util.h
tests_test_hdf5_safety_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(HDF5_CFLAGS)
tests_test_hdf5_safety_LDADD = lib/libload.la lib/libcore.la $(CHECK_LIBS)

# It installs, for which libtool links libraries anew in the build folder: last,
# when no other test uses them.
tests/check_link.log: $(filter-out tests/check_link.log,$(TEST_LOGS))
