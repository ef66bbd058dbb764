import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, isListening } from './free-port.ts'

export interface Served {
  readonly port: number
  stop(): Promise<void>
}

/** A folder at 127.0.0.1, by one of the protocols that rclone serves: a remote that others know. */
export async function serveByRclone(
  protocol: 'webdav' | 'sftp',
  folder: string,
  words: string[] = [],
): Promise<Served> {
  const port = await freePort()
  const child = spawn('rclone', ['serve', protocol, '--addr', `127.0.0.1:${port}`, ...words, folder], {
    stdio: 'ignore',
  })
  for (let tries = 0; tries < 100 && !(await isListening(port)); tries++) await sleep(50)
  return {
    port,
    async stop() {
      const ended = once(child, 'close')
      child.kill()
      await ended
    },
  }
}
