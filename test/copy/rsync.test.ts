import { describe, expect, it } from 'vitest'
import { Rsync, type RsyncOptions } from '../../src/copy/rsync.ts'

const options: RsyncOptions = {
  source: '/src/',
  destination: '/dst/',
  flags: ['-aAX'],
  bytesPerSecond: undefined,
  ssh: ['ssh', '-p', '22 22'],
  exclude: ['.zfs'],
  own: undefined,
  dryRun: false,
  isDeep: false,
  isWalked: true,
  takesFolders: true,
  spared: [],
}
const command = (other: Partial<RsyncOptions>, isTogether = false) =>
  new Rsync({ ...options, ...other }).commandFor('/w/part 1', isTogether)

describe('the command for a part', () => {
  it('makes the destination, and takes its names from the list alone', () => {
    expect(command({})).toBe(
      "mkdir -p -- /dst/ && rsync -aAX --from0 '--files-from=/w/part 1' --no-recursive --ignore-missing-args " +
        "--omit-dir-times --chmod=Du+wx '--filter=- .zfs' '--out-format=%i %l %n' --stats --no-human-readable -- /src/ /dst/",
    )
  })

  it('leaves out no name that a user gave', () => expect(command({ isWalked: false })).not.toContain('--filter'))

  it('keeps names of one file together, and holes', () => {
    expect(command({}, true)).toContain(' --hard-links --sparse ')
  })

  it('reaches a host as told, and passes names unharmed', () => {
    const far = command({ destination: 'host:/d s/' })
    expect(far).toMatch(/^rsync /)
    expect(far).toContain(` --protect-args '--rsh=ssh -p '\\''22 22'\\''' -- /src/ 'host:/d s/'`)
  })

  it('never goes without a limit that was given', () => {
    expect(command({ bytesPerSecond: 1024 * 1024 })).toContain(' --bwlimit=1024k ')
    expect(command({ bytesPerSecond: 1 })).toContain(' --bwlimit=1k ')
  })

  it('writes nothing in a dry run', () => {
    const dry = command({ dryRun: true })
    expect(dry).toMatch(/^rsync .* --dry-run /)
  })

  it('with names that stand for all below, leaves out what is excluded, and its own folder as a name', () => {
    const deep = command({ isDeep: true, own: 'a\\b/w[o]rk' })
    expect(deep).toContain(" --recursive --ignore-missing-args '--filter=- .zfs' '--filter=- /a\\\\b/w\\[o]rk' ")
    expect(command({ isDeep: true, own: 'a\\b' })).toContain(" '--filter=- /a\\b' ")
    expect(deep).not.toContain('--chmod')
  })
})
