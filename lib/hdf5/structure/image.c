/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a file, with bounds.  Never a mapping of the file: another
 * process could change bytes that were checked, or truncate the file.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hdf5/structure/structure.h"

#define WHOLE_LIMIT ((uint64_t)16 << 20)
#define LONGEST_RUN ((uint64_t)1 << 20) /* bytes of one read */

/* In larger files metadata lie farther apart: smaller blocks hold less else. */
#define LARGE	    ((uint64_t)256 << 20)
#define LARGE_BLOCK ((uint64_t)16 << 10)

/* There may be thousands of files up to this size, each with an image. */
#define SMALL_FILE  ((uint64_t)1 << 20)
#define SMALL_BLOCK 4096
#define SMALL_RUN   ((uint64_t)64 << 10)
#define FEW_READS   8

/*
 * Each piece of a file that is present is a mapping, of which a process has
 * 65,530.  Those of all files together may have so many bytes.
 */
#define MOST_PIECES 32768
#define MOST_BYTES  ((uint64_t)512 << 20)

static _Atomic(uint64_t) all_pieces, all_bytes;

int
image_doubt(struct image *f, const char *why)
{
	f->why = why;
	return NO_OPINION;
}

bool
image_read(struct image *f, uint8_t *to, uint64_t at, uint64_t size)
{
	ssize_t n;

	while (size > 0) {
		n = pread(f->fd, to, size, (off_t)at);
		f->reads++;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			f->why = n < 0 ? "the file cannot be read"
				       : "the file has become shorter";
			return false;
		}
		to += n;
		at += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return true;
}

static bool
is_present(const struct image *f, uint64_t block)
{
	return f->present[block / 64] >> block % 64 & 1;
}

/*
 * Where to read a missing block: a small file that is read often is read almost
 * as a whole.
 */
static uint64_t
begin_run(struct image *f, uint64_t block)
{
	bool small = f->block == SMALL_BLOCK;
	uint64_t longest = (small ? SMALL_RUN : LONGEST_RUN) / f->block;

	if (small && f->reads >= FEW_READS) {
		f->run = longest;
		while (block % longest != 0 && !is_present(f, block - 1))
			block--;
		return block;
	}
	f->run = block == f->last_end ? f->run * 2 : 1;
	if (f->run > longest)
		f->run = longest;
	return block;
}

/* Count a piece more; 0 if it adds to another, -1 if it joins two. */
static bool
take_piece(struct image *f, int more, uint64_t size)
{
	f->pieces += (uint64_t)more;
	f->loaded += size;
	f->total += size;
	all_pieces += (uint64_t)more;
	all_bytes += size;
	return all_pieces <= MOST_PIECES && all_bytes <= MOST_BYTES;
}

/*
 * Read a missing block, and some behind it: twice as many as in the last read
 * if this one follows it.  Blocks that are present are not read again.
 */
static bool
read_run(struct image *f, uint64_t block)
{
	uint64_t blocks = (f->size + f->block - 1) / f->block;
	uint64_t first = begin_run(f, block), end = first;
	uint64_t at = first * f->block, i, size;

	while (end < blocks && end - first < f->run && !is_present(f, end))
		end++;
	f->last_end = end;
	size = (end * f->block < f->size ? end * f->block : f->size) - at;
	if (!take_piece(f,
			(first == 0 || !is_present(f, first - 1)) -
				(end < blocks && is_present(f, end)),
			size)) {
		f->why = "its metadata are in too many places";
		return false;
	}
	/* A limit of private memory counts what can be written. */
	if (mprotect(f->bytes + at, size, PROT_READ | PROT_WRITE) != 0) {
		f->why = "no room for the file's metadata";
		return false;
	}
	if (!image_read(f, f->bytes + at, at, size))
		return false;
	for (i = first; i < end; i++)
		f->present[i / 64] |= UINT64_C(1) << i % 64;
	return true;
}

bool
image_load(struct image *f, uint64_t at, uint64_t size)
{
	uint64_t block, last;

	if (size == 0 || !f->present)
		return true;
	last = (at + size - 1) / f->block;
	for (block = at / f->block; block <= last; block++)
		if (!is_present(f, block) && !read_run(f, block))
			return false;
	return true;
}

void
image_trim(struct image *f, uint64_t most)
{
	uint64_t blocks = (f->size + f->block - 1) / f->block;

	/* If it is read again and again, it stays: its size is the limit. */
	if (!f->present || f->loaded <= most || f->total / 2 > f->size ||
	    madvise(f->bytes, f->size, MADV_DONTNEED) != 0 ||
	    mprotect(f->bytes, f->size, PROT_NONE) != 0)
		return;
	memset(f->present, 0, (blocks / 64 + 1) * sizeof(*f->present));
	all_pieces -= f->pieces;
	all_bytes -= f->loaded;
	f->pieces = f->loaded = 0;
	f->last_end = UINT64_MAX;
	f->run = 1;
}

bool
image_charge(struct image *f, uint64_t size)
{
	if (size > f->budget) {
		f->why = "more metadata than a file of this size has";
		return false;
	}
	f->budget -= size;
	return true;
}

const uint8_t *
image_get(struct image *f, uint64_t address, uint64_t size)
{
	if (!image_holds(f, address, size)) {
		f->why = "beyond the end of the file";
		return NULL;
	}
	if (!image_charge(f, size))
		return NULL;
	if (f->present && !image_load(f, f->base + address, size))
		return NULL;
	return f->bytes + f->base + address;
}

bool
image_present(const struct image *f, uint64_t at, uint64_t size)
{
	if (!f->present)
		return true;
	for (uint64_t i = 0; i < size; i += f->block)
		if (!is_present(f, (at + i) / f->block))
			return false;
	return size == 0 || is_present(f, (at + size - 1) / f->block);
}

static void
begin(struct image *ret, int fd, uint64_t size)
{
	*ret = (struct image){ .fd = fd,
			       .size = size,
			       .end = size,
			       .budget = size,
			       .block = IMAGE_BLOCK,
			       .last_end = UINT64_MAX,
			       .run = 1 };
}

void
image_of(const uint8_t *bytes, uint64_t size, struct image *ret)
{
	begin(ret, -1, size);
	ret->bytes = (uint8_t *)(uintptr_t)bytes;
}

/* Blocks are made readable by whole pages. */
static uint64_t
block_of(uint64_t size)
{
	uint64_t ret = size <= SMALL_FILE ? SMALL_BLOCK
		       : size > LARGE	  ? LARGE_BLOCK
					  : IMAGE_BLOCK;

	return sysconf(_SC_PAGESIZE) <= (long)ret ? ret : IMAGE_BLOCK;
}

int
image_open(int fd, uint64_t size, uint64_t whole_limit, struct image *ret)
{
	bool whole = size <= (whole_limit ? whole_limit : WHOLE_LIMIT);

	begin(ret, fd, size);
	ret->block = block_of(size);
	if (size == 0)
		return image_doubt(ret, "the file is empty");
	ret->bytes =
		mmap(NULL, size, whole ? PROT_READ | PROT_WRITE : PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ret->bytes == MAP_FAILED) {
		ret->bytes = NULL;
		return image_doubt(ret, "no room for the file's metadata");
	}
	ret->mapped = true;
	if (whole)
		return image_read(ret, ret->bytes, 0, size) ? 0 : NO_OPINION;
	ret->present =
		calloc(size / ret->block / 64 + 1, sizeof(*ret->present));
	return ret->present ? 0
			    : fail_memory("to read a file of %llu bytes",
					  (unsigned long long)size);
}

void
image_close(struct image *f)
{
	if (f->mapped)
		munmap(f->bytes, f->size);
	all_pieces -= f->pieces;
	all_bytes -= f->loaded;
	free(f->present);
	free(f->window);
	f->window = NULL;
	f->bytes = NULL;
	f->mapped = false;
	f->pieces = f->loaded = 0;
	f->present = NULL;
}
