import type { InferredOptionTypes } from 'yargs'
import { Failure } from '../errors.ts'
import type { OptionSpecs } from './command.ts'
import { parseDuration, parseFromOne, parseSize } from './units.ts'

const endpointVariables = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'] as const

/** How every program that talks to a store finds and reaches it. */
export const storeOptions = {
  store: {
    type: 'string',
    metavar: 'URL',
    setting: 'STORE',
    coerce: checkStore,
    describe: 'the store that a bare key belongs to, such as file:///backup or s3://bucket/prefix',
  },
  bucket: {
    type: 'string',
    metavar: 'NAME',
    setting: 'BUCKET',
    z3: true,
    group: 'S3',
    describe: 'the bucket that a bare key belongs to, where no store is given',
  },
  endpoint: {
    type: 'string',
    metavar: 'URL',
    setting: 'ENDPOINT',
    z3: [...endpointVariables, 'ENDPOINT'],
    alsoInFiles: ['HOST'],
    coerce: checkEndpoint,
    group: 'S3',
    describe: "the store's address, a URL or a host name; 'aws' is AWS",
  },
  profile: {
    type: 'string',
    metavar: 'NAME',
    setting: 'PROFILE',
    z3: true,
    group: 'S3',
    describe: 'the section of ~/.aws/credentials and ~/.aws/config to use',
  },
  region: { type: 'string', metavar: 'NAME', group: 'S3', describe: "the bucket's region" },
  'path-style': {
    type: 'boolean',
    group: 'S3',
    describe: 'name the bucket in the path, as is usual wherever an endpoint is given',
  },
  'key-id': {
    type: 'string',
    flag: false,
    setting: 'S3_KEY_ID',
    z3: true,
    group: 'S3',
    describe: 'the access key, in place of what the standard chain of AWS finds',
  },
  secret: {
    type: 'string',
    flag: false,
    setting: 'S3_SECRET',
    z3: true,
    group: 'S3',
    describe: 'the secret that belongs to the access key',
  },
  'https-proxy': {
    type: 'string',
    flag: false,
    setting: 'HTTPS_PROXY',
    z3: ['HTTPS_PROXY', 'https_proxy'],
    coerce: parseProxy,
    group: 'S3',
    describe: 'the proxy on the way to stores of https:, such as http://proxy:3128',
  },
  'http-proxy': {
    type: 'string',
    flag: false,
    setting: 'HTTP_PROXY',
    z3: ['HTTP_PROXY', 'http_proxy'],
    coerce: parseProxy,
    group: 'S3',
    describe: 'the proxy on the way to stores of http:',
  },
  'no-proxy': {
    type: 'string',
    flag: false,
    setting: 'NO_PROXY',
    z3: ['NO_PROXY', 'no_proxy'],
    group: 'S3',
    describe:
      'what is reached without a proxy: hosts, domains and networks between commas, or *; this machine always is',
  },
  'ca-bundle': {
    type: 'string',
    metavar: 'FILE',
    setting: 'CA_BUNDLE',
    z3: ['AWS_CA_BUNDLE'],
    group: 'S3',
    describe: 'trust a store whose certificate is signed by one of those in this file (PEM), and no other',
  },
  'request-payer': { type: 'boolean', default: false, group: 'S3', describe: 'the requester pays' },
  header: {
    type: 'string',
    array: true,
    metavar: 'NAME=VALUE',
    default: [] as string[],
    coerce: checkHeaders,
    group: 'S3',
    describe: 'send this header with every request; may be repeated',
  },
  concurrency: {
    type: 'string',
    metavar: 'N',
    setting: 'CONCURRENCY',
    z3: true,
    coerce: parseFromOne,
    group: 'S3',
    describe: 'parts on their way at once (4 if not given)',
  },
  memory: {
    type: 'string',
    metavar: 'SIZE',
    default: '256M',
    coerce: parseSize,
    group: 'S3',
    describe: 'memory for parts on their way; two may always be',
  },
  'retry-for': {
    type: 'string',
    metavar: 'DURATION',
    default: '1h',
    coerce: parseDuration,
    group: 'S3',
    describe: 'try a failing request again for so long; a server that was never reached is given up after 20 s',
  },
  'idle-timeout': {
    type: 'string',
    metavar: 'DURATION',
    default: '1m',
    coerce: parseIdleTimeout,
    group: 'S3',
    describe: 'break a connection that has been silent for so long, and try again',
  },
} satisfies OptionSpecs

export type StoreArguments = InferredOptionTypes<typeof storeOptions>

/** The store that a bare key belongs to. z3 knows a bucket alone. */
export function storeUrlOf({ store, bucket }: StoreArguments): string | undefined {
  return store ?? (bucket === undefined ? undefined : `s3://${bucket}`)
}

interface Speaker {
  readonly signal: AbortSignal
  readonly verbose: boolean
  say(message: string): void
}

/** How S3 is reached, as the options say it. */
export function connectionOf(args: StoreArguments, terminal: Speaker) {
  const { region, profile, concurrency } = args
  const endpoint = args.endpoint === 'aws' ? undefined : args.endpoint
  // The SDK would read by itself what the option is stronger than.
  if (args.endpoint === 'aws') for (const name of endpointVariables) delete process.env[name]
  // By this alone the SDK finds a profile's endpoint_url: else its keys would be shown to AWS.
  if (profile !== undefined) process.env['AWS_PROFILE'] = profile
  return {
    endpoint,
    region,
    profile,
    concurrency,
    pathStyle: args['path-style'],
    credentials: credentialsOf(args),
    proxies: { http: args['http-proxy'], https: args['https-proxy'], except: args['no-proxy'] },
    authorities: args['ca-bundle'],
    requestPayer: args['request-payer'],
    headers: Object.fromEntries(args.header.map(parsePair)),
    memoryBytes: args.memory,
    retryForMs: args['retry-for'],
    idleMs: args['idle-timeout'],
    signal: terminal.signal,
    onWarning: (message: string) => terminal.say(message),
    onRetry: (message: string) => {
      if (terminal.verbose) terminal.say(message)
    },
  }
}

function credentialsOf({ 'key-id': accessKeyId, secret: secretAccessKey }: StoreArguments) {
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey }
  throw new Failure('configuration', 'S3_KEY_ID and S3_SECRET belong together, and one is missing')
}

// A store that answers, but slower than this, would never be heard.
const shortestIdleMs = 1000
// Fifteen times as long, which a slow request gets, is still a time that a timer can wait for.
const longestIdleMs = 86_400_000

function parseIdleTimeout(text: string): number {
  const ms = parseDuration(text)
  if (ms < shortestIdleMs) throw new Failure('usage', `'${text}' is shorter than 1s`)
  if (ms > longestIdleMs) throw new Failure('usage', `'${text}' is longer than 1d`)
  return ms
}

/** What HTTP can send (RFC 9110, token and field value), in ASCII. */
function checkHeaders(words: readonly string[]): readonly string[] {
  for (const word of words) {
    const [name, value] = parsePair(word)
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t -~]*$/.test(value)) continue
    throw new Failure('usage', `'${word}' is no header that can be sent`)
  }
  return words
}

/** Only its form: the rest is seen when a key is put behind it. */
function checkStore(url: string): string {
  if (/^(file:\/\/\/|s3:\/\/[^/]|rclone:.+:)/is.test(url)) return url
  throw new Failure('usage', `'${url}' is not a store`, {
    hint: 'write file:///dir, s3://bucket, s3://bucket/prefix or rclone:remote:path',
  })
}

/** A URL, z3's bare host name, or `aws`. */
function checkEndpoint(endpoint: string): string {
  const url = endpoint.includes('://') ? endpoint : `https://${endpoint}`
  if (URL.canParse(url) && /^https?:/i.test(url)) return endpoint
  throw new Failure('usage', `'${endpoint}' is not an endpoint`, {
    hint: 'a host name, or a URL such as https://s3.host',
  })
}

/** A URL, or as others take it too: a host name and a port. */
function parseProxy(text: string): URL {
  const url = text.includes('://') ? text : `http://${text}`
  if (URL.canParse(url) && /^http:/i.test(url) && canDecode(url)) return new URL(url)
  const withoutUser = text.replace(/[^/]*@/, '…@')
  throw new Failure('usage', `'${withoutUser}' is no proxy of HTTP`, { hint: 'write http://host:port' })
}

function canDecode(text: string): boolean {
  try {
    return decodeURIComponent(text) !== ''
  } catch {
    return false
  }
}

/** `name=value`; the value may hold more equals signs. */
export function parsePair(word: string): [name: string, value: string] {
  const equals = word.indexOf('=')
  if (equals < 1) throw new Failure('usage', `'${word}' is not NAME=VALUE`)
  return [word.slice(0, equals), word.slice(equals + 1)]
}
