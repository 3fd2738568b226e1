# Sourced before each test: a root of its own, so that no test can meet a
# user's projects, nor leave anything in /dev/shm.
#
# TEST_TMPDIR is removed at the end by whoever made it.
