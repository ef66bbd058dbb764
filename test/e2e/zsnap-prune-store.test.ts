import { describe, expect } from 'vitest'
import { sh } from '../fakes/programs.ts'
import { test } from '../zfs-host/pools.ts'

const make = `
  mkdir store
  export ZPIPES_STORE="file://$PWD/store"
  zfs create "$A/data set"
  for number in 1 2 3 4 5 6; do
    fill "a/data set/$number" 100000
    zfs snapshot "$A/data set@s$number"
    [ $number != 4 ] || zsnap backup "$A/data set"
    [ $number != 5 ] || zsnap backup --full "$A/data set"
    sleep 1
  done
  zsnap backup "$A/data set"
`
const prune = `zsnap prune --store "$ZPIPES_STORE" --match '*'`
const list = 'ls "store/$A"'

describe('zsnap prune --store', () => {
  test('removes whole chains and ends of them, never what a kept one needs', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      ${prune} --dry-run --keep-last 1 "$A/data set" >plan
      ${list} | wc -l
      ${prune} --keep-last 3 "$A/data set"
      ${list} | wc -l
      ${prune} --keep-last 1 "$A/data set"
      ${list}
      zsnap restore -q --to $B/copy "$A/data set@s6"
      cut -c1-6 plan | tr -d ' ' | sort | uniq -c | tr -s ' '
      grep -c 's5.*needs it' plan`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toBe(
      `6\n6\npool-a/data set@s5\npool-a/data set@s6\n 2 keep\n 4 remove\n1\n`.replaceAll('pool-a/', ''),
    )
  })

  test('a store in the settings prunes nothing there; no rule, no dataset, no backup: nothing goes', async ({
    zfs,
  }) => {
    const ended = await zfs.script(`${make}
      zsnap prune --match '*' --keep-last 1 "$A/data set" 2>/dev/null || :
      ${list} | wc -l
      ends 64 ${prune} "$A/data set" 2>/dev/null
      ends 69 ${prune} --keep-last 1 "$A/other" 2>/dev/null
      zsnap prune --store "$ZPIPES_STORE" --keep-last 1 "$A/data set"
      ${list} | wc -l`)
    expect(ended).toMatchObject({ status: 0, stdout: '6\n6\n' })
  })

  test('P5: one whose record is damaged keeps what its bytes may go on from, and that is told', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      for each in "store/$A/.data set@s3".*; do cp "$each" kept; echo '{' >"$each"; done
      ${prune} --keep-last 1 "$A/data set"
      ${list}
      for each in "store/$A/.data set@s3".*; do cp kept "$each"; done
      zsnap restore -q --to $B/copy "$A/data set@s4"
      ${prune} -r --keep-last 1 "$A"
      ${list}`)
    expect(ended.stdout).toBe(`${[1, 2, 3, 4, 5, 6, 5, 6].map((number) => `data set@s${number}\n`).join('')}`)
    expect(ended.stderr).toBe(
      'zsnap: pool-a/data set@s3: does not say what it goes on from: all that is older stays for it\nzsnap: hint: remove it if it is of no use\n',
    )
    expect(ended.status).toBe(0)
  })

  test('a broken backup is left to be looked at, and takes no place', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      rm "store/$A/data set@s5"
      ${prune} -v --keep-last 1 "$A/data set"
      ${list}`)
    expect(ended).toMatchObject({
      status: 0,
      stdout: 'data set@s1\ndata set@s2\ndata set@s3\ndata set@s4\ndata set@s6\n',
    })
    expect(ended.stderr).toMatch(/keep +pool-a\/data set@s6 .*left alone: missing parent/)
  })

  test('P5: the one stored last stays, though a clock was wrong when its snapshot was taken or stored', async ({
    zfs,
  }) => {
    const ended = await zfs.script(`${make}
      sed -i 's/"zfs-creation":"[0-9]*"/"zfs-creation":"1577836800"/' "store/$A/.data set@s6".*
      ${prune} --keep-last 1 "$A/data set"
      ${list}
      sed -i 's/"published":"[^"]*"/"published":"2020-01-02T00:00:00.000Z"/' "store/$A/.data set@s6".*
      ${prune} --keep-last 1 "$A/data set"
      ${list}`)
    expect(ended).toEqual({ status: 0, stdout: 'data set@s5\ndata set@s6\n'.repeat(2), stderr: '' })
  })

  test('P5: what goes on in another dataset meanwhile stays or is told', async ({ zfs, skip }) => {
    if ((await sh('strace -o /dev/null true')).status !== 0) skip('no process may be traced here')
    const ended = await zfs.script(`${make}
      zfs send -i @s2 "$A/data set@s6" >increment
      # Removing takes its time, as on a network.
      strace -fqqo /dev/null -e trace=unlink -e inject=unlink:delay_exit=500000 \
        ${prune} --keep-last 1 "$A/data set" 2>told & pruning=$!
      until [ ! -e "store/$A/data set@s4" ]; do sleep 0.05; done
      pput "file://$PWD/store/$A/new@s6" <increment
      wait $pruning || echo $?
      cat told; ${list}`)
    expect(ended.stdout).toMatch(/data set@s2: stays, since pool-a\/new@s6 needs it/)
    expect(ended.stdout).toMatch(/\ndata set@s1\ndata set@s2\ndata set@s5\ndata set@s6\nnew@s6\n$/)
  })
})
