// A line of 300 Mbit/s between two network namespaces, made by relay.c: as root on Linux, with a C compiler.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const lineMbit = 300
/** Of the far end. */
export const address = '10.9.3.2'

const source = fileURLToPath(new URL('relay.c', import.meta.url))
const sender = fileURLToPath(new URL('../../../bin/zudp-send', import.meta.url))

/** The two ends, and a key file; closed by `remove`. */
export function makeEnds() {
  const [here, there] = [`line-a-${process.pid}`, `line-b-${process.pid}`]
  const made = `/dev/shm/zudp-line-${process.pid}`
  const buffers = 'net.ipv4.tcp_rmem="4096 131072 67108864" net.ipv4.tcp_wmem="4096 131072 67108864"'
  sh(`cc -O2 -o ${made} ${source}
    ${process.execPath} ${sender} --new-key ${made}.key
    for n in ${here} ${there}; do ip netns add $n; ip -n $n link set lo up; ip netns exec $n sysctl -qw ${buffers}; done`)
  return {
    ...{ here, there, relay: made, key: `${made}.key` },
    remove() {
      for (const name of [here, there]) spawnSync('ip', ['netns', 'delete', name])
      for (const file of [made, `${made}.key`]) rmSync(file, { force: true })
    },
  }
}

/**
 * Runs what is measured over a new line, whose queue is of one round trip, 50 ms at least.
 * @template T
 * @param {ReturnType<typeof makeEnds>} ends @param {{ rttMs: number, loss?: number }} line in % lost
 * @param {() => Promise<T>} measure
 */
export async function overLine({ here, there, relay }, { rttMs, loss = 0 }, measure) {
  const words = [here, there, rttMs, lineMbit, Math.max(50, rttMs), loss, 7].map(String)
  const child = spawn(relay, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  sh(`ip -n ${here} addr add 10.9.3.1/24 dev line; ip -n ${there} addr add ${address}/24 dev line
    ip -n ${here} link set line up; ip -n ${there} link set line up`)
  try {
    return await measure()
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}

/** @param {string} commandLine */
function sh(commandLine) {
  execFileSync('bash', ['-euc', commandLine], { stdio: ['ignore', 'ignore', 'inherit'] })
}
