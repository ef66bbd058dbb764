import { getSystemErrorMap } from 'node:util'
import { Failure, type FailureKind } from '../errors.ts'

const kinds: Readonly<Record<string, FailureKind>> = {
  EPIPE: 'closed',
  EACCES: 'permission',
  EPERM: 'permission',
  ENOENT: 'unavailable',
  ENOTDIR: 'unavailable',
  ENODEV: 'unavailable',
  ENXIO: 'unavailable',
  ECONNREFUSED: 'unavailable',
  EHOSTUNREACH: 'unavailable',
  ENETUNREACH: 'unavailable',
  ENOTFOUND: 'unavailable',
  EADDRINUSE: 'unavailable',
  EADDRNOTAVAIL: 'unavailable',
  EEXIST: 'exists',
  EISDIR: 'exists',
  ENOTEMPTY: 'exists',
  ENAMETOOLONG: 'exists',
  EAGAIN: 'retry',
  EBUSY: 'retry',
  EMFILE: 'retry',
  ENFILE: 'retry',
  ENOMEM: 'retry',
  ECONNRESET: 'retry',
  ETIMEDOUT: 'retry',
  EAI_AGAIN: 'retry',
}

// Those of libuv alone say nothing to a user.
const callNames: Readonly<Record<string, string>> = {
  uv_cwd: 'find the working directory',
  getaddrinfo: 'find the address of',
}

const hints: Readonly<Record<string, string>> = {
  EMFILE: 'raise the limit of open files (ulimit -n)',
}

/** What an error means to the user, if it is a Failure or comes from the system; undefined for a bug. */
export function asFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  if (isOutOfAddresses(error)) return outOfAddresses(error)
  if (!isSystemError(error)) return undefined
  const { code, syscall, path, hostname, address, port } = error
  const thing =
    path ??
    hostname ??
    (address === undefined ? undefined : [address, port].filter((part) => part !== undefined).join(':'))
  const what = ['cannot', callNames[syscall] ?? syscall, thing].filter((word) => word !== undefined).join(' ')
  const hint = hints[code]
  return new Failure(kinds[code] ?? 'io', `${what}: ${reasonOf(error)}`, { cause: error, ...(hint && { hint }) })
}

/** V8 reserves 8 GiB of addresses for each memory of WebAssembly, so as to check no bounds. */
function isOutOfAddresses(error: unknown): error is RangeError {
  return error instanceof RangeError && /^WebAssembly\.\w+\(\): Out of memory/.test(error.message)
}

function outOfAddresses(cause: RangeError): Failure {
  const hint = 'raise the limit (ulimit -v), or set NODE_OPTIONS=--disable-wasm-trap-handler'
  return new Failure('retry', 'there is not enough address space for WebAssembly', { hint, cause })
}

interface SystemError extends Error {
  readonly code: string
  readonly errno?: number
  readonly syscall: string
  readonly path?: string
  /** That was asked for, and has no address. */
  readonly hostname?: string
  readonly address?: string
  readonly port?: number
}

/** Node's own errors have a code too (ERR_…), but no system call: those are bugs. */
function isSystemError(error: unknown): error is SystemError {
  if (!(error instanceof Error)) return false
  const { code, syscall } = error as NodeJS.ErrnoException
  return typeof code === 'string' && typeof syscall === 'string'
}

function reasonOf({ errno, code }: SystemError): string {
  const [, reason] = getSystemErrorMap().get(errno ?? 0) ?? []
  return reason === undefined ? code : reason
}
