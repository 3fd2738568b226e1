/* SPDX-License-Identifier: MIT */
/*
 * The steps of a load in which each node reads its share of the files: rank 0
 * finds the files and names them to all; file k goes to node k modulo their
 * number.  So a file that is added does not move the others.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file.h"
#include "mpi/mpi_load.h"

/* ---------------------------------------------------------------- the files */

/*
 * The text that names the files: of each its name, or nothing, and its absolute
 * path, each with its NUL.
 */
struct files {
	FILE *out;
	char *text;
	size_t size;
	uint64_t count;
	char *here; /* the folder in which rank 0 works */
};

static int
put_file(void *arg, const char *name, const char *file)
{
	struct files *f = arg;

	fprintf(f->out, "%s%c%s%s%s%c", name ? name : "", 0,
		file[0] == '/' ? "" : f->here, file[0] == '/' ? "" : "/", file,
		0);
	f->count++;
	return 0;
}

static int
put_sources(struct files *f, const struct mpi_load *m)
{
	const struct cute_shm_hdf5_source *from = m->sources;
	int err = from ? 0 : hdf5_given(NULL, m->file, put_file, f);
	size_t i;

	for (i = 0; err == 0 && from && i < m->source_count; i++)
		err = hdf5_given(from[i].name, from[i].file, put_file, f);
	if (err == 0 && f->count < (uint64_t)m->nodes)
		err = cute_shm_fail(CUTE_SHM_ERR_INVALID,
				    "%llu file%s cannot be shared by %d nodes: "
				    "each needs one",
				    (unsigned long long)f->count,
				    f->count == 1 ? "" : "s", m->nodes);
	return err;
}

/* Rank 0: name the files; f->text is for free(). */
static int
find_files(struct files *f, const struct mpi_load *m)
{
	int err = 0;

	f->here = getcwd(NULL, 0);
	f->out = f->here ? open_memstream(&f->text, &f->size) : NULL;
	if (!f->out)
		err = cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				    "cannot name the files: %s",
				    strerror(errno));
	if (err == 0)
		err = put_sources(f, m);
	if (f->out && (ferror(f->out) | (fclose(f->out) != 0)) && err == 0)
		err = fail_memory("for names of files");
	free(f->here);
	return err;
}

/* This node's files of the text; '*ret' is for free(). */
static int
take_share(struct mpi_load *m, const char *text,
	   struct cute_shm_hdf5_source **ret)
{
	uint64_t count = m->begin.size, i;
	uint64_t nodes = m->load.shares, mine = m->load.share;
	struct cute_shm_hdf5_source *of;
	const char *at = text, *file;

	of = calloc((size_t)(count / nodes + 1), sizeof(*of));
	if (!of)
		return fail_memory("for names of files");
	m->source_count = 0;
	for (i = 0; i < count; i++) {
		file = at + strlen(at) + 1;
		if (i % nodes == mine)
			of[m->source_count++] = (struct cute_shm_hdf5_source){
				.name = at[0] ? at : NULL, .file = file
			};
		at = file + strlen(file) + 1;
	}
	m->sources = *ret = of;
	return 0;
}

/* All nodes get the text; *ret is for free().  NULL: rank 0 has failed. */
static int
pass_files(struct mpi_load *m, char **ret)
{
	struct files f = { .out = NULL };
	struct begin *b = &m->begin;
	int err;

	if (m->first)
		mpi_failed(m, find_files(&f, m));
	b->failed = m->own.err != 0;
	b->size = f.count;
	b->source_text = f.size;
	err = mpi_send_all(m, m->heads, b, sizeof(*b));
	if (err == 0 && !b->failed && !m->first) {
		f.text = malloc((size_t)b->source_text + 1);
		if (!f.text)
			mpi_failed(m, fail_memory("for names of files"));
	}
	if (err == 0 && !b->failed)
		err = mpi_pass_text(m, f.text, b->source_text);
	if (b->failed) {
		free(f.text);
		f.text = NULL;
	}
	*ret = f.text;
	return err;
}

/* ---------------------------------------------------------------- the steps */

/* Begin to read this node's share. */
static int
begin_share(struct mpi_load *m, const char *text,
	    struct cute_shm_hdf5_source **files, struct source **ret)
{
	int rank = 0, err;

	if (MPI_Comm_rank(m->heads, &rank) != MPI_SUCCESS)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "MPI has failed");
	m->load.share = (unsigned)rank;
	m->load.shares = (unsigned)m->nodes;
	err = take_share(m, text, files);
	return err == 0 ? source_new(m, ret) : err;
}

/* Agree that there is room, read, and agree that all was read. */
static int
read_share(struct mpi_load *m, struct source *s, struct verdict *v)
{
	char *source = NULL, *options = NULL;
	struct begin b = { .failed = 1 };
	int err;

	if (s)
		source_begin(s, &b, &source, &options);
	free(source);
	free(options);
	err = mpi_agree_all(m, v);
	if (err != 0 || v->err != 0)
		return err;
	source_sealed(s);
	return mpi_agree_to_publish(m, v);
}

static void
add_result(struct cute_shm_hdf5_result *sum,
	   const struct cute_shm_hdf5_result *r)
{
	sum->arrays += r->arrays;
	sum->groups += r->groups;
	sum->links += r->links;
	sum->bytes += r->bytes;
	sum->segment_size += r->segment_size;
	sum->skipped += r->skipped;
	sum->failed += r->failed;
	sum->files += r->files;
	sum->partial |= r->partial;
}

static void
sum_up(const struct mpi_load *m, struct verdict *v)
{
	struct cute_shm_mpi_result *r = &v->result;
	int i;

	*r = (struct cute_shm_mpi_result){ .nodes = (uint64_t)m->nodes };
	for (i = 0; i < m->nodes; i++)
		add_result(&r->load, &m->reports[i].load);
	r->current = v->current;
	r->segment_size = r->load.segment_size;
	r->seconds = r->load.seconds = clock_now() - m->since;
	r->load.current = v->current == (uint64_t)m->nodes;
}

int
mpi_lead_share(struct mpi_load *m, struct verdict *v)
{
	struct cute_shm_hdf5_source *files = NULL;
	struct source *s = NULL;
	char *text;
	int err = pass_files(m, &text);

	if (err == 0 && text && m->own.err == 0)
		mpi_failed(m, begin_share(m, text, &files, &s));
	if (err == 0)
		err = read_share(m, s, v);
	if (err != 0)
		mpi_broken(m, err);
	m->publishing = err == 0 && v->err == 0;
	if (s)
		mpi_failed(m, source_free(s, m->publishing, &m->own.load));
	if (m->publishing) {
		err = mpi_agree_all(m, v);
		if (err == 0 && m->first)
			mpi_say_published(m, v);
		if (err == 0 && m->first)
			sum_up(m, v);
	}
	if (err == 0)
		err = mpi_send_all(m, m->heads, v, sizeof(*v));
	if (err != 0)
		mpi_broken(m, err);
	free(files);
	free(text);
	return err;
}
