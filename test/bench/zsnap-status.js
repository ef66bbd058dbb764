// How long `zsnap status` takes over a store whose every answer takes a while, beside what is left of the wall clock
// without its CPU: `node test/bench/zsnap-status.js [objects] [milliseconds] [rounds]`, after `npm run build`. The
// server is of this bench, another process, and answers lists and HEADs alone; it counts how many it has at once.
import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { aim } from './aims.js'

const [count = 1000, delayMs = 20, rounds = 7] = process.argv.slice(2).map(Number)

if (process.send === undefined) await measure()
else await serve()

async function measure() {
  const server = fork(import.meta.filename, process.argv.slice(2))
  try {
    const [port] = await once(server, 'message')
    console.log(`zsnap status over S3, each answer ${delayMs} ms late: medians of ${rounds} rounds\n`)
    console.log('| | ms | lowest | highest | requests at once |\n|---|---|---|---|---|')
    const medians = []
    for (const verified of [0, 1]) {
      const samples = []
      for (let round = 0; round < rounds; round += 1) samples.push(statusMs(port, verified))
      const sorted = samples.sort((a, b) => a - b)
      const [least, median, most] = [sorted[0], sorted[rounds >> 1], sorted.at(-1)].map(Math.round)
      server.send('most')
      const [atOnce] = await once(server, 'message')
      const what = verified ? 'objects, each verified once' : 'objects'
      console.log(`| ${count} ${what} | ${median} | ${least} | ${most} | ${atOnce} |`)
      medians.push(median)
    }
    console.log()
    aim(`the state of ${count} objects, in seconds`, medians[0] / 1000, 'at most', 2)
  } finally {
    server.kill()
  }
}

function statusMs(port, verified) {
  const program = new URL('../../bin/zsnap', import.meta.url).pathname
  const store = ['--store', `s3://bucket${verified}`, '--endpoint', `http://127.0.0.1:${port}`]
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
  const start = performance.now()
  const { stdout } = spawnSync(process.execPath, [program, 'status', '-q', ...store, 'tank/fs'], { env })
  const elapsedMs = performance.now() - start
  if (!stdout.includes(`${count} backups, 0 broken`)) throw new Error(`it said ${stdout}`)
  return elapsedMs
}

async function serve() {
  let [now, most] = [0, 0]
  const server = createServer((request, response) => {
    now += 1
    most = Math.max(most, now)
    setTimeout(() => {
      now -= 1
      answer(new URL(request.url, 'http://server'), response)
    }, delayMs)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.on('message', () => {
    process.send(most)
    most = 0
  })
  process.send(server.address().port)
}

const names = Array.from({ length: count }, (_, index) => `tank/fs@s${index}`)
const published = 'Sat, 21 Nov 2026 06:25:00 GMT'

function answer({ pathname, searchParams }, response) {
  if (searchParams.has('list-type')) return response.end(listOf(pathname, searchParams.get('prefix') ?? ''))
  const index = Number(/s(\d+)$/.exec(decodeURIComponent(pathname))?.[1])
  const isRecord = pathname.includes('/verified/')
  const metadata = isRecord ? recordOf : index === 0 ? { isfull: 'true' } : { parent: names[index - 1] }
  for (const [name, value] of Object.entries(metadata)) response.setHeader(`x-amz-meta-${name}`, value)
  response.setHeader('Last-Modified', published)
  response.setHeader('ETag', '"0123456789abcdef0123456789abcdef"')
  response.setHeader('Content-Length', isRecord ? 0 : 700)
  response.end()
}

const recordOf = {
  'verified-at': '2026-11-21T06:25:00.000Z',
  'verified-depth': 'cheap',
  'verified-etag': '"0123456789abcdef0123456789abcdef"',
}

function listOf(pathname, prefix) {
  const isRecords = prefix.includes('verified')
  const isEmpty = isRecords && pathname.startsWith('/bucket0')
  const folder = prefix.slice(0, prefix.indexOf('tank'))
  const keys = isEmpty ? [] : names.map((name) => `<Contents><Key>${folder}${name}</Key></Contents>`)
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${keys.join('')}</ListBucketResult>`
}
