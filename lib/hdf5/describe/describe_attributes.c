/* SPDX-License-Identifier: MIT */
/*
 * Describe the attributes of groups and datasets: which there are, and under
 * which names.
 */

#include <stdio.h>
#include <stdlib.h>

#include "hdf5/describe/describe.h"

/*
 * Report an attribute that attribute_keep() could not read.  To read it again
 * might succeed, but its name was chosen without its value.
 */
static int
fail_kept(struct loader *l, const struct owner *owner, const char *name,
	  const char *failure)
{
	char *where;
	int rc;

	if (asprintf(&where, "%s@%s", owner->path, name) < 0)
		return fail_memory("for attributes");
	rc = send_failed(l, where, "%s", failure);
	free(where);
	return rc;
}

static int
skip_clash(struct loader *l, const struct owner *owner, const char *name)
{
	char *where;
	int rc;

	if (asprintf(&where, "%s@%s", owner->path, name) < 0)
		return fail_memory("for attributes");
	rc = send_skipped(l, where, "name clash");
	free(where);
	return rc;
}

/*
 * Describe the attribute under a name that is not reserved.  Report the new
 * name, unless the attribute is skipped anyway.
 */
static int
describe_renamed(struct loader *l, const struct owner *owner, const char *raw,
		 const char *name, const char *why)
{
	uint64_t gone = l->result.skipped + l->result.failed;
	char *where = NULL, *escaped = NULL;
	int rc;

	if (asprintf(&escaped, "%%%02X%s", (unsigned)(uint8_t)name[0],
		     name + 1) < 0 ||
	    asprintf(&where, "%s@%s", owner->path, name) < 0) {
		free(escaped);
		return fail_memory("for attributes");
	}
	rc = attribute_describe(l, owner, raw, escaped);
	if (rc == 0 && gone == l->result.skipped + l->result.failed)
		rc = send_changed(l, where, "named %s: %s", escaped, why);
	free(escaped);
	free(where);
	return rc;
}

static int
describe_named(struct loader *l, const struct owner *owner, const char *raw,
	       const struct described *as, const struct verdicts *verdicts)
{
	char *name = attr_name_of(raw);
	const char *why, *failure;
	enum reserved id;
	int rc;

	if (!name)
		return fail_memory("for attributes");
	id = reserved_find(name);
	why = verdict_against(verdicts, id);
	failure = verdict_failure(verdicts, id);
	if (id != RESERVED_NOT && (as->own >> id & 1))
		rc = skip_clash(l, owner, name);
	else if (failure)
		rc = fail_kept(l, owner, name, failure);
	else if (why)
		rc = describe_renamed(l, owner, raw, name, why);
	else
		rc = attribute_describe(l, owner, raw, name);
	free(name);
	return rc;
}

static int
describe_all(struct loader *l, const struct owner *owner,
	     const struct names *names, const struct described *as)
{
	struct verdicts *verdicts;
	size_t i;
	int rc = verdicts_get(l, owner, names, as, &verdicts);

	for (i = 0; i < names->count && rc == 0; i++)
		rc = describe_named(l, owner, names->name[i], as, verdicts);
	verdicts_free(verdicts);
	return rc;
}

static int
describe_known(struct loader *l, const struct object *object, const char *path,
	       const struct described *as)
{
	uint32_t next = 0;
	const struct owner owner = { H5I_INVALID_HID, ".",
				     object->source,  path,
				     object,	      &next };
	struct names names = { .count = 0 };
	int rc = names_native(object->native, &names)
			 ? describe_all(l, &owner, &names, as)
			 : fail_memory("for attributes");

	names_free(&names);
	return rc;
}

int
describe_attributes(struct loader *l, hid_t id, const struct object *object,
		    const char *path, const struct described *as)
{
	const struct owner owner = {
		id, ".", object->source, path, object, NULL
	};
	struct names names = { .count = 0 };
	char cause[200], *where;
	int rc;

	if (object->native)
		return describe_known(l, object, path, as);
	if (names_list(id, &names)) {
		rc = describe_all(l, &owner, &names, as);
	} else if (names.full || asprintf(&where, "%s@*", path) < 0) {
		rc = fail_memory("for attributes");
	} else {
		rc = send_failed(l, where, "attributes: %s",
				 hdf5_cause(cause, sizeof(cause)));
		free(where);
	}
	names_free(&names);
	return rc;
}

int
describe_listed(struct loader *l, const struct object *object,
		const struct names *names, const char *path,
		const struct described *as)
{
	const struct owner owner = { group_open(l->scan, object->parent),
				     object->name,
				     object->source,
				     path,
				     object,
				     NULL };

	if (owner.id < 0)
		return unreadable();
	return describe_all(l, &owner, names, as);
}
