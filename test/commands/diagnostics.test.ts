import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** The texts that the sources have in quotes, with a dot-star for each value in them. */
function patternsOfSources(): RegExp[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.ts$/.test(name),
  )
  const texts = files.flatMap((name) => {
    const source = readFileSync(join(root, 'src', name), 'utf8')
    return [...source.matchAll(/'([^'\n]*)'|`([^`]+)`/g)].map(([, plain, template]) => plain ?? template ?? '')
  })
  const fixed = (text: string) => text.split(/\$\{[^{}]*\}/)
  const isMessage = (text: string) => fixed(text).join('').replaceAll(/\W/g, '').length > 8
  const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return texts.filter(isMessage).map((text) => new RegExp(`(^|\\s)${fixed(text).map(escaped).join('.+')}$`))
}

/** The `.It` lines of a page's DIAGNOSTICS; what S3 servers say is tried in test/e2e/s3-diagnostics.test.ts. */
function messagesOf(page: string): string[] {
  const [, section = ''] = /^\.Sh DIAGNOSTICS\n(.*?)^\.Sh /ms.exec(readFileSync(join(root, 'man', page), 'utf8')) ?? []
  const messages = [...section.matchAll(/^\.It (.*)$/gm)].map(([, text = '']) => text)
  return messages.filter((text) => !/s3:\S+: [A-Z]\w+: /.test(text))
}

describe.each(['zudp-send.1', 'zudp-recv.1', 'pput.1', 'pget.1', 'dsync.1', 'zfsync-send.1', 'zfsync-recv.1'])(
  'DIAGNOSTICS of %s',
  (page) => {
    it('has messages that a program can say', () => {
      const patterns = patternsOfSources()
      expect(messagesOf(page).length).toBeGreaterThan(10)
      const isSaid = (message: string) => patterns.some((pattern) => pattern.test(message))
      expect(messagesOf(page).filter((message) => !isSaid(message))).toEqual([])
      expect(isSaid('backup:1337: nobody says this at all')).toBe(false)
    })
  },
)
