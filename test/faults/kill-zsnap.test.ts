import { expect } from 'vitest'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { test } from '../zfs-host/pools.ts'

const rounds = 20
const random = new SeededRandom(4)
// How many snapshots are through, and what follows that, in thousandths of the time of an undisturbed run. By the clock
// alone, a machine that is busy at one time and not at another would kill them all too early or too late.
const instants = Array.from({ length: rounds }, (_, index) => {
  const through = index % 4
  return `${through}:${through === 0 ? 250 + random.below(1000) : random.below(150)}`
}).join(' ')

const make = `
  mkdir store
  export ZPIPES_STORE="file://$PWD/store"
  zfs create "$A/data set"
  for number in 1 2 3 4; do
    fill "a/data set/$number" 4000000
    zfs snapshot "$A/data set@s$number"
  done
  # timed COMMAND...: runs it and says in thousandths of a second how long it took.
  timed() { local from; from=$(date +%s%N); "$@"; echo $((($(date +%s%N) - from) / 1000000)); }
  # killed THROUGH:SHARE TIME COMMAND...: kill -9 when through says so many, and so many thousandths of the time after.
  killed() {
    local wanted=\${1%:*} after=$((\${1#*:} * $2 / 1000)); shift 2
    "$@" & local program=$!
    while [ $(through) -lt $wanted ] && kill -0 $program 2>/dev/null; do sleep 0.01; done
    sleep $((after / 1000)).$(printf %03d $((after % 1000)))
    kill -9 $program 2>/dev/null || :
    wait $program 2>/dev/null || :
  }
`

test(`P3: a backup killed at ${rounds} instants: what is visible is whole, and the same command completes`, {
  timeout: 400_000,
}, async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    backup() { zsnap backup --compressor lz4 "$A/data set"; }
    time=$(timed backup)
    mv store reference
    through() { ls store/$A 2>/dev/null | wc -l; }
    for instant in ${instants}; do
      mkdir store
      killed $instant $time zsnap backup --compressor lz4 "$A/data set" 2>/dev/null
      found=0
      for object in store/$A/data*; do
        [ -e "$object" ] || continue
        cmp "$object" "reference/$A/$(basename "$object")"
        found=$((found + 1))
      done
      echo $found
      backup
      [ $(ls store/$A | wc -l) = 4 ]
      for object in store/$A/*; do cmp "$object" "reference/$A/$(basename "$object")"; done
      [ $(find store -name '*.upload' | wc -l) = 0 ]
      for number in 1 2 3 4; do zfs get -H -o value userrefs "$A/data set@s$number" | tr '\\n' ' '; done >holds
      [ "$(cat holds)" = '0 0 0 1 ' ] || { cat holds >&2; false; }
      rm -r store
    done`)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  const found = ended.stdout.trim().split('\n').map(Number)
  expect(found).toHaveLength(rounds)
  // Killed too early or too late each time, this test would show nothing.
  expect(found.filter((count) => count > 0 && count < 4).length).toBeGreaterThan(3)
})

test(`P3: a restore killed at ${rounds} instants: what is received is whole, and the same command completes`, {
  timeout: 400_000,
}, async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    zsnap backup --compressor lz4 "$A/data set"
    sums "a/data set" >reference
    snapshots() { zfs list -H -t snapshot -o name -r $B; }
    # zfs-fuse says busy for a moment after a receive.
    forget() { for try in $(seq 50); do zfs destroy -r $B/copy 2>/dev/null && return; sleep 0.1; done; zfs destroy -r $B/copy; }
    restore() { zsnap restore -q --to $B/copy "$A/data set@s4"; }
    time=$(timed restore)
    forget
    through() { grep -c '"received"' received; }
    for instant in ${instants}; do
      : >received
      killed $instant $time zsnap restore --json -q --to $B/copy "$A/data set@s4" >received 2>/dev/null
      snapshots | wc -l
      restore
      [ $(snapshots | wc -l) = 4 ]
      zfs mount $B/copy
      sums b/copy | diff reference -
      zfs umount $B/copy
      forget
    done`)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  const found = ended.stdout.trim().split('\n').map(Number)
  expect(found).toHaveLength(rounds)
  expect(found.filter((count) => count > 0 && count < 4).length).toBeGreaterThan(3)
})
