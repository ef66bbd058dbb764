import { Failure } from '../errors.ts'
import { runZfs } from './zfs-command.ts'

/** The token of a receive that was interrupted and can be gone on with; undefined if there was none. */
export async function resumeTokenOf(dataset: string): Promise<string | undefined> {
  const token = await runZfs('get', '-H', '-o', 'value', 'receive_resume_token', dataset).catch((error: unknown) => {
    if (error instanceof Failure) return '-'
    throw error
  })
  return token.trim() === '-' ? undefined : token.trim()
}
