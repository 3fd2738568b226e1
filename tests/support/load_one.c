/* SPDX-License-Identifier: MIT */
#include "load_one.h"

const char *one_root;
const char *one_file;

void
load_one_setup(void)
{
	hid_t f;

	one_root = test_root();
	one_file = h5_path("t.h5");
	f = h5_create(one_file);
	h5_int(f, "a", 7);
	h5_group(f, "g");
	ck_h5(H5Fclose(f));
}

int
load_one(const char *project)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt), .jobs = 2 };

	return cute_shm_hdf5_load(project, one_file, &opt, NULL);
}

void
ck_loaded(const char *project)
{
	struct cute_shm *shm;
	int32_t seven = 7;

	ck_ok(cute_shm_open(project, NULL, &shm));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_scalar(shm, "a", "<i4", &seven);
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink(project, NULL, NULL));
}

void
ck_load(void)
{
	ck_ok(load_one("t"));
	ck_loaded("t");
	ck_assert_uint_eq(test_count(one_root), 0);
}
