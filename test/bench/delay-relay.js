// Passes TCP on to a local port, each direction some ms later: node test/bench/delay-relay.js PORT MS. Writes its own port.
import { connect, createServer } from 'node:net'

const [port, delayMs] = process.argv.slice(2).map(Number)

/** @param {import('node:net').Socket} from @param {import('node:net').Socket} to */
function passLater(from, to) {
  from.on('data', (bytes) => setTimeout(() => to.write(bytes), delayMs))
  from.on('end', () => setTimeout(() => to.end(), delayMs))
  from.on('error', () => to.destroy())
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
  const far = connect({ port: port ?? 0, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  passLater(near, far)
  passLater(far, near)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(typeof address === 'object' ? address?.port : address)
})
