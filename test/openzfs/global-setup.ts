import type { TestProject } from 'vitest/node'
import { openzfsImage } from './image.ts'
import { startMachine } from './machine.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    readonly openzfsControl: string | undefined
    readonly lackOfOpenzfs: string | undefined
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const lack = lackOfOpenzfs()
  project.provide('lackOfOpenzfs', lack)
  project.provide('openzfsControl', undefined)
  if (lack !== undefined) return async () => {}
  const machine = await startMachine(openzfsImage())
  project.provide('openzfsControl', machine.control)
  return machine.stop
}

function lackOfOpenzfs(): string | undefined {
  if (process.getuid?.() !== 0) return 'building and running the guest needs root'
  return process.arch === 'x64' ? undefined : 'the guest is made for x86-64'
}
