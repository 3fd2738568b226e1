/* SPDX-License-Identifier: MIT */
/*
 * Compare the data with their digests.  Worker threads only hash: each job has
 * pieces of arrays, with enough blocks to outweigh its overhead.  The calling
 * thread compares, in the order of the arrays, so that the report is the same
 * every time.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verify/verify.h"

#define JOB_BYTES  ((uint64_t)4 << 20)
#define JOB_BLOCKS 4096
#define JOB_PIECES 256
#define BATCH	   64 /* jobs hashed before a comparison */

/* Adjacent blocks of one array. */
struct piece {
	struct record record;
	struct format_live live; /* before the data were hashed */
	const uint8_t *data;
	uint64_t data_offset;
	uint64_t bytes;
	uint64_t block; /* number of the first block */
	uint64_t blocks;
	uint64_t rows;	      /* block digests of the array, or 0 */
	uint64_t first_block; /* row of the first of these */
	uint64_t digest;      /* of the array */
	bool last;	      /* the last piece of the array */
};

struct job {
	uint64_t block_size;
	uint64_t bytes;
	size_t piece_count;
	size_t block_count;
	struct piece pieces[JOB_PIECES];
	uint64_t digests[JOB_BLOCKS];
};

/* The position in the list of nodes, and the working memory. */
struct progress {
	struct verify *v;
	size_t node;		      /* the next one to begin with */
	struct piece rest;	      /* the blocks that no job has yet */
	bool begun;		      /* 'rest' is set */
	struct digest_stream *sealed; /* of block digests, updated arrays */
	struct job *jobs;
	struct pool *pool;
};

bool
block_rows_ok(const struct cute_shm *shm, const struct cute_shm_array *array,
	      uint64_t first_block)
{
	uint64_t rows = block_rows(array->data_size, shm->header.block_size);

	return rows == 0 || (first_block <= shm->header.block_count &&
			     rows <= shm->header.block_count - first_block);
}

static int
hash_job(void *arg, bool drop)
{
	struct job *job = arg;
	const struct piece *p = job->pieces;
	const struct piece *end = p + job->piece_count;
	uint64_t *to = job->digests, at, size;

	if (drop)
		return 0;
	for (; p < end; p++) {
		for (at = 0; at < p->bytes; at += size) {
			size = p->bytes - at;
			size = size < job->block_size ? size : job->block_size;
			*to++ = digest(p->data + at, (size_t)size);
		}
		if (p->bytes == 0)
			*to++ = digest("", 0);
	}
	return 0;
}

/*
 * Read a live slot.  A writer may change it meanwhile: the digest is read after
 * digest_sequence, so it is never older than that.
 */
static bool
live_at(const struct verify *v, uint64_t slot, struct format_live *ret)
{
	const struct format_live *at;

	at = segment_at(v->shm, v->shm->header.live_offset + slot * sizeof(*at),
			sizeof(*at));
	if (!at)
		return false;
	ret->sequence = __atomic_load_n(&at->sequence, __ATOMIC_ACQUIRE);
	ret->digest_sequence =
		__atomic_load_n(&at->digest_sequence, __ATOMIC_ACQUIRE);
	ret->digest = __atomic_load_n(&at->digest, __ATOMIC_ACQUIRE);
	ret->updated_ns = __atomic_load_n(&at->updated_ns, __ATOMIC_ACQUIRE);
	ret->writer_pid = __atomic_load_n(&at->writer_pid, __ATOMIC_ACQUIRE);
	return true;
}

/* True if the slot or the record has the digest of the present data. */
static bool
sealed(const struct format_live *live)
{
	return live->sequence % 2 == 0 &&
	       (live->sequence == 0 || live->digest_sequence == live->sequence);
}

/* The damage of a live slot in words, or NULL. */
static const char *
live_problem(const struct format_live *live)
{
	if (live->sequence == 0)
		return live->writer_pid || live->updated_ns || live->digest ||
				       live->digest_sequence
			       ? "is not zero, though there was no update"
			       : NULL;
	if (live->sequence % 2 == 0 &&
	    (live->writer_pid == 0 || live->updated_ns == 0))
		return "tells of an update without writer or time";
	if (live->digest_sequence % 2 != 0)
		return "has the digest of an update that did not end";
	return NULL;
}

static void
verify_live(struct verify *v, const struct record *r, uint64_t slot,
	    const struct format_live *live)
{
	const uint64_t at = v->shm->header.live_offset + slot * sizeof(*live);
	const char *problem = live_problem(live);
	struct format_live now;

	/* If a writer has begun meanwhile, the copy of the slot is no proof. */
	if (problem && live_at(v, slot, &now) && now.sequence == live->sequence)
		verify_damage(v, r, at, 0, "its live slot %s", problem);
	verify_zeros(v, r, at + offsetof(struct format_live, zero),
		     at + sizeof(*live), "live slot");
}

/* Check that a ragged array was never updated in place. */
static bool
verify_unused(struct verify *v, const struct record *r, uint64_t slot,
	      const struct format_live *live)
{
	const uint64_t at = v->shm->header.live_offset + slot * sizeof(*live);

	if (live->sequence == 0)
		return true;
	verify_damage(v, r, at, 0,
		      "its live slot says that it was updated in "
		      "place (sequence %" PRIu32 "), as a ragged array must "
		      "not be",
		      live->sequence);
	return false;
}

/* Count an array without a digest of its present data; report a torn one. */
static void
unsealed(struct verify *v, const struct record *record,
	 const struct cute_shm_array *array)
{
	struct cute_shm_state state;

	v->result.unsealed++;
	if (cute_shm_state(array, &state) == 0 && state.torn)
		verify_torn(v, record, record->offset,
			    "torn: process %" PRIu32
			    " died in the middle of an update; an update of "
			    "the whole array heals it",
			    state.writer_pid);
}

/* Make the array at a node the rest to hash; false if there is nothing. */
static bool
begin(struct progress *p, const struct verify_node *node)
{
	struct verify *v = p->v;
	struct piece *rest = &p->rest;
	struct cute_shm_array a;
	struct format_array f;

	*rest = (struct piece){ .block = 0 };
	if (!node->readable ||
	    node_record(v->shm, node->offset, &rest->record) != 0 ||
	    rest->record.kind != CUTE_SHM_ARRAY ||
	    array_record(v->shm, &rest->record, &a) != 0)
		return false;
	memcpy(&f, rest->record.array, sizeof(f));
	if (!block_rows_ok(v->shm, &a, f.first_block) ||
	    !live_at(v, f.live_slot, &rest->live))
		return false;
	if (a.dtype[0] == '*' &&
	    !verify_unused(v, &rest->record, f.live_slot, &rest->live))
		return false;
	verify_live(v, &rest->record, f.live_slot, &rest->live);
	if (!sealed(&rest->live)) {
		unsealed(v, &rest->record, &a);
		return false;
	}
	rest->data = a.data;
	rest->data_offset = f.data_offset;
	rest->bytes = a.data_size;
	rest->rows = block_rows(a.data_size, v->shm->header.block_size);
	rest->blocks = rest->rows > 0 ? rest->rows : 1;
	rest->first_block = f.first_block;
	rest->digest = rest->live.sequence == 0 ? f.digest : rest->live.digest;
	return true;
}

/* Move as many blocks of the rest to the job as it can hold. */
static void
cut(struct progress *p, struct job *job)
{
	struct piece *rest = &p->rest;
	struct piece *piece = &job->pieces[job->piece_count++];
	uint64_t blocks = JOB_BYTES / job->block_size;

	blocks = blocks > 0 ? blocks : 1;
	if (blocks > JOB_BLOCKS - job->block_count)
		blocks = JOB_BLOCKS - job->block_count;
	*piece = *rest;
	piece->last = rest->blocks <= blocks;
	if (!piece->last) {
		piece->blocks = blocks;
		piece->bytes = blocks * job->block_size;
		rest->data += piece->bytes;
		rest->data_offset += piece->bytes;
	}
	rest->bytes -= piece->bytes;
	rest->block += piece->blocks;
	rest->blocks -= piece->blocks;
	job->bytes += piece->bytes;
	job->block_count += (size_t)piece->blocks;
	p->begun = !piece->last;
}

/* Fill a job with pieces; false if no data are left. */
static bool
fill(struct progress *p, struct job *job)
{
	const struct verify *v = p->v;

	job->block_size = v->shm->header.block_size;
	job->bytes = 0;
	job->piece_count = 0;
	job->block_count = 0;
	while (job->bytes < JOB_BYTES && job->piece_count < JOB_PIECES &&
	       job->block_count < JOB_BLOCKS && v->stop == 0) {
		if (!p->begun && p->node == v->node_count)
			break;
		if (!p->begun)
			p->begun = begin(p, &v->nodes[p->node++]);
		if (p->begun)
			cut(p, job);
	}
	return job->piece_count > 0;
}

/* Set the range of the array's data that the next damage names. */
static void
about(struct verify *v, uint64_t begin, uint64_t size)
{
	v->begin = begin;
	v->end = begin + size;
}

static void
differs(struct verify *v, const struct piece *p, uint64_t block, uint64_t is,
	uint64_t says)
{
	const uint64_t size = v->shm->header.block_size;
	const uint64_t offset = p->data_offset + (block - p->block) * size;
	const uint64_t left = p->bytes - (block - p->block) * size;

	about(v, block * size, left < size ? left : size);
	if (p->rows == 0)
		verify_damage(v, &p->record, offset, 0,
			      "its data at %#" PRIx64 " have digest %016" PRIx64
			      ", not %016" PRIx64,
			      offset, is, says);
	else
		verify_damage(v, &p->record, offset, block,
			      "its block %" PRIu64 " at %#" PRIx64
			      " has digest %016" PRIx64 ", not %016" PRIx64,
			      block, offset, is, says);
	about(v, 0, 0);
}

/* Compare an updated array: it has one digest of all its block digests. */
static void
judge_sealed(struct progress *p, const struct piece *piece,
	     const uint64_t *digests)
{
	uint64_t is;

	/* Reset the stream: the array before may have been given up halfway. */
	if (piece->block == 0)
		digest_stream_end(p->sealed);
	digest_stream_add(p->sealed, digests,
			  (size_t)piece->blocks * sizeof(*digests));
	if (!piece->last)
		return;
	is = digest_stream_end(p->sealed);
	if (is == piece->digest)
		return;
	about(p->v, 0,
	      piece->block * p->v->shm->header.block_size + piece->bytes);
	verify_damage(p->v, &piece->record, piece->data_offset, 0,
		      "its data have digest %016" PRIx64 ", since the last "
		      "update %016" PRIx64,
		      is, piece->digest);
	about(p->v, 0, 0);
}

static void
judge_rows(struct verify *v, const struct piece *piece, const uint64_t *digests)
{
	const struct format_header *h = &v->shm->header;
	const uint64_t first = piece->first_block + piece->block;
	const uint64_t *rows =
		segment_at(v->shm, h->blocks_offset + first * sizeof(*rows),
			   piece->blocks * sizeof(*rows));
	uint64_t i;

	for (i = 0; rows && i < piece->blocks && v->stop == 0; i++)
		if (digests[i] != rows[i])
			differs(v, piece, piece->block + i, digests[i],
				rows[i]);
}

static void
judge_piece(struct progress *p, const struct piece *piece,
	    const uint64_t *digests)
{
	struct verify *v = p->v;
	struct format_live now;

	v->result.bytes += piece->bytes;
	v->result.arrays += piece->last;
	/* If the array was updated meanwhile, its hashes mean nothing. */
	if (live_at(v, piece->record.array->live_slot, &now) &&
	    now.sequence != piece->live.sequence)
		return;
	if (piece->rows == 0) {
		if (digests[0] != piece->digest)
			differs(v, piece, 0, digests[0], piece->digest);
	} else if (piece->live.sequence == 0) {
		judge_rows(v, piece, digests);
	} else {
		judge_sealed(p, piece, digests);
	}
}

static void
judge(struct progress *p, const struct job *job)
{
	const uint64_t *digests = job->digests;
	size_t i;

	for (i = 0; i < job->piece_count && p->v->stop == 0; i++) {
		judge_piece(p, &job->pieces[i], digests);
		digests += job->pieces[i].blocks;
	}
}

static void
tell(struct verify *v)
{
	if (v->stop == 0 && v->opt.progress &&
	    v->opt.progress(v->result.bytes, v->shm->header.array_bytes,
			    v->opt.arg) != 0)
		v->stop = cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
					"%s: verification was cancelled",
					v->shm->path);
}

/* Hash a batch, then compare it; false if no data were left. */
static bool
batch(struct progress *p)
{
	size_t count = 0, i;
	int rc = 0;

	while (count < BATCH && rc == 0 && fill(p, &p->jobs[count]))
		rc = pool_push(p->pool, hash_job, &p->jobs[count++]);
	if (rc == 0)
		rc = pool_wait(p->pool);
	if (rc != 0 && p->v->stop == 0)
		p->v->stop = rc;
	for (i = 0; i < count && p->v->stop == 0; i++)
		judge(p, &p->jobs[i]);
	tell(p->v);
	return count > 0 && p->v->stop == 0;
}

void
verify_data(struct verify *v)
{
	struct progress p = { .v = v };
	int rc;

	if (v->stop != 0)
		return;
	p.jobs = reallocarray(NULL, BATCH, sizeof(*p.jobs));
	p.sealed = digest_stream_new();
	if (!p.jobs || !p.sealed) {
		verify_no_memory(v);
	} else {
		rc = pool_new(jobs_or_cpus(v->opt.jobs), BATCH, &p.pool);
		if (rc != 0)
			v->stop = rc;
	}
	while (v->stop == 0 && batch(&p))
		;
	/* After a failure jobs may still run: end them, then free p.jobs. */
	pool_free(p.pool);
	digest_stream_free(p.sealed);
	free(p.jobs);
}
