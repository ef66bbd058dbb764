import { startChild } from '../stream/child.ts'
import { namesIn } from './listed-entries.ts'

/** The names of the remotes that rclone has in its configuration; none where there is no rclone. */
export async function rcloneRemotes(configFile: string | undefined, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const config = configFile === undefined ? [] : [`--config=${configFile}`]
  const argv = ['rclone', 'listremotes', '--ask-password=false', ...config]
  const child = startChild(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'keep', signal })
  const remotes = new Set<string>()
  try {
    for await (const line of namesIn(child.stdout, '\n')) remotes.add(line.replace(/:$/, ''))
    await child.ended
  } catch {
    // Whoever needs rclone is told when it is to copy.
    signal.throwIfAborted()
  }
  return remotes
}
