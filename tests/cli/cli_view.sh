#!/bin/sh
# Every segment is also an HDF5 file: what programs of HDF5 read from it, with
# no library of ours.  Their output differs between versions, so only what
# matters of it is compared.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

for tool in h5dump h5ls h5diff h5repack h5stat; do
	command -v "$tool" >/dev/null ||
		{ echo "skipped: there is no $tool"; exit 77; }
done

digest()
{
	cute-shm-list --json "$1" | sed -n 's/.*"metadata_digest": //p'
}

# works COMMAND...: it ends well; what it prints is no matter.
works()
{
	"$@" >"$tmp/said" 2>&1 || { cat "$tmp/said" >&2; fail "$*"; }
}

mkdir "$tmp/files"
make_files "$tmp/files" || fail 'no files'
make_project demo demo || fail 'no project demo'
make_every small every || fail 'no project every'

say 'all of a project'
for project in demo every; do
	segment=$root/cute-shm.$project
	works h5dump "$segment"
	works h5ls -rv "$segment"
	works h5stat "$segment"
	works cute-shm-hdf5 -o again "$segment"
	works h5repack "$segment" "$tmp/$project.h5"
	works cute-shm-hdf5 -o again "$tmp/$project.h5"
done
h5ls -r "$root/cute-shm.demo" | sed 's/ *$//' >>"$transcript"

say 'a file, and what comes back of it'
t cute-shm-hdf5 file "$tmp/files/demo.h5"
works h5diff "$tmp/files/demo.h5" "$root/cute-shm.file"
t cute-shm-hdf5 back "$root/cute-shm.file"
[ "$(digest file)" = "$(digest back)" ] || fail 'another digest'
tail -c +513 "$root/cute-shm.file" >"$tmp/plain.h5"
works h5diff "$tmp/files/demo.h5" "$tmp/plain.h5"

say 'nobody writes'
cp "$root/cute-shm.demo" "$tmp/copy"
if command -v h5clear >/dev/null; then
	h5clear -s "$tmp/copy" >/dev/null 2>&1 && fail 'h5clear opened it'
fi
cmp "$root/cute-shm.demo" "$tmp/copy" || fail 'it has changed'

say 'without a view'
t cute-shm-hdf5 -o --no-view back "$tmp/files/demo.h5"
h5ls "$root/cute-shm.back" >/dev/null 2>&1 && fail 'a view'
[ "$(digest file)" = "$(digest back)" ] || fail 'another digest'
works cute-shm-export -q --segment back "$tmp/saved"
works cute-shm-load -o back "$tmp/saved"
works h5ls "$root/cute-shm.back"
works cute-shm-load -o --no-view back "$root/cute-shm.file"
h5ls "$root/cute-shm.back" >/dev/null 2>&1 && fail 'a view'
finish
