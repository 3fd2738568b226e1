# SPDX-License-Identifier: MIT
# Completion of the cute-shm tools for bash: options as --help has them,
# projects, and the paths in them.
# shellcheck shell=bash

# The root: --root on the command line, else $CUTE_SHM_ROOT, else /dev/shm.
_cute_shm_root()
{
	local i root=${CUTE_SHM_ROOT:-/dev/shm}

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-root | --root)
			root=${COMP_WORDS[i + 1]}
			[[ $root == = ]] && root=${COMP_WORDS[i + 2]} ;;
		esac
	done
	printf '%s' "$root"
}

_cute_shm_projects()
{
	local root file

	root=$(_cute_shm_root)
	for file in "$root"/cute-shm.*; do
		[[ -f $file ]] && printf '%s\n' "${file#"$root"/cute-shm.}"
	done
}

# _cute_shm_paths PROJECT: of groups and arrays.
_cute_shm_paths()
{
	cute-shm-list --root "$(_cute_shm_root)" --json "$1" 2>/dev/null |
		sed -n 's/^          "path": "\(.*[^"]\)",$/\1/p'
}

# _cute_shm_reply CANDIDATES: lines, of which those that begin with the word are
# offered, quoted for the shell.
_cute_shm_reply()
{
	local line

	while IFS= read -r line; do
		[[ $line == "$cur"* ]] &&
			COMPREPLY+=("$(printf '%q' "$line")")
	done <<<"$1"
}

_cute_shm_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# What an operand is: its number, from 1, and the tool.
_cute_shm_operand()
{
	local number=$1 project=$2 files=$3

	case $tool:$number in
	cute-shm-evaluate:1 | cute-shm-hdf5:2 | cute-shm-load:2 | \
	cute-shm-export:2)
		_cute_shm_files ;;
	cute-shm-evaluate:2 | cute-shm-hdf5:1 | cute-shm-load:1)
		_cute_shm_reply "$(_cute_shm_projects)" ;;
	cute-shm-dump:1 | cute-shm-export:1 | cute-shm-verify:*)
		if [[ $files ]]; then
			_cute_shm_files
		else
			_cute_shm_reply "$(_cute_shm_projects)"
		fi ;;
	cute-shm-dump:*)
		[[ $files ]] || _cute_shm_reply "$(_cute_shm_paths "$project")" ;;
	cute-shm-list:* | cute-shm-unlink:*)
		_cute_shm_reply "$(_cute_shm_projects)" ;;
	esac
}

# The value of an option.
_cute_shm_value()
{
	case ${1#-} in
	-root | root)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	-group | group)
		mapfile -t COMPREPLY < <(compgen -g -- "$cur") ;;
	-sort | sort)
		_cute_shm_reply $'name\nsize\narrays\nage' ;;
	-gzip | gzip)
		_cute_shm_reply $'1\n2\n3\n4\n5\n6\n7\n8\n9' ;;
	-columns | columns)
		_cute_shm_reply "$(printf '%s\n' project arrays size data age \
			created owner mode users state integrity digest \
			creator source segment)" ;;
	esac
}

_cute_shm()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local tool=${1##*/} help valued word skip='' project='' files='' i
	local number=1

	COMPREPLY=()
	help=$("$1" --help 2>/dev/null) || return
	# " --root -root --mode ... -z", those that take a value.
	valued=$(sed -n 's/^  \(-.\), --\([a-z-]*\) [A-Z].*/\1 --\2 -\2/p
		s/^      --\([a-z-]*\) [A-Z].*/--\1 -\1/p' <<<"$help")
	valued=" ${valued//$'\n'/ } "

	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $valued == *" $prev "* ]]; then
		[[ $prev == -? ]] &&
			prev=$(sed -n "s/^  $prev, \(--[a-z-]*\).*/\1/p" <<<"$help")
		_cute_shm_value "$prev"
		return
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $skip ]]; then
			[[ $word == = ]] || skip=
		elif [[ $word == -- && $number -gt 2 ]]; then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			return
		elif [[ $valued == *" $word "* ]]; then
			skip=1
		elif [[ $word == -f || $word == -file || $word == --file ]]; then
			files=1
		elif [[ $word != -* ]]; then
			[[ $number -eq 1 ]] && project=$word
			((number++))
		fi
	done
	if [[ $cur == -* ]]; then
		_cute_shm_reply "$(sed -n 's/^  \(-.\), \(--[a-z-]*\).*/\1\n\2/p
			s/^      \(--[a-z-]*\).*/\1/p' <<<"$help")"
	else
		_cute_shm_operand "$number" "$project" "$files"
	fi
}

complete -F _cute_shm cute-shm-doctor cute-shm-dump cute-shm-evaluate \
	cute-shm-export cute-shm-hdf5 cute-shm-list cute-shm-load \
	cute-shm-unlink cute-shm-verify
