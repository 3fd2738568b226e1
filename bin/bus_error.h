/* SPDX-License-Identifier: MIT */
/*
 * A page of a mapped segment that cannot be had, since memory is full or the
 * file was cut, is SIGBUS: say so, and end with CLI_BUS.  The libraries leave
 * signals alone, so this is for the tools.
 */
#ifndef BUS_ERROR_H
#define BUS_ERROR_H

void bus_error_begin(const char *program);

#endif
