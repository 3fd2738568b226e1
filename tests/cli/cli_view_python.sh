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

t update_project make live 1000
t "$python" "$here/view.py" "$root/cute-shm.live" update_project once live
finish
