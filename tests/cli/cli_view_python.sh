#!/bin/sh
# What h5py sees of an array that is updated: a mapping at once, an open dataset
# after refresh().
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

python=
for try in python3 /usr/bin/python3; do
	"$try" -c 'import h5py, numpy' 2>/dev/null && python=$try && break
done
[ -n "$python" ] || { echo "skipped: there is no h5py"; exit 77; }

printf '#!/bin/sh\nexec %s "%s/view.py" "$@"\n' "$python" "$here" >"$tmp/view"
chmod +x "$tmp/view"
t update_project make live 1000
t "$tmp/view" "$root/cute-shm.live" update_project once live
finish
