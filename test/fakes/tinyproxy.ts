import { spawn, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './folder.ts'
import { freePort, isListening } from './free-port.ts'

export interface Proxy {
  readonly url: string
  readonly port: number
  /** What it was asked for, such as `CONNECT 127.0.0.2:4711 HTTP/1.1`. */
  requests(): Promise<readonly string[]>
}

/** Why there is none. */
export const lacksTinyproxy = spawnSync('tinyproxy', ['-v']).status !== 0

/** A proxy of HTTP that others wrote, for this machine alone, until the test ends. */
export async function startTinyproxy(...settings: readonly string[]): Promise<Proxy> {
  const [folder, port] = [temporaryFolder(), await freePort()]
  const [file, log] = [join(folder, 'tinyproxy.conf'), join(folder, 'log')]
  const all = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Allow 127.0.0.0/8',
    'LogLevel Info',
    `LogFile "${log}"`,
    ...settings,
  ]
  await writeFile(file, `${all.join('\n')}\n`)
  const child = spawn('tinyproxy', ['-d', '-c', file], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`tinyproxy ended with status ${child.exitCode}`)
    await sleep(20)
  }
  const requests = async () =>
    [...(await readFile(log, 'utf8')).matchAll(/Request \(file descriptor \d+\): (.*)/g)].map(
      ([, request = '']) => request,
    )
  return { url: `http://127.0.0.1:${port}`, port, requests }
}
