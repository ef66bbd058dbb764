/**
 * Where this user's programs leave what concerns only those that run now. By the user alone, and never by the environment:
 * cron has no XDG_RUNTIME_DIR and no TMPDIR, a login may have both, and the two must find each other's locks.
 */
export function runtimeFolder(userId = process.getuid?.() ?? 0): string {
  return userId === 0 ? '/var/run/zpipes' : `/tmp/zpipes-${userId}`
}
