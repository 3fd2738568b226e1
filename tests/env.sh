# Sourced before each test: the same output everywhere, and a root that is not
# there, so that a test which forgets to make its own cannot touch /dev/shm.
# shellcheck shell=sh

LC_ALL=C.UTF-8
TZ=UTC
TERM=xterm
CUTE_SHM_ROOT=/nonexistent/cute-shm-tests
export LC_ALL TZ TERM CUTE_SHM_ROOT
# On a busy machine, or under valgrind, a test takes many times as long.
: "${CK_DEFAULT_TIMEOUT:=60}"
: "${CK_TIMEOUT_MULTIPLIER:=3}"
export CK_DEFAULT_TIMEOUT CK_TIMEOUT_MULTIPLIER
# The one that was just built, not one that is installed.
if [ -x lib/cute-shm-reader ]; then
	CUTE_SHM_READER=$PWD/lib/cute-shm-reader
	export CUTE_SHM_READER
fi
unset COLUMNS NO_COLOR
