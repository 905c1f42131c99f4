# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Prints what gcov counted for our modules, packed, in lines that start with "kgd-gcov: ".
# Modules that were unloaded are among them: the kernel keeps their counts.
cd /sys/kernel/debug/gcov || exit 1
# kunit/ is among them: it compiles some files of the drivers once more.
# Files there have no size, so that tar would find them empty.
find . -name '*.gcda' \( -path '*/drivers/*' -o -path '*/kunit/*' \) | while IFS= read -r file; do
	mkdir -p "/run/gcov/${file%/*}"
	cat "$file" > "/run/gcov/$file"
done
tar -C /run/gcov -c . | gzip | base64 -w 1000 | sed 's/^/kgd-gcov: /'
