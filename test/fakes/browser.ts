import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './folder.ts'

export interface Look {
  readonly width: number
  readonly colorScheme: 'light' | 'dark'
}

/** A page in a headless Chromium. */
export interface BrowserPage {
  show(look: Look): Promise<void>
  /** What an expression is there. */
  evaluate(expression: string): Promise<unknown>
  /** All that was asked for, and all that was complained about. */
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
  /** A PNG. */
  screenshot(): Promise<Buffer>
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--remote-debugging-pipe',
]

/** Opens a URL; the browser is killed when the test ends. It is spoken to by the DevTools protocol, with a NUL behind each message. */
export async function openInBrowser(url: string): Promise<BrowserPage> {
  const folder = temporaryFolder()
  const words = [...flags, `--user-data-dir=${folder}`, 'about:blank']
  const child = spawn('chromium', words, {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    // Killed, it leaves a socket there.
    env: { ...process.env, TMPDIR: folder },
    detached: true,
  })
  onTestFinished(async () => {
    process.kill(-(child.pid as number), 'SIGKILL')
    await once(child, 'close')
  })
  const [requests, complaints]: [string[], string[]] = [[], []]
  const call = caller(child.stdio[3] as Writable, child.stdio[4] as Readable, (method, { request, entry }) => {
    if (method === 'Network.requestWillBeSent') requests.push(request?.url ?? '')
    if (method === 'Log.entryAdded') complaints.push(entry?.text ?? '')
  })
  const { targetId } = await call('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true })
  const inPage = (method: string, params: object = {}) => call(method, params, String(sessionId))
  for (const domain of ['Network', 'Log', 'Page']) await inPage(`${domain}.enable`)
  await inPage('Page.navigate', { url })
  const evaluate = async (expression: string) => {
    const { result, exceptionDetails } = await inPage('Runtime.evaluate', { expression, returnByValue: true })
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return (result as { value?: unknown }).value
  }
  while ((await evaluate(`location.href !== 'about:blank' && document.readyState`)) !== 'complete');
  return {
    requests,
    complaints,
    evaluate,
    async show({ width, colorScheme }) {
      await inPage('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false })
      await inPage('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: colorScheme }] })
    },
    async screenshot() {
      const { data } = await inPage('Page.captureScreenshot', { captureBeyondViewport: true })
      return Buffer.from(String(data), 'base64')
    },
  }
}

interface Told {
  readonly id?: number
  readonly method?: string
  readonly params?: EventParams
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
}

interface EventParams {
  readonly request?: { readonly url: string }
  readonly entry?: { readonly text: string }
}

type Call = (method: string, params: object, sessionId?: string) => Promise<Readonly<Record<string, unknown>>>

function caller(to: Writable, from: Readable, onEvent: (method: string, params: EventParams) => void): Call {
  const waiting = new Map<number, (told: Told) => void>()
  let rest = ''
  from.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\0')
    rest = messages.pop() ?? ''
    for (const message of messages) {
      const told = JSON.parse(message) as Told
      if (told.id === undefined) onEvent(told.method ?? '', told.params ?? {})
      else waiting.get(told.id)?.(told)
    }
  })
  let id = 0
  return async (method, params, sessionId) => {
    id += 1
    const answered = new Promise<Told>((resolve) => waiting.set(id, resolve))
    to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    const { result, error } = await answered
    if (result === undefined) throw new Error(`${method}: ${error?.message}`)
    return result
  }
}
