/* SPDX-License-Identifier: MIT */
#include "bus_error.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static const char *program;

/* In a handler nothing is at hand that may allocate, or lock. */
struct line {
	char text[4096 + 512];
	size_t size;
};

static void
put(struct line *l, const char *text)
{
	while (*text && l->size + 1 < sizeof(l->text))
		l->text[l->size++] = *text++;
	l->text[l->size] = '\0';
}

static void
put_number(struct line *l, uint64_t n)
{
	char digits[24];
	size_t i = sizeof(digits);

	digits[--i] = '\0';
	do
		digits[--i] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	put(l, digits + i);
}

/* The hexadecimal number at *p, which moves behind it. */
static uint64_t
hex(const char **p)
{
	uint64_t n = 0;
	char c;

	for (c = **p; (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
	     c = *++*p)
		n = n * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	return n;
}

/*
 * "BEGIN-END PERMS OFFSET DEVICE INODE   PATH": whether 'at' is in that, and
 * then the path, and where in the file it is.
 */
static bool
is_there(const char *text, uintptr_t at, const char **path, uint64_t *offset)
{
	uint64_t begin = hex(&text), end;
	int fields;

	if (*text != '-')
		return false;
	text++;
	end = hex(&text);
	if (at < begin || at >= end || strlen(text) < 6)
		return false;
	text += 6;
	*offset = hex(&text) + (at - begin);
	for (fields = 0; fields < 2; fields++) {
		text += strspn(text, " ");
		text += strcspn(text, " ");
	}
	*path = text + strspn(text, " ");
	return **path == '/';
}

/* The line of /proc/self/maps, and what is_there() finds in it. */
static bool
find_mapping(uintptr_t at, struct line *l, const char **path, uint64_t *offset)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	bool found = false;
	char buffer[1024];
	ssize_t n, i;

	l->size = 0;
	while (fd >= 0 && !found && (n = read(fd, buffer, sizeof(buffer))) > 0)
		for (i = 0; i < n && !found; i++) {
			if (buffer[i] != '\n') {
				put(l, (char[]){ buffer[i], '\0' });
				continue;
			}
			found = is_there(l->text, at, path, offset);
			if (!found)
				l->size = 0;
		}
	if (fd >= 0)
		close(fd);
	return found;
}

static void
put_reason(struct line *l, const char *path, uint64_t offset)
{
	struct stat st;

	if (stat(path, &st) == 0 && offset >= (uint64_t)st.st_size) {
		put(l, ": the file was cut to ");
		put_number(l, (uint64_t)st.st_size);
		put(l, " bytes while it was in use");
		return;
	}
	put(l, ": there is no memory for it.  Make room in the file system; if "
	       "the file is a copy with holes, copy it with cp --sparse=never, "
	       "or load it with cute-shm-load");
}

static void
on_bus_error(int number, siginfo_t *info, void *context)
{
	static struct line maps, said;
	uint64_t offset = 0;
	const char *path;

	(void)context;
	/* Sent by someone, a fault of the memory itself, or not of a file. */
	if (info->si_code != BUS_ADRERR ||
	    !find_mapping((uintptr_t)info->si_addr, &maps, &path, &offset)) {
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	if (isatty(STDERR_FILENO))
		put(&said, "\r\033[K");
	put(&said, program);
	put(&said, ": ");
	put(&said, path);
	put(&said, ": byte ");
	put_number(&said, offset);
	put(&said, " cannot be read");
	put_reason(&said, path, offset);
	put(&said, "\n");
	if (write(STDERR_FILENO, said.text, said.size) < 0)
		_exit(CLI_BUS);
	_exit(CLI_BUS);
}

void
bus_error_begin(const char *name)
{
	const struct sigaction action = {
		.sa_sigaction = on_bus_error,
		.sa_flags = SA_SIGINFO | (int)SA_RESETHAND,
	};

	program = name;
	sigaction(SIGBUS, &action, NULL);
}
