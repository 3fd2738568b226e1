/* SPDX-License-Identifier: MIT */
/* A reader that some objects keep for ever: see test_hdf5_bounds.c. */
#include "reader_bounds.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test_reader.h"

hid_t __real_H5Oopen(hid_t at, const char *name, hid_t lapl);
hid_t __wrap_H5Oopen(hid_t at, const char *name, hid_t lapl);
hid_t __real_H5Fcreate(const char *name, unsigned flags, hid_t fcpl,
		       hid_t fapl);
hid_t __wrap_H5Fcreate(const char *name, unsigned flags, hid_t fcpl,
		       hid_t fapl);

static struct endless *endless;

/* At the start, since the reader may lose its rights to open files. */
static void __attribute__((constructor)) begin(void)
{
	endless = test_shared_map(sizeof(*endless));
	/* What is wrapped here is called for each object then. */
	setenv("CUTE_SHM_HDF5_STRATEGY", "library", 0);
}

static void __attribute__((noreturn)) spin(void)
{
	static volatile bool on = true;

	for (;;)
		(void)on;
}

/* Objects of these names are as libhdf5 finds some in damaged files. */
hid_t
__wrap_H5Oopen(hid_t at, const char *name, hid_t lapl)
{
	if (endless && strncmp(name, "endless", 7) == 0) {
		endless->opened++;
		spin();
	}
	if (strncmp(name, "asleep", 6) == 0)
		for (;;)
			sleep(1);
	return __real_H5Oopen(at, name, lapl);
}

hid_t
__wrap_H5Fcreate(const char *name, unsigned flags, hid_t fcpl, hid_t fapl)
{
	if (endless && endless->saving)
		spin();
	return __real_H5Fcreate(name, flags, fcpl, fapl);
}
