import { rmSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { folderOfThisProcess, removeLeftovers } from './folders.ts'
import { type HostName, hostNames, lackOf, type S3Server, type StartedServer, startServer } from './servers.ts'

/** Either a server, or why there is none. */
export type Provided = S3Server | { readonly lack: string }

declare module 'vitest' {
  export interface ProvidedContext {
    readonly s3Hosts: Readonly<Record<HostName, Provided>>
  }
}

/** Starts all servers at once, for all test files of the project. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  removeLeftovers()
  const folder = folderOfThisProcess()
  const started: StartedServer[] = []
  const provided = await Promise.all(
    hostNames.map(async (name) => [name, await provide(name, folder, started)] as const),
  )
  project.provide('s3Hosts', Object.fromEntries(provided) as Record<HostName, Provided>)
  return async () => {
    await Promise.all(started.map((server) => server.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function provide(name: HostName, folder: string, started: StartedServer[]): Promise<Provided> {
  const lack = lackOf(name)
  if (lack !== undefined) return { lack }
  try {
    const server = await startServer(name, folder)
    started.push(server)
    const { endpoint, region, accessKey, secretKey } = server
    return { endpoint, region, accessKey, secretKey }
  } catch (error) {
    console.error((error as Error).message)
    return { lack: `${name} did not start` }
  }
}
