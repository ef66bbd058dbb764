// The server that the S3 benchmarks run against: compiled from s3-sink/, for the time of a run.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const sources = fileURLToPath(new URL('s3-sink/', import.meta.url))
/** A certificate for localhost that is its own authority. */
export const certificate = fileURLToPath(new URL('../vectors/tls/localhost.pem', import.meta.url))
const key = fileURLToPath(new URL('../vectors/tls/localhost-key.pem', import.meta.url))

/** Resolves to the server's URL. It ends with this process. @param {string} folder for the program */
export async function startSink(folder) {
  const { http } = await startSinks(folder)
  return http
}

/** The same, and its URL for TLS. @param {string} folder for the program */
export async function startSinks(folder) {
  const files = readdirSync(sources).filter((file) => file.endsWith('.c'))
  try {
    execFileSync('cc', ['-O2', '-o', `${folder}/s3-sink`, ...files, '-lssl', '-lcrypto', '-lpthread'], { cwd: sources })
  } catch (error) {
    throw new Error("the server cannot be compiled: it takes a C compiler and OpenSSL's headers (gcc, libssl-dev)", {
      cause: error,
    })
  }
  const server = spawn(`${folder}/s3-sink`, [certificate, key], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.on('exit', () => server.kill())
  const [ports] = await once(server.stdout, 'data')
  const [http, https] = String(ports).split('\n')
  server.unref()
  server.stdout.destroy()
  return { http: `http://127.0.0.1:${http}`, https: `https://localhost:${https}` }
}
