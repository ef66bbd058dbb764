import { isIP } from 'node:net'
import { Failure } from '../../errors.ts'
import { groupsOf } from '../message.ts'

/** Six bytes, from `46:dc:e7:58:d0:a2`. Throws 'usage'. */
export function parseMac(text: string): Buffer {
  if (/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)) return Buffer.from(text.replaceAll(/[:-]/g, ''), 'hex')
  throw new Failure('usage', `'${text}' is no MAC address`, { hint: 'they look like 46:dc:e7:58:d0:a2' })
}

/** Four bytes or sixteen. Throws 'usage'. */
export function parseIp(text: string): Buffer {
  if (isIP(text) === 4) return Buffer.from(text.split('.').map(Number))
  if (isIP(text) === 0 || text.includes('%')) throw new Failure('usage', `'${text}' is no IPv4 or IPv6 address`)
  const bytes = Buffer.alloc(16)
  for (const [index, group] of groupsOf(text).entries()) bytes.writeUInt16BE(group, 2 * index)
  return bytes
}
