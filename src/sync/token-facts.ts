import { Failure } from '../errors.ts'
import { runZfs } from '../zfs/zfs-command.ts'

/** What a resume token is for. */
export interface TokenFacts {
  /** The snapshot that was being received. */
  readonly toGuid: string
  /** Where its increment began; undefined for a full. */
  readonly fromGuid: string | undefined
  /** Whether encrypted blocks are sent as they are on the disk. */
  readonly isRaw: boolean
}

/** What `zfs send` reads in a resume token; undefined if it could not go on from it here. */
export async function readToken(token: string): Promise<TokenFacts | undefined> {
  const output = await runZfs('send', '-nvP', '-t', token).catch((error: unknown) => {
    if (error instanceof Failure) return ''
    throw error
  })
  return parseTokenFacts(output)
}

/** Reads the lines `toguid = 0x…`, `fromguid = 0x…` and `rawok = 1`. */
export function parseTokenFacts(output: string): TokenFacts | undefined {
  const toGuid = guidIn(output, 'toguid')
  return toGuid === undefined
    ? undefined
    : { toGuid, fromGuid: guidIn(output, 'fromguid'), isRaw: /^\s*rawok\b/m.test(output) }
}

function guidIn(output: string, name: string): string | undefined {
  const [, digits] = new RegExp(`^\\s*${name} = 0x([0-9a-f]+)$`, 'm').exec(output) ?? []
  return digits === undefined || /^0+$/.test(digits) ? undefined : digits.padStart(16, '0')
}
