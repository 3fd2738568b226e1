/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

struct range {
	uint32_t first, last;
};

static bool locale_is_utf8;

void
text_begin(void)
{
	setlocale(LC_CTYPE, "");
	locale_is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	/* Names are UTF-8 wherever we are: measure them as such. */
	if (!locale_is_utf8)
		setlocale(LC_CTYPE, "C.UTF-8");
}

bool
text_utf8(void)
{
	return locale_is_utf8;
}

const char *
text_ellipsis(void)
{
	return locale_is_utf8 ? "\xe2\x80\xa6" : "...";
}

const char *
text_times(void)
{
	return locale_is_utf8 ? "\xc3\x97" : "x";
}

static int no_memory_status = 1;

void
text_no_memory(int status)
{
	no_memory_status = status;
}

static _Noreturn void
out_of_memory(void)
{
	fputs("cute-shm: no memory left\n", stderr);
	exit(no_memory_status);
}

void *
text_alloc(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, count ? count : 1, size);

	if (!p)
		out_of_memory();
	return p;
}

/*
 * No open_memstream(): where memory ends, glibc's drops text, says nothing of
 * it, or gives NULL for it.
 */
static ssize_t
buffer_write(void *cookie, const char *text, size_t n)
{
	struct text_buffer *b = cookie;

	size_t room = 2 * b->room + n + 64;
	char *more;

	if (b->lost)
		return (ssize_t)n;
	/* The text always has its NUL: some look at it before its end. */
	if (b->room - b->size <= n) {
		more = realloc(b->text, room);
		if (!more) {
			/* exit() will come back to flush the stream. */
			b->lost = true;
			out_of_memory();
		}
		b->text = more;
		b->room = room;
	}
	memcpy(b->text + b->size, text, n);
	b->size += n;
	b->text[b->size] = '\0';
	return (ssize_t)n;
}

/* For ftell() alone. */
static int
buffer_seek(void *cookie, off64_t *offset, int whence)
{
	const struct text_buffer *b = cookie;

	if (whence != SEEK_CUR || *offset != 0)
		return -1;
	*offset = (off64_t)b->size;
	return 0;
}

void
text_buffer_begin(struct text_buffer *b)
{
	static const cookie_io_functions_t calls = {
		.write = buffer_write,
		.seek = buffer_seek,
	};

	*b = (struct text_buffer){ .text = NULL };
	b->out = fopencookie(b, "w", calls);
	if (!b->out)
		out_of_memory();
}

char *
text_buffer_end(struct text_buffer *b)
{
	fputc('\0', b->out);
	if (fclose(b->out) != 0)
		out_of_memory();
	b->size--;
	return b->text;
}

/* Length of the UTF-8 sequence that begins with this byte, 0: none does. */
static unsigned
sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if ((lead & 0xf0) == 0xe0)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

static bool
char_valid(uint32_t c, unsigned length)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return c >= smallest[length] && c <= 0x10ffff &&
	       (c < 0xd800 || c > 0xdfff);
}

uint32_t
text_next(const char **p, const char *end)
{
	const unsigned char *s = (const unsigned char *)*p;
	unsigned length = sequence_length(*s);
	uint32_t c = length > 1 ? *s & (0x7fu >> length) : *s;
	unsigned i;

	++*p;
	if (length == 0 || length > (size_t)(end - *p) + 1)
		return TEXT_INVALID;
	for (i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return TEXT_INVALID;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (!char_valid(c, length))
		return TEXT_INVALID;
	*p += length - 1;
	return c;
}

void
text_put_char(FILE *out, uint32_t c)
{
	if (c < 0x80) {
		putc((int)c, out);
		return;
	}
	if (c < 0x800) {
		putc((int)(0xc0 | c >> 6), out);
	} else {
		if (c < 0x10000) {
			putc((int)(0xe0 | c >> 12), out);
		} else {
			putc((int)(0xf0 | c >> 18), out);
			putc((int)(0x80 | (c >> 12 & 0x3f)), out);
		}
		putc((int)(0x80 | (c >> 6 & 0x3f)), out);
	}
	putc((int)(0x80 | (c & 0x3f)), out);
}

static bool
in_ranges(uint32_t c, const struct range *r, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

/*
 * Control characters, what turns or breaks a line, and Unicode's "default
 * ignorable" characters, which show nothing: two names that differ in those
 * alone would look the same.
 */
bool
text_hostile(uint32_t c)
{
	static const struct range ranges[] = {
		{ 0x00, 0x1f },	      { 0x7f, 0x9f },
		{ 0xad, 0xad },	      { 0x34f, 0x34f },
		{ 0x61c, 0x61c },     { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
		{ 0x200b, 0x200f },   { 0x2028, 0x202e },
		{ 0x2060, 0x206f },   { 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
		{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};

	return in_ranges(c, ranges, sizeof(ranges) / sizeof(*ranges));
}

static void
put_escape(FILE *out, uint32_t c)
{
	if (c == '\n')
		fputs("\\n", out);
	else if (c == '\t')
		fputs("\\t", out);
	else if (c < 0x80)
		fprintf(out, "\\x%02x", c);
	else if (c < 0x10000)
		fprintf(out, "\\u%04x", c);
	else
		fprintf(out, "\\U%08x", c);
}

void
text_put(FILE *out, const char *s, size_t n)
{
	const char *end = s + n, *start;
	uint32_t c;

	while (s < end) {
		start = s;
		c = text_next(&s, end);
		if (c == TEXT_INVALID)
			fprintf(out, "\\x%02x", (unsigned char)*start);
		else if (text_hostile(c))
			put_escape(out, c);
		else
			fwrite(start, 1, (size_t)(s - start), out);
	}
}

char *
text_escape(const char *s, size_t n)
{
	struct text_buffer b;

	text_buffer_begin(&b);
	text_put(b.out, s, n);
	return text_buffer_end(&b);
}

/* Where the C library knows no width: what is wide or none in Unicode. */
static size_t
char_width_fallback(uint32_t c)
{
	static const struct range none[] = {
		{ 0x300, 0x36f },     { 0x483, 0x489 },	  { 0x591, 0x5bd },
		{ 0x64b, 0x65f },     { 0x20d0, 0x20f0 }, { 0xfe20, 0xfe2f },
		{ 0x1f3fb, 0x1f3ff },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },
		{ 0x3041, 0xa4cf },   { 0xa960, 0xa97f },
		{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
		{ 0xfe30, 0xfe6f },   { 0xff01, 0xff60 },
		{ 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
		{ 0x1f680, 0x1f6ff }, { 0x1f900, 0x1faff },
		{ 0x20000, 0x3fffd },
	};

	if (in_ranges(c, none, sizeof(none) / sizeof(*none)))
		return 0;
	return in_ranges(c, wide, sizeof(wide) / sizeof(*wide)) ? 2 : 1;
}

static size_t
char_width(uint32_t c)
{
	int width;

	if (c < 0x80)
		return 1;
	width = wcwidth((wchar_t)c);
	return width < 0 ? char_width_fallback(c) : (size_t)width;
}

size_t
text_width(const char *s)
{
	const char *end = s + strlen(s);
	size_t width = 0;

	while (s < end)
		width += char_width(text_next(&s, end));
	return width;
}

/* The longest beginning of [s, end) that takes at most 'width' columns. */
static const char *
fit(const char *s, const char *end, size_t width)
{
	const char *p = s;
	size_t w;

	while (s < end) {
		w = char_width(text_next(&p, end));
		if (w > width)
			break;
		width -= w;
		s = p;
	}
	return s;
}

/* The longest end of it that does. */
static const char *
fit_tail(const char *s, const char *end, size_t width)
{
	size_t all = text_width(s);

	while (s < end && all > width)
		all -= char_width(text_next(&s, end));

	/* Marks that combine with what was cut off have lost their base. */
	while (s < end) {
		const char *p = s;

		if (char_width(text_next(&p, end)) > 0)
			break;
		s = p;
	}
	return s;
}

char *
text_shorten(const char *s, size_t width, enum text_cut cut)
{
	const char *end = s + strlen(s), *dots = text_ellipsis();
	size_t room, head = 0;
	const char *left, *right = end;

	if (text_width(s) <= width)
		return text_format("%s", s);
	if (width < text_width(dots))
		dots = "";
	room = width - text_width(dots);
	if (cut == TEXT_CUT_MIDDLE)
		head = room / 3;
	left = fit(s, end, cut == TEXT_CUT_MIDDLE ? head : room);
	if (cut == TEXT_CUT_MIDDLE)
		right = fit_tail(left, end, room - head);
	return text_format("%.*s%s%s", (int)(left - s), s, dots, right);
}

char *
text_vformat(const char *format, va_list args)
{
	char *ret;

	if (vasprintf(&ret, format, args) < 0)
		out_of_memory();
	return ret;
}

char *
text_format(const char *format, ...)
{
	va_list args;
	char *ret;

	va_start(args, format);
	ret = text_vformat(format, args);
	va_end(args);
	return ret;
}

void
text_line(FILE *out, const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	s = text_vformat(format, args);
	va_end(args);
	text_put(out, s, strlen(s));
	putc('\n', out);
	free(s);
}

size_t
text_terminal_columns(FILE *out)
{
	struct winsize size;

	if (!isatty(fileno(out)))
		return 0;
	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return 80;
}

size_t
text_columns(FILE *out)
{
	const char *env = getenv("COLUMNS");
	unsigned long n;
	char *end;

	if (env && *env >= '1' && *env <= '9') {
		n = strtoul(env, &end, 10);
		if (*end == '\0' && n < 100000)
			return n;
	}
	return text_terminal_columns(out);
}

static bool
has_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no && *no) && term &&
	       strcmp(term, "dumb") != 0;
}

void
text_style(FILE *out, enum text_style style)
{
	static const char *const codes[] = {
		[TEXT_PLAIN] = "\033[0m", [TEXT_BOLD] = "\033[1m",
		[TEXT_DIM] = "\033[2m",	  [TEXT_NAME] = "\033[1;36m",
		[TEXT_BAD] = "\033[31m",
	};

	if (has_colour(out))
		fputs(codes[style], out);
}
