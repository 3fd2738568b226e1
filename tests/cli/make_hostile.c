/* SPDX-License-Identifier: MIT */
/*
 * make_hostile KIND N: a project of that name, sound as far as its digests go,
 * whose size is in what a tool shows little of, or in what it looks up often.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/read.h"

#define PREFIX	   "cute-shm:enum-"
#define UNRESERVED "cute-shm_enum-" /* as long, but not reserved */

static uint64_t n;

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "make_hostile: %s\n", cute_shm_errmsg());
	exit(1);
}

static void *
filled(size_t size, int byte)
{
	void *p = malloc(size);

	if (!p)
		exit(1);
	return memset(p, byte, size);
}

static void
one_byte(struct cute_shm_builder *b)
{
	static const uint64_t shape = 1;

	must(cute_shm_builder_array(b, "a", "|u1", 1, &shape, "x"));
}

/* N lists of names; an enum has one. */
static void
enumnames(struct cute_shm_builder *b)
{
	static const uint64_t shape = 1, offsets[] = { 0, 1 };
	char name[64];
	uint64_t i;

	one_byte(b);
	for (i = 0; i < n; i++) {
		/* The builder refuses names that are not sound. */
		snprintf(name, sizeof(name), UNRESERVED "%05x", (unsigned)i);
		must(cute_shm_builder_attr_ragged(b, "a", name, "*|S1", 1,
						  &shape, offsets, "A"));
	}
}

/* An enum of N values, and as many elements, of which the last is sought. */
static void
enums(struct cute_shm_builder *b)
{
	uint64_t *offsets = filled((n + 1) * sizeof(*offsets), 0), i;
	uint32_t *values = filled(n * sizeof(*values), 0);
	/* The builder reads it at publication. */
	static uint32_t *data;
	char *names = filled(n, 'N');

	data = filled(n * sizeof(*data), 0);
	for (i = 0; i < n; i++) {
		values[i] = (uint32_t)i;
		data[i] = (uint32_t)(n - 1);
		offsets[i + 1] = i + 1;
	}
	must(cute_shm_builder_array(b, "a", "<u4", 1, &n, data));
	must(cute_shm_builder_attr_ragged(b, "a", PREFIX "names", "*|S1", 1, &n,
					  offsets, names));
	must(cute_shm_builder_attr(b, "a", PREFIX "values", "<u4", 1, &n,
				   values));
	must(cute_shm_builder_reserve(b));
	free(names);
	free(values);
	free(offsets);
}

static void
many(struct cute_shm_builder *b)
{
	char name[64];
	uint64_t i;

	one_byte(b);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%06x", (unsigned)i);
		must(cute_shm_builder_attr_text(b, "a", name, "value"));
	}
}

/* One value of N bytes: a hole, or text to be escaped. */
static void
one_value(struct cute_shm_builder *b, char kind, int byte)
{
	void *value = filled(n, byte);
	char dtype[16];

	one_byte(b);
	snprintf(dtype, sizeof(dtype), "|%c%u", kind, (unsigned)n);
	must(cute_shm_builder_attr(b, "a", "v", dtype, 0, NULL, value));
	free(value);
}

static void
bigattr(struct cute_shm_builder *b)
{
	one_value(b, 'V', 0);
}

static void
bigtext(struct cute_shm_builder *b)
{
	one_value(b, 'S', 1);
}

/* N bytes that are updated, so that they cannot be looked at in place. */
static void
updated(struct cute_shm_builder *b)
{
	must(cute_shm_builder_array(b, "a", "|u1", 1, &n, NULL));
}

static void
update(const char *name)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .flags = CUTE_SHM_WRITE };
	struct cute_shm_array a;
	struct cute_shm *shm;

	must(cute_shm_open(name, &opt, &shm));
	must(cute_shm_get(shm, "a", &a));
	must(cute_shm_update(&a, 0, "x", 1, 0));
	cute_shm_close(shm);
}

/* The same name for all, and digests that agree. */
static void
rename_all(uint8_t *bytes, size_t size)
{
	uint8_t *p = bytes, *end = bytes + size;
	struct format_header h;

	while ((p = memmem(p, (size_t)(end - p), UNRESERVED,
			   strlen(UNRESERVED)))) {
		memcpy(p, PREFIX "names", strlen(PREFIX "names"));
		p += strlen(PREFIX);
	}
	memcpy(&h, bytes, sizeof(h));
	h.metadata_digest =
		digest(bytes + h.header_size, h.metadata_size - h.header_size);
	h.header_digest = digest_header(&h);
	memcpy(bytes, &h, sizeof(h));
}

/* Give back the memory of zeros: they are there as before. */
static void
make_holes(int fd, const uint8_t *bytes, size_t size)
{
	static const uint8_t zeros[4096];
	size_t at;

	for (at = 0; at + sizeof(zeros) <= size; at += sizeof(zeros))
		if (memcmp(bytes + at, zeros, sizeof(zeros)) == 0)
			fallocate(fd,
				  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				  (off_t)at, sizeof(zeros));
}

static void
change(const char *name)
{
	char path[4096];
	struct stat st;
	uint8_t *bytes;
	int fd;

	snprintf(path, sizeof(path), "%s/cute-shm.%s", getenv("CUTE_SHM_ROOT"),
		 name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		exit(1);
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		     MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		exit(1);
	if (strcmp(name, "enumnames") == 0)
		rename_all(bytes, (size_t)st.st_size);
	make_holes(fd, bytes, (size_t)st.st_size);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(struct cute_shm_builder *b);
	} kinds[] = {
		{ "enumnames", enumnames }, { "enums", enums },
		{ "many", many },	    { "bigattr", bigattr },
		{ "bigtext", bigtext },	    { "updated", updated },
	};
	struct cute_shm_builder *b;
	size_t i;

	if (argc != 3)
		return 64;
	n = strtoull(argv[2], NULL, 10);
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		must(cute_shm_builder_new(argv[1], NULL, &b));
		kinds[i].make(b);
		must(cute_shm_builder_publish(b, NULL));
		cute_shm_builder_free(b);
		if (kinds[i].make == updated)
			update(argv[1]);
		change(argv[1]);
		return 0;
	}
	return 64;
}
