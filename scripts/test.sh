#!/bin/sh
# test.sh PACKAGE...: runs the tests with the race detector, and says how long it took.
set -eu
cd "$(dirname "$0")/.."
start=$(date +%s)
status=0
# Whole packages share two processors with each other: one that takes longer than this hangs.
go test -race -count=1 -timeout "${DEVSH_TEST_TIMEOUT:-7m}" "$@" || status=$?
echo "tests took $(($(date +%s) - start)) s"
exit "$status"
