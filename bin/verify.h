/* SPDX-License-Identifier: MIT */
/* What cute-shm-verify finds, and how it says that. */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cute_shm.h>

/* From good to bad: the verdict on a project is that of its worst finding. */
enum verify_kind {
	VERIFY_SOUND,
	VERIFY_UNREADABLE, /* something of its source: cannot tell */
	VERIFY_UNSEALED,   /* updated since its digest: cannot tell */
	VERIFY_UNKNOWN,	   /* not to be read: cannot tell */
	VERIFY_TORN,
	VERIFY_DIFFERS, /* from its source */
	VERIFY_DAMAGED
};

struct verify_finding {
	enum verify_kind kind;
	char *path;	     /* of an array, or NULL */
	uint64_t begin, end; /* bytes of its data; equal: not in them */
	uint64_t size;	     /* of its data */
	char *message;
};

/* One project, or file, and all that is wrong with it. */
struct verify_subject {
	const char *name;
	enum verify_kind verdict;
	struct verify_finding *findings;
	size_t count;
	struct cute_shm_verify_result result;
	double seconds;
};

/* "sound", "damaged", ... */
const char *verify_word(enum verify_kind kind);

/* A finding, and what it makes of the verdict; valid until the next one. */
struct verify_finding *verify_add(struct verify_subject *s,
				  enum verify_kind kind, const char *path,
				  const char *message);

/* verify_source.c: what differs from the HDF5 file that it came from. */
struct verify_source_options {
	const char *root;
	unsigned jobs;
	bool no_external; /* it was loaded so */
};

void verify_source(struct verify_subject *s, const struct cute_shm *shm,
		   const struct verify_source_options *options);

/* verify_report.c */
void verify_report_begin(bool json, bool quiet);
void verify_report(const struct verify_subject *s);
void verify_report_end(void);

#endif
