import { expect, test } from 'vitest'
import { runtimeFolder } from '../../src/cli/runtime-folder.ts'

test('is the same under cron and after a login', () => {
  const before = { ...process.env }
  try {
    for (const environment of [{}, { XDG_RUNTIME_DIR: '/run/user/1000', TMPDIR: '/elsewhere' }]) {
      Object.assign(process.env, environment)
      expect(runtimeFolder(1000)).toBe('/tmp/zpipes-1000')
      expect(runtimeFolder(0)).toBe('/var/run/zpipes')
    }
  } finally {
    process.env = before
  }
})
