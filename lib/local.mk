# The libraries.  libcore.la and libload.la hold the objects, hidden symbols
# included, for the tests of modules; the installed ones export their map.

noinst_LTLIBRARIES += lib/libcommon.la lib/libcore.la
lib_LTLIBRARIES += lib/libcute_shm.la
include_HEADERS += \
	lib/include/cute_shm.h \
	lib/include/cute_shm_build.h \
	lib/include/cute_shm_format.h \
	lib/include/cute_shm_live.h \
	lib/include/cute_shm_loading.h \
	lib/include/cute_shm_project.h \
	lib/include/cute_shm_copy.h \
	lib/include/cute_shm_verify.h
nodist_pkgconfig_DATA += lib/cute-shm.pc
EXTRA_DIST += lib/cute_shm.map lib/cute_shm_hdf5.map

# cute-shm-dump compiles format/slice.c, too: no library exports it.
SLICE_CPPFLAGS = -I$(srcdir)/lib

# What both libraries use and neither exports.
lib_libcommon_la_SOURCES = \
	lib/base/base.h \
	lib/base/clock.h \
	lib/base/deadline.c \
	lib/base/descriptor.c \
	lib/base/options.c \
	lib/base/pool.c \
	lib/base/simd.h \
	lib/base/sink.c \
	lib/base/vector.c \
	lib/copy/received.c \
	lib/copy/received.h \
	lib/file/appear.c \
	lib/file/file.h \
	lib/file/file_access.c \
	lib/file/hdf5_folder.c \
	lib/file/outfile.c \
	lib/file/outfiles.c \
	lib/file/trusted_user.c \
	lib/format/component.c \
	lib/format/slice.c \
	lib/format/slice.h \
	lib/read/reserved.c \
	lib/read/reserved.h

lib_libcore_la_SOURCES = \
	lib/base/arena.c \
	lib/base/error.c \
	lib/base/index_table.c \
	lib/base/io.c \
	lib/base/log.c \
	lib/base/size_text.c \
	lib/build/build.h \
	lib/build/fill.h \
	lib/build/builder.c \
	lib/build/check_reserved.c \
	lib/build/describe.c \
	lib/build/describe_attr.c \
	lib/build/publish.c \
	lib/build/reserve.c \
	lib/build/reserve_huge.c \
	lib/build/reserve_memory.c \
	lib/build/reserve_pages.c \
	lib/build/seal.c \
	lib/build/seal_data.c \
	lib/build/write.c \
	lib/copy/copy.h \
	lib/copy/derived_file.c \
	lib/copy/receive.c \
	lib/copy/restore.c \
	lib/copy/restore_turn.c \
	lib/copy/restore_view.c \
	lib/copy/save.c \
	lib/copy/save_stream.c \
	lib/format/check.c \
	lib/format/digest.c \
	lib/format/dtype.c \
	lib/format/dtype_name.c \
	lib/format/format.h \
	lib/format/layout.c \
	lib/format/path.c \
	lib/handover/adopt.c \
	lib/handover/handover.h \
	lib/handover/lend.c \
	lib/live/live.h \
	lib/live/live_lock.c \
	lib/live/live_slot.c \
	lib/live/shared_copy.c \
	lib/live/snapshot.c \
	lib/live/update.c \
	lib/live/update_summary.c \
	lib/live/wait.c \
	lib/lock/fork.c \
	lib/lock/lock.h \
	lib/lock/lock_table.c \
	lib/lock/presence.c \
	lib/lock/range_lock.c \
	lib/lock/range_wait.c \
	lib/lock/ranges.c \
	lib/lock/table_list.c \
	lib/read/attr.c \
	lib/read/attr_value.c \
	lib/read/info.c \
	lib/read/lookup.c \
	lib/read/map.c \
	lib/read/open.c \
	lib/read/read.h \
	lib/read/record.c \
	lib/read/source_parts.c \
	lib/read/source_state.c \
	lib/read/typed.c \
	lib/read/walk.c \
	lib/root/cgroup.c \
	lib/root/file_system.c \
	lib/root/home.c \
	lib/root/logind.c \
	lib/root/name_lock.c \
	lib/root/owner.c \
	lib/root/project.c \
	lib/root/replace_permit.c \
	lib/root/root.h \
	lib/root/space.c \
	lib/root/temporary.c \
	lib/root/unlink.c \
	lib/root/users.c \
	lib/together/current.c \
	lib/together/loading.c \
	lib/together/loads.c \
	lib/together/page.c \
	lib/together/source_path.c \
	lib/together/take_turn.c \
	lib/together/together.h \
	lib/together/wait_turn.c \
	lib/verify/structure.c \
	lib/verify/verify.c \
	lib/verify/verify.h \
	lib/verify/verify_damage.c \
	lib/verify/verify_data.c \
	lib/verify/verify_index.c \
	lib/verify/verify_record.c \
	lib/verify/verify_reserved.c \
	lib/verify/verify_view.c \
	lib/view/view.c \
	lib/view/view.h \
	lib/view/view_attribute.c \
	lib/view/view_file.c \
	lib/view/view_group.c \
	lib/view/view_heap.c \
	lib/view/view_object.c \
	lib/view/view_output.c \
	lib/view/view_room.c \
	lib/view/view_type.c
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

# HDF5 files.  libload.la is the caller's side, without libhdf5; libreader.la is
# the reader's, with it; both have libchannel.la.

if HDF5
noinst_LTLIBRARIES += lib/libchannel.la lib/libload.la lib/libreader.la \
	lib/libtable.la
lib_LTLIBRARIES += lib/libcute_shm_hdf5.la
include_HEADERS += lib/include/cute_shm_hdf5.h
nodist_pkgconfig_DATA += lib/cute-shm-hdf5.pc
pkglibexec_PROGRAMS += lib/cute-shm-reader
if SHARED
module_LTLIBRARIES += lib/cute-shm-reader-hdf5.la
endif
endif

lib_libchannel_la_SOURCES = \
	lib/hdf5/channel/board.c \
	lib/hdf5/channel/channel.h \
	lib/hdf5/channel/choice.c \
	lib/hdf5/channel/failures.c \
	lib/hdf5/channel/message.c \
	lib/hdf5/channel/names.c \
	lib/hdf5/channel/request.c \
	lib/hdf5/channel/selection.c \
	lib/hdf5/channel/split_name.c \
	lib/hdf5/host/file_list.c \
	lib/hdf5/host/host.c \
	lib/hdf5/host/host.h \
	lib/hdf5/host/host_changed.c \
	lib/hdf5/host/host_files.c \
	lib/hdf5/host/host_reason.c

lib_libload_la_SOURCES = \
	lib/hdf5/about.c \
	lib/hdf5/answer.c \
	lib/hdf5/export.c \
	lib/hdf5/export.h \
	lib/hdf5/export_files.c \
	lib/hdf5/export_write.c \
	lib/hdf5/files.c \
	lib/hdf5/load.c \
	lib/hdf5/load.h \
	lib/hdf5/parent.c \
	lib/hdf5/part.c \
	lib/hdf5/process.c \
	lib/hdf5/start.c \
	lib/hdf5/together.c
lib_libload_la_CPPFLAGS = $(AM_CPPFLAGS) -DPKGLIBEXECDIR='"$(pkglibexecdir)"'
lib_libload_la_LIBADD = lib/libchannel.la lib/libcommon.la

lib_libreader_la_SOURCES = \
	lib/hdf5/dataset/band.c \
	lib/hdf5/dataset/columns.c \
	lib/hdf5/dataset/dataset.c \
	lib/hdf5/dataset/dataset.h \
	lib/hdf5/dataset/early_limit.c \
	lib/hdf5/dataset/early_read.c \
	lib/hdf5/dataset/elements.c \
	lib/hdf5/dataset/heap.c \
	lib/hdf5/dataset/native_block.c \
	lib/hdf5/dataset/native_lists.c \
	lib/hdf5/dataset/ragged.c \
	lib/hdf5/dataset/stored.c \
	lib/hdf5/describe/attribute.h \
	lib/hdf5/describe/attribute_elements.c \
	lib/hdf5/describe/attribute_value.c \
	lib/hdf5/describe/describe.h \
	lib/hdf5/describe/describe_attributes.c \
	lib/hdf5/describe/describe_datatype.c \
	lib/hdf5/describe/describe_objects.c \
	lib/hdf5/describe/describe_parts.c \
	lib/hdf5/describe/describe_reserved.c \
	lib/hdf5/describe/describe_reused.c \
	lib/hdf5/describe/describe_selection.c \
	lib/hdf5/describe/describe_source.c \
	lib/hdf5/element/chunk_places.c \
	lib/hdf5/element/element.h \
	lib/hdf5/element/missing_value.c \
	lib/hdf5/element/native_values.c \
	lib/hdf5/element/pick_items.c \
	lib/hdf5/engine/arrange.c \
	lib/hdf5/engine/engine.c \
	lib/hdf5/engine/engine.h \
	lib/hdf5/engine/fetch_chunk.c \
	lib/hdf5/engine/guarded_buffer.c \
	lib/hdf5/engine/scatter.c \
	lib/hdf5/engine/slice_chunks.c \
	lib/hdf5/engine/slice_pieces.c \
	lib/hdf5/engine/stored_check.c \
	lib/hdf5/engine/strategy.c \
	lib/hdf5/engine/strategy_chunk.c \
	lib/hdf5/engine/strategy_contiguous.c \
	lib/hdf5/engine/tiles.c \
	lib/hdf5/filter/filter.c \
	lib/hdf5/filter/filter.h \
	lib/hdf5/filter/filter_bitshuffle.c \
	lib/hdf5/filter/filter_buffer.c \
	lib/hdf5/filter/filter_checksum.c \
	lib/hdf5/filter/filter_codec.c \
	lib/hdf5/filter/filter_lzf.c \
	lib/hdf5/filter/filter_register.c \
	lib/hdf5/filter/filter_scaleoffset.c \
	lib/hdf5/filter/filter_shuffle.c \
	lib/hdf5/filter/filter_szip.c \
	lib/hdf5/native/chunk_table.c \
	lib/hdf5/native/dataspace.c \
	lib/hdf5/native/datatype.c \
	lib/hdf5/native/datatype_nested.c \
	lib/hdf5/native/fill_filters.c \
	lib/hdf5/native/native.h \
	lib/hdf5/native/native_attributes.c \
	lib/hdf5/native/native_index.c \
	lib/hdf5/native/native_links.c \
	lib/hdf5/native/native_object.c \
	lib/hdf5/native/shared_message.c \
	lib/hdf5/native/storage_layout.c \
	lib/hdf5/native/symbol_table.c \
	lib/hdf5/older/older.h \
	lib/hdf5/older/older_header.c \
	lib/hdf5/older/older_mapping.c \
	lib/hdf5/library/library.c \
	lib/hdf5/library/library.h \
	lib/hdf5/library/library_calls.h \
	lib/hdf5/read/finished.c \
	lib/hdf5/read/hdf5_read.h \
	lib/hdf5/read/prefetch.c \
	lib/hdf5/read/read_dataset.c \
	lib/hdf5/read/read_fast.c \
	lib/hdf5/read/read_ragged.c \
	lib/hdf5/read/read_small.c \
	lib/hdf5/reader/about_reader.c \
	lib/hdf5/reader/export_file.c \
	lib/hdf5/reader/load_file.c \
	lib/hdf5/reader/reader.h \
	lib/hdf5/reader/reader_begin.c \
	lib/hdf5/reader/reader_work.c \
	lib/hdf5/reader/remote_host.c \
	lib/hdf5/reader/sandbox.c \
	lib/hdf5/reader/sandbox.h \
	lib/hdf5/reader/sandbox_calls.c \
	lib/hdf5/reader/sandbox_calls.h \
	lib/hdf5/reader/sandbox_files.c \
	lib/hdf5/reader/sandbox_filter.c \
	lib/hdf5/report/hdf5_cause.c \
	lib/hdf5/report/limits.c \
	lib/hdf5/report/report.c \
	lib/hdf5/report/report.h \
	lib/hdf5/report/wanted.c \
	lib/hdf5/save/save.h \
	lib/hdf5/save/save_attributes.c \
	lib/hdf5/save/save_chunks.c \
	lib/hdf5/save/save_data.c \
	lib/hdf5/save/save_datatype.c \
	lib/hdf5/save/save_driver.c \
	lib/hdf5/save/save_elements.c \
	lib/hdf5/save/save_file.c \
	lib/hdf5/save/save_links.c \
	lib/hdf5/save/save_record.c \
	lib/hdf5/save/save_tree.c \
	lib/hdf5/save/save_type.c \
	lib/hdf5/scan/links.c \
	lib/hdf5/scan/judge.c \
	lib/hdf5/scan/listed.c \
	lib/hdf5/scan/open_native.c \
	lib/hdf5/scan/outside_files.c \
	lib/hdf5/scan/reuse.c \
	lib/hdf5/scan/reuse_groups.c \
	lib/hdf5/scan/scan.c \
	lib/hdf5/scan/scan.h \
	lib/hdf5/scan/scan_native.c \
	lib/hdf5/scan/virtual_sources.c \
	lib/hdf5/source/attribute_names.c \
	lib/hdf5/source/file_driver.c \
	lib/hdf5/source/objects.c \
	lib/hdf5/source/older_shown.c \
	lib/hdf5/source/opened.c \
	lib/hdf5/source/opened.h \
	lib/hdf5/source/other_files.c \
	lib/hdf5/source/page_cache.c \
	lib/hdf5/source/source.h \
	lib/hdf5/source/source_access.c \
	lib/hdf5/source/source_changed.c \
	lib/hdf5/source/source_open.c \
	lib/hdf5/source/source_writer.c \
	lib/hdf5/structure/extensible_array.c \
	lib/hdf5/structure/fixed_array.c \
	lib/hdf5/structure/fractal_heap.c \
	lib/hdf5/structure/global_heap.c \
	lib/hdf5/structure/image.c \
	lib/hdf5/structure/local_heap.c \
	lib/hdf5/structure/lookup3.c \
	lib/hdf5/structure/object_header.c \
	lib/hdf5/structure/structure.h \
	lib/hdf5/structure/superblock.c \
	lib/hdf5/structure/tree_v1.c \
	lib/hdf5/structure/tree_v2.c \
	lib/hdf5/structure/window.c \
	lib/hdf5/type/convert.c \
	lib/hdf5/type/fill_check.c \
	lib/hdf5/type/type.h \
	lib/hdf5/type/type_check.c \
	lib/hdf5/type/type_describe.c \
	lib/hdf5/type/type_map.c \
	lib/hdf5/type/type_memory.c \
	lib/hdf5/type/type_nested.c \
	lib/hdf5/type/type_number.c \
	lib/hdf5/type/type_references.c \
	lib/hdf5/type/type_size.c \
	lib/hdf5/type/widen.c
lib_libreader_la_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS) $(LIBDEFLATE_CFLAGS) \
	$(ZSTD_CFLAGS) $(LZ4_CFLAGS) $(BLOSC_CFLAGS) $(SZIP_CFLAGS)
lib_libreader_la_CPPFLAGS = $(AM_CPPFLAGS) -DLATE_HDF5 \
	-DHDF5_LIBS='"$(HDF5_LIBS)"'
lib_libreader_la_LIBADD = lib/libchannel.la \
	$(LIBDEFLATE_LIBS) $(ZSTD_LIBS) $(LZ4_LIBS) $(BLOSC_LIBS) \
	$(SZIP_LIBS) -lm

# The functions of libhdf5, for programs that are linked with it.
lib_libtable_la_SOURCES = lib/hdf5/library/library_linked.c \
	lib/hdf5/library/library_table.c
lib_libtable_la_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS)
lib_libtable_la_LIBADD = $(HDF5_LIBS)

lib_libcute_shm_hdf5_la_SOURCES =
lib_libcute_shm_hdf5_la_LIBADD = lib/libload.la lib/libcute_shm.la
lib_libcute_shm_hdf5_la_DEPENDENCIES = lib/libload.la lib/libcute_shm.la \
	lib/cute_shm_hdf5.map
lib_libcute_shm_hdf5_la_LINK = $(LINK) $(lib_libcute_shm_hdf5_la_LDFLAGS)
lib_libcute_shm_hdf5_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIB_VERSION) \
	-no-undefined \
	-Wl,--version-script=$(srcdir)/lib/cute_shm_hdf5.map

# The program that reads HDF5 files, and the module with libhdf5, which it opens
# when it needs that.  Where no shared libraries are built, it has all of it.
lib_cute_shm_reader_SOURCES = lib/hdf5/host/open_call.c \
	lib/hdf5/reader/reader_main.c
lib_cute_shm_reader_CPPFLAGS = $(AM_CPPFLAGS)
lib_cute_shm_reader_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS)
if SHARED
lib_cute_shm_reader_SOURCES += lib/hdf5/library/library_module.c
lib_cute_shm_reader_LDADD = lib/libreader.la lib/libcore.la
lib_cute_shm_reader_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
else
lib_cute_shm_reader_LDADD = lib/libreader.la lib/libtable.la lib/libcore.la
endif

lib_cute_shm_reader_hdf5_la_SOURCES = lib/hdf5/library/library_table.c
lib_cute_shm_reader_hdf5_la_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS)
lib_cute_shm_reader_hdf5_la_LIBADD = $(HDF5_LIBS)
lib_cute_shm_reader_hdf5_la_DEPENDENCIES = lib/cute_shm_reader.map
lib_cute_shm_reader_hdf5_la_LINK = $(LINK) \
	$(lib_cute_shm_reader_hdf5_la_LDFLAGS)
lib_cute_shm_reader_hdf5_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-shared -no-undefined \
	-Wl,--version-script=$(srcdir)/lib/cute_shm_reader.map
EXTRA_DIST += lib/cute_shm_reader.map

# One load for all nodes of an MPI job.

if MPI
noinst_LTLIBRARIES += lib/libmpiload.la
lib_LTLIBRARIES += lib/libcute_shm_mpi.la
include_HEADERS += lib/include/cute_shm_mpi.h
nodist_pkgconfig_DATA += lib/cute-shm-mpi.pc
endif
EXTRA_DIST += lib/cute_shm_mpi.map lib/include/cute_shm_mpi.h

lib_libmpiload_la_SOURCES = \
	lib/mpi/mpi_agree.c \
	lib/mpi/mpi_failure.c \
	lib/mpi/mpi_load.c \
	lib/mpi/mpi_load.h \
	lib/mpi/mpi_nodes.c \
	lib/mpi/mpi_receive.c \
	lib/mpi/mpi_scatter.c \
	lib/mpi/mpi_send.c \
	lib/mpi/mpi_source.c \
	lib/mpi/mpi_source.h \
	lib/mpi/mpi_source_thread.c \
	lib/mpi/mpi_steps.c \
	lib/mpi/mpi_wait.c
lib_libmpiload_la_CFLAGS = $(AM_CFLAGS) $(MPI_CFLAGS) $(XXHASH_CFLAGS)

lib_libcute_shm_mpi_la_SOURCES =
lib_libcute_shm_mpi_la_LIBADD = lib/libmpiload.la lib/libcommon.la \
	lib/libcute_shm_hdf5.la lib/libcute_shm.la $(MPI_LIBS) $(XXHASH_LIBS)
lib_libcute_shm_mpi_la_DEPENDENCIES = lib/libmpiload.la lib/libcommon.la \
	lib/libcute_shm_hdf5.la lib/libcute_shm.la lib/cute_shm_mpi.map
lib_libcute_shm_mpi_la_LINK = $(LINK) $(lib_libcute_shm_mpi_la_LDFLAGS)
lib_libcute_shm_mpi_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIB_VERSION) \
	-no-undefined \
	-Wl,--version-script=$(srcdir)/lib/cute_shm_mpi.map

# Descriptions of the format for other programs; see cute-shm(5).
formatdir = $(pkgdatadir)
dist_format_DATA = lib/format/cute-shm.ksy lib/format/cute-shm.magic
