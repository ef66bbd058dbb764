import { defineConfig } from 'vitest/config'

const root = new URL('..', import.meta.url).pathname

export default defineConfig({
  root,
  cacheDir: 'node_modules/.vitest',
  test: {
    include: ['test/**/*.test.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', exclude: ['test/{e2e,faults,openzfs}/**'] },
      },
    ],
  },
})
