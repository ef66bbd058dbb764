import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Where this user's programs leave what concerns only those that run now. For root always the same: cron has no
 * XDG_RUNTIME_DIR, a login has one, and both must find each other's locks.
 */
export function runtimeFolder(): string {
  const userId = process.getuid?.() ?? 0
  if (userId === 0) return '/var/run/zpipes'
  const own = process.env['XDG_RUNTIME_DIR']
  return own === undefined || own === '' ? join(tmpdir(), `zpipes-${userId}`) : join(own, 'zpipes')
}
