import { appendFileSync, closeSync, existsSync, openSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ChunkTable } from '../../src/chunks/chunk-table.ts'
import { findFile } from '../../src/chunks/find-file.ts'
import { nobodyWrites } from '../../src/chunks/open-files.ts'
import { removeShipped } from '../../src/chunks/remove-shipped.ts'
import { temporaryFolder } from '../fakes/folder.ts'

/** A chunk that is in the store, and a table that saw it, when nobody had it open. */
async function prepare() {
  const folder = temporaryFolder()
  const path = join(folder, 'xaa')
  writeFileSync(path, 'bytes')
  const file = await findFile(path)
  if (file === undefined) throw new Error('not there')
  const table = new ChunkTable({ userId: 0, groupId: 0 }, () => {})
  table.observe([file], nobodyWrites, 0)
  table.set(path, { stage: 'recorded', sight: file })
  const remove = () => removeShipped(table, () => false)
  return { folder, path, table, remove }
}

describe('P6: after the last look', () => {
  test('nothing happened: the file is removed', async () => {
    const { folder, table, remove } = await prepare()
    await remove()
    expect([readdirSync(folder), table.files]).toEqual([[], []])
  })

  test('a process opened the file: it stays', async () => {
    const { folder, path, remove } = await prepare()
    const fd = openSync(path, 'a')
    onTestFinished(() => closeSync(fd))
    await remove()
    expect(readdirSync(folder)).toEqual(['xaa'])
  })

  test('the file grew: it stays', async () => {
    const { folder, path, remove } = await prepare()
    appendFileSync(path, ' more')
    await remove()
    expect(readdirSync(folder)).toEqual(['xaa'])
  })

  test('another was renamed into its place: it stays', async () => {
    const { folder, path, remove } = await prepare()
    writeFileSync(join(folder, '.new'), 'other')
    renameSync(join(folder, '.new'), path)
    await remove()
    expect(readdirSync(folder)).toEqual(['xaa'])
  })

  test('it went: that is no failure', async () => {
    const { folder, path, remove } = await prepare()
    renameSync(path, join(folder, 'away'))
    await remove()
    expect([existsSync(path), readdirSync(folder)]).toEqual([false, ['away']])
  })
})
