import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

// Certificates as an administrator makes them: one authority for all; `sign NAME [alternative names]`.
const certificates = `
  authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.pem -days 2 -subj "/CN=$1" 2>/dev/null
  }
  sign() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA \${by:-ca}.pem -CAkey \${by:-ca}.key -CAcreateserial -days \${days:-2} -out "$1.pem" \
      -extfile <(echo "subjectAltName=\${2:-DNS:$1}") 2>/dev/null
  }
  tls() { echo "--tls-cert $1.pem --tls-key $1.key --tls-ca \${2:-ca}.pem"; }
  authority ca; sign server DNS:localhost,IP:127.0.0.1; sign anna; sign berta DNS:laptop.example.org
`
const serve = (words: string) => `
  rm -f log; zfsync-recv -v --listen 127.0.0.1:0 ${words} $B/copies >log 2>&1 & server=$!
  trap 'kill $server 2>/dev/null || true' EXIT
  until grep -qs listening log; do sleep 0.05; done
  address=$(sed -n 's/.*listening on //p' log)
`
const make = `
  zfs create $A/data; fill a/data/1 200000; zfs snapshot $A/data@s1
`
const send = (who: string, tree = '$A/data') => `zfsync-send -q --connect $address $(tls ${who}) ${tree}`

describe('P8: with certificates', () => {
  test('each end believes those that its authority has signed, for the host that was asked', async ({ zfs }) => {
    const ended = await zfs.script(`${certificates} ${make}
      authority other; by=other sign eve; sign alien DNS:elsewhere.example.org
      ${serve('$(tls server)')}
      ends 77 ${send('eve')} 2>&1 | sed "s/$address/ADDRESS/"
      ends 77 ${send('anna other')} 2>&1 | sed "s/$address/ADDRESS/"
      zfsync-recv --new-key key; ends 77 zfsync-send --connect $address --key key $A/data 2>/dev/null
      # A program that has no certificate at all.
      openssl s_client -connect $address -CAfile ca.pem -quiet </dev/null 2>/dev/null | tail -c +15
      echo; ends 1 zfs list $B/copies 2>/dev/null
      ${send('anna')}; zfs list -H -o name -t snapshot -r $B/copies
      kill $server; ends 143 wait $server
      ${serve('$(tls alien)')}
      ends 77 ${send('anna')} 2>&1 | sed "s/$address/ADDRESS/"`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const said = ended.stdout.split('\n')
    expect(said[0]).toBe('zfsync-send: the receiver does not trust our certificate: UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    expect(said[1]).toMatch(/^zfsync-send: ADDRESS: its certificate is not to be trusted: /)
    expect(ended.stdout).toContain('"message":"the receiver does not trust our certificate: ')
    expect(ended.stdout).toContain('pool-b/copies@s1\n')
    expect(ended.stdout).toMatch(/its certificate is not to be trusted: .*does not match certificate's altnames/)
  })

  test('--allow binds a name to a dataset of its own; whoever has none is refused', async ({ zfs }) => {
    const ended = await zfs.script(`${certificates} ${make} sign carla; zfs create $B/copies
      ${serve('$(tls server) --allow anna=$B/copies/anna --allow laptop.example.org=$B/copies/b')}
      zfs create $A/other; zfs snapshot $A/other@s1
      ${send('anna')} & ${send('berta', '$A/other')}; wait $!
      ends 77 ${send('carla')} 2>&1
      zfs list -H -o name -t snapshot -r $B
      sed -n 's/.*\\(refused\\)/\\1/p' log`)
    expect(ended).toEqual({
      status: 0,
      stdout: `zfsync-send: the receiver allows nothing to carla
zfsync-send: hint: zfsync-recv --allow NAME=DATASET binds a name in a certificate to a dataset
pool-b/copies/anna@s1
pool-b/copies/b@s1
refused: the receiver allows nothing to carla
`,
      stderr: '',
    })
  })

  test('what cannot be is said at the start', async ({ zfs }) => {
    const ended = await zfs.script(`${certificates} days=-1 sign old; zfsync-recv --new-key key
      recv() { zfsync-recv --listen 127.0.0.1:0 "$@" $B/copies 2>&1 | head -1 || true; }
      recv --tls-cert server.pem
      recv $(tls server) --key key
      recv $(tls server) --allow anna=$B/elsewhere
      recv --key key --allow anna=$B/copies/anna
      recv --tls-cert server.pem --tls-key anna.key --tls-ca ca.pem
      recv --tls-cert server.pem --tls-key server.key --tls-ca anna.key
      recv $(tls old)
      chmod 644 server.key; recv $(tls server)`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const [missing, both, outside, nameless, mismatch, none, old, open] = ended.stdout
      .split('\n')
      .map((line) => line.slice('zfsync-recv: '.length))
    expect(missing).toBe('a certificate needs all of --tls-cert, --tls-key and --tls-ca')
    expect(both).toBe('--key, --insecure and certificates (--tls-cert) exclude each other')
    expect(outside).toBe('pool-b/elsewhere is not below pool-b/copies, the root of the replica')
    expect(nameless).toBe('--allow anna=pool-b/copies/anna needs certificates: --tls-cert, --tls-key, --tls-ca')
    expect(mismatch).toMatch(/^server.pem, anna.key, ca.pem: no certificate, key and authority that fit: .*mismatch/)
    expect(none).toMatch(/^server.pem, server.key, anna.key: no certificate, key and authority that fit: /)
    expect(old).toMatch(/^old.pem: the certificate has ended on /)
    expect(open).toBe('server.key: everybody here may read this private key')
  })
})
