# Tests: one libcheck program per module, shell tests of the tools.

EXTRA_DIST += tests/env.sh
