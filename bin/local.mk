# The tools: one small program each, over a shared cli, table and progress.

noinst_LTLIBRARIES += bin/libcli.la
bin_PROGRAMS += bin/cute-shm bin/cute-shm-diff bin/cute-shm-doctor bin/cute-shm-dump bin/cute-shm-export \
	bin/cute-shm-list bin/cute-shm-load bin/cute-shm-top \
	bin/cute-shm-unlink bin/cute-shm-verify

bin_libcli_la_SOURCES = \
	bin/bus_error.c \
	bin/bus_error.h \
	bin/cli.c \
	bin/cli.h \
	bin/cli_log.c \
	bin/command.c \
	bin/command.h \
	bin/file_kind.c \
	bin/file_kind.h \
	bin/interrupt.c \
	bin/interrupt.h \
	bin/date.c \
	bin/date.h \
	bin/json.c \
	bin/json.h \
	bin/left_out.c \
	bin/left_out.h \
	bin/loads.c \
	bin/loads.h \
	bin/nearest.c \
	bin/nearest.h \
	bin/node_json.c \
	bin/node_json.h \
	bin/now.h \
	bin/open_project.c \
	bin/open_project.h \
	bin/progress.c \
	bin/progress.h \
	bin/python_segment.c \
	bin/python_segment.h \
	bin/regular_file.c \
	bin/regular_file.h \
	bin/root_dir.c \
	bin/root_dir.h \
	bin/same_data.c \
	bin/same_data.h \
	bin/segment_status.c \
	bin/segment_status.h \
	bin/selection.c \
	bin/selection.h \
	bin/table.c \
	bin/table.h \
	bin/text.c \
	bin/text.h \
	bin/together.c \
	bin/together.h \
	bin/units.c \
	bin/units.h \
	bin/value.c \
	bin/value.h \
	bin/wrap.c \
	bin/wrap.h
bin_libcli_la_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_libcli_la_LIBADD = -lm

# The front command: it runs the others.
bin_cute_shm_SOURCES = bin/cute-shm.c
bin_cute_shm_CPPFLAGS = $(PUBLIC_CPPFLAGS) -DBINDIR='"$(bindir)"' \
	-DMANDIR='"$(mandir)"'
if HDF5
bin_cute_shm_CPPFLAGS += -DHAVE_HDF5
endif
if MPI
bin_cute_shm_CPPFLAGS += -DHAVE_MPI
endif
bin_cute_shm_LDADD = bin/libcli.la lib/libcute_shm.la

# Values that stay as they are while they are looked at: as for cute-shm-dump.
bin_cute_shm_diff_SOURCES = \
	bin/cute-shm-diff.c \
	bin/diff.h \
	bin/diff_report.c \
	bin/diff_tree.c \
	bin/diff_value.c \
	bin/dump.h \
	bin/dump_value.c \
	lib/format/slice.c \
	lib/format/slice.h
bin_cute_shm_diff_CPPFLAGS = $(PUBLIC_CPPFLAGS) $(SLICE_CPPFLAGS)
bin_cute_shm_diff_LDADD = bin/libcli.la lib/libcute_shm.la

bin_cute_shm_doctor_SOURCES = \
	bin/ageing.c \
	bin/ageing.h \
	bin/cute-shm-doctor.c \
	bin/doctor.h \
	bin/doctor_hdf5.c \
	bin/doctor_holes.c \
	bin/doctor_leftovers.c \
	bin/doctor_memory.c \
	bin/doctor_root.c \
	bin/doctor_user.c
bin_cute_shm_doctor_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_doctor_LDADD = bin/libcli.la
if HDF5
bin_cute_shm_doctor_CPPFLAGS += -DHAVE_HDF5
bin_cute_shm_doctor_LDADD += lib/libcute_shm_hdf5.la
endif
bin_cute_shm_doctor_LDADD += lib/libcute_shm.la

bin_cute_shm_dump_SOURCES = \
	bin/cute-shm-dump.c \
	bin/dump.h \
	bin/dump_file.c \
	bin/dump_node.c \
	bin/dump_python.c \
	bin/dump_raw.c \
	bin/dump_text.c \
	bin/dump_value.c \
	bin/enum_names.c \
	bin/enum_names.h \
	bin/hex.c \
	bin/hex_fields.c \
	bin/hex_fields.h \
	bin/hex_rows.c \
	bin/hex_rows.h \
	bin/hex_view.c \
	bin/hex_view.h \
	bin/hex.h \
	lib/format/slice.c \
	lib/format/slice.h
bin_cute_shm_dump_CPPFLAGS = $(PUBLIC_CPPFLAGS) $(SLICE_CPPFLAGS)
bin_cute_shm_dump_LDADD = bin/libcli.la lib/libcute_shm.la

bin_cute_shm_export_SOURCES = bin/cute-shm-export.c
bin_cute_shm_export_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_export_LDADD = bin/libcli.la
if HDF5
bin_cute_shm_export_CPPFLAGS += -DHAVE_HDF5
bin_cute_shm_export_LDADD += lib/libcute_shm_hdf5.la
endif
bin_cute_shm_export_LDADD += lib/libcute_shm.la

bin_cute_shm_list_SOURCES = \
	bin/cute-shm-list.c \
	bin/list.h \
	bin/list_full.c \
	bin/list_json.c \
	bin/list_sources.c \
	bin/list_parts.c \
	bin/list_shares.c \
	bin/list_short.c
bin_cute_shm_list_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_list_LDADD = bin/libcli.la lib/libcute_shm.la

bin_cute_shm_load_SOURCES = bin/cute-shm-load.c
bin_cute_shm_load_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_load_LDADD = bin/libcli.la lib/libcute_shm.la

bin_cute_shm_top_SOURCES = \
	bin/cute-shm-top.c \
	bin/top.h \
	bin/top_json.c \
	bin/top_lines.c \
	bin/top_sample.c \
	bin/top_screen.c
bin_cute_shm_top_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_top_LDADD = bin/libcli.la lib/libcute_shm.la

bin_cute_shm_unlink_SOURCES = bin/cute-shm-unlink.c
bin_cute_shm_unlink_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_unlink_LDADD = bin/libcli.la lib/libcute_shm.la

bin_cute_shm_verify_SOURCES = \
	bin/cute-shm-verify.c \
	bin/verify.h \
	bin/verify_compare.c \
	bin/verify_compare.h \
	bin/verify_gaps.c \
	bin/verify_report.c \
	bin/verify_source.c
bin_cute_shm_verify_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_verify_LDADD = bin/libcli.la
if HDF5
bin_cute_shm_verify_CPPFLAGS += -DHAVE_HDF5
bin_cute_shm_verify_LDADD += lib/libcute_shm_hdf5.la
endif
bin_cute_shm_verify_LDADD += lib/libcute_shm.la

if HDF5
bin_PROGRAMS += bin/cute-shm-evaluate bin/cute-shm-hdf5
endif

bin_cute_shm_evaluate_SOURCES = \
	bin/cute-shm-evaluate.c \
	bin/evaluate.h \
	bin/evaluate_copy.c \
	bin/evaluate_plot.c \
	bin/evaluate_plot.h \
	bin/evaluate_run.c
bin_cute_shm_evaluate_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_evaluate_LDADD = bin/libcli.la lib/libcute_shm_hdf5.la \
	lib/libcute_shm.la -lm

bin_cute_shm_hdf5_SOURCES = \
	bin/cute-shm-hdf5.c \
	bin/hdf5_options.c \
	bin/hdf5_options.h \
	bin/hdf5_sources.c \
	bin/hdf5_sources.h \
	bin/load.h \
	bin/load_report.c
bin_cute_shm_hdf5_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_hdf5_LDADD = bin/libcli.la lib/libcute_shm_hdf5.la \
	lib/libcute_shm.la

if MPI
bin_PROGRAMS += bin/cute-shm-mpi
endif

bin_cute_shm_mpi_SOURCES = \
	bin/cute-shm-mpi.c \
	bin/hdf5_options.c \
	bin/hdf5_options.h \
	bin/hdf5_sources.c \
	bin/hdf5_sources.h \
	bin/mpi_report.c \
	bin/mpi_report.h
bin_cute_shm_mpi_CPPFLAGS = $(PUBLIC_CPPFLAGS)
bin_cute_shm_mpi_CFLAGS = $(AM_CFLAGS) $(MPI_CFLAGS)
bin_cute_shm_mpi_LDADD = bin/libcli.la lib/libcute_shm_mpi.la \
	lib/libcute_shm_hdf5.la lib/libcute_shm.la $(MPI_LIBS)

# Completion, where the distributions look for it: by the name of the command
# (bash), and by its first line (zsh).
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = bin/completion/_cute-shm
EXTRA_DIST += bin/completion/cute-shm.bash

# On most systems the dynamic linker finds libraries in /usr/local/lib by a cache
# only (libtool sets an rpath for folders that it would not find at all).  Where
# the tools do not start, make the cache anew, or say that it has to be done.
# In a package or an image (DESTDIR) that is the package manager's.
install-exec-hook:
	@test -n "$(DESTDIR)" || test $(cross_compiling) = yes || \
	CUTE_SHM_TOOLS="$(bin_PROGRAMS)" \
	$(SHELL) $(srcdir)/bin/refresh_linker.sh "$(bindir)" "$(libdir)"
EXTRA_DIST += bin/refresh_linker.sh

install-data-hook:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)"
	$(INSTALL_DATA) $(srcdir)/bin/completion/cute-shm.bash \
		"$(DESTDIR)$(bashcompletiondir)/cute-shm-list"
	cd "$(DESTDIR)$(bashcompletiondir)" && for tool in $(bin_PROGRAMS); do \
		test $$tool = bin/cute-shm-list || \
		$(LN_S) -f cute-shm-list $${tool#bin/} || exit 1; done

# Folders of our own go, too.
uninstall-hook:
	for folder in "$(DESTDIR)$(pkglibexecdir)" "$(DESTDIR)$(pkgdatadir)"; do \
		test ! -d "$$folder" || rmdir "$$folder" || exit 1; done
	for folder in "$(DESTDIR)$(docdir)/examples" "$(DESTDIR)$(docdir)"; do \
		test ! -d "$$folder" || \
		rmdir --ignore-fail-on-non-empty "$$folder" || exit 1; done
	cd "$(DESTDIR)$(bashcompletiondir)" && for tool in $(bin_PROGRAMS); do \
		rm -f $${tool#bin/}; done
