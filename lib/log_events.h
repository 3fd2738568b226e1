/* SPDX-License-Identifier: MIT */
/*
 * What the library does, for the hook at level DEBUG: files and segments with
 * their sizes, and how long it took.  Without such a hook each costs a look at
 * one variable.
 */
#ifndef CUTE_SHM_LOG_EVENTS_H
#define CUTE_SHM_LOG_EVENTS_H

#include "builder.h"

void log_building(const struct cute_shm_builder *b);
/* 'since': when it began, by clock_now(). */
void log_reserved(const struct cute_shm_builder *b, double since);
void log_sealed(const struct cute_shm_builder *b, double since);
void log_published(const struct cute_shm_builder *b);
void log_abandoned(const struct cute_shm_builder *b);
void log_opened(const struct cute_shm *shm);
void log_closed(const struct cute_shm *shm);
void log_removed(const char *path, uint64_t bytes);
void log_copied(const char *from, const char *to, uint64_t bytes,
		double since);

#endif
