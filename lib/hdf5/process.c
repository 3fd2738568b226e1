/* SPDX-License-Identifier: MIT */
/*
 * The reader process while it runs: its messages, and its end.  Its end shows
 * by a pidfd, also where the program ignores SIGCHLD or reaps all children.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5/load.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* How often the listener's tick is called. */
#define TICK_MS 100

/* Seconds from its last message, or the end of its messages, to its end. */
#define END_SECONDS 2.0

/* The program says that it is there within 1 ms, on an idle machine. */
double start_seconds = 30;

uint32_t
process_log_level(void)
{
	uint32_t level = CUTE_SHM_LOG_DEBUG;

	while (level > 0 && !cute_shm_log_wants((enum cute_shm_log_level)level))
		level--;
	return level;
}

static void
pass_on_log(const struct message *m)
{
	int level = m->err;

	if (level >= CUTE_SHM_LOG_WARNING && level <= CUTE_SHM_LOG_DEBUG)
		cute_shm_log((enum cute_shm_log_level)level, "%s",
			     message_text(m, 0));
}

int
process_error(const struct process *p)
{
	const struct message *m = p->end;
	bool known = m->err < 0 && m->err >= CUTE_SHM_ERR_LIMIT;

	if (m->kind != MESSAGE_ERROR)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "the program that reads HDF5 files sent a "
				     "message of unexpected kind %u",
				     m->kind);
	return cute_shm_fail(known ? m->err : CUTE_SHM_ERR_SOURCE, "%s",
			     message_text(m, 0));
}

bool
process_new(struct process *p)
{
	*p = (struct process){ .socket = -1, .pidfd = -1 };
	p->board_fd = board_new(&p->board);
	if (p->board_fd < 0)
		fail_memory("to start the program that reads HDF5 files");
	return p->board_fd >= 0;
}

/* Wait for a short time; whether the process has ended by then. */
static bool
has_ended(const struct process *p, int ms)
{
	struct pollfd f = { .fd = p->pidfd, .events = POLLIN };
	siginfo_t info = { .si_pid = 0 };

	if (p->pidfd >= 0)
		return poll(&f, 1, ms) == 1;
	poll(NULL, 0, ms);
	return waitid(P_PID, (id_t)p->pid, &info,
		      WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       info.si_pid != 0;
}

/*
 * Wait until there is something to read.  A process that another thread forked
 * may have a copy of the reader's socket: then the end of the reader does not
 * end the stream, but our end can.  What has arrived stays.
 */
static int
wait_for_socket(struct process *p)
{
	struct pollfd f[2] = { { .fd = p->socket, .events = POLLIN },
			       { .fd = p->pidfd, .events = POLLIN } };
	int n = poll(f, p->pidfd >= 0 ? 2 : 1, TICK_MS);

	if (n < 0 && errno != EINTR)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "poll: %s",
				     strerror(errno));
	if (p->pidfd >= 0 ? n > 0 && f[1].revents != 0
			  : n == 0 && has_ended(p, 0))
		shutdown(p->socket, SHUT_RD);
	return 0;
}

/* Check the first message; takes over 'm'. */
static int
check_hello(struct message *m)
{
	int err = 0;

	if (m->kind != MESSAGE_HELLO ||
	    strcmp(message_text(m, 0), CUTE_SHM_VERSION) != 0)
		err = cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				    "the program that reads HDF5 files is of "
				    "version %.40s, not " CUTE_SHM_VERSION
				    ": install both together (CUTE_SHM_READER "
				    "may name another)",
				    m->kind == MESSAGE_HELLO
					    ? message_text(m, 0)
					    : "?");
	free(m);
	return err;
}

static int
greet(struct process *p)
{
	struct message *m;
	int err, n;

	for (;;) {
		n = inbox_take(&p->inbox, p->socket, &m);
		if (n == INBOX_MESSAGE)
			return check_hello(m);
		if (n != INBOX_WAIT)
			return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
					     "the program that reads HDF5 "
					     "files does not run, or is "
					     "another one (see "
					     "CUTE_SHM_READER)");
		if (clock_now() - p->start > start_seconds)
			return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
					     "the program that reads HDF5 "
					     "files does not answer for %.0f s",
					     start_seconds);
		err = wait_for_socket(p);
		if (err != 0)
			return err;
	}
}

int
process_begin(struct process *p)
{
	int err;

	memset(p->board, 0, sizeof(*p->board));
	free(p->end);
	p->end = NULL;
	err = process_start(p);
	return err == 0 ? greet(p) : err;
}

/* Keep the message that ends the work, and pass others on; takes over 'm'. */
static int
take_message(struct process *p, const struct listener *listener,
	     struct message *m)
{
	switch (m->kind) {
	case MESSAGE_ERROR:
	case MESSAGE_RETRY:
	case MESSAGE_DONE:
		free(p->end);
		p->end = m;
		return 0;
	case MESSAGE_LOG:
		pass_on_log(m);
		free(m);
		return 0;
	default: return listener->message(listener->arg, m);
	}
}

/*
 * Hand over what has arrived; *end is set at the end of the stream.  A reader
 * may send faster than we can take it, so stop in time for the next tick.
 */
static int
take_messages(struct process *p, const struct listener *listener, bool *end)
{
	double until = clock_now() + TICK_MS / 1e3;
	struct message *m;
	int err = 0, n;

	do {
		n = inbox_take(&p->inbox, p->socket, &m);
		if (n == INBOX_MESSAGE)
			err = take_message(p, listener, m);
	} while (n == INBOX_MESSAGE && err == 0 && clock_now() < until);
	p->nonsense = n == INBOX_BAD;
	/* What sends nonsense is stopped, and treated as a crash. */
	*end = n == INBOX_END || n == INBOX_BAD;
	return err;
}

static int
listen_to(struct process *p, const struct listener *listener)
{
	double told = clock_now(), now;
	bool end = false;
	int err = 0;

	while (err == 0 && !end) {
		err = wait_for_socket(p);
		if (err == 0)
			err = take_messages(p, listener, &end);
		now = clock_now();
		if (err == 0 && !end && now - told >= TICK_MS / 1e3) {
			told = now;
			err = listener->tick ? listener->tick(listener->arg)
					     : 0;
		}
	}
	return err;
}

static void
send_kill(const struct process *p)
{
	if (p->pidfd < 0 ||
	    syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0) != 0)
		kill(p->pid, SIGKILL);
}

/* The status that waitpid() would give. */
static int
status_of(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? (info->si_status & 0xff) << 8
					   : info->si_status & 0x7f;
}

/* False if another part of the program reaped it, or it ignores SIGCHLD. */
static bool
reap(const struct process *p, int *status)
{
	siginfo_t info = { .si_pid = 0 };
	int rc;

	do
		rc = p->pidfd >= 0
			     ? waitid((idtype_t)P_PIDFD, (id_t)p->pidfd, &info,
				      WEXITED)
			     : waitid(P_PID, (id_t)p->pid, &info, WEXITED);
	while (rc != 0 && errno == EINTR);
	if (rc != 0 || info.si_pid == 0)
		return false;
	*status = status_of(&info);
	return true;
}

/* Kill it if 'now', or if it does not end soon, and wait for its end. */
static void
end(struct process *p, bool now)
{
	struct pollfd f = { .fd = p->pidfd, .events = POLLIN };
	double until;

	if (p->pid <= 0)
		return;
	if (p->socket >= 0)
		close(p->socket);
	p->socket = -1;
	until = clock_now() + (now ? 0 : END_SECONDS);
	while (!has_ended(p, now ? 0 : TICK_MS) && clock_now() < until)
		;
	if (!has_ended(p, 0))
		send_kill(p);
	p->known = reap(p, &p->status);
	while (!p->known && p->pidfd >= 0 && poll(&f, 1, -1) < 0 &&
	       errno == EINTR)
		;
	p->pid = 0;
}

int
process_signal(const struct process *p)
{
	if (p->known)
		return WIFSIGNALED(p->status) ? WTERMSIG(p->status) : 0;
	return p->board ? (int)(p->board->signal & 0x7f) : 0;
}

int
process_finish(struct process *p, int err, const struct listener *listener)
{
	if (err == 0)
		err = listen_to(p, listener);
	end(p, err != 0 || !p->end);
	if (p->pidfd >= 0)
		close(p->pidfd);
	p->pidfd = -1;
	inbox_clear(&p->inbox);
	return err;
}

void
process_free(struct process *p)
{
	if (!p->board)
		return;
	board_free(p->board);
	close(p->board_fd);
	free(p->end);
	p->board = NULL;
}
