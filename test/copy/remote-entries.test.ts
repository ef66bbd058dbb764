import { chmodSync, linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../src/copy/entry.ts'
import type { Unreadable } from '../../src/copy/read-entry.ts'
import { remoteEntries } from '../../src/copy/remote-entries.ts'
import { temporaryFolder } from '../fakes/folder.ts'

describe('remoteEntries', () => {
  let folder: string
  let unreadable: Unreadable[]
  beforeEach(() => {
    folder = temporaryFolder()
    unreadable = []
    mkdirSync(join(folder, "s r'c/sub/.zfs"), { recursive: true })
    writeFileSync(join(folder, "s r'c/sub/tab\tnl\n"), 'four')
    // Stands for ssh: the words after the host's name are for a shell there.
    writeFileSync(join(folder, 'ssh'), '#!/bin/sh\nshift\nexec sh -c "$*"\n')
    chmodSync(join(folder, 'ssh'), 0o755)
  })

  async function found(rest: { topAlone?: boolean; folder?: string; ssh?: string } = {}): Promise<readonly Entry[]> {
    const source = {
      reach: [rest.ssh ?? join(folder, 'ssh'), 'far'],
      folder: rest.folder ?? join(folder, "s r'c"),
      exclude: ['.zfs'],
      topAlone: rest.topAlone === true,
      signal: new AbortController().signal,
    }
    const entries: Entry[] = []
    for await (const group of remoteEntries(source, (name) => unreadable.push(name))) entries.push(...group)
    return entries
  }

  /** A find(1) that says so on stderr, and ends so. */
  const findThat = (script: string) => {
    writeFileSync(join(folder, 'broken'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, 'broken'), 0o755)
    return found({ ssh: join(folder, 'broken') })
  }

  it('tells kind, size, holes and shared inodes, whatever the names', async () => {
    const source = join(folder, "s r'c")
    symlinkSync('nowhere', join(source, 'link'))
    writeFileSync(join(source, 'hole'), '')
    truncateSync(join(source, 'hole'), 1 << 20)
    writeFileSync(join(source, 'one'), '1')
    linkSync(join(source, 'one'), join(source, 'two'))
    const entries = new Map((await found()).map((entry) => [entry.path, entry]))
    expect([...entries.keys()].sort()).toEqual(['hole', 'link', 'one', 'sub', 'sub/tab\tnl\n', 'two'])
    expect(entries.get('sub/tab\tnl\n')).toMatchObject({ kind: 'file', bytes: 4, isSparse: false })
    expect(entries.get('hole')).toMatchObject({ bytes: 1 << 20, isSparse: true })
    expect(entries.get('link')).toMatchObject({ kind: 'symlink', bytes: 0 })
    expect(entries.get('sub')).toMatchObject({ kind: 'directory', sharedInode: undefined })
    expect(entries.get('one')?.sharedInode).toMatch(/^\d+:\d+$/)
    expect(entries.get('two')?.sharedInode).toBe(entries.get('one')?.sharedInode)
  })

  it('tells the top alone', async () =>
    expect((await found({ topAlone: true })).map(({ path }) => path)).toEqual(['sub']))

  it('tells what could not be looked at, and goes on; what has gone meanwhile is left out', async () => {
    const complaints = ["./closed': Permission denied", "./d/gone': No such file or directory"]
    const said = complaints.map((text) => `echo "find: '${text}" >&2`).join('\n')
    const entries = await findThat(`${said}\nprintf 'f\\t3\\t1\\t1:2\\t8\\tfile\\0'\nexit 1`)
    expect(entries).toMatchObject([{ path: 'file', bytes: 3 }])
    expect(unreadable).toEqual([{ path: 'closed', code: 'EACCES' }])
  })

  it.each([
    [
      'a folder that is not there',
      'echo "sh: 1: cd: cannot cd to /none" >&2; exit 1',
      /^far: find ended with status 1: /,
    ],
    [
      'a host that cannot be reached',
      'echo "ssh: refused" >&2; exit 255',
      /^far: find ended with status 255: ssh: refused/,
    ],
    ['a find that is killed', "printf 'f\\t3\\t1\\t1:2\\t8\\tfile\\0'; kill -9 $$", /^far: find was killed by SIGKILL/],
    ['a silent failure', 'exit 1', /^far: find ended with status 1/],
  ])('throws for %s', async (_, script, message) => {
    await expect(findThat(script)).rejects.toThrow(message)
  })
})
