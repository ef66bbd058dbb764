import type { TestProject } from 'vitest/node'
import { lackOfZfsFuse, startZfsFuse, stopZfsFuse } from './daemon.ts'
import { clearLeftovers } from './leftovers.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    readonly lackOfZfsFuse: string | undefined
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const lack = lackOfZfsFuse()
  project.provide('lackOfZfsFuse', lack)
  if (lack !== undefined) return async () => {}
  await startZfsFuse()
  clearLeftovers()
  return stopZfsFuse
}
