import { chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { withLock } from '../../src/stream/lock.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { fakeOwner } from '../fakes/owner.ts'

const what = 'tank/home in file:///backup'

function places(...ids: readonly string[]) {
  const folder = join(temporaryFolder(), 'run/zpipes')
  return ids.map((id) => ({ folder, owner: fakeOwner(id) }))
}

it('lets one in, refuses the other, and lets the other in afterwards', async () => {
  const [mine, other] = places('me-1', 'me-2')
  await withLock(what, mine!, async () => {
    const second = withLock(what, other!, async () => 'in')
    await expect(second).rejects.toMatchObject({ kind: 'retry', message: `${what}: another program is at it` })
    await expect(second).rejects.toMatchObject({ hint: expect.stringMatching(/\/[0-9a-f]{16}\.me-1;/) })
  })
  expect(await withLock(what, other!, async () => 'in')).toBe('in')
  expect(readdirSync(mine!.folder)).toEqual([])
})

it('keeps no other work out', async () => {
  const [mine, other] = places('me-1', 'me-2')
  await withLock(what, mine!, () => withLock('tank/other in file:///backup', other!, async () => {}))
})

it('is let go of when the work fails', async () => {
  const [mine] = places('me-1')
  await expect(withLock(what, mine!, () => Promise.reject(new Error('work')))).rejects.toThrow('work')
  expect(readdirSync(mine!.folder)).toEqual([])
})

it('does not stand in the way when its program was killed', async () => {
  const [mine, killed] = places('me-1', 'gone-7')
  const file = await withLock(what, killed!, async () => readdirSync(killed!.folder)[0]!)
  mkdirSync(mine!.folder, { recursive: true })
  writeFileSync(join(mine!.folder, file), '')
  expect(await withLock(what, mine!, async () => readdirSync(mine!.folder))).toEqual([file.replace('gone-7', 'me-1')])
})

it('leaves nothing of a program that was killed, whatever it was at', async () => {
  const [mine, killed, other] = places('me-1', 'gone-7', 'me-2')
  const [gone, there] = [killed!, other!].map(({ owner }) => join(mine!.folder, `0123456789abcdef.${owner.id}`))
  mkdirSync(mine!.folder, { recursive: true })
  for (const file of [gone!, there!]) writeFileSync(file, '')
  await withLock(what, mine!, async () => {})
  expect(readdirSync(mine!.folder)).toEqual([basename(there!)])
})

it('does not stand in the way when another program has got the number since', async () => {
  const [mine, other] = places('me-1', `me-${process.pid}`)
  const name = await withLock(what, other!, async () => readdirSync(other!.folder)[0]!)
  const file = join(mine!.folder, name)
  const enter = () => withLock(what, mine!, async () => 'in')
  for (const itsLines of [what, `${what}\n`, '']) {
    writeFileSync(file, itsLines)
    await expect(enter()).rejects.toMatchObject({ kind: 'retry' })
  }
  writeFileSync(file, `${what}\n1\n`)
  expect(await enter()).toBe('in')
})

it('stands in the way of a program on another machine, or in a container, where its number is that of others', async () => {
  const [mine, other] = places('me-1', `other-${process.pid}`)
  await withLock(what, other!, async () => {
    const [file = ''] = readdirSync(other!.folder)
    writeFileSync(join(other!.folder, file), `${what}\n1\n`)
    await expect(withLock(what, mine!, async () => 'in')).rejects.toMatchObject({ kind: 'retry' })
  })
})

it('does not trust a folder that another has made, or that leads elsewhere', async () => {
  const [mine] = places('me-1')
  const enter = (folder: string) => withLock(what, { ...mine!, folder }, async () => 'in')
  const [elsewhere, link] = [temporaryFolder(), join(temporaryFolder(), 'link')]
  symlinkSync(elsewhere, link)
  await expect(enter(link)).rejects.toMatchObject({ kind: 'permission', message: expect.stringContaining(link) })
  expect(readdirSync(elsewhere)).toEqual([])
  expect(await enter(elsewhere)).toBe('in')
  if (process.getuid?.() !== 0) return
  chownSync(elsewhere, 65_534, 65_534)
  await expect(enter(elsewhere)).rejects.toMatchObject({ kind: 'permission' })
})

it('never lets two in, of many that come at once', async () => {
  let inside = 0
  const ends = await Promise.allSettled(
    places(...Array.from({ length: 8 }, (_, index) => `me-${index}`)).map((place) =>
      withLock(what, place, async () => {
        inside += 1
        expect(inside).toBe(1)
        await new Promise((resolve) => setTimeout(resolve, 20))
        inside -= 1
      }),
    ),
  )
  const failures = ends.filter((end) => end.status === 'rejected').map((end) => end.reason)
  for (const failure of failures) expect(failure).toMatchObject({ kind: 'retry' })
})
