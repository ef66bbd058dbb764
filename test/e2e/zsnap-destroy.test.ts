import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

/** `left` lists what is there. */
const made = `
  zfs create $A/home
  for day in mon tue wed; do echo $day >a/home/day; zfs snapshot $A/home@$day; done
  left() { zsnap list -H $A/home | cut -f 1 | sed "s/.*@//" | tr "\\n" " "; echo; }
  backup() { [ -d store ] || mkdir store; zsnap backup --protect none --store file://$PWD/store "$@" $A/home; }`
/** Answers a question at a terminal; the program's output comes with carriage returns. */
const answer = (text: string, command: string) => `printf '${text}' | script -qec "${command}" /dev/null | tr -d '\\r'`

describe('zsnap destroy', () => {
  test('with --yes, destroys in silence', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; zsnap destroy --yes $A/home@mon $A/home@wed; left`)
    expect(ended).toEqual({ status: 0, stdout: 'tue \n', stderr: '' })
  })

  test('without it and without a terminal, says what would be lost, and refuses', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; ends 64 zsnap destroy $A/home@mon $A/home@tue; left`)
    expect(ended).toMatchObject({ status: 0, stdout: 'mon tue wed \n' })
    const lines = [
      'zsnap: pool-a/home@mon  \\d{4}-\\d\\d-\\d\\dT[\\d:]+Z  \\S+ K?i?B of its own',
      'zsnap: pool-a/home@tue  .*',
      'zsnap: destroy these 2 snapshots\\? there is no terminal to ask at',
      'zsnap: hint: with --yes, nothing is asked',
    ]
    expect(ended.stderr).toMatch(new RegExp(`^${lines.join('\n')}\n$`))
  })

  test('asks at a terminal', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      ${answer('y\\n', 'zsnap destroy $A/home@mon')}; left
      ${answer('n\\n', 'zsnap destroy $A/home@tue')} || echo "[$?]"; left
      ${answer('\\n', 'zsnap destroy $A/home@tue')} || echo "[$?]"; left`)
    expect(ended.stdout).toMatch(
      /destroy this snapshot\? \[y\/N\] tue wed $[\s\S]*\] zsnap: not confirmed, nothing was done$[\s\S]*^\[64\]\ntue wed $[\s\S]*\] zsnap: not confirmed[\s\S]*^\[64\]\ntue wed $/m,
    )
  })

  test('asks at the terminal though the names come from a pipe', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      ${answer('yes\\n', 'echo $A/home@mon | zsnap destroy -')}; left`)
    expect(ended.stdout).toMatch(/destroy this snapshot\? \[y\/N\] tue wed $/m)
  })

  test('what has come under the same name while it asked stays', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      { for i in $(seq 100); do ! grep -q y/N said 2>/dev/null || break; sleep 0.1; done
        destroy $A/home@mon; zfs snapshot $A/home@mon; echo y; sleep 2; } |
        script -qec "zsnap destroy $A/home@mon $A/home@tue" /dev/null >said || echo "[$?]"
      left; grep -c "mon: another snapshot has this name meanwhile" said`)
    expect(ended).toMatchObject({ stdout: '[75]\nwed mon \n1\n' })
  })

  test('a signal while it asks ends it, and nothing is destroyed', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      sleep 5 | script -qec "zsnap destroy $A/home@mon" /dev/null >said &
      for i in $(seq 100); do ! grep -q y/N said || break; sleep 0.1; done
      kill -INT $(pgrep -f "zsnap destroy $A/home@mon" | tail -1)
      wait $! || echo "[$?]"; left`)
    expect(ended).toMatchObject({ stdout: '[130]\nmon tue wed \n' })
  })

  test('names from stdin, of several datasets; as JSON', async ({ zfs }) => {
    const { status, stdout } = await zfs.script(`${made}
      zfs create "$A/a b"; zfs snapshot "$A/a b@x"
      printf '%s\\n' "$A/home@mon" "$A/a b@x" | zsnap destroy --yes --json -; left; zsnap list -H "$A/a b"`)
    const [first, second, left, ...rest] = stdout.split('\n')
    const event = { schema: 1, destroyed: true, guid: expect.any(String), usedBytes: expect.any(Number) }
    expect({ status, left, rest }).toEqual({ status: 0, left: 'tue wed ', rest: [''] })
    expect(JSON.parse(first ?? '')).toMatchObject({ ...event, snapshot: 'pool-a/home@mon' })
    expect(JSON.parse(second ?? '')).toMatchObject({ ...event, snapshot: 'pool-a/a b@x' })
  })

  test('--dry-run says what would be lost, and is a script', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; zsnap destroy -n $A/home@mon | tee plan; left; sh -e plan; left`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const lines = [
      '# pool-a/home@mon  \\S+Z  \\S+ K?i?B of its own',
      '# would be freed: this zfs does not tell how many bytes it would free',
      'zfs destroy pool-a/home@mon',
      'mon tue wed ',
      'tue wed ',
    ]
    expect(ended.stdout).toMatch(new RegExp(`^${lines.join('\n')}\n$`))
  })
})

describe('P5: zsnap destroy refuses', () => {
  test('what is held or cloned, and destroys the others', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zfs hold mine $A/home@mon; zfs clone $A/home@tue $A/clone
      ends 73 zsnap destroy --yes --force last-common $A/home@mon $A/home@tue $A/home@wed; left`)
    expect(ended).toEqual({
      status: 0,
      stdout: 'mon tue \n',
      stderr: [
        'zsnap: pool-a/home@mon: is held by 1 of tags that this zfs does not tell',
        'zsnap: hint: zsnap release takes a hold back',
        'zsnap: pool-a/home@tue: is the origin of pool-a/clone',
        'zsnap: hint: destroy the clone first',
        '',
      ].join('\n'),
    })
  })

  test('what the next backup goes on from, unless that is given up', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      backup --snapshot tue; store=file://$PWD/store
      zsnap destroy --yes --store $store $A/home@mon $A/home@wed
      ends 73 zsnap destroy --yes --store $store $A/home@tue; left
      zsnap destroy --yes --store $store --force last-common $A/home@tue; left`)
    expect(ended).toEqual({
      status: 0,
      stdout: 'tue \n\n',
      stderr: [
        'zsnap: pool-a/home@tue: is what the next backup goes on from',
        'zsnap: hint: --force last-common gives it up: the next may have to be a full one',
        '',
      ].join('\n'),
    })
  })

  test.for([
    [
      'one that is not there, and destroys the others',
      '$A/home@none $A/home@mon',
      69,
      /^zsnap: pool-a\/home@none: there is no such snapshot\n$/,
      'tue wed',
    ],
    ['a dataset that is not there', '$A/none@x $A/home@mon', 69, /^zsnap: zfs: cannot open 'pool-a\/none'/, 'tue wed'],
    [
      'a range',
      '$A/home@mon%wed',
      64,
      /is a range, or several in a word\nzsnap: hint: name each snapshot by itself\n$/,
      'mon tue wed',
    ],
    ['several in a word', '$A/home@mon,tue', 64, /is a range, or several in a word/, 'mon tue wed'],
    ['a dataset', '$A/home', 64, /is not a snapshot\nzsnap: hint: name it as dataset@snapshot\n$/, 'mon tue wed'],
    ['a bookmark', '$A/home#mon', 64, /is not a snapshot/, 'mon tue wed'],
    ['another reason', '--force held $A/home@mon', 64, /'held' is none of last-common/, 'mon tue wed'],
  ] as const)('%s', async ([, words, status, message, left], { zfs }) => {
    const ended = await zfs.script(`${made}; ends ${status} zsnap destroy --yes ${words}; left`)
    expect(ended).toEqual({ status: 0, stdout: `${left} \n`, stderr: expect.stringMatching(message) })
  })

  test('a store that is not reached: nothing is destroyed', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x
      ends 75 zsnap destroy --yes --store s3://b/p --endpoint http://127.0.0.1:9 --retry-for 1s $A/home@mon 2>/dev/null ||
        ends 69 zsnap destroy --yes --store s3://b/p --endpoint http://127.0.0.1:9 --retry-for 1s $A/home@mon 2>/dev/null
      ends 69 zsnap destroy --yes --store file://$PWD/unmounted $A/home@mon 2>/dev/null
      ends 69 zsnap rollback --yes --store file://$PWD/unmounted $A/home@mon 2>/dev/null
      left`)
    expect(ended).toMatchObject({ status: 0, stdout: 'mon tue wed \n' })
  })
})

describe('zsnap rollback', () => {
  test('brings the dataset back, with all that came after', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; echo now >a/home/day
      zsnap rollback --yes $A/home@mon; left; cat a/home/day
      echo later >a/home/day; zsnap rollback --yes $A/home@mon; cat a/home/day`)
    expect(ended).toEqual({ status: 0, stdout: 'mon \nmon\nmon\n', stderr: '' })
  })

  test('says what would be lost, and refuses without a yes', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; ends 64 zsnap rollback $A/home@mon; left; cat a/home/day`)
    expect(ended).toMatchObject({ status: 0, stdout: 'mon tue wed \nwed\n' })
    const lines = [
      'zsnap: pool-a/home@tue  .*',
      'zsnap: pool-a/home@wed  .*',
      'zsnap: this zfs does not tell how many bytes were written since pool-a/home@mon',
      'zsnap: roll pool-a/home back to pool-a/home@mon\\? there is no terminal to ask at',
      'zsnap: hint: with --yes, nothing is asked',
    ]
    expect(ended.stderr).toMatch(new RegExp(`^${lines.join('\n')}\n$`))
  })

  test('asks at a terminal', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; ${answer('y\\n', 'zsnap rollback $A/home@tue')}; left; cat a/home/day`)
    expect(ended.stdout).toMatch(/roll pool-a\/home back to pool-a\/home@tue\? \[y\/N\] mon tue \ntue$/m)
  })

  test('--dry-run is a script; with nothing later, -r is not in it', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zsnap rollback -n $A/home@wed | grep ^zfs
      zsnap rollback -n $A/home@tue >plan; grep ^zfs plan; sh -e plan; left; cat a/home/day
      zsnap rollback -n --json $A/home@mon`)
    const [json = '', ...lines] = ended.stdout.trimEnd().split('\n').reverse()
    expect(lines.toReversed()).toEqual([
      'zfs rollback pool-a/home@wed',
      'zfs rollback -r pool-a/home@tue',
      'mon tue ',
      'tue',
    ])
    const event = { schema: 1, snapshot: 'pool-a/home@mon', lost: ['pool-a/home@tue'], rolledBack: false }
    expect(JSON.parse(json)).toEqual(event)
  })

  test.for([
    ['one held', 'zfs hold mine $A/home@wed', '', /^zsnap: pool-a\/home@wed: is held by 1 of tags/],
    ['one cloned', 'zfs clone $A/home@tue $A/clone', '', /^zsnap: pool-a\/home@tue: is the origin of pool-a\/clone\n/],
    ['the last common', 'backup', '--store file://$PWD/store', /^zsnap: pool-a\/home@wed: is what the next backup/],
  ] as const)('refuses to lose %s', async ([, before, words, message], { zfs }) => {
    const ended = await zfs.script(
      `${made}; ${before}; ends 73 zsnap rollback --yes ${words} $A/home@mon; left; cat a/home/day`,
    )
    expect(ended).toEqual({ status: 0, stdout: 'mon tue wed \nwed\n', stderr: expect.stringMatching(message) })
  })

  test('to the last common itself, and past it if it is given up', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; backup --snapshot tue; store=file://$PWD/store
      zsnap rollback --yes --store $store $A/home@tue; left
      zsnap rollback --yes --store $store --force last-common $A/home@mon; left`)
    expect(ended).toEqual({ status: 0, stdout: 'mon tue \nmon \n', stderr: '' })
  })

  test('what was taken while it asked is not destroyed unseen', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      { for i in $(seq 100); do ! grep -q y/N said 2>/dev/null || break; sleep 0.1; done
        zfs snapshot $A/home@unseen; echo y; sleep 1; } | script -qec "zsnap rollback $A/home@tue" /dev/null >said || echo "[$?]"
      left; grep -c "unseen has come" said`)
    expect(ended).toMatchObject({ stdout: '[75]\nmon tue wed unseen \n1\n' })
  })

  test.for([
    ['tue', 'wed has come or was held'],
    ['wed', 'another snapshot has this name'],
  ])('back to %s: what was taken anew under its name while it asked is no other', async ([to, said], { zfs }) => {
    const ended = await zfs.script(`${made}
      { for i in $(seq 100); do ! grep -q y/N said 2>/dev/null || break; sleep 0.1; done
        destroy $A/home@wed; zfs snapshot $A/home@wed; echo y; sleep 1; } |
        script -qec "zsnap rollback $A/home@${to}" /dev/null >said || echo "[$?]"
      left; grep -c "${said} meanwhile" said`)
    expect(ended).toMatchObject({ stdout: '[75]\nmon tue wed \n1\n' })
  })

  test('refuses a snapshot that is not there', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; zsnap rollback --yes $A/home@none`)
    const stderr = 'zsnap: pool-a/home@none: there is no such snapshot\n'
    expect(ended).toEqual({ status: 69, stdout: '', stderr })
  })
})
