/* SPDX-License-Identifier: MIT */
/*
 * A screen of lines.  It has the terminal's second screen, so that what was
 * there comes back, and writes only lines that have changed.
 */
#include "top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"
#include "interrupt.h"
#include "now.h"
#include "text.h"

#define ENTER "\033[?1049h\033[?25l\033[H\033[2J" /* hide the cursor, clear */
#define LEAVE "\033[?25h\033[?1049l"

static struct termios before; /* of the terminal at standard input */
static bool keys;	      /* it is one, and gives us each key */
static volatile sig_atomic_t resized, stopping;
static char **shown; /* the lines on the screen */
static size_t shown_count;

static void
on_resize(int number)
{
	(void)number;
	resized = 1;
}

static void
on_stop(int number)
{
	(void)number;
	stopping = 1;
}

static void
forget_lines(void)
{
	while (shown_count > 0)
		free(shown[--shown_count]);
	free(shown);
	shown = NULL;
}

static void
enter(void)
{
	struct termios t;

	keys = tcgetattr(STDIN_FILENO, &before) == 0;
	if (keys) {
		t = before;
		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		t.c_cc[VMIN] = 1;
		t.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &t);
	}
	fputs(ENTER, stdout);
	fflush(stdout);
	forget_lines();
}

static void
leave(void)
{
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	fputs(LEAVE, stdout);
	fflush(stdout);
}

bool
top_screen_begin(void)
{
	struct sigaction resize = { .sa_handler = on_resize };
	struct sigaction stop = { .sa_handler = on_stop };
	const char *term = getenv("TERM");

	if (!isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0) {
		cli_message("standard output is no terminal that can be drawn "
			    "on: use --once, or --json");
		return false;
	}
	sigaction(SIGWINCH, &resize, NULL);
	sigaction(SIGTSTP, &stop, NULL);
	enter();
	return true;
}

void
top_screen_end(void)
{
	leave();
	forget_lines();
}

void
top_screen_size(size_t *rows, size_t *columns)
{
	struct winsize size;

	*rows = 24;
	*columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_row ||
	    !size.ws_col)
		return;
	*rows = size.ws_row;
	*columns = size.ws_col;
}

bool
top_screen_show(char *const *lines, size_t count)
{
	size_t i, all = count > shown_count ? count : shown_count;
	const char *line;

	for (i = 0; i < all; i++) {
		line = i < count ? lines[i] : "";
		if (i < shown_count && strcmp(shown[i], line) == 0)
			continue;
		printf("\033[%zu;1H%s\033[K", i + 1, line);
	}
	forget_lines();
	shown = text_alloc(NULL, count, sizeof(*shown));
	for (i = 0; i < count; i++)
		shown[shown_count++] = text_format("%s", lines[i]);
	return fflush(stdout) == 0 && !ferror(stdout);
}

/* Ctrl-Z: the terminal is as it was while we are stopped. */
static void
stop(void)
{
	stopping = 0;
	leave();
	raise(SIGSTOP);
	enter();
}

/* A key that was pressed; false: it ends the program, or there are no more. */
static bool
read_key(void)
{
	char key;
	ssize_t n = read(STDIN_FILENO, &key, 1);

	if (n < 0)
		return errno == EINTR;
	return n == 1 && key != 'q' && key != 'Q' && key != '\033';
}

bool
top_screen_wait(double seconds)
{
	struct pollfd in = { .fd = keys ? STDIN_FILENO : -1, .events = POLLIN };
	double end = clock_now() + seconds, left;

	while ((left = end - clock_now()) > 0) {
		int n = poll(&in, 1, (int)(left * 1000) + 1);

		if (interrupt_pending() || (n < 0 && errno != EINTR) ||
		    (n > 0 && !read_key()))
			return false;
		if (stopping) {
			stop();
			return true;
		}
		if (resized) {
			resized = 0;
			enter();
			return true;
		}
	}
	return true;
}
