import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { test, type ZfsHost } from '../zfs-host/pools.ts'

const repository = join(import.meta.dirname, '../..')

interface Example {
  readonly command: string
  /** What it prints, stderr too; an ellipsis stands for anything. A last line `[65]` is its exit status. */
  readonly output: string
}

/** The commands and outputs of a page's ```console blocks. */
function consoleExamples(markdown: string): Example[] {
  const blocks = [...markdown.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block)
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf('\n')
        return { command: text.slice(0, end), output: text.slice(end + 1) }
      }),
  )
}

/** The commands of a man page: `.Dl $ …` lines. */
function manExamples(page: string): string[] {
  return [...page.matchAll(/^\.Dl \$ (.*)$/gm)].map(([, command = '']) => command.replaceAll('\\e', '\\'))
}

/** Runs commands as they stand, but that `tank` is a pool of the test's and `/backup` a folder of it. */
async function run(zfs: ZfsHost, commands: readonly string[]): Promise<string[]> {
  const here = (text: string) => text.replaceAll(/\btank\b/g, '$A').replaceAll('/backup', '$PWD/backup')
  const script = commands.map((command) => `{ ${here(command)}\n} 2>&1; echo "[$?]"; echo =====`)
  const { stdout } = await zfs.script(`set +eu\n${script.join('\n')}\necho "$A $PWD"`)
  const outputs = stdout.split('=====\n')
  const [pool = '', folder = ''] = outputs.pop()?.trim().split(' ') ?? []
  const there = (text: string) => text.replaceAll(pool, 'tank').replaceAll(folder, '')
  // zfs-fuse says so when its reader has gone; OpenZFS dies in silence.
  const brokenPipe = /^warning: cannot send .*: Broken pipe\n/m
  return outputs.map((output) =>
    there(output)
      .replace(/\[0\]\n$/, '')
      .replace(brokenPipe, ''),
  )
}

const prepared = `zfs create $A/home; fill a/home 3000000; zfs snapshot $A/home@mon; fill a/home 2000000; zfs snapshot $A/home@tue; mkdir backup`

const toGet =
  'zfs send $A/home@mon | pput file://$PWD/backup/$A/home@mon; pput file://$PWD/backup/etc.tar -- tar -C / -c etc/hostname; mkdir backup/snap chunks; zfs send $A/home@mon | chunkwatch -q --split 1M chunks file://$PWD/backup/snap'

describe('examples', { timeout: 180_000 }, () => {
  test('those of the README do and print what stands there', async ({ zfs }) => {
    const examples = consoleExamples(readFileSync(join(repository, 'README.md'), 'utf8'))
    expect(examples.length).toBeGreaterThan(8)
    expect((await zfs.script(prepared)).stderr).toBe('')
    const outputs = await run(
      zfs,
      examples.map(({ command }) => command),
    )
    for (const [index, { command, output }] of examples.entries()) {
      const pattern = output.split('…').map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      expect(outputs[index], command).toMatch(new RegExp(`^${pattern.join('[^\\n]*')}$`))
    }
  })

  test('those of zsnap.1 for snapshots and streams end well, one after the other', async ({ zfs }) => {
    const commands = manExamples(readFileSync(join(repository, 'man/zsnap.1'), 'utf8'))
    const local = commands.filter(
      (command) =>
        /zsnap (list|create|hold|release|destroy|rollback|prune|check)/.test(command) && !command.includes('--store'),
    )
    expect(local.length).toBeGreaterThan(5)
    expect((await zfs.script(prepared)).stderr).toBe('')
    for (const [index, output] of (await run(zfs, local)).entries()) {
      expect(output, local[index]).not.toMatch(/^\[\d+\]$|^zsnap: /m)
    }
  })

  test('those of zfsync-send.1 and zfsync-recv.1 end well, one after the other', async ({ zfs }) => {
    const pages = ['zfsync-send.1', 'zfsync-recv.1'].map((page) => readFileSync(join(repository, 'man', page), 'utf8'))
    const commands = pages.flatMap(manExamples)
    expect(commands.length).toBe(7)
    expect((await zfs.script(prepared)).stderr).toBe('')
    for (const [index, output] of (await run(zfs, commands)).entries()) {
      expect(output, commands[index]).not.toMatch(/^\[\d+\]$|^zfsync-\w+: /m)
    }
  })

  test('those of zsnap.1 for the store end well, one after the other', async ({ zfs }) => {
    const commands = manExamples(readFileSync(join(repository, 'man/zsnap.1'), 'utf8'))
    const stored = commands.filter((command) => command.includes('--store'))
    expect(stored.length).toBeGreaterThan(11)
    expect((await zfs.script(prepared)).stderr).toBe('')
    for (const [index, output] of (await run(zfs, stored)).entries()) {
      expect(output, stored[index]).not.toMatch(/^\[\d+\]$/m)
    }
  })

  test('those of chunkwatch.1 end well, one after the other, and its unit is one', async ({ zfs }) => {
    const page = readFileSync(join(repository, 'man/chunkwatch.1'), 'utf8')
    const commands = manExamples(page)
    expect(commands.length).toBe(3)
    expect((await zfs.script(prepared)).stderr).toBe('')
    expect((await zfs.script('mkdir backup/snap')).stderr).toBe('')
    expect(await run(zfs, commands)).toEqual(commands.map(() => ''))
    const [, unit = ''] = /(\[Unit\].*?)\.Ed/s.exec(page) ?? []
    const made = `sed s,/usr/bin/chunkwatch,$(command -v true), > chunkwatch.service <<'END'\n${unit}END\n`
    const verify = 'systemd-analyze verify ./chunkwatch.service'
    const verified = await zfs.script(`command -v systemd-analyze > /dev/null || exit 0\n${made}${verify}`)
    expect(verified).toMatchObject({ status: 0, stderr: '' })
  })

  const pages = readdirSync(join(repository, 'man')).filter((page) => /^p(put|get)\.1$/.test(page))
  for (const page of pages) {
    test(`those of ${page} end well`, async ({ zfs }) => {
      const commands = manExamples(readFileSync(join(repository, 'man', page), 'utf8'))
      expect(commands.length).toBeGreaterThan(2)
      expect((await zfs.script(prepared)).stderr).toBe('')
      for (const command of commands) {
        const stored = page === 'pget.1' ? toGet : ''
        // zfs-fuse says busy right after a write.
        const isThere = 'zfs list $A/restored > /dev/null 2>&1'
        const destroyed = `for i in $(seq 50); do ${isThere} || break; zfs destroy -r $A/restored 2> /dev/null || sleep 0.1; done`
        const clean = `rm -rf backup chunks; mkdir backup; ${destroyed}`
        expect((await zfs.script(`${clean}; ${stored}`)).stderr).toBe('')
        expect(await run(zfs, [command]), command).toEqual([''])
      }
    })
  }
})
