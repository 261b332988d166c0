#!/usr/bin/env bash
# fuzz-media.sh [SECONDS] [CORPUS...]
# Fuzzes the box, sample table and manifest parsers with libFuzzer and the address sanitizer (600 s by default).
# The corpus starts from Tests/Fixtures, the manifests of scenarios/media, and any folders that are named. Inputs that
# break a promise are kept in .build/fuzz/findings.
set -euo pipefail
export SWIFT_BACKTRACE=enable=no
# The sanitizer keeps freed blocks for a while; little of that leaves the memory limit to the parsers.
export ASAN_OPTIONS=quarantine_size_mb=16

root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-600}
shift || true
work=$root/.build/fuzz
mkdir -p "$work/corpus" "$work/findings"

# One module a folder, as in the package, with coverage counters in the parsers.
options=(-O -parse-as-library -swift-version 6 -sanitize=address -enable-upcoming-feature ExistentialAny
  -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature InternalImportsByDefault -I "$work")
cd "$work"
build() {
  local module=$1
  shift
  swiftc "${options[@]}" -sanitize=fuzzer -wmo -emit-module -emit-object -module-name "$module" -o "$module.o" "$@"
}
build TextFormats "$root"/Sources/TextFormats/*.swift
build MediaFormats $(find "$root/Sources/MediaFormats" -name '*.swift' | sort)
swiftc "${options[@]}" -sanitize=fuzzer -module-name MediaFuzz -o media-fuzz \
  "$root/Tests/MediaFormatsTests/MediaExercise.swift" "$root/Benchmarks/fuzz/MediaFuzz.swift" \
  MediaFormats.o TextFormats.o

for file in $(find "$root/Tests/Fixtures" "$root/scenarios/media" "$@" -type f -size -24k); do
  cp "$file" "corpus/$(cksum < "$file" | cut -d' ' -f1)" 2>/dev/null || true
done
./media-fuzz corpus -max_total_time="$seconds" -max_len=24576 -timeout=5 -rss_limit_mb=512 -print_final_stats=1 \
  -artifact_prefix=findings/ -dict="$root/Benchmarks/fuzz/media.dict"
