/* SPDX-License-Identifier: MIT */
/*
 * Messages over a socket.  The caller trusts nothing that a reader sends: sizes
 * are checked before memory is taken, and no call of inbox_take() waits.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hdf5/channel/channel.h"

/* ------------------------------------------------------------------ sending */

/* Room for the descriptors of a message, aligned as the kernel wants it. */
union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
};

static void
control_set(struct msghdr *h, union control *c, const int *fds, unsigned count)
{
	struct cmsghdr *head;

	if (count == 0)
		return;
	memset(c, 0, sizeof(*c));
	h->msg_control = c->bytes;
	h->msg_controllen = CMSG_SPACE(count * sizeof(int));
	head = CMSG_FIRSTHDR(h);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(head), fds, count * sizeof(int));
}

/* Skip the first 'n' bytes of both parts. */
static void
advance(struct iovec part[2], size_t n)
{
	int i;

	for (i = 0; i < 2; i++) {
		size_t here = n < part[i].iov_len ? n : part[i].iov_len;

		part[i].iov_base = (char *)part[i].iov_base + here;
		part[i].iov_len -= here;
		n -= here;
	}
}

int
message_send(int socket, struct message *m, const void *tail, size_t size,
	     const int *fds, unsigned count)
{
	struct iovec part[2] = {
		{ .iov_base = m, .iov_len = sizeof(*m) },
		{ .iov_base = (void *)(uintptr_t)tail, .iov_len = size },
	};
	struct msghdr h = { .msg_iov = part, .msg_iovlen = 2 };
	union control control;
	ssize_t n;

	if (size > MESSAGE_MAX - sizeof(*m)) {
		errno = EMSGSIZE;
		return -1;
	}
	m->size = (uint32_t)(sizeof(*m) + size);
	control_set(&h, &control, fds, count);
	while (part[0].iov_len + part[1].iov_len > 0) {
		n = sendmsg(socket, &h, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		/* The descriptors went with the first byte. */
		h.msg_control = NULL;
		h.msg_controllen = 0;
		advance(part, (size_t)n);
	}
	return 0;
}

bool
message_answer(int socket, struct message *m, const void *tail, size_t size,
	       int fd)
{
	struct iovec part[2] = {
		{ .iov_base = m, .iov_len = sizeof(*m) },
		{ .iov_base = (void *)(uintptr_t)tail, .iov_len = size },
	};
	struct msghdr h = { .msg_iov = part, .msg_iovlen = 2 };
	union control control;
	ssize_t n;

	m->size = (uint32_t)(sizeof(*m) + size);
	control_set(&h, &control, &fd, fd >= 0);
	do
		n = sendmsg(socket, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n != m->size)
		errno = EAGAIN;
	return n >= 0 && (size_t)n == m->size;
}

int
message_send_texts(int socket, struct message *m, const char *const *text)
{
	size_t size[MESSAGE_TEXTS], total = 0, at = 0;
	char *all;
	int i, rc;

	for (i = 0; i < MESSAGE_TEXTS && text[i]; i++) {
		size[i] = strnlen(text[i], MESSAGE_MAX / 8) + 1;
		total += size[i];
	}
	all = malloc(total + 1);
	if (!all)
		return -1;
	for (i = 0; i < MESSAGE_TEXTS && text[i]; i++) {
		memcpy(all + at, text[i], size[i] - 1);
		at += size[i];
		all[at - 1] = '\0';
	}
	rc = message_send(socket, m, all, total, NULL, 0);
	free(all);
	return rc;
}

/* ---------------------------------------------------------------- receiving */

/* Whether the sizes in a message's head can be right. */
static bool
head_ok(const struct message *head)
{
	return head->size >= sizeof(*head) && head->size <= MESSAGE_MAX &&
	       head->ndim <= MAX_NDIM;
}

/* Memory for the whole message, with a NUL after it. */
static struct message *
message_for(const struct message *head)
{
	struct message *m = malloc((size_t)head->size + 1);

	if (!m)
		return NULL;
	memcpy(m, head, sizeof(*head));
	((char *)m)[head->size] = '\0';
	return m;
}

/* Keep the descriptors that came with the first bytes of a message. */
static void
control_get(struct msghdr *h, int fds[MESSAGE_FDS])
{
	struct cmsghdr *head = CMSG_FIRSTHDR(h);
	size_t count, i;
	int all[MESSAGE_FDS];

	if (!head || head->cmsg_level != SOL_SOCKET ||
	    head->cmsg_type != SCM_RIGHTS)
		return;
	count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	count = count < MESSAGE_FDS ? count : MESSAGE_FDS;
	memcpy(all, CMSG_DATA(head), count * sizeof(int));
	for (i = 0; i < count; i++)
		fds[i] = fd_above_stdio(all[i]);
}

/* Wait for 'size' bytes; 'fds' may be NULL.  As message_receive(). */
static int
receive_bytes(int socket, void *data, size_t size, int *fds)
{
	struct iovec part = { .iov_base = data, .iov_len = size };
	struct msghdr h = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control;
	ssize_t n;

	while (part.iov_len > 0) {
		h.msg_control = fds ? control.bytes : NULL;
		h.msg_controllen = fds ? sizeof(control) : 0;
		n = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		if (fds)
			control_get(&h, fds);
		part.iov_base = (char *)part.iov_base + n;
		part.iov_len -= (size_t)n;
	}
	return 1;
}

/* Drop the rest of a message, so that the next one begins at its beginning. */
static void
skip_bytes(int socket, size_t size)
{
	char dropped[512];
	size_t n;

	for (; size > 0; size -= n) {
		n = size < sizeof(dropped) ? size : sizeof(dropped);
		if (receive_bytes(socket, dropped, n, NULL) <= 0)
			return;
	}
}

int
message_receive(int socket, struct message **ret, int fds[MESSAGE_FDS])
{
	struct message head, *m;
	int rc, i;

	for (i = 0; i < MESSAGE_FDS; i++)
		fds[i] = -1;
	rc = receive_bytes(socket, &head, sizeof(head), fds);
	if (rc <= 0)
		return rc;
	if (!head_ok(&head)) {
		errno = EBADMSG;
		return -1;
	}
	m = message_for(&head);
	if (!m) {
		skip_bytes(socket, head.size - sizeof(head));
		errno = ENOMEM;
		return -1;
	}
	rc = receive_bytes(socket, m + 1, head.size - sizeof(head), NULL);
	if (rc <= 0) {
		free(m);
		return rc;
	}
	*ret = m;
	return 1;
}

/* Where the next byte belongs, and how many are missing there. */
static void *
inbox_next(struct inbox *inbox, size_t *missing)
{
	size_t head = sizeof(inbox->head);

	if (!inbox->m) {
		*missing = head - inbox->got;
		return (char *)&inbox->head + inbox->got;
	}
	*missing = inbox->head.size - inbox->got;
	return (char *)inbox->m + inbox->got;
}

int
inbox_take(struct inbox *inbox, int socket, struct message **ret)
{
	size_t missing;
	ssize_t n;
	void *to;

	for (;;) {
		to = inbox_next(inbox, &missing);
		if (missing == 0 && inbox->m)
			break;
		if (missing == 0) {
			inbox->m = head_ok(&inbox->head)
					   ? message_for(&inbox->head)
					   : NULL;
			if (!inbox->m)
				return INBOX_BAD;
			continue;
		}
		n = recv(socket, to, missing, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return INBOX_WAIT;
		/* A reader that dies with unread answers resets it. */
		if (n < 0 && errno != ECONNRESET)
			return INBOX_BAD;
		if (n <= 0)
			return INBOX_END;
		inbox->got += (size_t)n;
	}
	*ret = inbox->m;
	*inbox = (struct inbox){ .got = 0 };
	return INBOX_MESSAGE;
}

void
inbox_clear(struct inbox *inbox)
{
	free(inbox->m);
	*inbox = (struct inbox){ .got = 0 };
}

const char *
message_text(const struct message *m, unsigned i)
{
	const char *text = (const char *)(m + 1);
	const char *end = (const char *)m + m->size;

	while (i-- > 0 && text < end)
		text += strlen(text) + 1;
	return text < end ? text : "";
}

const void *
message_tail(const struct message *m, size_t size)
{
	return m->size - sizeof(*m) == size ? m + 1 : NULL;
}
