/* SPDX-License-Identifier: MIT */
/*
 * A reader that a file has taken over: it does what CUTE_SHM_TEST_HOSTILE says,
 * by the seed in CUTE_SHM_TEST_SEED.  See test_hdf5_reader_hostile.c.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hdf5/channel/channel.h"
#include "sample.h"

static unsigned seed;
static int board_fd, segment_fd;
static struct board *board;
static struct request request;

static void
say(enum message_kind kind, int err, const char *text)
{
	struct message m = { .kind = kind, .err = err };

	message_send_texts(0, &m, (const char *const[]){ text, NULL });
}

static void
send_bytes(const void *bytes, size_t size)
{
	if (write(STDIN_FILENO, bytes, size) < 0)
		_exit(1);
}

/* For as long as a test may take, if nobody ends it before. */
static void
linger(void)
{
	alarm(20);
	for (;;)
		pause();
}

static uint64_t
number(void)
{
	return (uint64_t)rand_r(&seed) << 40 ^ (uint64_t)rand_r(&seed) << 20 ^
	       (uint64_t)rand_r(&seed);
}

/* ---------------------------------------------------------------- messages */

static void
send_size(uint32_t size)
{
	struct message m = { .size = size, .kind = MESSAGE_LOG, .err = 3 };

	send_bytes(&m, sizeof(m));
}

static void
sizes(void)
{
	static const uint32_t wrong[] = { 0, 1, sizeof(struct message) - 1,
					  MESSAGE_MAX + 1, UINT32_MAX };

	send_size(wrong[seed % ELEMENTS(wrong)]);
	linger();
}

static void
kinds(void)
{
	static const uint32_t wrong[] = { 0,
					  99,
					  UINT32_MAX,
					  MESSAGE_HELLO,
					  MESSAGE_REQUEST,
					  MESSAGE_ANSWER };

	say((enum message_kind)wrong[seed % ELEMENTS(wrong)], 0, "");
	linger();
}

static void
dimensions(void)
{
	struct message m = { .size = sizeof(m), .kind = MESSAGE_ARRAY };

	m.ndim = seed % 2 ? MAX_NDIM + 1 : UINT32_MAX;
	send_bytes(&m, sizeof(m));
	linger();
}

/* Texts that nothing ends, fewer than the kind has. */
static void
texts(void)
{
	struct message m = { .err = 2 };
	unsigned kind;

	for (kind = MESSAGE_SKIPPED; kind < MESSAGE_ERROR; kind++)
		if (kind != MESSAGE_FACT) {
			m.kind = kind;
			message_send(0, &m, "abc", seed % 4, NULL, 0);
		}
	say(MESSAGE_ERROR, CUTE_SHM_ERR_SOURCE, "texts were sent");
}

static void
questions(void)
{
	for (int i = 0; i < 100000; i++)
		say((enum message_kind)(MESSAGE_OPEN + (unsigned)i % 6), 0,
		    request.file);
	linger();
}

static void
huge_questions(void)
{
	struct message m = { .kind = MESSAGE_ROOM + seed % 3 };
	struct message *answer;
	int fds[MESSAGE_FDS];

	for (int i = 0; i < 64; i++) {
		m.bytes = UINT64_MAX << i;
		m.given = UINT64_MAX >> i;
		message_send_texts(0, &m, (const char *const[]){ NULL });
		if (message_receive(0, &answer, fds) == 1)
			free(answer);
	}
	say(MESSAGE_ERROR, CUTE_SHM_ERR_SOURCE, "questions were answered");
}

static void
flood(void)
{
	for (int i = 0;; i++)
		say(MESSAGE_LOG, i % 8 - 3, "a line");
}

static void
descriptors(void)
{
	struct message m = { .kind = MESSAGE_LOG, .err = 3 };
	int fds[MESSAGE_FDS] = { 0, board_fd, segment_fd };

	for (int i = 0; i < 50; i++)
		message_send(0, &m, "line", 5, fds, MESSAGE_FDS);
	say(MESSAGE_ERROR, CUTE_SHM_ERR_SOURCE, "descriptors were sent");
}

static void
half_silent(void)
{
	struct message m = { .size = sizeof(m) + 1000, .kind = MESSAGE_LOG };

	send_bytes(&m, sizeof(m) - (seed % 2) * 100);
	linger();
}

static void
half_exit(void)
{
	struct message m = { .size = sizeof(m) + 1000, .kind = MESSAGE_LOG };

	send_bytes(&m, sizeof(m) - (seed % 2) * 100);
}

/* Plausible kinds, with wild contents. */
static void
random_messages(void)
{
	uint8_t tail[512];

	for (int i = 0; i < 200; i++) {
		struct message m = { .kind = (uint32_t)(2 + number() % 18) };

		for (size_t k = 0; k < sizeof(tail); k++)
			tail[k] = (uint8_t)(number() % 3 ? 'a' : number());
		m.err = (int32_t)number();
		m.ndim = (uint32_t)(number() % (MAX_NDIM + 1));
		m.bytes = number();
		m.given = number();
		memset(m.shape, (int)number(), sizeof(m.shape));
		memset(&m.result, (int)number(), sizeof(m.result));
		message_send(0, &m, tail, number() % sizeof(tail), NULL, 0);
	}
}

static void
errors(void)
{
	static const int wrong[] = { 0, 1, 1000, INT32_MIN, INT32_MAX };

	say(MESSAGE_ERROR, wrong[seed % ELEMENTS(wrong)], "an odd error");
}

static void
retry(void)
{
	say(MESSAGE_RETRY, 0, "");
}

/* ------------------------------------------------------------ the segment */

static int
ask(void *arg, enum cute_shm_ask what, uint64_t bytes, uint64_t given,
    uint64_t *ret)
{
	static const enum message_kind of[] = {
		[CUTE_SHM_ASK_ROOM] = MESSAGE_ROOM,
		[CUTE_SHM_ASK_LOOK] = MESSAGE_LOOK,
		[CUTE_SHM_ASK_FULL] = MESSAGE_RAN_OUT,
	};
	struct message m = { .kind = of[what], .bytes = bytes, .given = given };
	struct message *answer;
	int fds[MESSAGE_FDS], err;

	(void)arg;
	message_send_texts(0, &m, (const char *const[]){ "", NULL });
	if (message_receive(0, &answer, fds) != 1)
		_exit(2);
	*ret = answer->bytes;
	err = answer->err;
	free(answer);
	return err;
}

/* As an honest reader does it; the segment is mapped. */
static struct segment
seal(void)
{
	const struct cute_shm_lender lender = { .ask = ask };
	const uint64_t dims[] = { 10000 };
	static int32_t data[10000];
	struct cute_shm_builder *b;
	struct segment s;
	struct stat st;

	if (cute_shm_builder_borrow(request.loan, request.loan_size, segment_fd,
				    &lender, &b) != 0 ||
	    cute_shm_builder_array(b, "a", "<i4", 1, dims, data) != 0 ||
	    cute_shm_builder_attr_text(b, "a", "units", "m") != 0 ||
	    cute_shm_builder_seal(b) != 0 || fstat(segment_fd, &st) != 0)
		_exit(3);
	s.size = (size_t)st.st_size;
	s.bytes = mmap(NULL, s.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		       segment_fd, 0);
	if (s.bytes == MAP_FAILED)
		_exit(4);
	return s;
}

static void
honest(void)
{
	struct segment s = seal();

	munmap(s.bytes, s.size);
	say(MESSAGE_DONE, 0, "");
}

static void
done_unsealed(void)
{
	say(MESSAGE_DONE, 0, "");
}

static void
other_identity(void)
{
	struct segment s = seal();
	struct format_header *h = segment_header(&s);

	memset(h->creator, 'x', sizeof(h->creator) - 1);
	memset(h->source, 'x', sizeof(h->source) - 1);
	h->source_size++;
	segment_seal(&s);
	munmap(s.bytes, s.size);
	say(MESSAGE_DONE, 0, "");
}

/* One number of the header, with the right digests or without. */
static void
header(void)
{
	struct segment s = seal();
	unsigned all = seed, at;
	uint64_t value;

	seed = seed * 7 + 1;
	at = all / 4 * 8 % sizeof(struct format_header);
	value = number() % 2 ? number() : UINT64_MAX << number() % 64;
	memcpy(s.bytes + at, &value, sizeof(value));
	if (all % 2)
		segment_seal(&s);
	munmap(s.bytes, s.size);
	say(MESSAGE_DONE, 0, "");
}

/* One byte of the metadata, with the right digests or without. */
static void
metadata(void)
{
	struct segment s = seal();
	const struct format_header *h = segment_header(&s);
	bool right = seed % 2;

	seed = seed * 7 + 1;
	s.bytes[h->header_size +
		number() % (h->metadata_size - h->header_size)] ^=
		(uint8_t)(1 + number() % 255);
	if (right)
		segment_seal(&s);
	munmap(s.bytes, s.size);
	say(MESSAGE_DONE, 0, "");
}

static void
keeps_mapping(void)
{
	seal();
	if (fork() == 0) {
		close(STDIN_FILENO);
		close(segment_fd);
		linger();
	}
	say(MESSAGE_DONE, 0, "");
}

static void
keeps_descriptor(void)
{
	struct segment s = seal();

	munmap(s.bytes, s.size);
	if (fork() == 0)
		linger();
	say(MESSAGE_DONE, 0, "");
}

static void
cut_segment(void)
{
	struct segment s = seal();

	munmap(s.bytes, s.size);
	if (ftruncate(segment_fd, (off_t)(seed % 3 * 4096)) != 0)
		_exit(5);
	say(MESSAGE_DONE, 0, "");
}

/* Again and again, while the caller looks at it. */
static void
cuts_segment(void)
{
	struct segment s = seal();

	munmap(s.bytes, s.size);
	if (fork() == 0) {
		alarm(5);
		for (;;)
			if (ftruncate(segment_fd, 0) != 0 ||
			    ftruncate(segment_fd, (off_t)s.size) != 0)
				_exit(5);
	}
	say(MESSAGE_DONE, 0, "");
}

/* -------------------------------------------------------------- the others */

static void
closes_and_stays(void)
{
	struct segment s = seal();

	munmap(s.bytes, s.size);
	if (seed % 2)
		say(MESSAGE_DONE, 0, "");
	close(STDIN_FILENO);
	linger();
}

/* Its child has the socket. */
static void
leaves_a_child(void)
{
	if (fork() == 0)
		linger();
}

static void
board_garbage(void)
{
	uint8_t *bytes = (uint8_t *)board;

	for (int i = 0; i < 100; i++)
		for (size_t k = 0; k < sizeof(*board); k++)
			bytes[k] = (uint8_t)(number() | 1);
	if (seed % 2)
		abort();
	linger();
}

static void
cut_board(void)
{
	say(MESSAGE_ERROR, CUTE_SHM_ERR_SOURCE,
	    ftruncate(board_fd, 0) == 0 ? "the board was cut"
					: "the board holds");
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {
	{ "sizes", sizes },
	{ "kinds", kinds },
	{ "dimensions", dimensions },
	{ "texts", texts },
	{ "questions", questions },
	{ "huge_questions", huge_questions },
	{ "flood", flood },
	{ "descriptors", descriptors },
	{ "half_silent", half_silent },
	{ "half_exit", half_exit },
	{ "random", random_messages },
	{ "errors", errors },
	{ "retry", retry },
	{ "honest", honest },
	{ "done_unsealed", done_unsealed },
	{ "other_identity", other_identity },
	{ "header", header },
	{ "metadata", metadata },
	{ "keeps_mapping", keeps_mapping },
	{ "keeps_descriptor", keeps_descriptor },
	{ "cut_segment", cut_segment },
	{ "cuts_segment", cuts_segment },
	{ "closes_and_stays", closes_and_stays },
	{ "leaves_a_child", leaves_a_child },
	{ "board_garbage", board_garbage },
	{ "cut_board", cut_board },
};

static void
begin(void)
{
	struct message *m;
	int fds[MESSAGE_FDS];

	signal(SIGPIPE, SIG_IGN);
	say(MESSAGE_HELLO, 0, CUTE_SHM_VERSION);
	if (message_receive(0, &m, fds) != 1 || !request_read(m, &request))
		_exit(6);
	board_fd = fds[REQUEST_BOARD];
	segment_fd = fds[REQUEST_SEGMENT];
	board = board_map(board_fd);
	if (!board)
		_exit(7);
}

int
main(void)
{
	const char *what = getenv("CUTE_SHM_TEST_HOSTILE");
	const char *text = getenv("CUTE_SHM_TEST_SEED");

	if (what && strcmp(what, "version") == 0) {
		say(MESSAGE_HELLO, 0, "9.9.9");
		linger();
	}
	seed = text ? (unsigned)atoi(text) : 0;
	begin();
	for (size_t i = 0; what && i < ELEMENTS(acts); i++)
		if (strcmp(acts[i].name, what) == 0)
			acts[i].act();
	_exit(0);
}
