/* SPDX-License-Identifier: MIT */
/* What a file is, by its first bytes: to name the tool that reads it. */
#ifndef FILE_KIND_H
#define FILE_KIND_H

enum file_kind {
	FILE_OTHER, /* or it cannot be read */
	FILE_HDF5,
	FILE_SEGMENT
};

/* Never waits: special files are FILE_OTHER. */
enum file_kind file_kind(const char *path);

#endif
