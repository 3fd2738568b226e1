/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "hdf5/reader/sandbox.h"

/* A text that is put together piece by piece, as far as it fits. */
struct words {
	char *text;
	size_t size, used;
};

static void __attribute__((format(printf, 2, 3)))
say(struct words *w, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(w->text + w->used, w->size - w->used, format, ap);
	va_end(ap);
	if (n > 0)
		w->used += (size_t)n;
	if (w->used >= w->size)
		w->used = w->size > 0 ? w->size - 1 : 0;
}

/* Why the kernel does not have it; 'err' is -errno. */
static const char *
reason(int err)
{
	switch (-err) {
	case ENOSYS:
	case EINVAL: return "not in this kernel";
	case EOPNOTSUPP: return "not switched on in this kernel";
	default: return strerror(-err);
	}
}

static unsigned
say_privileges(struct words *w, int err)
{
	if (err == 0)
		say(w, "no new privileges");
	else
		say(w, "new privileges (%s)", reason(err));
	return err == 0 ? SANDBOX_NO_NEW_PRIVS : 0;
}

static unsigned
say_landlock(struct words *w, int abi, int err)
{
	if (err < 0)
		say(w, ", no Landlock (%s)", reason(err));
	else
		say(w, ", Landlock ABI %d%s", abi,
		    err == 0 ? "" : " for one thread only");
	return err == 0 ? SANDBOX_LANDLOCK : 0;
}

static unsigned
say_seccomp(struct words *w, int err)
{
	if (err == 0)
		say(w, ", seccomp");
	else
		say(w, ", no seccomp (%s)", reason(err));
	return err == 0 ? SANDBOX_SECCOMP : 0;
}

#ifdef COUNTS_COVERAGE

/* The counters are written to files when the process ends. */
unsigned
sandbox_enter(const struct sandbox *box, char *text, size_t size)
{
	struct words w = { .text = text, .size = size };

	(void)box;
	say(&w, "no sandbox (built to count coverage)");
	return 0;
}

#else

unsigned
sandbox_enter(const struct sandbox *box, char *text, size_t size)
{
	struct words w = { .text = text, .size = size };
	int abi = landlock_abi(), err;
	unsigned holds;

	/* First, since the kernel asks for it before the other two. */
	err = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
	holds = say_privileges(&w, err);
	err = abi > 0 ? landlock_enter(abi, box->readable) : abi;
	holds |= say_landlock(&w, abi, err);
	/* Last, since it refuses the calls of the others. */
	holds |= say_seccomp(&w, filter_enter(box->writes));
	return holds;
}

#endif

unsigned
sandbox_supported(char *text, size_t size)
{
	struct words w = { .text = text, .size = size };
	int abi = landlock_abi(), err;
	unsigned offers;

	err = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0 ? 0 : -errno;
	offers = say_privileges(&w, err);
	offers |= say_landlock(&w, abi, abi > 0 ? 0 : abi);
	return offers | say_seccomp(&w, filter_supported());
}
