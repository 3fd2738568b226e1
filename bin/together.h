/* SPDX-License-Identifier: MIT */
/* What the tools that load have in common when several load one project. */
#ifndef TOGETHER_H
#define TOGETHER_H

#include <cute_shm.h>

/* Show the progress of who is waited for; non-zero: interrupted. */
int together_waiting(const struct cute_shm_load_info *other, void *arg);

/* The exit status for an error of a load. */
int together_status(int err);

#endif
