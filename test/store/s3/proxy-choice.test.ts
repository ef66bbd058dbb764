import { expect, test } from 'vitest'
import { proxyFor } from '../../../src/store/s3/proxy-choice.ts'

const http = new URL('http://plain:3128')
const https = new URL('http://secure:3128')

function proxyOf(url: string, except = ''): string | undefined {
  const { protocol, hostname, port } = new URL(url)
  const destination = { protocol, hostname, ...(port === '' ? {} : { port: Number(port) }) }
  return proxyFor(destination, { http, https, except })?.hostname
}

test('each protocol has its own proxy', () => {
  expect(proxyOf('http://s3.example.com')).toBe('plain')
  expect(proxyOf('https://s3.example.com')).toBe('secure')
  expect(proxyFor({ protocol: 'http:', hostname: 's3.example.com' }, { https })).toBeUndefined()
  expect(proxyFor({ protocol: 'https:', hostname: 's3.example.com' }, {})).toBeUndefined()
})

test.each(['http://localhost:9000', 'https://LOCALHOST', 'http://127.0.0.1:1', 'https://[::1]'])(
  'this machine needs none: %s',
  (url) => expect(proxyOf(url)).toBeUndefined(),
)

test.each([
  ['https://s3.example.com', '*'],
  ['https://s3.example.com', 's3.example.com'],
  ['https://s3.example.com', 'EXAMPLE.com'],
  ['https://s3.example.com', '.example.com'],
  ['https://s3.example.com', '*.example.com'],
  ['https://example.com', '.example.com'],
  ['https://s3.example.com', 'other, example.com'],
  ['https://s3.example.com', 'other example.com'],
  ['https://s3.example.com', 'example.com:443'],
  ['http://s3.example.com', 'example.com:80'],
  ['https://s3.example.com:9000', 'example.com:9000'],
  ['https://10.1.2.3', '10.1.2.3'],
  ['https://10.1.2.3:9000', '10.1.2.3:9000'],
  ['https://10.1.2.3', '10.0.0.0/8'],
  ['https://10.1.2.3', '0.0.0.0/0'],
  ['https://[fd00::7]', 'fd00:0:0::7'],
  ['https://[fd00::7]', '[fd00::7]'],
  ['https://[fd00::7]:9000', '[fd00::7]:9000'],
  ['https://[fd00::7]', 'fd00::/8'],
])('%s is reached without one where the exceptions are %s', (url, except) => {
  expect(proxyOf(url, except)).toBeUndefined()
})

test.each([
  ['https://s3.example.com', ''],
  ['https://s3.example.com', ','],
  ['https://s3.example.com', '.'],
  ['https://s3.example.com', 'ample.com'],
  ['https://s3.example.com', 'a.s3.example.com'],
  ['https://s3.example.com', 'example.com:80'],
  ['https://s3.example.com:9000', 'example.com:443'],
  ['https://10.1.2.3', '2.3'],
  ['https://10.1.2.3', '10.1.2.0/33'],
  ['https://10.1.2.3', '10.1.2.3/x'],
  ['https://10.1.2.3', '11.0.0.0/8'],
  ['https://10.1.2.3', 'fd00::/8'],
  ['https://10.1.2.3', '10.1.2.3:80'],
  ['https://[fd00::7]', '[fd00::7]:80'],
  ['https://[fd00::7]', '10.0.0.0/8'],
])('%s is not one of the exceptions %s', (url, except) => {
  expect(proxyOf(url, except)).toBe('secure')
})
