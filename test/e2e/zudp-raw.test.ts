import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { runProgram, sh } from '../fakes/programs.ts'

const silence = { status: 0, stdout: '', stderr: '' }
const isRoot = userInfo().uid === 0
const hasTshark = spawnSync('tshark', ['--version']).status === 0

// A network of the script's own, with a pair of interfaces that are joined.
const pair = `
  set -e
  ip link add dev testif-in type veth peer name testif-out
  ip link set dev testif-in address 46:dc:e7:58:d0:a2 mtu 9000
  ip link set dev testif-out address e2:ff:48:6e:a9:fe mtu 9000
  dd if=/dev/urandom of=small.img bs=1M count=1 status=none
  : >said
  heard() { until grep -q listening said; do sleep 0.1; done; }
`
/** Runs a script in a new network; what it starts is gone with it. */
const inNetwork = (script: string, folder = temporaryFolder()) =>
  sh(`timeout -k 1 60 unshare -n bash --norc -c '${script}'`, folder)

const slowly = '--rate 4M --burst 50ms --insecure'
const macs = '--source-mac 46:dc:e7:58:d0:a2 --destination-mac e2:ff:48:6e:a9:fe'

describe.skipIf(!isRoot)('raw frames (root)', () => {
  it.each([
    ['1500', ''],
    ['9000', '--framesize 9000'],
  ])('of %s bytes go from interface to interface, both of one machine', async (_, size) => {
    const ended = await inNetwork(`${pair}
      ip addr add 192.168.1.1 dev testif-in
      ip addr add 192.168.1.2 dev testif-out
      ip link set dev testif-in up
      ip link set dev testif-out up
      zudp-recv -v --raw --interface testif-out --insecure :1337 >small_recv.img 2>said &
      heard
      zudp-send --raw --interface testif-in ${slowly} ${size} --full-sync --dummy-data small.img --pool testing \\
        --destination-ip 192.168.1.2 --source-ip 192.168.1.1 ${macs}
      wait $!
      cmp small.img small_recv.img`)
    expect(ended).toEqual(silence)
  })

  it.each([
    ['IPv4', '192.0.2.1 192.0.2.2/24 192.0.2.77', '192.0.2.2'],
    ['IPv6', 'fd00::1 fd00::2/64 fd00::77', '[fd00::2]'],
  ])(
    'of %s from an address that nobody has come to an ordinary socket: the kernel finds all checksums right',
    async (_, addresses, at) => {
      const [, destination = '', source = ''] = addresses.split(' ')
      const ended = await inNetwork(`${pair}
      unshare -n sleep 100 & there=$!
      until [ "$(readlink /proc/$there/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
      ip link set testif-out netns $there
      on() { nsenter -t $there -n "$@"; }
      on ip addr add ${destination} dev testif-out $(case ${destination} in *:*) echo nodad;; esac)
      on ip link set testif-out up
      ip link set testif-in up
      until on ip -o link show testif-out | grep -q "state UP"; do sleep 0.1; done
      on zudp-recv -v --one-way --insecure ${at}:1337 >small_recv.img 2>said &
      receiver=$!
      heard
      zudp-send --raw --interface testif-in --framesize 9000 ${slowly} \\
        --destination-ip ${destination.split('/')[0]} --source-ip ${source} ${macs} <small.img
      wait $receiver
      cmp small.img small_recv.img
      on nstat -az | grep -E "^(Ip|Ip6|Udp|Udp6)In(CsumErrors|HdrErrors|Errors|UdpInErrors)" | grep -v " 0 " || true
      kill $there`)
      expect(ended).toEqual(silence)
    },
  )

  it.skipIf(!hasTshark).each([
    ['IPv4', '192.0.2.2', '192.0.2.77', 1],
    ['IPv6', 'fd00::2', 'fd00::77', ''],
  ])('of %s have no error (tshark)', async (_, destination, source, ipStatus) => {
    const fields = ['frame.len', 'ip.checksum.status', 'udp.checksum.status', '_ws.expert'].map((name) => `-e ${name}`)
    const ended = await inNetwork(`${pair}
      ip link set testif-out up
      ip link set testif-in up
      tshark -q -i testif-out -f "udp port 1337" -a packets:25 -w frames 2>said &
      until grep -q "Capturing on" said; do sleep 0.1; done
      zudp-send --raw --interface testif-in ${slowly} --destination-ip ${destination} --source-ip ${source} ${macs} <said
      wait $!
      tshark -r frames -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -T fields ${fields.join(' ')} 2>/dev/null |
        sort | uniq -c | tr -s " \\t" " "`)
    // 1: the checksum was looked at, and is right.
    expect(ended).toEqual({ ...silence, stdout: ` 25 1500 ${ipStatus}${ipStatus && ' '}1 \n` })
  })

  it('need an interface that is there, that takes them, and addresses', async () => {
    const send = (words: string) =>
      inNetwork(`ip link set lo up; echo x | zudp-send --raw --rate 1M --insecure ${words}`)
    const ips = '--source-ip 127.0.0.1 --destination-ip 127.0.0.1'
    const mac = '--destination-mac 00:00:00:00:00:00'
    expect(await send(`--interface nope0 ${ips} ${mac}`)).toMatchObject({
      status: 69,
      stderr: expect.stringContaining('nope0'),
    })
    expect(await send(`--interface lo ${ips} ${mac} --framesize 70000`)).toMatchObject({ status: 64 })
    expect(await send(`--interface lo ${ips}`)).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('destination-mac'),
    })
    expect(await send(`--interface lo --source-ip ::1 --destination-ip 127.0.0.1 ${mac}`)).toMatchObject({ status: 64 })
    expect(await send(`--interface lo ${ips} ${mac}`)).toEqual(silence)
    const alone = await runProgram('zudp-send', [
      '--interface=lo',
      '--one-way',
      '--rate=1M',
      '--insecure',
      '127.0.0.1:9',
    ])
    expect(alone).toMatchObject({ status: 64, stderr: expect.stringContaining('--interface is for --raw') })
    const pipe = `mkfifo pipe; zudp-send --one-way --rate 1M --insecure --full-sync --dummy-data pipe 127.0.0.1:9`
    expect(await inNetwork(pipe)).toMatchObject({ status: 64, stderr: expect.stringContaining('is a pipe') })
  })

  it('need the right to them', async () => {
    const words = '--raw --interface lo --insecure'
    const line = `capsh --drop=cap_net_raw -- -c "zudp-recv ${words} :1337"`
    const unprivileged = `setpriv --bounding-set -net_raw --inh-caps -net_raw bash -c "zudp-recv ${words} :1337"`
    const ended = await sh(`if command -v capsh >/dev/null; then ${line}; else ${unprivileged}; fi`)
    expect(ended).toMatchObject({ status: 77, stderr: expect.stringContaining('CAP_NET_RAW') })
  })
})
