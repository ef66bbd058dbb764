import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const page = readFileSync(join(import.meta.dirname, '../../man/zsnap.1'), 'utf8')
const [, section = ''] = /\.Sh DIAGNOSTICS\n(.*?)\n\.Sh /s.exec(page) ?? []
const messages = [...section.matchAll(/^\.It (.*)\n\((\d+)\)/gm)].map(([, message = '', status]) => ({
  message,
  status,
}))

/** Brings about each message of the page, in its order: the status of each, and what was said. */
const mishaps = `
  try() {
    local status=0; "$@" >/dev/null 2>said || status=$?
    sed -n "/^zsnap: hint/d; s/^zsnap: /($status) /p" said
  }
  # No store is set yet.
  try zsnap backup $A/home
  export ZPIPES_STORE="file://$PWD/store"
  zfs create $A/home; zfs snapshot $A/home@none
  try zsnap backup $A/home
  destroy -r $A/home
  mkdir store locked second path
  zfs create $A/home
  for day in mon tue wed; do fill a/home 100000; zfs snapshot $A/home@$day; done
  printf '#!/bin/sh\\nkill -9 $$\\n' >path/zstd; chmod +x path/zstd
  # It waits a minute for the receive, while the rest is brought about.
  mkdir other
  zsnap backup --store file://$PWD/other --protect none $A/home
  zfs send $A/home@mon >stream; mkfifo pipe
  zfs receive $B/slow <pipe 2>/dev/null & receiver=$!
  { head -c 200000 stream; exec sleep 600; } >pipe & feeder=$!
  until zfs list $B/slow >/dev/null 2>&1; do sleep 0.05; done
  (mkdir slow; cd slow; try zsnap restore --store file://$PWD/../other --to $B/slow $A/home@mon) & waiting=$!
  try zsnap prune $A/home
  try zsnap destroy $A/home@mon
  age-keygen -o key 2>/dev/null
  zsnap backup --store file://$PWD/locked --protect none --encrypt age:$(age-keygen -y key) $A/home
  try zsnap verify --deep --store file://$PWD/locked $A/home@mon
  # In OpenZFS's words: zfs-fuse imports no pool so.
  mkdir saved
  printf '#!/bin/sh\\n[ "$1" = hold ] || exec %s "$@"\\necho cannot hold: pool is read-only >&2; exit 1\\n' "$(command -v zfs)" >saved/zfs
  chmod +x saved/zfs
  PATH="$PWD/saved:$PATH" try zsnap backup --store file://$PWD/second $A/home
  zfs create $A/empty
  try zsnap backup $A/empty
  zsnap backup --bwlimit 20K --protect none $A/home & running=$!
  until grep -qs "^$A/home in" /var/run/zpipes/*; do sleep 0.05; done
  try zsnap backup $A/home
  kill $running; wait $running || :
  rm -r store; mkdir store
  zsnap backup --compressor zstd1 $A/home
  PATH="$PWD/path:$PATH" try zsnap verify --deep $A/home@mon
  printf damage | dd of=store/$A/home@tue bs=1 seek=5000 conv=notrunc status=none
  try zsnap verify --deep $A/home@tue
  zfs snapshot $A/home@thu
  try zsnap backup $A/home
  zsnap restore -q --to $A/copy $A/home@mon
  rm store/$A/home@tue
  try zsnap restore --to $A/other $A/home@wed
  zfs create $A/other; zfs snapshot $A/other@mon
  zsnap backup --protect none $A/other; destroy $A/other@mon; zfs snapshot $A/other@mon
  try zsnap backup $A/other
  zfs rename $A/other@mon $A/other@anew
  try zsnap backup $A/other
  zfs snapshot $A/copy@mine
  zsnap backup --store file://$PWD/second $A/home
  try zsnap restore --store file://$PWD/second --to $A/copy $A/home@wed
  zfs create $A/own; zfs snapshot $A/own@mine
  try zsnap restore --store file://$PWD/second --to $A/own $A/home@wed
  zfs snapshot $A/home@last
  zsnap backup --protect none --store file://$PWD/second $A/home
  try zsnap destroy --yes --store file://$PWD/second $A/home@last
  wait $waiting; kill $feeder; ends 1 wait $receiver
`

test('each message of the page is said, with its exit status', async ({ zfs }) => {
  expect(messages.length).toBeGreaterThan(12)
  const ended = await zfs.script(mishaps)
  expect(ended.status, ended.stderr).toBe(0)
  // Names are others than those of the page.
  const plain = (text: string) =>
    text.replaceAll(/(tank|pool-[ab])\/\w+(@\w+)?/g, 'NAME').replaceAll(/\/\S*\/NAME/g, '/NAME')
  const lines = plain(ended.stdout.replaceAll(/(file:\/\/)?\/\S*\/(store|second|locked)/g, '$1/backup')).split('\n')
  const isSaid = ({ message, status }: (typeof messages)[number]) =>
    lines.some((line) => line.startsWith(`(${status}) `) && line.includes(plain(message)))
  expect(
    messages.filter((each) => !isSaid(each)),
    ended.stdout,
  ).toEqual([])
})
