/* SPDX-License-Identifier: MIT */
#include "wrap.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Escaped: the word may have become wider. */
static void
put_word(FILE *out, const char *word, size_t n, size_t *column, size_t indent,
	 size_t columns, bool first)
{
	char *escaped = text_escape(word, n);
	size_t width = text_width(escaped), blank = first ? 0 : 1;

	if (columns && *column > indent && *column + blank + width > columns) {
		fprintf(out, "\n%*s", (int)indent, "");
		*column = indent;
		blank = 0;
	}
	fprintf(out, "%s%s", blank ? " " : "", escaped);
	*column += blank + width;
	free(escaped);
}

void
wrap_put(FILE *out, const char *text, size_t column, size_t indent,
	 size_t columns)
{
	bool first = true;
	size_t n;

	for (;;) {
		n = strcspn(text, " ");
		put_word(out, text, n, &column, indent, columns, first);
		if (text[n] == '\0')
			return;
		text += n + 1;
		first = false;
	}
}
