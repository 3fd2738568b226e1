/* SPDX-License-Identifier: MIT */
/* A load whose parts are passed on as it runs: another root receives them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "copy/received.h"
#include "cute_shm_hdf5.h"
#include "format/format.h"
#include "hdf5_util.h"
#include "util.h"

static char file[4096], there[4096];

/* What the callback has got, and the receiver of another root. */
struct passed {
	struct cute_shm_receiver *r;
	struct received sent;
	uint64_t size;
	unsigned rooms, finals, sealed, current;
	uint64_t early; /* bytes that were final before the seal */
	int stop;	/* what is refused */
};

static void
pass(struct passed *p, int fd, uint64_t from, uint64_t to)
{
	void *at;

	ck_ok(cute_shm_receive_at(p->r, from, to - from, &at));
	ck_assert_int_eq(pread(fd, at, to - from, (off_t)from),
			 (ssize_t)(to - from));
	ck_ok(cute_shm_receive_done(p->r, from, to - from,
				    digest(at, to - from)));
	ck_ok(received_add(&p->sent, from, to));
}

static void
room(struct passed *p, const struct cute_shm_hdf5_part *part)
{
	struct cute_shm_receive_options opt = { .size = sizeof(opt),
						.root = there };

	ck_assert_int_eq(fcntl(part->fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	cute_shm_receive_free(p->r);
	p->r = NULL;
	received_free(&p->sent);
	p->rooms++;
	p->size = part->size;
	ck_ok(cute_shm_receive_begin("p", part->size, &opt, &p->r));
}

static int
on_part(const struct cute_shm_hdf5_part *part, void *arg)
{
	struct passed *p = arg;
	struct received_span gap;

	if (part->what != CUTE_SHM_HDF5_PART_FINAL) {
		ck_assert_str_eq(part->source, file);
		ck_assert_uint_gt(part->source_size, 0);
		ck_assert_ptr_nonnull(part->options);
	}
	switch (part->what) {
	case CUTE_SHM_HDF5_PART_ROOM: room(p, part); break;
	case CUTE_SHM_HDF5_PART_FINAL:
		p->finals++;
		p->early += part->bytes;
		pass(p, part->fd, part->offset, part->offset + part->bytes);
		break;
	case CUTE_SHM_HDF5_PART_SEALED:
		p->sealed++;
		ck_assert_uint_le(part->size, p->size);
		while (received_gap(&p->sent, part->size, &gap))
			pass(p, part->fd, gap.begin, gap.end);
		break;
	default: p->current++;
	}
	return part->what == p->stop;
}

/* A large contiguous array, a small one, and one of chunks of 7 rows. */
static void
make_file(void)
{
	const hsize_t large[] = { 5 << 17 }, small[] = { 3 };
	const hsize_t rows[] = { 1000, 300 }, chunk[] = { 7, 300 };
	hid_t f, plist = H5Pcreate(H5P_DATASET_CREATE);
	double *data = calloc(5 << 17, sizeof(*data));
	unsigned i;

	ck_assert_ptr_nonnull(data);
	for (i = 0; i < 5 << 17; i++)
		data[i] = i * 0.5;
	H5Pset_chunk(plist, 2, chunk);
	f = H5Fcreate(file, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	ck_assert_int_ge(f, 0);
	for (i = 0; i < 3; i++) {
		hid_t space =
			i == 2 ? H5Screate_simple(2, rows, NULL)
			       : H5Screate_simple(1, i ? small : large, NULL);
		hid_t set =
			H5Dcreate2(f,
				   i == 2 ? "c"
				   : i	  ? "b"
					  : "a",
				   H5T_IEEE_F64LE, space, H5P_DEFAULT,
				   i == 2 ? plist : H5P_DEFAULT, H5P_DEFAULT);
		ck_assert_int_ge(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL,
					  H5S_ALL, H5P_DEFAULT, data),
				 0);
		H5Dclose(set);
		H5Sclose(space);
	}
	H5Fclose(f);
	H5Pclose(plist);
	free(data);
}

static unsigned descriptors;

static void
setup(void)
{
	char name[4096];

	snprintf(there, sizeof(there), "%s", test_root());
	test_root();
	test_file_name(name, sizeof(name), "parts.h5");
	snprintf(file, sizeof(file), "%s", name);
	make_file();
	ck_assert_ptr_nonnull(realpath(name, file));
	descriptors = test_descriptors();
}

static int
load(struct passed *p, unsigned flags)
{
	struct cute_shm_hdf5_options opt = {
		.size = sizeof(opt), .flags = flags, .part = on_part, .arg = p
	};

	return cute_shm_hdf5_load("p", file, &opt, NULL);
}

static void
passed_end(struct passed *p)
{
	cute_shm_receive_free(p->r);
	received_free(&p->sent);
	ck_assert_uint_eq(test_descriptors(), descriptors);
}

static void
ck_same(const char *a, const char *b)
{
	FILE *x = fopen(a, "re"), *y = fopen(b, "re");
	int byte;

	ck_assert_ptr_nonnull(x);
	ck_assert_ptr_nonnull(y);
	do {
		byte = getc(x);
		ck_assert_int_eq(byte, getc(y));
	} while (byte != EOF);
	fclose(x);
	fclose(y);
}

/* Both roots then have the same bytes, with a view or without one. */
START_TEST(received_elsewhere)
{
	static const unsigned flags[] = { 0, CUTE_SHM_HDF5_NO_VIEW,
					  CUTE_SHM_HDF5_KEEP_GOING,
					  CUTE_SHM_HDF5_ENSURE };
	struct passed p = { .r = NULL };

	ck_ok(load(&p, flags[_i]));
	ck_assert_uint_eq(p.rooms, 1);
	ck_assert_uint_eq(p.sealed, 1);
	/* The large array is there before the seal, not only after it. */
	ck_assert_uint_ge(p.early, (uint64_t)5 << 20);
	ck_ok(cute_shm_receive_seal(p.r));
	ck_ok(cute_shm_receive_publish(p.r, NULL));
	if (flags[_i] != CUTE_SHM_HDF5_NO_VIEW)
		ck_same(test_path(getenv("CUTE_SHM_ROOT"), "cute-shm.p"),
			test_path(there, "cute-shm.p"));
	passed_end(&p);
	if (flags[_i] != CUTE_SHM_HDF5_ENSURE)
		return;
	p = (struct passed){ .r = NULL };
	ck_ok(load(&p, CUTE_SHM_HDF5_ENSURE));
	ck_assert_uint_eq(p.current, 1);
	ck_assert_uint_eq(p.rooms + p.finals + p.sealed, 0);
	passed_end(&p);
}
END_TEST

/* The callback can end the load with each part; nothing is published. */
START_TEST(stopped)
{
	struct passed p = { .stop = _i };

	ck_err(load(&p, 0), CUTE_SHM_ERR_CANCELLED);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
	passed_end(&p);
	ck_assert_uint_eq(test_count(there), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("parts");
	TCase *t = tcase_create("parts");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, received_elsewhere, 0, 4);
	tcase_add_loop_test(t, stopped, CUTE_SHM_HDF5_PART_ROOM,
			    CUTE_SHM_HDF5_PART_SEALED + 1);
	suite_add_tcase(s, t);
	return test_run(s);
}
