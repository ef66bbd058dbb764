// Draws what the programs show at a terminal, from real runs on a zfs-fuse of its own: node test/pictures/record.js, as root.
// It writes the SVGs beside this file, which the README shows.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const bin = fileURLToPath(new URL('../../bin', import.meta.url))
const zfsHost = fileURLToPath(new URL('../zfs-host', import.meta.url))
const columns = 104

/** @type {Record<string, { title: string, before?: string, shown: string[] }>} */
const pictures = {
  'cut-off': {
    title: 'a stream that was cut off: stored by the shell, refused by pput',
    before: 'mkdir /run/backup; zfs create tank/home; fill tank/home 30000000; zfs snapshot tank/home@mon',
    shown: [
      'zfs send tank/home@mon | head -c 20000000 > /run/backup/home',
      'ls -sh /run/backup',
      'zfs send tank/home@mon | head -c 20000000 | pput file:///run/backup/home2; echo "status $?"',
      'ls -sh /run/backup',
    ],
  },
  progress: {
    title: 'the progress of pput, on the way and at the end',
    before: 'rm -f /run/backup/*',
    shown: ['zfs send tank/home@mon | pput --estimated 38M --bwlimit 12M file:///run/backup/home'],
  },
  status: {
    title: 'a chain of backups, of which one is missing',
    before: `mkdir /run/backup/store; for day in tue wed thu; do head -c 900000 /dev/urandom > tank/home/$day; zfs snapshot tank/home@$day; done
      zsnap backup -q --store file:///run/backup/store tank/home; zsnap verify -q --deep --store file:///run/backup/store tank/home > /dev/null
      zfs destroy tank/home@tue; rm /run/backup/store/tank/home@wed`,
    shown: ['zsnap status --store file:///run/backup/store tank/home; echo "status $?"'],
  },
}

const folder = mkdtempSync('/tmp/zpipes-pictures-')
const host = spawn(
  'unshare',
  ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'bash', `${zfsHost}/host.sh`],
  {
    cwd: folder,
    env: { PATH: process.env['PATH'], A: 'tank', B: 'other' },
    stdio: ['pipe', 'pipe', 'inherit'],
  },
)
try {
  await once(host.stdout, 'data')
  const first = Number(readFileSync(`/proc/${host.pid}/task/${host.pid}/children`, 'utf8'))
  inHost(first, 'ln -s a tank')
  for (const [name, { title, before, shown }] of Object.entries(pictures)) {
    inHost(first, before ?? '')
    const said = shown.flatMap((command) => [
      `$ ${command.replaceAll('/run/backup', '/backup')}`,
      ...atTerminal(first, command),
    ])
    writeFileSync(
      `${here}${name}.svg`,
      svg(
        title,
        said.map((line) => line.replaceAll('/run/backup', '/backup')),
      ),
    )
  }
} finally {
  host.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}

/** Runs a script where the pools are. @param {number} pid @param {string} script */
function inHost(pid, script) {
  const prelude = readFileSync(`${zfsHost}/prelude.sh`, 'utf8')
  const whole = `cd ${folder}\nset +e\n${prelude}\nset +eu\n${script}`
  const PATH = `${bin}:${dirname(process.execPath)}:${process.env['PATH']}`
  const env = {
    HOME: '/nonexistent',
    LC_ALL: 'C.UTF-8',
    TERM: 'xterm',
    COLUMNS: String(columns),
    A: 'tank',
    B: 'other',
    PATH,
  }
  const words = ['--target', String(pid), '--mount', '--pid', 'bash', '-c', whole]
  return spawnSync('nsenter', words, { env, encoding: 'utf8', timeout: 60_000 })
}

/** The lines that a command leaves on a terminal; of one that was written over and over, also how it was on the way. @param {number} pid @param {string} command */
function atTerminal(pid, command) {
  const { stdout } = inHost(
    pid,
    `stty cols ${columns} 2>/dev/null; script -qec ${quoted(`stty cols ${columns}; ${command}`)} /dev/null`,
  )
  return stdout.split('\n').flatMap((line) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what moves the cursor
    const states = line.split('\r').map((state) => state.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').trimEnd())
    const seen = states.filter((state) => state !== '')
    return seen.length > 2 ? seen.filter((_, index) => index % Math.ceil(seen.length / 3) === 1) : seen
  })
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** What does not fit goes on below, as at a terminal. @param {string} title @param {readonly string[]} said */
function svg(title, said) {
  const lines = said.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [''])
  const [width, height] = [columns * 8.4 + 32, lines.length * 20 + 36]
  const escaped = (/** @type {string} */ text) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const texts = lines.map((line, index) => {
    const colour = line.startsWith('$ ') ? '#9ccfd8' : '#e0def4'
    return `<text x="16" y="${index * 20 + 30}" fill="${colour}" xml:space="preserve">${escaped(line)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="#1f1d2e"/>
${texts.join('\n')}
</svg>
`
}
