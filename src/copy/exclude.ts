import type { BytePath } from './entry.ts'
import { bytePath } from './entry.ts'

/** Tells the names that match one of the patterns: `*` stands for anything, `?` for one character, `[…]` for one of these. */
export function excluder(patterns: readonly string[]): (name: BytePath) => boolean {
  if (patterns.length === 0) return () => false
  const any = new RegExp(`^(?:${patterns.map((pattern) => expressionOf(bytePath(pattern))).join('|')})$`, 's')
  return (name) => any.test(name)
}

/** Whether rsync, find and we do not agree on what it means. */
export function isUnclearPattern(pattern: string): boolean {
  if (/\\|\[[:.=]/.test(pattern)) return true
  // Such as [!], [] or [a: to us they would mean any character, or themselves.
  if (pattern.replaceAll(/\[[!^]?[^\]!^][^\]]*\]/g, '').includes('[')) return true
  try {
    excluder([pattern])
    return false
  } catch {
    // Such as [z-a].
    return true
  }
}

function expressionOf(pattern: string): string {
  return pattern.replace(/\[!?[^\]]+\]|[\\^$.*+?()[\]{}|]/g, (found) => {
    if (found === '*') return '.*'
    if (found === '?') return '.'
    if (found.length > 1) return found.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
    return `\\${found}`
  })
}
