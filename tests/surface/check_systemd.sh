#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples for systemd are what it accepts: the unit, with the tools of this
# build, and the line for tmpfiles.d, which does what it says.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

command -v systemd-analyze >/dev/null ||
	{ echo 'skipped: systemd-analyze is missing'; exit 77; }
examples=$here/../../demos/systemd

[ -f "$builddir/demos/systemd/cute-shm@.service" ] ||
	{ echo 'skipped: built without HDF5'; exit 77; }
# With the paths of an installation, and no word of ours left.
unit=$builddir/demos/systemd/cute-shm@.service
grep -q '@[a-z]*@' "$unit" && fail "$unit has a name that is not replaced"
sed -n 's/^Exec[A-Z][a-z]*=\([^ ]*\) .*/\1/p' "$unit" >"$tmp/commands"
[ "$(wc -l <"$tmp/commands")" -eq 2 ] || fail 'no two commands'

# Its options are those of the tools.
sed -n 's/^Exec[A-Z][a-z]*=//p' "$unit" | while read -r path options; do
	tool=${path##*/}
	[ -x "$builddir/bin/$tool" ] || continue
	"$tool" --help >"$tmp/help" || fail "$tool --help"
	for option in $options; do
		case $option in
		-*) grep -Eq "^ +(-., )?$option( |\$)|^  $option," \
			"$tmp/help" || fail "$tool has no $option" ;;
		esac
	done
done || exit 1

# analyzed FILE: what systemd says of it, as an instance.
analyzed()
{
	systemd-analyze --man=no verify "$1" >"$tmp/said" 2>&1 &&
		[ ! -s "$tmp/said" ]
}

printf '#!/bin/sh\n' >"$tmp/tool"
chmod 755 "$tmp/tool"
sed "s|^\\(Exec[A-Za-z]*=\\)[^ ]*|\\1$tmp/tool|" "$unit" >"$tmp/cute-shm@.service"
sed 's/^RemainAfterExit=.*/RemainAfterExit=perhaps/' \
	"$tmp/cute-shm@.service" >"$tmp/wrong@.service"
printf '[Service]\nType=oneshot\nExecStart=%s\n' "$tmp/tool" \
	>"$tmp/simple.service"
if analyzed "$tmp/simple.service"; then
	analyzed "$tmp/cute-shm@.service" || fail "$(cat "$tmp/said")"
	analyzed "$tmp/wrong@.service" && fail 'what is wrong is not found'
else
	echo "systemd-analyze cannot work here: $(head -n 1 "$tmp/said")"
fi

# It needs the right to give the folder to root.
command -v systemd-tmpfiles >/dev/null && [ "$(id -u)" -eq 0 ] || exit 0
mkdir "$tmp/system" || fail 'no folder'
systemd-tmpfiles --create --root="$tmp/system" "$examples/cute-shm.conf" \
	>"$tmp/said" 2>&1 || fail "$(cat "$tmp/said")"
[ "$(stat -c %a "$tmp/system/run/cute-shm")" = 1777 ] || fail 'another mode'
exit 0
