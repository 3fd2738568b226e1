/* SPDX-License-Identifier: MIT */
/*
 * A builder that another process fills.  The lender keeps the names, the looks
 * at free memory and the header; the borrower describes, reserves, writes and
 * seals.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handover/handover.h"

/* The state that a lender sends; three texts follow, each with its NUL. */
struct loan {
	char version[16]; /* of the library, which must be the same */
	uint32_t flags;
	uint32_t jobs;
	uint64_t max_size;
	struct format_header header;
};

/* Append a text with its NUL; NULL is "". */
static uint8_t *
put_text(uint8_t *to, const char *text)
{
	size_t size = text ? strlen(text) : 0;

	if (size > 0)
		memcpy(to, text, size);
	to[size] = '\0';
	return to + size + 1;
}

int
cute_shm_builder_lend(struct cute_shm_builder *b, void **state, size_t *size,
		      int *fd)
{
	struct loan loan = {
		.version = CUTE_SHM_VERSION,
		.flags = b->flags,
		.jobs = b->jobs,
		.max_size = b->max_size,
		.header = b->header,
	};
	size_t all = sizeof(loan) + strlen(b->project) + strlen(b->path) +
		     (b->source ? strlen(b->source) : 0) + 3;
	uint8_t *made, *at;
	int err = expect_state(b, BUILD_DESCRIBE, "lending");

	if (err != 0)
		return err;
	made = malloc(all);
	if (!made)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "project %s: no memory to lend it",
				     b->project);
	memcpy(made, &loan, sizeof(loan));
	at = put_text(made + sizeof(loan), b->project);
	at = put_text(at, b->path);
	put_text(at, b->source);
	*state = made;
	*size = all;
	*fd = b->fd;
	return 0;
}

int
cute_shm_builder_grant(struct cute_shm_builder *b, enum cute_shm_ask what,
		       uint64_t bytes, uint64_t given, uint64_t *ret)
{
	int err = expect_state(b, BUILD_DESCRIBE, "granting");

	*ret = 0;
	if (err != 0)
		return err;
	switch (what) {
	case CUTE_SHM_ASK_ROOM:
		b->header.segment_size = bytes;
		err = reserve_room(b);
		/* The borrower need not be able to change the size. */
		if (err == 0 && ftruncate(b->fd, (off_t)bytes) != 0)
			err = fail_errno("project %s: cannot make %s of its "
					 "size",
					 b->project, b->root);
		break;
	case CUTE_SHM_ASK_LOOK: err = space_check(b->root, bytes, ret); break;
	case CUTE_SHM_ASK_FULL:
		err = space_ran_out(b->root, bytes, given);
		break;
	default:
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: unknown question %d",
				     b->project, (int)what);
	}
	return add_replaced(b, err);
}

/* ------------------------------------------------------------- the borrower */

/* The next text of [*at, end), copied; false if there is none. */
static bool
take_text(const uint8_t **at, const uint8_t *end, char **ret)
{
	const uint8_t *nul = memchr(*at, '\0', (size_t)(end - *at));

	if (!nul)
		return false;
	*ret = strdup((const char *)*at);
	*at = nul + 1;
	return *ret != NULL;
}

static int
borrow(struct cute_shm_builder *b, const void *state, size_t size)
{
	const uint8_t *at = state, *end = at + size;
	struct loan loan;
	char *slash;

	if (size < sizeof(loan))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%zu bytes are no builder's state", size);
	memcpy(&loan, at, sizeof(loan));
	if (strncmp(loan.version, CUTE_SHM_VERSION, sizeof(loan.version)) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "the builder is of library version %.16s, "
				     "this is %s",
				     loan.version, CUTE_SHM_VERSION);
	at += sizeof(loan);
	if (!take_text(&at, end, &b->project) ||
	    !take_text(&at, end, &b->path) || !take_text(&at, end, &b->source))
		return fail_memory("to borrow a builder");
	slash = strrchr(b->path, '/');
	b->root = slash ? strndup(b->path, (size_t)(slash - b->path)) : NULL;
	if (!b->root)
		return fail_memory("to borrow a builder");
	b->flags = loan.flags;
	b->jobs = loan.jobs;
	b->max_size = loan.max_size;
	b->header = loan.header;
	if (b->source[0] == '\0') {
		free(b->source);
		b->source = NULL;
	}
	return describe_begin(b);
}

int
cute_shm_builder_borrow(const void *state, size_t size, int fd,
			const struct cute_shm_lender *lender,
			struct cute_shm_builder **ret)
{
	struct cute_shm_builder *b;
	int err;

	if (!ret)
		return no_result("cute_shm_builder_borrow");
	b = builder_blank();
	if (!b)
		return CUTE_SHM_ERR_NOMEM;
	b->lender = *lender;
	err = borrow(b, state, size);
	if (err != 0) {
		cute_shm_builder_free(b);
		return err;
	}
	b->fd = fd;
	*ret = b;
	return 0;
}
