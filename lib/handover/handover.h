/* SPDX-License-Identifier: MIT */
/*
 * A builder that another process fills: lend.c hands it over and answers that
 * process, adopt.c checks what it made and takes it back.  The calls are public
 * (cute_shm_build.h).  Uses base, format, lock, root and build.
 */
#ifndef LIB_HANDOVER_HANDOVER_H
#define LIB_HANDOVER_HANDOVER_H

#include "build/build.h"

#endif
