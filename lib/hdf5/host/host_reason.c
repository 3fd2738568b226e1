/* SPDX-License-Identifier: MIT */
/* Why a host does not open a file, in words. */

#include <errno.h>
#include <string.h>

#include "hdf5/host/host.h"

const char *
host_reason(int error)
{
	switch (error) {
	case EREFUSED: return "another file, which is not to be read";
	case EUNSUITABLE: return "not a regular file";
	case ECHANGED: return "changed while it was read";
	case EMARKED: return "marked as being written";
	case EWOULDBLOCK:
		return "a program that writes to it holds a lock on it";
	default: return strerror(error);
	}
}
