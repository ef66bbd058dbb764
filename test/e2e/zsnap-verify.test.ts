import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const silence = { status: 0, stdout: '', stderr: '' }
const make = `
  mkdir store
  export ZPIPES_STORE="file://$PWD/store"
  zfs create "$A/data set"
  for number in 1 2 3; do
    fill "a/data set/$number" 300000
    zfs snapshot "$A/data set@s$number"
  done
  zsnap backup --compressor zstd3 "$A/data set"
`
const damage = `printf damage | dd of="store/$A/data set@s2" bs=1 seek=100000 conv=notrunc status=none`

describe('zsnap verify', () => {
  test('is silent when all is good, and status tells when that was', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap verify
      zsnap verify --deep "$A/data set@s2"
      zsnap verify "$A/data set"
      zsnap status "$A/data set" | grep -o '[a-z]* [0-9]*s ago\\|never'`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toMatch(/^cheap \d+s ago\ndeep \d+s ago\ncheap \d+s ago\n$/)
  })

  test('--deep finds damage that a look at the object does not, and it stays found', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      ${damage}
      zsnap verify "$A/data set"
      ends 65 zsnap verify --deep "$A/data set"
      ends 65 zsnap verify "$A/data set" 2>/dev/null
      ends 1 zsnap status --json "$A/data set"`)
    expect(ended.status).toBe(0)
    expect(ended.stderr).toMatch(/^zsnap: .*data set@s2/)
    const health = ended.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).health)
    expect(health).toEqual(['ok', expect.stringMatching(/^found bad: /), 'parent broken', undefined])
  })

  test('a name that the store lacks is no success; a gap is told', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      ends 69 zsnap verify "$A/other"
      ends 69 zsnap verify "$A/data set@s9"
      rm "store/$A/data set@s2"
      ends 65 zsnap verify "$A/data set"
      ends 65 zsnap verify --deep "$A/data set" 2>&1`)
    expect(ended.status).toBe(0)
    expect(ended.stderr).toContain('data set@s3: missing parent')
    expect(ended.stdout).toBe('zsnap: pool-a/data set@s3: missing parent\n')
  })

  test('--deep tells what goes on from a bad one, though its own bytes are good, until that is stored again', async ({
    zfs,
  }) => {
    const ended = await zfs.script(`${make}
      ${damage}
      ends 65 zsnap verify --deep --json "$A/data set" 2>/dev/null | grep -o '"good":[a-z]*'
      ends 65 zsnap verify --deep "$A/data set@s3" 2>&1
      zsnap backup --full --snapshot s2 --compressor zstd3 "$A/data set"
      zsnap verify --deep "$A/data set"`)
    expect(ended).toEqual({
      status: 0,
      stdout: '"good":true\n"good":false\n"good":false\nzsnap: pool-a/data set@s3: parent broken\n',
      stderr: '',
    })
  })

  test('--drill restores, and leaves nothing; not over what is there', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfs create $B/mine
      ends 73 zsnap verify --drill $B/mine "$A/data set" 2>told
      grep -q 'hint: name a dataset' told
      zsnap verify --drill $B/scratch "$A/data set"
      zfs list -H -o name -r $B
      zsnap status "$A/data set" | grep -c 'drill [0-9]*s ago'
      ${damage}
      ends 65 zsnap verify --drill $B/scratch "$A/data set"
      zfs list -H -o name -r $B`)
    expect(ended).toMatchObject({ status: 0, stdout: 'pool-b\npool-b/mine\n3\npool-b\npool-b/mine\n' })
    expect(ended.stderr).toContain('data set@s2')
  })
})

// zfs on a path of its own: what is given is done before the first call of this kind, what comes after it when that has ended.
const zfsWith = (verb: string, before: string, after = '') => `
  mkdir -p path
  cat >path/zfs <<'END'
#!/bin/sh
real=$(dirname "$0")/real-zfs
[ "$1" = ${verb} ] && [ ! -e done ] || exec "$real" "$@"
touch done
${before}
"$real" "$@"
status=$?
${after}
exit $status
END
  ln -sf "$(command -v zfs)" path/real-zfs
  chmod +x path/zfs
`
const killed = `
  ${zfsWith('receive', '', 'kill -9 $PPID')}
  PATH="$PWD/path:$PATH" ends 137 zsnap verify --drill $B/scratch "$A/data set"
  [ -e done ]
`

test('a drill leaves alone what another program has received there meanwhile', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    ${zfsWith('create', `"$real" send 'pool-a/data set@s1' | "$real" receive -u pool-b/scratch`)}
    PATH="$PWD/path:$PATH" ends 73 zsnap verify --drill $B/scratch "$A/data set"
    [ -e done ]
    zfs list -H -o name -t all -r $B
    zsnap status -q "$A/data set" | grep -o '[0-9]* broken'`)
  expect(ended).toMatchObject({ status: 0, stdout: 'pool-b\npool-b/scratch\npool-b/scratch@s1\n0 broken\n' })
})

test('a drill destroys no dataset that another has made meanwhile', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    ${zfsWith('create', '"$real" create pool-b/scratch')}
    PATH="$PWD/path:$PATH" ends 73 zsnap verify --drill $B/scratch "$A/data set"
    [ -e done ]
    zfs list -H -o name -r $B
    destroy $B/scratch
    zsnap verify --drill $B/scratch "$A/data set"
    zfs list -H -o name -r $B`)
  expect(ended).toMatchObject({ status: 0, stdout: 'pool-b\npool-b/scratch\npool-b\n' })
})

test('P3: a drill that was killed leaves nothing that keeps the next from its work', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    ${killed}
    zfs list -H -o name $B/scratch
    zsnap verify --drill $B/scratch "$A/data set"
    zfs list -H -o name -r $B
    rm done
    ${zfsWith('receive', 'kill -9 $PPID')}
    PATH="$PWD/path:$PATH" ends 137 zsnap verify --drill $B/scratch "$A/data set"
    zsnap verify --drill $B/scratch "$A/data set"
    zfs list -H -o name -r $B`)
  expect(ended).toMatchObject({ status: 0, stdout: 'pool-b/scratch\npool-b\npool-b\n' })
  expect(ended.stderr).not.toContain('zsnap:')
})

test('P3: a drill waits for the zfs receive of one that was killed', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    ${killed}
    destroy -r $B/scratch/drill
    zfs send "$A/data set@s1" >stream; mkfifo pipe
    zfs receive -u $B/scratch/drill@s1 <pipe 2>/dev/null & receiver=$!
    { head -c 200000 stream; sleep 9; } >pipe &
    until zfs list $B/scratch/drill >/dev/null 2>&1; do sleep 0.05; done
    zsnap verify --drill $B/scratch "$A/data set"
    ends 1 wait $receiver
    zfs list -H -o name -r $B`)
  expect(ended).toMatchObject({ status: 0, stdout: 'pool-b\n' })
  expect(ended.stderr).not.toContain('zsnap:')
})

test('what a user made in what a killed drill has left is kept, and so is what bears its mark by a stream or under another name', async ({
  zfs,
}) => {
  const ended = await zfs.script(`${make}
    ${killed}
    again() { zsnap verify --drill $B/scratch "$A/data set"; }
    for each in $(zfs list -H -o name -r $B/scratch); do last=$each; done
    sleep 1
    zfs snapshot $last@mine
    ends 73 again
    zfs list -H -o name $last@mine
    destroy $last@mine
    zfs create -o canmount=off $last/mine
    ends 73 again
    zfs rename $B/scratch $B/kept
    ends 73 zsnap verify --drill $B/kept "$A/data set"
    mark=$(zfs get -H -o value zsnap:drill $B/kept)
    zfs create -o "zsnap:drill=$mark" $A/forged
    zfs snapshot $A/forged@s
    zfs send -p $A/forged@s | zfs receive -u $B/scratch
    ends 73 again
    destroy -r $B/scratch
    again
    zfs list -H -o name -r $B | grep -c kept`)
  expect(ended).toMatchObject({ status: 0, stdout: 'pool-b/scratch/drill@mine\n3\n' })
  expect(ended.stderr.match(/^zsnap: (?!hint).*/gm)).toEqual([
    expect.stringContaining('pool-b/scratch: exists, and pool-b/scratch/drill@mine is not of the drill'),
    expect.stringContaining('pool-b/scratch: exists, and pool-b/scratch/drill/mine is not of the drill'),
    expect.stringContaining('pool-b/kept: exists, and a drill destroys'),
    expect.stringContaining('pool-b/scratch: exists, and a drill destroys'),
  ])
})

test('a drill leaves alone what another drill, which is alive, restores below the same dataset', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    ${zfsWith('receive', `zsnap verify -q --drill pool-b/scratch 'pool-a/data set'; echo $? >status`)}
    PATH="$PWD/path:$PATH" zsnap verify --drill $B/scratch "$A/data set"
    cat status
    zfs list -H -o name -r $B`)
  expect(ended).toMatchObject({ status: 0, stdout: '73\npool-b\n' })
})

test('a key that does not fit says nothing of the backup; damage does, with whatever key', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    age-keygen -o key 2>/dev/null
    age-keygen -o other 2>/dev/null
    zfs snapshot "$A/data set@s4"
    zsnap backup --full --encrypt "age:$(age-keygen -y key)" "$A/data set"
    ends 77 zsnap verify --deep --identity other "$A/data set@s4" 2>/dev/null
    ends 77 zsnap verify --drill $B/scratch --identity other "$A/data set@s4" 2>/dev/null
    zsnap status -q "$A/data set" | grep -o '[0-9]* broken'
    ${damage}
    ends 65 zsnap verify --deep --identity other "$A/data set" 2>/dev/null
    ${damage.replace('@s2', '@s4')}
    ends 65 zsnap verify --deep --identity other "$A/data set@s4" 2>/dev/null
    ends 1 zsnap status -q "$A/data set" >state
    grep -o '[0-9]* broken' state`)
  expect(ended).toMatchObject({ status: 0, stdout: '0 broken\n3 broken\n' })
})

test('a decompressor that is killed, as for want of memory, says nothing of the backup', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    mkdir path
    printf '#!/bin/sh\\nhead -c 1000 >/dev/null\\nkill -9 $$\\n' >path/zstd
    chmod +x path/zstd
    PATH="$PWD/path:$PATH" ends 75 zsnap verify --deep "$A/data set@s2"
    PATH="$PWD/path:$PATH" ends 75 zsnap verify --drill $B/scratch "$A/data set@s2" 2>/dev/null
    zsnap status -q "$A/data set" | grep -o '[0-9]* broken'
    zfs list -H -o name -r $B
    zsnap verify --deep "$A/data set@s2"`)
  expect(ended).toEqual({
    status: 0,
    stdout: '0 broken\npool-b\n',
    stderr: 'zsnap: pool-a/data set@s2: zstd was killed by SIGKILL\n',
  })
})

test('a drill that fails at once leaves nothing either', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    ${damage.replace('@s2', '@s1')}
    ends 65 zsnap verify --drill $B/scratch "$A/data set"
    zfs list -H -o name -r $B`)
  expect(ended).toMatchObject({ status: 0, stdout: 'pool-b\n' })
})

test('what a drill has found counts, though it cannot clear away what it has made', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    ${damage}
    ${zfsWith('receive', '', '"$real" hold keep pool-b/scratch/drill@s1')}
    PATH="$PWD/path:$PATH" ends 65 zsnap verify --drill $B/scratch "$A/data set@s2"
    { zsnap status "$A/data set" || true; } | grep -c 'found bad'`)
  expect(ended).toMatchObject({ status: 0, stdout: '1\n' })
  expect(ended.stderr).toMatch(/^zsnap: .*data set@s2.*\nzsnap: hint: pool-b\/scratch is left: zfs: cannot destroy/)
})

test('what was found bad stays so, though it was stored by a clock that was ahead; not when it is stored again', async ({
  zfs,
}) => {
  const ended = await zfs.script(`${make}
    sed -i 's/"published":"2/"published":"3/' "store/$A/.data set@s3."*
    ${damage.replace('@s2', '@s3')}
    ends 65 zsnap verify --deep "$A/data set@s3" 2>/dev/null
    ends 1 zsnap status -q "$A/data set" >state
    ends 65 zsnap verify "$A/data set@s3"
    zsnap backup --full --compressor zstd3 "$A/data set"
    zsnap verify "$A/data set@s3"`)
  expect(ended).toMatchObject({ status: 0, stdout: '', stderr: expect.stringMatching(/^zsnap: found bad: .*\n$/) })
})

test('verify on a store that is whole changes no backup', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    (cd store/$A && sha256sum *) >before
    zsnap verify --deep
    (cd store/$A && sha256sum *) | diff before -`)
  expect(ended).toEqual(silence)
})
