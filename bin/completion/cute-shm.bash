# SPDX-License-Identifier: MIT
# Completion of the cute-shm tools for bash: options as --help has them,
# projects, and the paths in them.
# shellcheck shell=bash

# _cute_shm_split TEXT: sets words, without their quotes; the last is the one
# being typed, which begins at $start, and may be in an open $quote.
# COMP_WORDS is no use: it is split at colons too, and keeps the quotes.
_cute_shm_split()
{
	local text=$1 word='' begun='' body='' i c

	words=() start=0 quote=''
	for ((i = 0; i < ${#text}; i++)); do
		c=${text:i:1}
		case $quote$c in
		"''" | '""')
			quote='' ;;
		"\$''")
			eval "word+=\$'$body'"
			quote='' ;;
		"\$'\\")
			body+=${text:i:2}
			((i++)) ;;
		"\$'"?)
			body+=$c ;;
		\"\\)
			[[ ${text:i + 1:1} == [\"\\\$\`] ]] && ((i++))
			word+=${text:i:1} ;;
		[\"\']?)
			word+=$c ;;
		\\)
			((i++))
			word+=${text:i:1} begun=1 ;;
		[\"\'])
			quote=$c begun=1 ;;
		[[:space:]])
			[[ $begun ]] && words+=("$word")
			word='' begun='' start=$((i + 1)) ;;
		*)
			begun=1
			if [[ ${text:i:2} == "\$'" ]]; then
				quote="\$'" body=''
				((i++))
			else
				word+=$c
			fi ;;
		esac
	done
	if [[ $quote == "\$'" ]]; then
		# Half an escape is not there yet.
		[[ $body =~ (^|[^\\])(\\\\)*\\$ ]] && body=${body%\\}
		eval "word+=\$'$body'"
	fi
	words+=("$word")
}

# _cute_shm_head REPLACED: sets head, that part of the word which readline leaves
# as it is when it completes: up to a colon, an equals sign, or an opening quote.
_cute_shm_head()
{
	local raw=$1 replaced=$2 words start quote

	head=
	if [[ $raw == *"$replaced" ]]; then
		_cute_shm_split "${raw%"$replaced"}"
		head=${words[0]}
	fi
}

# _cute_shm_quote_parts NAME: sets quoted[i].
_cute_shm_quote_parts()
{
	local text=$1 part

	quoted[i]=
	while [[ $text ]]; do
		[[ $text =~ ^([[:print:]]+|[^[:print:]]+) ]] ||
			[[ $text =~ .* ]]
		printf -v part '%q' "${BASH_REMATCH[0]}"
		quoted[i]+=$part
		text=${text:${#BASH_REMATCH[0]}}
	done
}

# _cute_shm_quote: the found, all of them at once, since there may be many.
_cute_shm_quote()
{
	local quoted text i end=''

	# Readline closes the quote, except behind what looks like its end.
	[[ ${#found[@]} -eq 1 && $quote && ${found[0]} == *"${quote#\$}" ]] &&
		end=${quote#\$}
	case $quote in
	\")
		found=("${found[@]//\\/\\\\}")
		found=("${found[@]//\"/\\\"}")
		found=("${found[@]//\$/\\\$}")
		found=("${found[@]//\`/\\\`}")
		found[0]+=$end
		return ;;
	\')
		found=("${found[@]//\'/\'\\\'\'}")
		found[0]+=$end
		return ;;
	"\$'")
		found=("${found[@]//\\/\\\\}")
		found=("${found[@]//\'/\\\'}")
		found[0]+=$end
		return ;;
	esac
	printf -v text '%q\n' "${found[@]}"
	mapfile -t quoted <<<"${text%$'\n'}"
	# $'...' around what needs it only: the rest may be common to several.
	[[ $text == *"\$'"* || $text == *"''"* ]] &&
		for i in "${!quoted[@]}"; do
			[[ ${quoted[i]} == "\$'"* || ! ${found[i]} ]] &&
				_cute_shm_quote_parts "${found[i]}"
		done
	found=("${quoted[@]}")
}

# _cute_shm_offer: the found, which begin with the word, quoted for the shell.
_cute_shm_offer()
{
	[[ $head ]] && found=("${found[@]#"$head"}")
	[[ ${#found[@]} -gt 0 ]] && _cute_shm_quote
	COMPREPLY=("${found[@]}")
}

_cute_shm_projects()
{
	local file found=()

	for file in "$root"/cute-shm.*; do
		file=${file#"$root"/cute-shm.}
		[[ $file == "$cur"* && -f $root/cute-shm.$file ]] || continue
		# After "--" only is it not taken for an option.
		[[ $file != -* || $ended ]] && found+=("$file")
	done
	_cute_shm_offer
}

# Of groups and arrays, one component; more where there is no choice.
_cute_shm_paths()
{
	local found=() prefix=$cur

	while
		mapfile -d '' -t found < <("$tool" --complete ${files:+--file} \
			--root "$root" -- "$project" "$prefix" 2>/dev/null)
		[[ ${#found[@]} -eq 1 && ${found[0]} == */ ]]
	do
		prefix=${found[0]}
	done
	# Else it is taken for one.
	[[ $cur || $ended ]] || found=("${found[@]/#-//-}")
	_cute_shm_offer
}

# _cute_shm_words WORDS: of an option, or options; none needs quotes.
_cute_shm_words()
{
	local word

	for word; do
		word=$lead$word
		[[ $word == "$cur"* ]] && COMPREPLY+=("${word#"$head"}")
	done
}

# _cute_shm_files ACTION: -f or -d; bash quotes them.
_cute_shm_files()
{
	local found=() text=$raw

	[[ $lead ]] && text=${text#*=}
	[[ $quote ]] && text=${text#"$quote"}
	compopt -o filenames 2>/dev/null
	mapfile -t found < <(compgen "$1" -- "$text")
	[[ $lead ]] && found=("${found[@]/#/"$lead"}")
	COMPREPLY=("${found[@]#"$head"}")
}

# What an operand is: its number, from 1, and the tool.
_cute_shm_operand()
{
	case ${tool##*/}:$number in
	cute-shm-evaluate:2 | cute-shm-hdf5:1 | cute-shm-load:1 | \
	cute-shm-mpi:1)
		_cute_shm_projects ;;
	cute-shm-evaluate:1 | cute-shm-hdf5:* | cute-shm-load:2 | \
	cute-shm-mpi:* | cute-shm-export:2)
		_cute_shm_files -f ;;
	cute-shm-diff:[12] | cute-shm-dump:1 | cute-shm-export:1 | \
	cute-shm-verify:*)
		if [[ $files ]]; then
			_cute_shm_files -f
		else
			_cute_shm_projects
		fi ;;
	cute-shm-dump:*)
		_cute_shm_paths ;;
	cute-shm-list:* | cute-shm-top:* | cute-shm-unlink:*)
		_cute_shm_projects ;;
	esac
}

# _cute_shm_columns LISTED: of those, the others, after the last comma.
_cute_shm_columns()
{
	local listed='' column found=()

	[[ $1 == *,* ]] && listed=${1%,*},
	lead+=$listed
	for column in project arrays size data age created owner mode users \
		state integrity digest creator source segment; do
		[[ ,$listed == *",$column,"* ]] || found+=("$column")
	done
	_cute_shm_words "${found[@]}"
}

# _cute_shm_value OPTION VALUE: what begins as the value does.
_cute_shm_value()
{
	local option=${1#-} value=$2 found=()

	case ${option#-} in
	root | split)
		_cute_shm_files -d ;;
	group)
		mapfile -t found < <(compgen -g -- "$value")
		_cute_shm_words "${found[@]}" ;;
	sort)
		_cute_shm_words name size arrays age ;;
	z | gzip)
		_cute_shm_words 1 2 3 4 5 6 7 8 9 ;;
	o | columns)
		_cute_shm_columns "$value" ;;
	as)
		# NAME=FILE
		if [[ ! $lead && $value == *=* ]]; then
			lead=${value%%=*}=
			_cute_shm_files -f
		fi ;;
	esac
}

# Commands of the front command, as its --help lists them.
_cute_shm_commands()
{
	local found=()

	mapfile -t found < <("$tool" --help 2>/dev/null |
		sed -n 's/^  \([a-z][a-z0-9-]*\)  .*/\1/p')
	_cute_shm_words "${found[@]}"
}

# _cute_shm TOOL REPLACED: the tool as it was typed, and what of the last word
# readline replaces.
_cute_shm()
{
	local tool=$1 replaced=$2 line=${COMP_LINE:0:COMP_POINT}
	local words start quote cur raw head lead='' help valued word option=''
	local root=${CUTE_SHM_ROOT:-/dev/shm} project='' files='' ended=''
	local number=1

	COMPREPLY=()
	_cute_shm_split "$line"
	cur=${words[-1]} raw=${line:start}
	_cute_shm_head "$raw" "$replaced"
	# "cute-shm list" is completed as cute-shm-list is.
	if [[ ${tool##*/} == cute-shm && (${#words[@]} -gt 2 || $cur != -*) ]]
	then
		if [[ ${#words[@]} -eq 2 ||
		    ${words[1]} == help && ${#words[@]} -eq 3 ]]; then
			_cute_shm_commands
			return
		fi
		[[ ${words[1]} == *[!a-z0-9-]* ]] && return
		tool+=-${words[1]#load-}
		words=("${words[0]}" "${words[@]:2}")
	fi
	help=$("$tool" --help 2>/dev/null) || return
	# " --root -root --mode ... -z", those that take a value.
	valued=$(sed -n 's/^  \(-.\), --\([a-z-]*\) [A-Z].*/\1 --\2 -\2/p
		s/^      --\([a-z-]*\) [A-Z].*/--\1 -\1/p' <<<"$help")
	valued=" ${valued//$'\n'/ } "

	for word in "${words[@]:1:${#words[@]} - 2}"; do
		if [[ $option ]]; then
			[[ $option == *-root ]] && root=$word
			option=
		elif [[ $ended || $word != -?* ]]; then
			[[ $number -eq 1 ]] && project=$word
			((number++))
		elif [[ $word == -- &&
		    $tool:$number == *cute-shm-@(load:3|hdf5:@([3-9]|??*)) ]]
		then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			return
		elif [[ $word == -- ]]; then
			ended=1
		elif [[ $valued == *" $word "* ]]; then
			option=$word
		elif [[ $word == -root=* || $word == --root=* ]]; then
			root=${word#*=}
		elif [[ $word == -f || $word == -file || $word == --file ]]; then
			files=1
		fi
	done
	if [[ $option ]]; then
		_cute_shm_value "$option" "$cur"
	elif [[ ! $ended && $cur == -*=* ]]; then
		lead=${cur%%=*}=
		[[ $valued == *" ${lead%=} "* ]] &&
			_cute_shm_value "${lead%=}" "${cur#*=}"
	elif [[ ! $ended && $cur == -* ]]; then
		mapfile -t words < <(sed -n \
			's/^  \(-.\), \(--[a-z-]*\).*/\1\n\2/p
			s/^      \(--[a-z-]*\).*/\1/p' <<<"$help")
		_cute_shm_words "${words[@]}"
	else
		_cute_shm_operand
	fi
}

complete -F _cute_shm cute-shm cute-shm-diff cute-shm-doctor cute-shm-dump \
	cute-shm-evaluate cute-shm-export cute-shm-hdf5 cute-shm-list cute-shm-load \
	cute-shm-mpi cute-shm-top cute-shm-unlink cute-shm-verify
