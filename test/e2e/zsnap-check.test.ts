import { describe, expect, it } from 'vitest'
import { sh } from '../fakes/programs.ts'
import { whyNoStreams } from '../fakes/recorded-streams.ts'

const vectors = 'test/vectors/send-streams/openzfs-2.1.11'
const streamOf = (name: string) => `zstd -dcq '${vectors}/${name}.zfs.zst'`

/** A pipeline's end, and the SHA-256 of what it wrote. */
async function passed(commandLine: string) {
  const { status, stdout, stderr } = await sh(`{ ${commandLine}; } | sha256sum; exit "\${PIPESTATUS[0]}"`)
  return { status, sum: stdout.slice(0, 64), stderr }
}

describe.skipIf(whyNoStreams !== undefined)('zsnap check (recorded streams)', () => {
  it('passes a whole stream on unchanged, also a compressed one', async () => {
    const { sum } = await passed(streamOf('full-files'))
    expect(await passed(`${streamOf('full-files')} | zsnap check`)).toEqual({ status: 0, sum, stderr: '' })
    const { sum: packed } = await passed(`cat ${vectors}/full-files.zfs.zst`)
    expect(await passed(`zsnap check < ${vectors}/full-files.zfs.zst`)).toEqual({ status: 0, sum: packed, stderr: '' })
  })

  it('ends with 65 where a stream is cut, and holds its last piece back', async () => {
    const { status, stdout, stderr } = await sh(`${streamOf('full-files')} | head -c 600000 | zsnap check | wc -c`)
    expect({ status, stderr }).toEqual({
      status: 65,
      stderr:
        'zsnap: the stream of p/a@s1 is truncated: it ends at byte 600000, in record 97: ' +
        "the record has 224 of its header's 312 bytes\n",
    })
    expect(Number(stdout)).toBe(256 * 1024)
  })

  it('ends with 65 where a byte is wrong', async () => {
    const damaged = `${streamOf('full-files')} | { head -c 300000; printf X; tail -c +2; }`
    const { status, stderr } = await sh(`${damaged} | zsnap check -n`)
    expect(status).toBe(65)
    expect(stderr).toMatch(/^zsnap: the stream of p\/a@s1 is damaged at byte \d+, in record \d+: /)
  })

  it('ends with 65 for what is no ZFS stream, and for nothing', async () => {
    const stderr = 'zsnap: the input is no ZFS send stream\n'
    expect(await sh('echo text | zsnap check -n')).toEqual({ status: 65, stdout: '', stderr })
    expect(await sh('zsnap check -n < /dev/null')).toEqual({ status: 65, stdout: '', stderr })
  })

  it('--no-output writes nothing', async () => {
    expect(await sh(`${streamOf('R-incr-I')} | zsnap check --no-output`)).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('--list shows the snapshots of a package, with guids, sources and features', async () => {
    const { status, stdout } = await sh(`${streamOf('R-incr-i')} | zsnap check --list`)
    expect(status).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^NAME +GUID +FROM +CREATION +FEATURES$/)
    expect(lines[1]).toMatch(/^p\/a@r2 +5d0d5d6c4124eb7c +2b211f6b5b1f6c96 +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +\S+$/)
    expect(lines.length).toBe(6)
    expect(lines[5]).toMatch(
      /^package, 115 KiB, 173 records: BEGIN 5, OBJECT 64, FREEOBJECTS 5, WRITE 12, FREE 81, END 6$/,
    )
  })

  it('--list --json gives a line for each snapshot, and one for the whole', async () => {
    const { stdout } = await sh(`${streamOf('incr-i')} | zsnap check --list --json`)
    const [snapshot, whole] = stdout.split('\n', 2).map((line) => JSON.parse(line))
    expect(snapshot).toMatchObject({
      schema: 1,
      name: 'p/a@s2',
      guid: '2e591677beeac270',
      fromGuid: 'a45cb216d55458f6',
      creation: expect.stringMatching(/Z$/),
    })
    expect(whole).toMatchObject({ kind: 'simple', bytes: 310_224 })
    expect(whole.records[0]).toEqual({ type: 'BEGIN', records: 1, payloadBytes: 0 })
  })

  it('--list tells what a cut stream holds up to the cut, and still ends with 65', async () => {
    const { status, stdout, stderr } = await sh(`${streamOf('full-files')} | head -c 9999 | zsnap check -l`)
    expect(status).toBe(65)
    expect(stdout).toMatch(/^NAME[\s\S]*p\/a@s1 /)
    expect(stderr).toMatch(/^zsnap: the stream of p\/a@s1 is truncated/)
  })
})
