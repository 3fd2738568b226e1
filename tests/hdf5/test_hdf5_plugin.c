/* SPDX-License-Identifier: MIT */
/*
 * A filter plugin that does what it should not: the load succeeds, and nothing
 * that the plugin tries does.  tests/hdf5/plugin/hostile.h says what it tries.
 */

#include <check.h>
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hdf5/reader/sandbox.h"
#include "hdf5_util.h"
#include "plugin/hostile.h"

#define FOLDER "tests/hdf5/plugin/.libs"
#define PLUGIN FOLDER "/libhostile.so"

static volatile sig_atomic_t signals;

static void
on_signal(int number)
{
	(void)number;
	signals++;
}

static size_t
pass_through(unsigned flags, size_t count, const unsigned *params, size_t bytes,
	     size_t *size, void **data)
{
	(void)flags, (void)count, (void)params, (void)size, (void)data;
	return bytes;
}

/* The plugin's filter, for writing. */
static const H5Z_class2_t harmless = {
	.version = H5Z_CLASS_T_VERS,
	.id = HOSTILE_FILTER,
	.encoder_present = 1,
	.decoder_present = 1,
	.name = "harmless",
	.filter = pass_through,
};

/* A dataset whose chunk holds the folder's path. */
static hid_t
make_file(const char *folder)
{
	static const hsize_t size[] = { HOSTILE_SIZE };
	char chunk[HOSTILE_SIZE] = "";
	hid_t file = h5_begin(), dcpl;

	snprintf(chunk, sizeof(chunk), "%s", folder);
	ck_h5(H5Zregister(&harmless));
	dcpl = (hid_t)ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	ck_h5(H5Pset_chunk(dcpl, 1, size));
	ck_h5(H5Pset_filter(dcpl, HOSTILE_FILTER, 0, 0, NULL));
	h5_put_with(file, "d", H5T_STD_U8LE, 1, size, dcpl, chunk);
	ck_h5(H5Zunregister(HOSTILE_FILTER));
	return file;
}

/* A folder with "old" and "socket". */
static const char *
make_folder(void)
{
	static char folder[2048];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(folder, sizeof(folder), "%s/folder", h5_folder());
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/socket",
		 folder);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address,
			      sizeof(address)),
			 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	fd = open(test_path(folder, "old"), O_WRONLY | O_CREAT, 0644);
	ck_assert_int_eq(fchmod(fd, 0644), 0);
	ck_assert_int_eq(write(fd, "old", 3), 3);
	close(fd);
	return folder;
}

/* The file and the socket are as they were, and there is nothing else. */
static void
ck_folder(const char *folder)
{
	struct stat st;

	ck_assert_uint_eq(test_count(folder), 2);
	ck_assert_int_eq(stat(test_path(folder, "old"), &st), 0);
	ck_assert_int_eq(st.st_size, 3);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
}

#define TRY_NAME(name, landlock)     #name,
#define TRY_LANDLOCK(name, landlock) landlock,
static const char *const names[] = { HOSTILE_TRIES(TRY_NAME) };
static const char needs_landlock[] = { HOSTILE_TRIES(TRY_LANDLOCK) };

static void
ck_outcomes(const uint8_t *data)
{
	char text[SANDBOX_TEXT];
	unsigned here = sandbox_supported(text, sizeof(text)), i;

	ck_assert_uint_eq(data[0], HOSTILE_RAN);
	for (i = 0; i < HOSTILE_COUNT; i++)
		if (!needs_landlock[i] || (here & SANDBOX_LANDLOCK))
			ck_assert_msg(data[1 + i] == 0, "%s succeeded",
				      names[i]);
}

/*
 * Without NO_EXTERNAL a plugin may ask for other files, as a link in the HDF5
 * file may.
 */
START_TEST(hostile)
{
	struct cute_shm_hdf5_options opt =
		h5_options(CUTE_SHM_HDF5_NO_EXTERNAL);
	const char *folder = make_folder();
	struct cute_shm_array array;
	struct cute_shm *shm;

	signal(SIGUSR1, on_signal);
	ck_assert_int_eq(setenv("HDF5_PLUGIN_PATH", FOLDER, 1), 0);
	shm = h5_load_with(make_file(folder), &opt);
	ck_ok(cute_shm_get(shm, "d", &array));
	ck_assert_uint_eq(array.data_size, HOSTILE_SIZE);
	ck_outcomes(array.data);
	ck_folder(folder);
	ck_assert_int_eq(signals, 0);
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("plugin");
	TCase *t = tcase_create("plugin");

	if (access(PLUGIN, R_OK) == 0)
		tcase_add_test(t, hostile);
	else
		puts("skipped: built without shared libraries");
	suite_add_tcase(s, t);
	return test_run(s);
}
