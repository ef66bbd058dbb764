import { given } from '../../cli/expect-with.ts'
import { oneWayDefaults } from '../../cli/one-way-options.ts'
import { Failure } from '../../errors.ts'
import type { Arguments } from './one-way.ts'

// The ports that Linux gives to who names none.
const [firstPort, lastPort] = [32_768, 60_999]

/** Frames as the options say. */
export async function openRawOutlet(args: Arguments, destinationPort: number) {
  const { randomInt } = await import('node:crypto')
  const { parseIp, parseMac } = await import('../../udp/raw/addresses.ts')
  const { readInterface } = await import('../../udp/raw/packet-socket.ts')
  const { RawOutlet } = await import('../../udp/raw/raw-outlet.ts')
  const named = (name: 'interface' | 'source-ip' | 'destination-ip' | 'destination-mac') =>
    given(args[name], name, '--raw')
  const interfaceName = named('interface')
  const endpoints = {
    sourceMac: args['source-mac'] === undefined ? readInterface(interfaceName).mac : parseMac(args['source-mac']),
    destinationMac: parseMac(named('destination-mac')),
    sourceIp: parseIp(named('source-ip')),
    destinationIp: parseIp(named('destination-ip')),
    sourcePort: randomInt(firstPort, lastPort + 1),
    destinationPort,
  }
  if (endpoints.sourceIp.length !== endpoints.destinationIp.length)
    throw new Failure(
      'usage',
      `--source-ip ${args['source-ip']} and --destination-ip ${args['destination-ip']} are not of one kind`,
    )
  return new RawOutlet({ interfaceName, endpoints, frameBytes: args.framesize ?? oneWayDefaults.framesize })
}
