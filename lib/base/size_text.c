/* SPDX-License-Identifier: MIT */
/* Format sizes for messages. */

#include <inttypes.h>
#include <stdio.h>

#include "base/base.h"

const char *
size_text(uint64_t size, char text[SIZE_TEXT])
{
	static const char *const units[] = { "KiB", "MiB", "GiB",
					     "TiB", "PiB", "EiB" };
	double value = (double)size / 1024;
	unsigned i;

	if (size < 1024) {
		snprintf(text, SIZE_TEXT, "%" PRIu64 " bytes", size);
		return text;
	}
	for (i = 0; value >= 1024 && i < 5; i++)
		value /= 1024;
	snprintf(text, SIZE_TEXT, "%.1f %s (%" PRIu64 " bytes)", value,
		 units[i], size);
	return text;
}
