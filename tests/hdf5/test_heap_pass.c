/* SPDX-License-Identifier: MIT */
/*
 * Objects of global heaps whose collections are not kept are the same as those
 * whose collections are, in any order, and of damaged files.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hdf5_util.h"
#include "native_file.h"

#define COUNT 20000
#define STEP  16 /* bytes of an element of the file */

/* A file in memory, in which all texts are in one piece of data. */
static uint8_t *bytes;
static uint64_t size, data_at;
static char *texts[COUNT];
static int memory = -1;

static uint64_t
noise(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void
make_texts(void)
{
	uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

	for (unsigned i = 0; i < COUNT; i++) {
		uint64_t n = noise(&state) % (i % 50 ? 30 : 400);

		/* A few lie in collections of their own. */
		if (i % 5000 == 4999)
			n = 300000;
		texts[i] = malloc(n + 1);
		memset(texts[i], 'a' + (int)(i % 26), n);
		texts[i][n] = '\0';
	}
}

static void
make_file(int version)
{
	hid_t file = native_file(version, H5P_DEFAULT), text;
	const hsize_t n = COUNT;
	struct native_dataset d;
	struct native index;
	int fd;

	make_texts();
	text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
	h5_put(file, "texts", text, 1, &n, texts);
	ck_h5(H5Tclose(text));
	ck_h5(H5Fclose(file));
	fd = open(h5_path("t.h5"), O_RDONLY | O_CLOEXEC);
	size = (uint64_t)lseek(fd, 0, SEEK_END);
	bytes = malloc(size);
	ck_assert_int_eq(pread(fd, bytes, size, 0), (ssize_t)size);
	close(fd);
	ck_assert_int_eq(native_of(bytes, size, &index), 0);
	ck_assert_uint_eq(index.count, 2);
	ck_assert_uint_eq(index.objects[1].kind, NATIVE_DATASET);
	d = native_dataset_get(&index.objects[1]);
	ck_assert_int_eq(d.layout.kind, NATIVE_CONTIGUOUS);
	data_at = d.layout.address;
	native_close(&index);
	memory = memfd_create("heaps", MFD_CLOEXEC);
	ck_assert_int_eq(pwrite(memory, bytes, size, 0), (ssize_t)size);
}

/* The same file by its bytes, and read in blocks. */
static void
both(struct native *whole, struct native *blocks)
{
	ck_assert_int_eq(native_of(bytes, size, whole), 0);
	ck_assert_int_eq(native_open(memory, size, 1, blocks), 0);
	ck_assert_ptr_nonnull(blocks->image.present);
}

static int
get(struct native *n, unsigned i, bool pass, const uint8_t **ret,
    uint64_t *length)
{
	const uint8_t *p = bytes + data_at + i * (uint64_t)STEP;
	uint64_t address = number_at(p + 4, 8);
	uint32_t index = (uint32_t)number_at(p + 12, 4);

	return pass ? global_heap_pass(&n->image, &n->heaps, address, index,
				       ret, length)
		    : global_heap_object(&n->image, &n->heaps, address, index,
					 ret, length);
}

static bool
is_empty(unsigned i)
{
	return number_at(bytes + data_at + i * (uint64_t)STEP, 4) == 0;
}

static void
same(struct native *whole, struct native *blocks, unsigned i)
{
	const uint8_t *p, *q;
	uint64_t n, m;
	int err = get(whole, i, false, &p, &n);
	int other = get(blocks, i, true, &q, &m);

	ck_assert_msg((err == 0) == (other == 0), "text %u: %d, %d", i, err,
		      other);
	if (err != 0)
		return;
	ck_assert_uint_eq(n, m);
	ck_assert(memcmp(p, q, n) == 0);
}

static unsigned
in_order(unsigned k, int order, uint64_t *state)
{
	switch (order) {
	case 0: return k;
	case 1: return COUNT - 1 - k;
	case 2: return (unsigned)(noise(state) % COUNT);
	/* To and fro between two that lie far apart. */
	default: return k % 2 ? COUNT - 1 - k / 2 : k / 2;
	}
}

START_TEST(any_order)
{
	struct native whole, blocks;
	uint64_t state = 88172645463325252u, n;
	const uint8_t *p;

	make_file(_i / 4);
	both(&whole, &blocks);
	for (unsigned k = 0; k < COUNT; k++) {
		unsigned i = in_order(k, _i % 4, &state);

		if (is_empty(i))
			continue;
		same(&whole, &blocks, i);
		ck_assert_int_eq(get(&blocks, i, true, &p, &n), 0);
		ck_assert_uint_eq(n, strlen(texts[i]));
		ck_assert_mem_eq(p, texts[i], n);
	}
	/* In order, each byte is read about once. */
	if (_i % 4 == 0)
		ck_assert_uint_le(blocks.image.reads, 60);
	global_heap_passed(&blocks.heaps);
	same(&whole, &blocks, COUNT - 2);
	native_close(&whole);
	native_close(&blocks);
}
END_TEST

/* Change some bytes of the heaps, or of the references. */
static void
damage(uint64_t *state)
{
	for (uint64_t k = noise(state) % 20 + 1; k > 0; k--) {
		uint64_t at = noise(state) % (size - 2048) + 2048;

		if (k % 4 == 0)
			at = data_at + noise(state) % (COUNT * STEP);
		bytes[at] = (uint8_t)(k % 3 ? noise(state)
					    : bytes[at] ^ 1u << k % 8);
	}
	ck_assert_int_eq(pwrite(memory, bytes, size, 0), (ssize_t)size);
}

START_TEST(damaged)
{
	uint64_t state = UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)_i;
	struct native whole, blocks;
	uint8_t *sound;

	make_file(_i % VERSIONS);
	sound = malloc(size);
	memcpy(sound, bytes, size);
	for (unsigned round = 0; round < 30; round++) {
		memcpy(bytes, sound, size);
		damage(&state);
		both(&whole, &blocks);
		for (unsigned k = 0; k < COUNT; k++)
			same(&whole, &blocks, k);
		native_close(&whole);
		native_close(&blocks);
	}
	free(sound);
}
END_TEST

/* Bytes change between two reads: never beyond what was read. */
START_TEST(changing)
{
	uint64_t state = UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)_i, n;
	struct native blocks;
	const uint8_t *p;

	make_file(_i % VERSIONS);
	ck_assert_int_eq(native_open(memory, size, 1, &blocks), 0);
	for (unsigned k = 0; k < COUNT; k++) {
		unsigned i = in_order(k, 2, &state);

		if (k % 100 == 0)
			damage(&state);
		if (get(&blocks, i, true, &p, &n) == 0) {
			uint8_t *copy = malloc(n + 8);

			memcpy(copy, p, n);
			free(copy);
		}
	}
	native_close(&blocks);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("heap pass");
	TCase *tc = tcase_create("heap");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, any_order, 0, 4 * VERSIONS);
	tcase_add_loop_test(tc, damaged, 0, VERSIONS);
	tcase_add_loop_test(tc, changing, 0, VERSIONS);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
