/* SPDX-License-Identifier: MIT */
#ifndef SEGMENT_STATUS_H
#define SEGMENT_STATUS_H

/* "sound", "damaged", "foreign", ...: what an error makes of a segment. */
const char *segment_status(int err);

#endif
