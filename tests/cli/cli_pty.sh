#!/bin/sh
# A command that cute-shm-hdf5 runs hears what the terminal has to say.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

python3 -c 'import pty' 2>/dev/null || exit 77
command -v setsid >/dev/null || exit 77
make_files "$tmp" || fail 'no files'
mkdir "$tmp/log"
python3 "$here/terminal_signals.py" "$tmp/demo.h5" "$tmp/log" \
	>"$tmp/out" 2>&1 || fail "$(cat "$tmp/out")"
only ''
