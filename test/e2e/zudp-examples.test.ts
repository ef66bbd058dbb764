import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { freePort } from '../fakes/free-port.ts'
import { test, type ZfsHost } from '../zfs-host/pools.ts'

const silence = { status: 0, stdout: '', stderr: '' }

/** The commands of a page: `.Dl $ …` lines, and `.Dl # …` for root. */
function examplesOf(page: string): string[] {
  const text = readFileSync(join(import.meta.dirname, '../../man', page), 'utf8')
  return [...text.matchAll(/^\.Dl [$#] (.*)$/gm)].map(([, command = '']) => command)
}

const [sending, receiving] = [examplesOf('zudp-send.1'), examplesOf('zudp-recv.1')]

/** The one example with this in it, but that its hosts are this machine, its pool the test's, and its pace that of a busy one. */
function example(page: readonly string[], part: string, port: number): string {
  const [command = '', ...others] = page.filter((each) => each.includes(part))
  expect([command, others]).toEqual([expect.stringContaining(part), []])
  return command
    .replaceAll(/\btank\b/g, '$A')
    .replaceAll('backup:1337', `127.0.0.1:${port}`)
    .replaceAll(/(192\.0\.2\.7)?:1337\b/g, `127.0.0.1:${port}`)
    .replaceAll('/var/lib/', '$PWD/')
    .replaceAll('--rate 100M', '--rate 2M --burst 100ms')
}

const prepared = `
  zfs create $A/home; fill a/home 1000000; zfs snapshot $A/home@mon; fill a/home/more 400000; zfs snapshot $A/home@tue
  zfs send $A/home@mon > home.zfs; zfs create $A/received; : > said
`

const isRestored = '[ "$(zfs get -H -o value guid $A/restored@mon)" = "$(zfs get -H -o value guid $A/home@mon)" ]'

async function prepare(zfs: ZfsHost) {
  const port = await freePort()
  expect(await zfs.script(`${prepared} ${example(sending, '--new-key', port)}`)).toEqual(silence)
  return {
    send: (part: string) => example(sending, part, port),
    receive: (part: string) => example(receiving, part, port),
    listens: `until ss -lun | grep -q ":${port} "; do sleep 0.1; done`,
  }
}

describe('the examples of zudp-send.1 and zudp-recv.1', { timeout: 180_000 }, () => {
  test('both ways', async ({ zfs }) => {
    const { send, receive } = await prepare(zfs)
    const once = (command: string) => `
      { ${receive('zudp-recv --key link.key :1337 |')}; } & ${command}; wait $!
      ${isRestored}
      destroy -r $A/restored`
    const ended = await zfs.script(`
      ${once(send('mon | zudp-send --key link.key backup'))}
      ${once(send('--rate 6M'))}
      ${receive('--keep').replaceAll("'", '"')} & receiver=$!
      trap 'kill $receiver' ERR
      ${send('--name home')}
      zfs list $A/received/home@mon > /dev/null
      trap - ERR; kill $receiver; ends 143 wait $receiver
      mkdir other; cd other; ${receive('--new-key')}; [ -s link.key ]`)
    expect(ended).toEqual(silence)
  })

  test('one way', async ({ zfs }) => {
    const { send, receive, listens } = await prepare(zfs)
    const ended = await zfs.script(`
      { ${receive('--seen')}; } & ${listens}; ${send('mon | zudp-send --one-way')}; wait $!
      ${isRestored}
      mkdir there; cp link.key there; cd there
      ${receive('--gaps zero')} & ${listens}; cd ..; ${send('mon | zudp-send --one-way')}; cd there; wait $!
      cmp home.zfs ../home.zfs; [ ! -e missing ]
      dd if=/dev/zero of=home.zfs bs=1000 seek=500 count=100 conv=notrunc status=none
      printf 'bytes unknown\nxxh64 unknown\n500000-599999\n' | tee ../missing > missing
      ${receive('--patch')} & ${listens}; cd ..; ${send('--only')}; cd there; wait $!
      cmp home.zfs ../home.zfs`)
    expect(ended).toEqual(silence)
  })

  test('frames of our own', async ({ zfs }) => {
    const { send } = await prepare(zfs)
    const frames = send('--raw')
      .replace('eth1', 'lo')
      .replaceAll(/192\.0\.2\.\d/g, '127.0.0.1')
      .replace('e2:ff:48:6e:a9:fe', '00:00:00:00:00:00')
    const ended = await zfs.script(`
      zfs receive $A/copy < home.zfs
      zudp-recv -v --raw --interface lo --key link.key :1337 2> said > delta.zfs & receiver=$!
      until grep -q listening said; do sleep 0.1; done
      ${frames}; wait $receiver; zfs receive -F $A/copy < delta.zfs; same a/home a/copy`)
    expect(ended).toEqual(silence)
  })
})
