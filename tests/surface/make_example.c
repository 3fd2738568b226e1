/* SPDX-License-Identifier: MIT */
/*
 * The example of cute-shm(5), on standard output.  What differs from load to
 * load is made the same, so that the manual can show every byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/read.h"

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "make_example: %s\n", cute_shm_errmsg());
	exit(1);
}

static struct cute_shm *
build(void)
{
	static const float q[2][3] = { { 0, 0.5f, 1 }, { 1.5f, 2, -1 } };
	static const uint64_t shape[] = { 2, 3 };
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .creator = "example 1.0" };
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	must(cute_shm_builder_new("example", &opt, &b));
	must(cute_shm_builder_array(b, "arm/q", "<f4", 2, shape, q));
	must(cute_shm_builder_attr_text(b, "arm/q", "unit", "rad"));
	must(cute_shm_builder_link(b, "pose", "arm/q"));
	must(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	return shm;
}

static void
fix(struct format_header *h)
{
	static const uint8_t uuid[16] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
					  0x46, 0x77, 0x88, 0x99, 0xaa, 0xbb,
					  0xcc, 0xdd, 0xee, 0xff };

	h->created_ns = UINT64_C(1700000000000000000);
	h->creator_pid = 4242;
	h->creator_uid = 1000;
	memcpy(h->uuid, uuid, sizeof(uuid));
	h->header_digest = digest_header(h);
}

int
main(void)
{
	struct cute_shm *shm = build();
	struct format_header h = shm->header;
	int status = 0;

	fix(&h);
	if (fwrite(&h, sizeof(h), 1, stdout) != 1 ||
	    fwrite(shm->base + sizeof(h), shm->size - sizeof(h), 1, stdout) !=
		    1 ||
	    fclose(stdout) != 0) {
		perror("make_example");
		status = 1;
	}
	cute_shm_close(shm);
	must(cute_shm_unlink("example", NULL, NULL));
	return status;
}
