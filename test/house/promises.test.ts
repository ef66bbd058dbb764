import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const rows = [...read('README.md').matchAll(/^\| (P\d) \| (.*?) \| (.*) \|$/gm)]

it('the README has each promise of zpipes(7)', () => {
  const numbers = [...read('man/zpipes.7').matchAll(/^\.It (P\d)$/gm)].map(([, number]) => number)
  expect(numbers).toHaveLength(8)
  expect(rows.map(([, number]) => number)).toEqual(numbers)
})

it.each(rows.map(([, number = '', , files = '']) => ({ number, files })))(
  '$number is in the titles of its tests',
  (row) => {
    const files = [...row.files.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
    expect(files).not.toEqual([])
    const title = new RegExp(`(describe|it|test).*['\`](P\\d, )*${row.number}[:,]`)
    for (const file of files) expect(read(file), file).toMatch(title)
  },
)
