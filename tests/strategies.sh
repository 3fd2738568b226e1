#!/bin/sh
# Every file of $CUTE_SHM_CORPUS gives the same content through the fast
# strategies, with one thread and with three, as through H5Dread alone.  What
# only the fast ones can read (a filter that libhdf5 lacks) is counted.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

[ -n "${CUTE_SHM_CORPUS:-}" ] || {
	echo 'CUTE_SHM_CORPUS is not set'
	exit 77
}

# load NAME [VAR=VALUE] OPTION...: exit status and digest, as one word
load()
{
	as=$1
	shift
	status=0
	env "$@" --keep-going --no-progress "$as" "$file" >/dev/null 2>&1 ||
		status=$?
	digest=none
	if [ -e "$root/cute-shm.$as" ]; then
		digest=$(od -An -tx8 -j496 -N8 "$root/cute-shm.$as" | tr -d ' ')
		rm -f "$root/cute-shm.$as"
	fi
	echo "$status:$digest"
}

same=0 more=0 failed=0
for file in "$CUTE_SHM_CORPUS"/*; do
	case $file in
	*.h5 | *.hdf5 | *.hdf | *.he5 | *.nc | *.nc4 | *.mat | *.h5ad) ;;
	*) continue ;;
	esac
	generic=$(load generic CUTE_SHM_HDF5_STRATEGY=generic cute-shm-hdf5)
	one=$(load one cute-shm-hdf5 -j1)
	three=$(load three cute-shm-hdf5 -j3)
	if [ "$one" != "$three" ]; then
		echo "$file: -j1 $one, -j3 $three"
		failed=$((failed + 1))
	elif [ "$one" = "$generic" ]; then
		same=$((same + 1))
	elif [ "${generic%%:*}" = 2 ] && [ "${one%%:*}" != 1 ]; then
		echo "$file: more than through H5Dread"
		more=$((more + 1))
	else
		echo "$file: generic $generic, fast $one"
		failed=$((failed + 1))
	fi
done
echo "$same the same, $more more than H5Dread can read, $failed different"
[ "$failed" -eq 0 ] && [ "$same" -gt 0 ]
