/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sample.h"

static const uint64_t three = 3;

static void
add_compound(struct cute_shm_builder *b)
{
	static const uint64_t two = 2, offsets[] = { 0, 2, 3 };
	static const int16_t columns[] = { 1, 2, 3 };

	ck_ok(cute_shm_builder_group(b, "table"));
	ck_ok(cute_shm_builder_attr_ragged(b, "table", "cute-shm:compound",
					   "*|S1", 1, &two, offsets, "idx"));
	ck_ok(cute_shm_builder_array(b, "table/id", "<i2", 1, &three, columns));
	ck_ok(cute_shm_builder_array(b, "table/x", "<i2", 1, &three, columns));
}

static void
add_enum(struct cute_shm_builder *b)
{
	static const uint64_t two = 2, offsets[] = { 0, 3, 6 };

	ck_ok(cute_shm_builder_array(b, "color", "|u1", 1, &three, "\0\1\0"));
	ck_ok(cute_shm_builder_attr_ragged(b, "color", "cute-shm:enum-names",
					   "*|S1", 1, &two, offsets, "redsea"));
	ck_ok(cute_shm_builder_attr(b, "color", "cute-shm:enum-values", "|u1",
				    1, &two, "\0\1"));
}

static void
add_ragged(struct cute_shm_builder *b)
{
	static const uint64_t offsets[] = { 0, 2, 2, 5 };
	static const float lists[] = { 1, 2, 3, 4, 5 };

	ck_ok(cute_shm_builder_ragged(b, "ragged/lists", "*<f4", 1, &three, 5,
				      offsets, lists));
	ck_ok(cute_shm_builder_ragged(b, "ragged/words", "*|S1", 1, &three, 5,
				      offsets, "hiyou"));
	ck_ok(cute_shm_builder_attr_ragged(b, "ragged", "lists", "*<f4", 1,
					   &three, offsets, lists));
}

static void
add_attrs(struct cute_shm_builder *b)
{
	static const double values[] = { 1, 2.5, -3 };

	ck_ok(cute_shm_builder_attr_text(b, "", "title", "a sample"));
	ck_ok(cute_shm_builder_attr(b, "", "none", "null", 0, NULL, NULL));
	ck_ok(cute_shm_builder_attr(b, "a/x", "values", "<f8", 1, &three,
				    values));
	ck_ok(cute_shm_builder_attr_text(b, "a/x", "units", "mm"));
	ck_ok(cute_shm_builder_attr(b, "a/x", "flag", "|b1", 0, NULL, "\1"));
}

/* a (x, deep/y), scalar, big, empty, null, ragged, color, table, links. */
static void
add_all(struct cute_shm_builder *b)
{
	static const double x[] = { 1, 2, 3 };
	static const uint64_t none[] = { 3, 0 }, big_size = SAMPLE_BIG;
	static uint8_t big[SAMPLE_BIG];
	size_t i;

	for (i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * i >> 5);
	ck_ok(cute_shm_builder_array(b, "a/x", "<f8", 1, &three, x));
	ck_ok(cute_shm_builder_array(b, "a/deep/y", "|S5", 0, NULL, "hello"));
	ck_ok(cute_shm_builder_array(b, "scalar", "<i4", 0, NULL, "\7\0\0\0"));
	ck_ok(cute_shm_builder_array(b, "big", "|u1", 1, &big_size, big));
	ck_ok(cute_shm_builder_array(b, "empty", "<i8", 2, none, NULL));
	ck_ok(cute_shm_builder_array(b, "null", "null", 0, NULL, NULL));
	add_ragged(b);
	add_enum(b);
	add_compound(b);
	ck_ok(cute_shm_builder_link(b, "links/x", "a/x"));
	ck_ok(cute_shm_builder_link(b, "links/a", "a"));
	ck_ok(cute_shm_builder_link(b, "links/root", ""));
	add_attrs(b);
}

unsigned sample_flags;

void
sample_publish(const char *project)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.block_size = SAMPLE_BLOCK,
		.jobs = 1,
		.source = "/data/sample.h5",
		.source_size = 7,
		.source_mtime_ns = 8,
		.flags = CUTE_SHM_OVERWRITE | sample_flags,
	};
	struct cute_shm_builder *b;

	ck_ok(cute_shm_builder_new(project, &opt, &b));
	add_all(b);
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
}

struct segment
segment_read(const char *path)
{
	struct segment s;
	FILE *file = fopen(path, "rb");

	ck_assert_msg(file != NULL, "cannot open %s", path);
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	s.size = (size_t)ftell(file);
	rewind(file);
	s.bytes = malloc(s.size);
	ck_assert_ptr_nonnull(s.bytes);
	ck_assert_uint_eq(fread(s.bytes, 1, s.size, file), s.size);
	fclose(file);
	return s;
}

struct segment
sample_new(void)
{
	struct segment s;

	sample_publish("sample");
	s = segment_read(
		test_path(getenv("CUTE_SHM_ROOT"), PROJECT_PREFIX "sample"));
	ck_ok(cute_shm_unlink("sample", NULL, NULL));
	return s;
}

void
segment_free(struct segment *s)
{
	free(s->bytes);
	s->bytes = NULL;
}

struct format_header *
segment_header(const struct segment *s)
{
	return (struct format_header *)(void *)s->bytes;
}

/* Of the second superblock and the HDF5 view, if that is where it should be. */
static uint64_t
second_digest(const struct segment *s)
{
	const struct format_header *h = segment_header(s);
	struct digest_stream *stream = digest_stream_new();
	uint64_t ret;

	ck_assert_ptr_nonnull(stream);
	digest_stream_add(stream, s->bytes + sizeof(*h),
			  sizeof(struct format_second));
	if (header_has_view(h) && h->view_offset <= s->size &&
	    h->view_size <= s->size - h->view_offset)
		digest_stream_add(stream, s->bytes + h->view_offset,
				  h->view_size);
	ret = digest_stream_end(stream);
	digest_stream_free(stream);
	return ret;
}

void
segment_seal(const struct segment *s)
{
	struct format_header *h = segment_header(s);

	if (h->header_size <= h->metadata_size && h->metadata_size <= s->size)
		h->metadata_digest = digest(s->bytes + h->header_size,
					    h->metadata_size - h->header_size);
	if (strcmp(h->version, FORMAT_VERSION) == 0)
		h->view_digest = second_digest(s);
	h->header_digest = digest_header(h);
}

int
segment_open(const struct segment *s, struct cute_shm **ret)
{
	int fd = memfd_create("segment", MFD_CLOEXEC);
	char path[64];
	int rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, s->bytes, s->size), (ssize_t)s->size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = cute_shm_open_file(path, NULL, ret);
	close(fd);
	return rc;
}

struct cute_shm *
segment_attach(const struct segment *s)
{
	struct cute_shm *shm = NULL;

	ck_ok(segment_open(s, &shm));
	return shm;
}

uint64_t
segment_node(const struct segment *s, const char *path)
{
	struct cute_shm *shm = segment_attach(s);
	struct cute_shm_node node;

	ck_ok(cute_shm_find(shm, path, &node));
	cute_shm_close(shm);
	return node.record;
}

uint64_t
segment_attr(const struct segment *s, const char *path, const char *name)
{
	struct cute_shm *shm = segment_attach(s);
	struct cute_shm_node node;
	struct cute_shm_attr attr;

	ck_ok(cute_shm_find(shm, path, &node));
	ck_ok(cute_shm_attr(&node, name, &attr));
	cute_shm_close(shm);
	return attr.record;
}

void
put32(const struct segment *s, uint64_t at, uint32_t value)
{
	memcpy(s->bytes + at, &value, sizeof(value));
}

void
put64(const struct segment *s, uint64_t at, uint64_t value)
{
	memcpy(s->bytes + at, &value, sizeof(value));
}

uint64_t
get64(const struct segment *s, uint64_t at)
{
	uint64_t value;

	memcpy(&value, s->bytes + at, sizeof(value));
	return value;
}
