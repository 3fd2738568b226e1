# The two libraries.  libcore.la and libload.la hold the objects, hidden symbols
# included, for the tests of modules; the installed ones export their map.

noinst_LTLIBRARIES += lib/libcommon.la lib/libcore.la
lib_LTLIBRARIES += lib/libcute_shm.la
include_HEADERS += lib/cute_shm.h lib/cute_shm_build.h lib/cute_shm_live.h \
	lib/cute_shm_project.h lib/cute_shm_save.h
nodist_pkgconfig_DATA += lib/cute-shm.pc
EXTRA_DIST += lib/cute_shm.map lib/cute_shm_hdf5.map

# What both libraries use and neither exports.
lib_libcommon_la_SOURCES = lib/clock.h lib/options.c lib/options.h \
	lib/deadline.c lib/deadline.h lib/descriptor.c lib/descriptor.h \
	lib/file_access.c lib/file_access.h lib/found.c lib/found.h \
	lib/outfile.c lib/outfile.h lib/pool.c lib/pool.h lib/thread_signals.h
lib_libcommon_la_SOURCES += lib/component.c lib/reserved.c lib/reserved.h \
	lib/trusted_user.c lib/trusted_user.h

lib_libcore_la_SOURCES = \
	lib/ahead.c \
	lib/arena.c \
	lib/attr.c \
	lib/attr_value.c \
	lib/build.c \
	lib/builder.h \
	lib/cgroup.c \
	lib/check.c \
	lib/check_reserved.c \
	lib/complete.c \
	lib/describe.c \
	lib/digest.c \
	lib/dtype.c \
	lib/dtype_name.c \
	lib/error.c \
	lib/fork.c \
	lib/format.h \
	lib/futex.h \
	lib/hash.c \
	lib/home.c \
	lib/huge.c \
	lib/internal.h \
	lib/layout.c \
	lib/live.c \
	lib/lock.c \
	lib/lock.h \
	lib/log.c \
	lib/log_events.c \
	lib/log_events.h \
	lib/logind.c \
	lib/lookup.c \
	lib/map.c \
	lib/name_lock.c \
	lib/owner.c \
	lib/owner.h \
	lib/path.c \
	lib/presence.c \
	lib/permit.c \
	lib/permit.h \
	lib/project.c \
	lib/range_wait.c \
	lib/ranges.c \
	lib/ranges.h \
	lib/publish.c \
	lib/put_attr.c \
	lib/read.c \
	lib/reserve.c \
	lib/restore.c \
	lib/root.c \
	lib/root.h \
	lib/save.c \
	lib/save.h \
	lib/save_stream.c \
	lib/seal.c \
	lib/shared_copy.c \
	lib/shared_copy.h \
	lib/space.c \
	lib/structure.c \
	lib/temporary.c \
	lib/tree.c \
	lib/typed.c \
	lib/unlink.c \
	lib/update_summary.c \
	lib/users.c \
	lib/verify.c \
	lib/verify.h \
	lib/verify_data.c \
	lib/verify_index.c \
	lib/verify_record.c \
	lib/verify_reserved.c \
	lib/walk.c \
	lib/write.c
# With -fexceptions a cancelled thread runs its cleanup, and what unwinds it is
# linked: glibc would open it at the first pthread_cancel(), or abort.
lib_libcore_la_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS) -fexceptions
lib_libcore_la_LIBADD = lib/libcommon.la $(XXHASH_LIBS)

lib_libcute_shm_la_SOURCES =
lib_libcute_shm_la_LIBADD = lib/libcore.la
lib_libcute_shm_la_DEPENDENCIES = lib/libcore.la lib/cute_shm.map
lib_libcute_shm_la_LINK = $(LINK) $(lib_libcute_shm_la_LDFLAGS)
lib_libcute_shm_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIB_VERSION) \
	-no-undefined \
	-Wl,--version-script=$(srcdir)/lib/cute_shm.map

if HDF5
noinst_LTLIBRARIES += lib/libload.la
lib_LTLIBRARIES += lib/libcute_shm_hdf5.la
include_HEADERS += lib/cute_shm_hdf5.h
nodist_pkgconfig_DATA += lib/cute-shm-hdf5.pc
endif

lib_libload_la_SOURCES = \
	lib/hdf5/arrange.c \
	lib/hdf5/attribute_names.c \
	lib/hdf5/attributes.c \
	lib/hdf5/band.c \
	lib/hdf5/changed.c \
	lib/hdf5/child.c \
	lib/hdf5/columns.c \
	lib/hdf5/convert.c \
	lib/hdf5/convert.h \
	lib/hdf5/dataset.c \
	lib/hdf5/datatypes.c \
	lib/hdf5/describe.c \
	lib/hdf5/failures.c \
	lib/hdf5/fast.c \
	lib/hdf5/fill_check.c \
	lib/hdf5/file_driver.c \
	lib/hdf5/file_driver.h \
	lib/hdf5/filter.c \
	lib/hdf5/filter.h \
	lib/hdf5/filter_bitshuffle.c \
	lib/hdf5/filter_checksum.c \
	lib/hdf5/filter_codec.c \
	lib/hdf5/filter_lzf.c \
	lib/hdf5/filter_register.c \
	lib/hdf5/filter_shuffle.c \
	lib/hdf5/guarded.c \
	lib/hdf5/heap.c \
	lib/hdf5/held.c \
	lib/hdf5/internal.h \
	lib/hdf5/keep.c \
	lib/hdf5/limits.c \
	lib/hdf5/limits.h \
	lib/hdf5/links.c \
	lib/hdf5/load.c \
	lib/hdf5/mapping.h \
	lib/hdf5/missing.c \
	lib/hdf5/names.c \
	lib/hdf5/objects.c \
	lib/hdf5/outside.c \
	lib/hdf5/outside.h \
	lib/hdf5/parent.c \
	lib/hdf5/parent.h \
	lib/hdf5/plan.c \
	lib/hdf5/prefetch.c \
	lib/hdf5/ragged.c \
	lib/hdf5/read.c \
	lib/hdf5/reader.c \
	lib/hdf5/references.c \
	lib/hdf5/report.c \
	lib/hdf5/reserved_names.c \
	lib/hdf5/save.c \
	lib/hdf5/save.h \
	lib/hdf5/save_attributes.c \
	lib/hdf5/save_chunks.c \
	lib/hdf5/save_data.c \
	lib/hdf5/save_datatype.c \
	lib/hdf5/save_links.c \
	lib/hdf5/save_record.c \
	lib/hdf5/save_tree.c \
	lib/hdf5/save_type.c \
	lib/hdf5/scan.c \
	lib/hdf5/scatter.c \
	lib/hdf5/simd.h \
	lib/hdf5/small.c \
	lib/hdf5/stored.c \
	lib/hdf5/stored_check.c \
	lib/hdf5/strategy.c \
	lib/hdf5/strategy.h \
	lib/hdf5/strategy_chunk.c \
	lib/hdf5/strategy_contiguous.c \
	lib/hdf5/tell.c \
	lib/hdf5/types.c \
	lib/hdf5/types.h \
	lib/hdf5/types_check.c \
	lib/hdf5/types_nested.c \
	lib/hdf5/types_number.c \
	lib/hdf5/types_size.c \
	lib/hdf5/virtual.c \
	lib/hdf5/widen.c \
	lib/hdf5/writer.c
lib_libload_la_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS) $(LIBDEFLATE_CFLAGS) \
	$(ZSTD_CFLAGS) $(LZ4_CFLAGS) $(BLOSC_CFLAGS)
lib_libload_la_LIBADD = lib/libcommon.la $(HDF5_LIBS) $(LIBDEFLATE_LIBS) \
	$(ZSTD_LIBS) $(LZ4_LIBS) $(BLOSC_LIBS)

lib_libcute_shm_hdf5_la_SOURCES =
lib_libcute_shm_hdf5_la_LIBADD = lib/libload.la lib/libcute_shm.la
lib_libcute_shm_hdf5_la_DEPENDENCIES = lib/libload.la lib/libcute_shm.la \
	lib/cute_shm_hdf5.map
lib_libcute_shm_hdf5_la_LINK = $(LINK) $(lib_libcute_shm_hdf5_la_LDFLAGS)
lib_libcute_shm_hdf5_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIB_VERSION) \
	-no-undefined \
	-Wl,--version-script=$(srcdir)/lib/cute_shm_hdf5.map
