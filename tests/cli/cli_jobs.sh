#!/bin/sh
# SPDX-License-Identifier: MIT
# The lines for job scripts of cute-shm(7) and README.md, run as they stand.
# Only the file is another one, and what starts jobs is stood in for: it sets
# the same variables.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_files "$tmp" || fail 'no files'
cd "$tmp" || exit 99
mkdir -p bin data/episodes
mv demo.h5 data/demos.h5
cp data/demos.h5 demos.h5
cp data/demos.h5 data/episodes/episode_0.h5
cp data/demos.h5 data/episodes/episode_1.h5
touch -d '2020-01-01 12:00' demos.h5 data/demos.h5 data/episodes/*
PATH=$tmp/bin:$PATH

# python3 train.py: it finds the project, and notes who it is.
cat >bin/python3 <<'END'
#!/bin/sh
echo "$*, task ${SLURM_ARRAY_TASK_ID-none}, rank ${LOCAL_RANK-none}," \
     "project ${CUTE_SHM_PROJECT-none}" \
     "with $(cute-shm-list -o arrays demos | sed -n '2s/ //gp')" >>ran
END
# torchrun --nproc-per-node N SCRIPT: N workers, each with its rank.
cat >bin/torchrun <<'END'
#!/bin/sh
[ "$1" = --nproc-per-node ] || exit 64
seq 0 $(($2 - 1)) |
	WORLD_SIZE=$2 xargs -P "$2" -I '{}' env LOCAL_RANK='{}' python3 "$3"
END
chmod +x bin/*

# The examples of the section, a file for each: block.1, ...
awk '
	/^\.Sh/ { inside = /JOB SCRIPTS/ }
	!inside { next }
	/^\.Bd/ { on = 1; n++; next }
	/^\.Ed/ { on = 0 }
	on { gsub(/\\e/, "\\"); gsub(/\\-/, "-"); print >("block." n) }
' "$here/../../man/cute-shm.7"
[ "$(echo block.*)" = 'block.1 block.2 block.3 block.4 block.5' ] ||
	fail 'not five examples in cute-shm(7)'
sed -i "s|/data/|$tmp/data/|" block.*

# at_once SCRIPT: eight tasks of an array that start on one node.
at_once()
{
	: >ran
	seq 0 7 | SLURM_ARRAY_JOB_ID=1 SLURM_NODEID=0 xargs -P 8 -I '{}' \
		env SLURM_ARRAY_TASK_ID='{}' sh "$1" >told 2>&1 ||
		fail "$1: $(cat told)"
}

# lines N PATTERN FILE
lines()
{
	[ "$(grep -c "$2" "$3")" -eq "$1" ] ||
		fail "not $1 times '$2': $(cat "$3")"
}

# ran_all PROJECT: each task ran once, and had the data.
ran_all()
{
	lines 8 . ran
	for task in $(seq 0 7); do
		lines 1 "^train.py --seed $task, task $task, .* $1 with 3\$" ran
	done
}

# The first of them loads; whoever comes later finds that it is current.
at_once block.1
lines 1 '^demos: 3 arrays in 3 groups' told
lines 7 '^demos is current' told
only cute-shm.demos
cute-shm-unlink demos >/dev/null

at_once block.2
ran_all none
lines 1 '^demos: 3 arrays in 3 groups' told
cute-shm-unlink demos >/dev/null

at_once block.3
ran_all demos
only ''

: >ran
sh block.4 >told 2>&1 || fail "torchrun: $(cat told)"
lines 8 '^train.py, .* with 3$' ran
for rank in $(seq 0 7); do
	lines 1 "rank $rank, project none" ran
done
only cute-shm.demos

# In a crontab: five fields and a command, which gets little from its
# environment.
as_cron()
{
	env -i HOME="$tmp" SHELL=/bin/sh PATH="$PATH" CUTE_SHM_ROOT="$root" \
		sh -c "$(sed 's/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* //' block.5)" \
		>told 2>&1 || fail "cron: $(cat told)"
	[ ! -s told ] || fail "a mail of cron: $(cat told)"
	cute-shm-list --json demos | grep '"uuid"'
}
uuid=$(as_cron)
[ "$uuid" ] || fail 'no project by cron'
[ "$uuid" = "$(as_cron)" ] || fail 'cron loaded what was current'
touch -d '2020-01-01 12:01' data/demos.h5
[ "$uuid" != "$(as_cron)" ] || fail 'cron did not load what had changed'
cute-shm-unlink demos >/dev/null

# README.md
sed -n 's/^    \$ \(cute-shm-hdf5 .*\(--ensure\|torchrun\).*\)/\1/p' \
	"$here/../../README.md" >readme
lines 3 . readme
: >ran
while read -r line; do
	sh -c "$line" </dev/null >told 2>&1 || fail "$line: $(cat told)"
done <readme
lines 8 'project demos with 3$' ran
only cute-shm.demos cute-shm.episodes
