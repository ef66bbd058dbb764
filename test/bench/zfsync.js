// Replication of a tree on a real ZFS (zfs-fuse, in a namespace of its own), beside syncoid and plain pipes; as root, after
// `npm run build`: `node test/bench/zfsync.js [datasets] [megabytes] [rounds] [parts]`, parts being some of `abcd`. Takes
// syncoid (Debian: sanoid) and mbuffer where they are. Prints medians of the wall clock; the rounds of all are interleaved.
// All ends are on one machine, and zfs-fuse's work is in every time.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aim, speedup } from './aims.js'
import { median } from './race.js'

const [datasets = 200, megabytes = 3000, rounds = 3] = process.argv.slice(2, 5).map(Number)
const parts = process.argv[5] ?? 'abcd'
const snapshots = 10
// Of the datasets, so many change: syncoid takes a third of a second for each.
const changed = Math.min(datasets, 50)
const repository = new URL('../..', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'zpipes-bench-'))
const pools = { A: 'pool-a', B: 'pool-b' }
const poolBytes = 512 * 2 ** 20 + 3 * megabytes * 2 ** 20

const host = spawn(
  'unshare',
  ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'bash', '-c', hostScript()],
  {
    cwd: folder,
    env: { PATH: process.env.PATH, ...pools },
    stdio: ['pipe', 'pipe', 'inherit'],
  },
)
await once(host.stdout, 'data')
const pid = readFileSync(`/proc/${host.pid}/task/${host.pid}/children`, 'utf8').trim()
try {
  console.log(`${run('dpkg-query -W zfs-fuse || true').replace('\t', ' ')}, Node ${process.version}`)
  if (/[ab]/.test(parts)) trees()
  if (/[cd]/.test(parts)) streams()
} finally {
  host.kill('SIGKILL')
  await once(host, 'exit')
  rmSync(folder, { recursive: true })
}

/** With memory as a ZFS machine has it: with the little that zfs-fuse takes by itself, it reads its own books again and again. */
function hostScript() {
  const script = readFileSync(join(repository, 'test/zfs-host/host.sh'), 'utf8')
  return script.replaceAll('-s 512M', `-s ${poolBytes}`).replace('--no-daemon', '--no-daemon --max-arc-size 1024')
}

/** Runs bash where the pools are, and gives what it prints. @param {string} script */
function run(script) {
  const PATH = `${repository}bin:${process.env.PATH}:/usr/sbin`
  const prelude = readFileSync(join(repository, 'test/zfs-host/prelude.sh'), 'utf8')
  const { status, stdout, stderr } = spawnSync(
    'nsenter',
    ['--target', pid, '--mount', '--pid', 'bash', '-c', `cd ${folder}\n${prelude}\n${script}`],
    { env: { HOME: '/nonexistent', LC_ALL: 'C', ...pools, PATH }, encoding: 'utf8', maxBuffer: 1 << 28 },
  )
  if (status !== 0) throw new Error(`status ${status}: ${script}\n${stderr.slice(-2000)}`)
  return stdout.trim()
}

/** Of the wall clock, and of all that this machine's cores did meanwhile: zfs-fuse's work too. @param {string} script */
function costOf(script) {
  const [start, cpuStart] = [performance.now(), busySeconds()]
  run(script)
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: busySeconds() - cpuStart }
}

function busySeconds() {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split(/\s+/).map(Number)
  return (user + nice + system + irq + softirq) / 100
}

/** @param {string} program */
function isThere(program) {
  return spawnSync('bash', ['-c', `PATH=$PATH:/usr/sbin type -P ${program}`]).status === 0
}

/** (a) nothing to do and (b) a small change in each dataset of a part of the tree. */
function trees() {
  run(`zfs create $A/data; zfs create $A/data/part
    for i in $(seq ${datasets}); do
      dataset=data/d$i; [ $i -gt ${changed} ] || dataset=data/part/d$i
      zfs create $A/$dataset; head -c 20000 /dev/urandom >a/$dataset/f
    done
    for i in $(seq ${snapshots}); do zfs snapshot -r $A/data@s$i; done`)
  const ours = (/** @type {string} */ to, path = '') =>
    `zfsync-send -q -j 4 --via "zfsync-recv $B/${to}${path}" $A/data${path}`
  const contestantsFor = (path = '') => {
    const contestants = new Map([['zfsync-send -j 4', ours('ours', path)]])
    const syncoid = 'syncoid -r --quiet --no-sync-snap --no-resume --compress=none'
    if (isThere('syncoid')) contestants.set('syncoid -r', `${syncoid} $A/data${path} $B/theirs${path} 2>&1`)
    return contestants
  }
  if (!isThere('syncoid')) console.log('syncoid is not installed: Debian has it in sanoid')
  run(`${ours('ours')}; zfs send -R $A/data@s${snapshots} | zfs receive -u $B/theirs`)
  if (parts.includes('a')) {
    // No less is asked of ZFS by whoever compares both trees.
    const list = 'zfs list -H -r -t filesystem,snapshot -o name,guid'
    const contestants = contestantsFor().set(
      'zfs list of both trees, at once',
      `${list} $A/data & ${list} $B/ours; wait`,
    )
    const medians = race(`(a) nothing to do: ${datasets} datasets x ${snapshots} snapshots`, contestants)
    aim('nothing to do: times the speed of syncoid', speedup(medians, 'zfsync-send -j 4', 'syncoid -r'), 'at least', 10)
  }
  const change = `for i in $(seq ${changed}); do head -c 5000 /dev/urandom >a/data/part/d$i/f; done
    zfs snapshot -r $A/data/part@c$(date +%s%N)`
  if (!parts.includes('b')) return
  const medians = race(`(b) a small change in each of ${changed} datasets`, contestantsFor('/part'), { before: change })
  aim('small changes: times the speed of syncoid', speedup(medians, 'zfsync-send -j 4', 'syncoid -r'), 'at least', 4)
  console.log(
    run(
      `zfs list -H -o name -t snapshot -r $A/data | wc -l; zfs list -H -o name -t snapshot -r $B/ours | wc -l`,
    ).replace('\n', ' snapshots on the source, on our replica: '),
  )
}

/** (c) one large dataset, (d) encrypted and not; in full each time. */
function streams() {
  // Once before the rounds: the first would pay for what both pools have never had in memory.
  run(
    `zfsync-recv --new-key key; zfs create $A/large; head -c ${megabytes}000000 /dev/urandom >a/large/f; zfs snapshot $A/large@s; sync; zfs send $A/large@s | zfs receive -u $B/large; zfs destroy -r $B/large`,
  )
  const contestants = new Map([
    ['zfs send | zfs receive', 'zfs send $A/large@s | zfs receive -u $B/large'],
    ['zfsync-send --via zfsync-recv', 'zfsync-send -q --via "zfsync-recv $B/large" $A/large'],
    ['zfsync-send --connect, encrypted', overTcp('--key key')],
    ['zfsync-send --connect --insecure', overTcp('--insecure')],
  ])
  if (isThere('mbuffer'))
    contestants.set(
      'zfs send | mbuffer, TCP, mbuffer | zfs receive',
      `mbuffer -q -4 -I 127.0.0.1:8099 -s 128k -m 64M 2>/dev/null | zfs receive -u $B/large & receiver=$!
       sleep 0.1; zfs send $A/large@s | mbuffer -q -4 -O 127.0.0.1:8099 -s 128k -m 64M 2>/dev/null; wait $receiver`,
    )
  // The receiver has listened before; mbuffer's is told to wait for a moment, which is not counted.
  const medians = race(`(c, d) one dataset of ${megabytes} MB, in full`, contestants, {
    after: 'unhold $B/large; destroy -r $B/large',
    less: new Map([['zfs send | mbuffer, TCP, mbuffer | zfs receive', 0.1]]),
    listens: true,
  })
  const names = [...contestants.keys()]
  const [pipe = '', via = '', encrypted = '', clear = '', mbuffer = ''] = names
  aim('through a command: times the speed of the bare pipe', speedup(medians, via, pipe), 'at least', 0.95)
  aim('over TCP in clear: times the speed of mbuffer', speedup(medians, clear, mbuffer), 'at least', 1)
  aim('encrypted: times the speed in clear', speedup(medians, encrypted, clear), 'at least', 0.7)
  memory()
}

/** @param {string} security */
function overTcp(security) {
  return `zfsync-send -q ${security} --connect 127.0.0.1:${security === '--insecure' ? 8025 : 8024} $A/large`
}

/** @param {string} title @param {Map<string, string>} contestants @param {{ before?: string, after?: string , less?: Map<string, number>, listens?: boolean }} [more] */
function race(title, contestants, { before, after, less, listens } = {}) {
  if (listens === true)
    run(`for each in '8024 --key key' '8025 --insecure'; do
      set -- $each; zfsync-recv -v --listen 127.0.0.1:$1 \${@:2} $B/large >log$1 2>&1 & disown
      until grep -qs listening log$1; do sleep 0.05; done; done`)
  const costs = new Map([...contestants.keys()].map((name) => [name, /** @type {ReturnType<typeof costOf>[]} */ ([])]))
  for (let round = 0; round < rounds; round++) {
    if (before !== undefined) run(before)
    for (const [name, command] of contestants) {
      const { seconds, cpuSeconds } = costOf(command)
      costs.get(name)?.push({ seconds: seconds - (less?.get(name) ?? 0), cpuSeconds })
      if (after !== undefined) run(after)
    }
  }
  const rows = [...costs].map(([name, each]) => ({
    name,
    seconds: median(each.map(({ seconds }) => seconds)),
    cpuSeconds: median(each.map(({ cpuSeconds }) => cpuSeconds)),
  }))
  console.log(`\n${title}: medians of ${rounds} rounds, interleaved\n`)
  console.log('| | s | CPU s of the machine | speed, first = 1 |\n|---|---|---|---|')
  for (const { name, seconds, cpuSeconds } of rows) {
    const cells = [seconds, cpuSeconds, (rows[0]?.seconds ?? 0) / seconds].map((cell) => cell.toFixed(2))
    console.log(`| \`${name.replaceAll('|', '\\|')}\` | ${cells.join(' | ')} |`)
  }
  console.log()
  return new Map(rows.map((row) => [row.name, row]))
}

/** CPU and memory of both ends, four datasets at a time over encrypted TCP. */
function memory() {
  const each = Math.max(10, Math.floor(megabytes / 8))
  const said = run(`zfs create $A/four
    for i in 1 2 3 4; do zfs create $A/four/d$i; head -c ${each}000000 /dev/urandom >a/four/d$i/f; done; zfs snapshot -r $A/four@s
    /usr/bin/time -o recv.time -f '%M %U %S' zfsync-recv -v --listen 127.0.0.1:8026 --key key $B/four >log 2>&1 & timed=$!
    until grep -qs listening log; do sleep 0.05; done
    /usr/bin/time -o send.time -f '%M %U %S' zfsync-send -q -j 4 --key key --connect 127.0.0.1:8026 $A/four
    pkill -TERM -P $timed; wait $timed || true; tail -n 1 send.time recv.time`)
  const [send = '', recv = ''] = said.split('\n').filter((line) => /^[\d. ]+$/.test(line))
  console.log(`\nMemory and CPU at -j 4, encrypted, ${4 * each} MB:\n`)
  for (const [name, line] of [
    ['zfsync-send', send],
    ['zfsync-recv', recv],
  ]) {
    const [kib = 0, user = 0, system = 0] = (line ?? '').split(' ').map(Number)
    console.log(`${name}: ${(((user + system) * 1000) / (4 * each)).toFixed(2)} CPU s/GB`)
    aim(`${name} -j 4: MiB of memory`, kib / 1024 || Number.NaN, 'at most', 256)
  }
}
