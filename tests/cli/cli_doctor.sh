#!/bin/sh
# cute-shm-doctor: what it finds depends on the machine, so look for words.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# finds LEVEL CHECK WORDS: a finding of that level with these words in it.
finds()
{
	grep -E "^$1 +$2 .*$3" "$tmp/found" >/dev/null ||
		fail "no $1 $2 with '$3': $(cat "$tmp/found")"
}

make_project demo demo || fail 'no project demo'
cute-shm-doctor >"$tmp/found" || [ $? -eq 1 ] || fail 'exit status'
finds '(ok|note)' root "$root"
finds ok files 'without a name'
finds '(ok|note)' memory 'a new segment may have'
finds '(ok|note)' limits .
finds ok projects '1 project, '
grep -q 'orphans\|damage\|torn' "$tmp/found" && fail 'finds what is not there'

make_project torn torn || fail 'no project torn'
make_project orphan gone || fail 'no orphan'
cp "$root/cute-shm.demo" "$root/cute-shm.bad"
damage "$root/cute-shm.bad" 300
: >"$root/.cute-shm.0123456789abcdef"
cute-shm-doctor >"$tmp/found"
[ $? -eq 1 ] || fail 'damage is no problem'
finds note orphans '1 project whose'
finds problem damage 'one of them is damaged .*bad'
finds note torn torn
finds note unfinished '1 unfinished'
[ -e "$root/cute-shm.gone" ] || fail 'the doctor has removed something'

cute-shm-doctor -q >"$tmp/found"
grep -q '^ok' "$tmp/found" && fail '-q shows what is ok'
finds problem damage bad

# Segments of the Python package are nobody's damage, and not our projects.
# What only looks a little like them is.
rm "$root/cute-shm.bad"
projects=$(cute-shm-doctor | sed -n 's/^ok  *projects  *\([0-9]*\).*/\1/p')
for segment in robot.0aZ9bY8cX7 robot.camera.AAAAAAAAAA; do
	head -c 1000 /dev/zero >"$root/cute-shm.$segment"
done
cute-shm-doctor -q >"$tmp/found"
grep -q 'damage\|foreign\|robot' "$tmp/found" && fail "$(cat "$tmp/found")"
cute-shm-doctor >"$tmp/found"
finds ok projects "$projects project"
cute-shm-list --json >"$tmp/all" 2>/dev/null || fail 'list --json'
grep -q robot "$tmp/all" && fail 'lists segments of the Python package'
cute-shm-unlink 'robot*' 2>/dev/null && fail 'removes them'
say 'beside the Python package'
t cute-shm-list -o project,integrity
t cute-shm-list -o project,integrity 'robot*'
t cute-shm-list -o project,integrity robot.0aZ9bY8cX7
for segment in robot.0aZ9bY8cX 'robot.0aZ9bY8cX!' .0aZ9bY8cX7; do
	head -c 1000 /dev/zero >"$root/cute-shm.$segment"
	cute-shm-doctor >"$tmp/found" && fail "$segment is no problem"
	finds problem damage "foreign, such as $segment"
	rm "$root/cute-shm.$segment"
done
rm "$root"/cute-shm.robot.*

# What can be read, as the program tells it that reads; and if there is none, if
# it is another one, or if it has no module beside it.
if [ -x "$builddir/bin/cute-shm-hdf5" ]; then
	cute-shm-doctor >"$tmp/found"
	finds ok hdf5 "files are read by $CUTE_SHM_READER"
	finds ok hdf5 'libhdf5 [0-9]+\.[0-9]+\.[0-9]+'
	finds ok filters 'can read .*lzf, .*bitshuffle'
	cute-shm-export -q demo "$tmp/demo.h5" || fail 'no file'
	cute-shm-hdf5 -vv --dry-run p "$tmp/demo.h5" >"$tmp/log" 2>&1
	sandbox=$(sed -n 's/.*the reader is locked in: //p' "$tmp/log")
	[ -n "$sandbox" ] || fail "no sandbox: $(cat "$tmp/log")"
	finds ok hdf5 "sandbox: $(echo "$sandbox" | sed 's/[(].*//')"
	cute-shm-hdf5 --version >"$tmp/version" || fail '--version'
	grep -q '^with libhdf5 [0-9.]*; decodes itself: .*lzf, ' \
		"$tmp/version" || fail "--version: $(cat "$tmp/version")"
	built=$CUTE_SHM_READER
	for reader in "$tmp/no-reader" "$(command -v true)"; do
		CUTE_SHM_READER=$reader
		cute-shm-doctor >"$tmp/found" && fail "$reader is no problem"
		finds problem hdf5 CUTE_SHM_READER
		grep -q -- '-> .*cute-shm-reader' "$tmp/found" ||
			fail "$reader: no remedy"
		cute-shm-hdf5 --version | grep -q libhdf5 &&
			fail "$reader: --version knows a libhdf5"
	done
	CUTE_SHM_READER=$built
fi

cute-shm-doctor --root "$tmp/nowhere" >"$tmp/found"
[ $? -eq 1 ] || fail 'a root that is not there'
finds problem root "$tmp/nowhere: No such file"
(
	ulimit -f 100000
	cute-shm-doctor >"$tmp/found"
	finds note limits 'ulimit -f'
) || exit 1
if command -v jq >/dev/null; then
	cute-shm-doctor --json | jq -e '.findings | length > 8 and
		all(.level and .check and .message)' >/dev/null || fail '--json'
fi
t cute-shm-doctor extra
t cute-shm-doctor -h
[ -c /dev/full ] && t sh -c 'cute-shm-doctor --root /nowhere >/dev/full'
finish
