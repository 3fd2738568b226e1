/* SPDX-License-Identifier: MIT */
/* What the files of the benchmark share. */
#ifndef CUTE_SHM_BENCH_H
#define CUTE_SHM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/base.h"
#include "cute_shm.h"

#define MOST_ROUNDS 99

struct bench {
	const char *folder; /* of the HDF5 files */
	const char *root;   /* of the segments and copies */
	const char *files;  /* only make the files, there; NULL: measure */
	size_t size;	    /* bytes of one kind of data, about */
	unsigned rounds;
	unsigned jobs;
	const char *only; /* kinds whose name begins so; NULL: all */
	bool cold;	  /* drop the file from the page cache before */
	bool scaling;	  /* only that */
	bool json;
	bool first; /* no JSON object was printed yet */
};

double median(double *values, unsigned count);

/* Say it and end the program: a benchmark has nobody to hand errors to. */
void die(const char *what, ...) __attribute__((format(printf, 1, 2), noreturn));

/* True if --only allows it. */
bool wanted(const struct bench *b, const char *name);

/* "FOLDER/NAME", valid until the next call. */
const char *bench_path(const char *folder, const char *name);

/* data.c */

struct kind {
	const char *name;
	const char *text;
	void (*make)(const struct kind *kind, const char *path, size_t size);
	const char *filters; /* s: shuffle, d: deflate, l: lzf, z: zstd */
};

extern const struct kind kinds[];
extern const size_t kind_count;

/* filters.c */

/* Filters that libhdf5 lacks, so that it can write and read all kinds. */
void register_filters(void);

/* load.c */
void bench_loads(struct bench *b);
/* A file of each kind for other programs: FILES/KIND.h5. */
void bench_make_files(const struct bench *b);
/* One load, without its time; see bench_start_load(). */
void bench_once(const struct bench *b, const char *path);
/* Remove what a load has left. */
void bench_remove(const struct bench *b);

/* memory.c */

/*
 * The most private memory, in bytes, that a program of ours and its reader have
 * together at some moment while it loads the file; looks every 0.5 ms.
 */
double bench_private_memory(const struct bench *b, const char *path);

/* Start a program that loads the file once, with --jobs threads, and ends. */
pid_t bench_start_load(const struct bench *b, const char *path);

/*
 * scaling.c: what limits a load on more processors than there are here.  It
 * has as many threads as there would be, at least.
 */
#define SCALING_JOBS 8
void bench_scaling(struct bench *b);

/* start.c */
void bench_start(struct bench *b);

/* files.c */
void bench_files(struct bench *b);

/* lookup.c: "lookup", a project of small arrays in groups of 1000 */

void lookup_project(const struct bench *b, unsigned count);
void lookup_unlink(const struct bench *b);
/* The path of array 'i'. */
void lookup_path(unsigned i, char *path, size_t size);

void bench_lookups(struct bench *b);
void bench_verify(struct bench *b);

/* view.c */
void bench_views(struct bench *b);

/* live.c */
void bench_live(struct bench *b);

#endif
