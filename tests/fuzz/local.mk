# "make fuzz": any bytes as a segment, as a filtered chunk, and as the recipe of a
# datatype, for FUZZ_SECONDS each; needs clang.  Begins with the seeds, which
# "make check" replays, and with a segment that has everything; what it finds
# stays in tests/fuzz/corpus-*.  FUZZ_LIMIT="-runs=N -seed=N" does the same each
# time: what fuzz_types feeds to libhdf5 can find faults of libhdf5 itself.
FUZZ_CC = clang
FUZZ_SECONDS = 60
FUZZ_LIMIT = -max_total_time=$(FUZZ_SECONDS)
FUZZ_FLAGS = -g -O1 -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION \
	-D_GNU_SOURCE
fuzzed_segment = tests/fuzz/fuzz_segment.c tests/support/read_all.c \
	$(filter %.c,$(lib_libcore_la_SOURCES) $(lib_libcommon_la_SOURCES))
fuzzed_filter = tests/fuzz/fuzz_filter.c \
	$(filter lib/hdf5/filter/%.c,$(lib_libreader_la_SOURCES)) \
	lib/base/error.c lib/base/log.c
fuzzed_types = tests/fuzz/fuzz_types.c \
	$(filter lib/hdf5/type/%.c lib/hdf5/report/%.c \
	lib/hdf5/library/%.c,$(lib_libreader_la_SOURCES)) \
	$(lib_libtable_la_SOURCES) \
	$(filter %.c,$(lib_libchannel_la_SOURCES)) \
	$(filter %.c,$(lib_libcore_la_SOURCES) $(lib_libcommon_la_SOURCES))
fuzzed_native = tests/fuzz/fuzz_native.c tests/support/native_walk.c \
	$(filter lib/hdf5/structure/%.c lib/hdf5/native/%.c \
	lib/hdf5/older/%.c,$(lib_libreader_la_SOURCES)) \
	lib/base/arena.c lib/base/error.c lib/base/index_table.c \
	lib/base/log.c lib/base/vector.c
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
	tests/fuzz/segment/sections-overlap.hex \
	tests/fuzz/segment/view.hex \
	tests/fuzz/segment/view-astray.hex
filter_seeds = \
	tests/fuzz/filter/deflate.hex \
	tests/fuzz/filter/shuffle-deflate.hex \
	tests/fuzz/filter/shuffle-deflate-more.hex \
	tests/fuzz/filter/lzf.hex \
	tests/fuzz/filter/zstd.hex \
	tests/fuzz/filter/lz4.hex \
	tests/fuzz/filter/blosc.hex \
	tests/fuzz/filter/bitshuffle-lz4.hex \
	tests/fuzz/filter/scaleoffset.hex \
	tests/fuzz/filter/szip.hex \
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
	tests/fuzz/types/member-of-size-0.hex \
	tests/fuzz/types/nested.hex
native_seeds = \
	tests/fuzz/native/symbol-table.hex \
	tests/fuzz/native/compact-links.hex \
	tests/fuzz/native/dense.hex \
	tests/fuzz/native/chunk-arrays.hex \
	tests/fuzz/native/chunk-tree.hex \
	tests/fuzz/native/chunk-tree-2.hex \
	tests/fuzz/native/datatype-4.hex \
	tests/fuzz/native/version-5.hex \
	tests/fuzz/native/virtual-names.hex \
	tests/fuzz/native/virtual-selections.hex \
	tests/fuzz/native/virtual-types.hex
EXTRA_DIST += $(segment_seeds) $(filter_seeds) $(types_seeds) $(native_seeds) \
	tests/fuzz/oss-fuzz/Dockerfile tests/fuzz/oss-fuzz/build.sh \
	tests/fuzz/oss-fuzz/project.yaml
CLEANFILES += tests/fuzz/fuzz_segment tests/fuzz/fuzz_filter \
	tests/fuzz/fuzz_types

# Programs that replay the seeds.
check_PROGRAMS += tests/fuzz/replay_segment tests/fuzz/replay_tools
if HDF5
check_PROGRAMS += tests/fuzz/replay_filter tests/fuzz/replay_native \
	tests/fuzz/replay_types
endif
replay = tests/fuzz/replay.c tests/fuzz/seed.c tests/fuzz/seed.h
tests_fuzz_replay_segment_SOURCES = $(replay) tests/fuzz/fit.h \
	tests/fuzz/fuzz_segment.c
tests_fuzz_replay_filter_SOURCES = $(replay) tests/fuzz/fuzz_filter.c
tests_fuzz_replay_native_SOURCES = $(replay) tests/fuzz/fuzz_native.c
tests_fuzz_replay_types_SOURCES = $(replay) tests/fuzz/fuzz_types.c
tests_fuzz_replay_tools_SOURCES = $(replay) tests/fuzz/fit.h \
	tests/fuzz/fuzz_tools.c \
	bin/diff_report.c bin/diff_tree.c bin/diff_value.c \
	bin/dump_node.c bin/dump_python.c bin/dump_raw.c bin/dump_text.c \
	bin/dump_value.c \
	bin/enum_names.c bin/hex.c bin/hex_fields.c bin/hex_rows.c \
	bin/hex_view.c \
	bin/list_full.c bin/list_json.c bin/list_parts.c \
	bin/list_shares.c bin/list_short.c bin/list_sources.c

# The same seeds for what cute-shm-list, -dump and -diff show of a segment.
shown_sources = $(filter bin/dump_node.c bin/dump_python.c bin/dump_raw.c \
	bin/dump_text.c \
	bin/dump_value.c bin/enum_names.c bin/hex%.c, \
	$(bin_cute_shm_dump_SOURCES)) \
	$(filter bin/diff_%.c,$(bin_cute_shm_diff_SOURCES)) \
	$(filter bin/list_%.c,$(bin_cute_shm_list_SOURCES))
fuzzed_tools = tests/fuzz/fuzz_tools.c $(shown_sources) \
	$(filter-out bin/cli.c bin/command.c bin/interrupt.c bin/open_project.c \
	bin/progress.c bin/together.c, \
	$(filter %.c,$(bin_libcli_la_SOURCES))) \
	$(filter %.c,$(lib_libcore_la_SOURCES) $(lib_libcommon_la_SOURCES))
CLEANFILES += tests/fuzz/fuzz_tools
.PHONY: fuzz-tools fuzz-native

tests/fuzz/fuzz_tools: $(fuzzed_tools)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -I. \
		-I$(srcdir)/tests/fuzz -o $@ $(addprefix $(srcdir)/,$(fuzzed_tools)) \
		$(XXHASH_LIBS) -lpthread -lm

fuzz: fuzz-tools
fuzz-tools: tests/fuzz/fuzz_tools tests/surface/make_every$(EXEEXT) \
		tests/fuzz/replay_segment$(EXEEXT)
	@$(MKDIR_P) tests/fuzz/corpus-tools
	CUTE_SHM_ROOT=tests/fuzz/corpus-tools tests/surface/make_every small seed || \
		test -f tests/fuzz/corpus-tools/cute-shm.seed
	tests/fuzz/replay_segment -b tests/fuzz/corpus-tools \
		$(addprefix $(srcdir)/,$(segment_seeds))
	tests/fuzz/fuzz_tools $(FUZZ_LIMIT) \
		-max_len=65536 -timeout=20 tests/fuzz/corpus-tools

# Any bytes as an HDF5 file for the native index.
CLEANFILES += tests/fuzz/fuzz_native
tests/fuzz/fuzz_native: $(fuzzed_native)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -I. \
		-I$(srcdir)/tests/fuzz -o $@ $(addprefix $(srcdir)/,$(fuzzed_native)) \
		-lpthread

fuzz: fuzz-native
fuzz-native: tests/fuzz/fuzz_native tests/fuzz/replay_native$(EXEEXT)
	@$(MKDIR_P) tests/fuzz/corpus-native
	tests/fuzz/replay_native -b tests/fuzz/corpus-native \
		$(addprefix $(srcdir)/,$(native_seeds))
	tests/fuzz/fuzz_native -max_total_time=$(FUZZ_SECONDS) \
		-max_len=32768 -timeout=10 tests/fuzz/corpus-native

tests/fuzz/fuzz_segment: $(fuzzed_segment)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -I. \
		-I$(srcdir)/tests/fuzz -o $@ $(addprefix $(srcdir)/,$(fuzzed_segment)) \
		$(XXHASH_LIBS) -lpthread

tests/fuzz/fuzz_filter: $(fuzzed_filter)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -I. \
		-I$(srcdir)/tests/fuzz -o $@ \
		$(addprefix $(srcdir)/,$(fuzzed_filter)) \
		$(HDF5_LIBS) $(LIBDEFLATE_LIBS) $(ZSTD_LIBS) $(LZ4_LIBS) \
		$(BLOSC_LIBS) $(SZIP_LIBS) -lm -lpthread

tests/fuzz/fuzz_types: $(fuzzed_types)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -I. \
		-I$(srcdir)/tests/fuzz -o $@ \
		$(addprefix $(srcdir)/,$(fuzzed_types)) \
		$(HDF5_LIBS) $(XXHASH_LIBS) -lpthread

fuzz: tests/fuzz/fuzz_segment tests/fuzz/fuzz_filter tests/fuzz/fuzz_types \
		tests/surface/make_every$(EXEEXT) tests/fuzz/replay_segment$(EXEEXT)
	@$(MKDIR_P) tests/fuzz/corpus-segment tests/fuzz/corpus-filter \
		tests/fuzz/corpus-types
	CUTE_SHM_ROOT=tests/fuzz/corpus-segment tests/surface/make_every small seed || \
		test -f tests/fuzz/corpus-segment/cute-shm.seed
	tests/fuzz/replay_segment -b tests/fuzz/corpus-segment \
		$(addprefix $(srcdir)/,$(segment_seeds))
	tests/fuzz/replay_segment -b tests/fuzz/corpus-filter \
		$(addprefix $(srcdir)/,$(filter_seeds))
	tests/fuzz/replay_segment -b tests/fuzz/corpus-types \
		$(addprefix $(srcdir)/,$(types_seeds))
	tests/fuzz/fuzz_segment $(FUZZ_LIMIT) \
		-max_len=65536 -timeout=10 tests/fuzz/corpus-segment
	tests/fuzz/fuzz_filter $(FUZZ_LIMIT) \
		-max_len=65536 -timeout=10 tests/fuzz/corpus-filter
	tests/fuzz/fuzz_types $(FUZZ_LIMIT) \
		-max_len=4096 -timeout=10 tests/fuzz/corpus-types
