/* SPDX-License-Identifier: MIT */
/* Open libhdf5 when its first function is called. */

#include <stdlib.h>

#include "hdf5/library/library.h"

const struct hdf5_library *hdf5_opened;

static void (*when_ready)(void *arg);
static void (*when_failed)(void *arg, const char *why);
static void *hook_arg;

void
hdf5_library_begin(void (*ready)(void *arg),
		   void (*failed)(void *arg, const char *why), void *arg)
{
	when_ready = ready;
	when_failed = failed;
	hook_arg = arg;
}

bool
hdf5_is_open(void)
{
	return hdf5_opened != NULL;
}

const struct hdf5_library *
hdf5_open_now(void)
{
	char *why = NULL;

	hdf5_opened = hdf5_table(&why);
	if (!hdf5_opened) {
		if (when_failed)
			when_failed(hook_arg, why ? why : "no memory");
		abort();
	}
	if (when_ready)
		when_ready(hook_arg);
	return hdf5_opened;
}

void
hdf5_open(void)
{
	if (!hdf5_opened)
		hdf5_open_now();
}
