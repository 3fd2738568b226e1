#!/bin/sh
# Who may read what the tools write: those who may read the project, or the file
# that is replaced.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_project demo demo || fail 'no project demo'

# written WAY [OPTION]: $tmp/file.
written()
{
	way=$1
	shift
	case $way in
	segment) cute-shm-export --segment "$@" demo "$tmp/file" ;;
	hdf5) cute-shm-export "$@" demo "$tmp/file" ;;
	raw | npy) cute-shm-dump "--$way" --output "$tmp/file" "$@" demo \
		camera ;;
	text) cute-shm-dump --output "$tmp/file" "$@" demo ;;
	*) cute-shm-dump "--$way" --output "$tmp/file" "$@" demo ;;
	esac >"$tmp/out" 2>&1
}

ways='segment raw npy hex json text'
[ -x "$builddir/bin/cute-shm-hdf5" ] && ways="$ways hdf5"
for way in $ways; do
	# of the segment, the umask, and so of the file
	while read -r segment mask mode; do
		chmod "$segment" "$root/cute-shm.demo"
		(umask "$mask"; written "$way") ||
			fail "$way: $(cat "$tmp/out")"
		is=$(stat -c %a "$tmp/file")
		[ "$is" = "$mode" ] || fail "$way of $segment, $mask: $is"
		rm "$tmp/file"
	done <<-EOF
	600 022 600
	600 000 600
	640 022 640
	644 022 644
	644 077 600
	EOF
	for mode in 600 640 644; do
		(umask 022; : >"$tmp/file")
		chmod $mode "$tmp/file"
		written "$way" --overwrite ||
			fail "$way: $(cat "$tmp/out")"
		is=$(stat -c %a "$tmp/file")
		[ "$is" = $mode ] || fail "$way over $mode: $is"
	done
	rm "$tmp/file"
done
exit 0
