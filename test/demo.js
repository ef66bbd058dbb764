// `npm run demo`: the main job on recorded streams of OpenZFS 2.1 (p/a@s1, and the increment to p/a@s2), in a folder that is removed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'

const bin = fileURLToPath(new URL('../bin/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'zpipes-demo-'))
const store = pathToFileURL(join(folder, 'backup')).href
process.on('exit', () => rmSync(folder, { recursive: true }))

for (const name of ['full', 'incremental']) {
  writeFileSync(
    join(folder, `${name}.zfs`),
    gunzipSync(readFileSync(new URL(`vectors/demo/${name}.zfs.gz`, import.meta.url))),
  )
}

show('Store a full stream and an incremental one. No word is good news.')
sh(`cat full.zfs | pput ${store}/a@s1`, 0)
sh(`cat incremental.zfs | pput ${store}/a@s2`, 0)

show('What is in the store: the bytes, and what the stream says of itself.')
sh('ls -A backup && cat backup/.a@s2.*.zpipes', 0)

show('Get them back: the same bytes.')
for (const [name, key] of [
  ['full', 'a@s1'],
  ['incremental', 'a@s2'],
]) {
  const got = sh(`pget ${store}/${key} | cat`, 0, { quiet: true })
  const isSame = sha256(got) === sha256(readFileSync(join(folder, `${name}.zfs`)))
  if (!isSame) fail(`${key} came back as other bytes`)
  console.log(`  sha256 ${sha256(got)}  ${key}, as it was sent`)
}

show('A stream that ends too early, as when zfs send dies: status 65, and nothing is stored.')
sh(`head -c 300000 full.zfs | pput ${store}/a@short`, 65)
sh('ls backup/a@short', 2)

show('One flipped bit in the store: pget ends with 65 and withholds the last piece.')
sh("printf '\\377' | dd of=backup/a@s1 bs=1 seek=200000 conv=notrunc status=none", 0)
sh(`pget ${store}/a@s1 > got`, 65)

console.log('\nAll as promised.')

/** @param {string} text */
function show(text) {
  console.log(`\n# ${text}`)
}

/**
 * Runs a command line in the demo's folder and shows it with its output; ends the demo if its status is another.
 * @param {string} commandLine @param {number} expected @param {{ quiet?: boolean }} [options]
 */
function sh(commandLine, expected, { quiet = false } = {}) {
  console.log(`$ ${commandLine.replaceAll(store, 'file:///…/backup')}`)
  const { status, stdout, stderr } = spawnSync('sh', ['-c', commandLine], {
    cwd: folder,
    env: { ...process.env, PATH: `${bin}:${process.env['PATH']}`, XDG_CONFIG_HOME: folder },
    maxBuffer: 1 << 30,
  })
  const lines = `${quiet ? '' : stdout}${stderr}`.replaceAll(store, 'file:///…/backup')
  if (lines !== '') process.stdout.write(lines.replace(/^/gm, '  ').replace(/ +$/, ''))
  if (status !== expected) fail(`status ${status}, expected ${expected}`)
  return stdout
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

/** @param {string} message */
function fail(message) {
  console.error(`demo: ${message}`)
  process.exit(1)
}
