/* SPDX-License-Identifier: MIT */
/* What systemd-tmpfiles deletes when it is old; see tmpfiles.d(5). */
#ifndef AGEING_H
#define AGEING_H

/*
 * The age, such as "10d", at which the configuration below 'system' ("" for
 * that of this machine) lets files of the folder be deleted, for free(); NULL:
 * they stay.  'folder' is an absolute path without links.
 */
char *ageing_of(const char *system, const char *folder);

#endif
