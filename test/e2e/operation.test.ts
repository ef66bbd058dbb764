import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const page = readFileSync(join(import.meta.dirname, '../../man/zpipes-operation.7'), 'utf8')
const blocks = [...page.matchAll(/^\.Bd -literal\n(.*?)^\.Ed/gms)].map(([, block = '']) => block)

/** What the page gives as a file of this name. */
function file(name: string): string {
  const block = blocks.find((each) => each.split('\n', 1)[0]?.endsWith(`/${name}`))
  if (block === undefined) throw new Error(`the page has no ${name}`)
  return block
}

/** The command lines of the page's crontabs, for pools and a store of the test. */
const cron = blocks
  .flatMap((block) => block.split('\n'))
  .filter((line) => /^[\d*/]+ .* root /.test(line))
  .map((line) => line.replace(/^.*? root /, ''))
  .map((line) => line.replaceAll('tank/data', '$A/data').replaceAll('s3://bucket/backup', 'file://$PWD/store'))
  .map((line) => line.replace('--connect backup:8023 --key /etc/zpipes.key', '--via "zfsync-recv $B/data"'))
  .map((line) => line.replace('/var/lib/prometheus/node-exporter', '$PWD'))
  // cron mails what is written, and asks for no status.
  .map((line) => line.replace(" | grep -v '^ok: '", ' >said; mailed=$?; grep -v "^ok: " said; (exit $mailed)'))

test('the lines for cron are silent while all is well, again and again', { timeout: 180_000 }, async ({ zfs }) => {
  expect(cron).toHaveLength(6)
  const lines = cron.map((line) => `{ ${line}; }; echo "[$?]"`).join('\n')
  const ended = await zfs.script(`mkdir store; zfs create $A/data; zfs create $A/data/below; fill a/data 300000
    set +e; ${lines}\nfill a/data/below 300000\n${lines}\nzsnap status -q --store file://$PWD/store $A/data > said; echo "[$?]"; cat zpipes.prom`)
  expect(ended.stderr).toBe('')
  const [statuses = '', metrics = ''] = ended.stdout
    .split(/(?=# HELP)/s, 1)
    .concat(ended.stdout.replace(/^.*?(?=# HELP)/s, ''))
  expect(statuses).toBe('[0]\n'.repeat(13))
  expect(metrics).toMatch(/^zpipes_backups\{.*\/data\/below"\} [1-4]$/m)
})

test('each alert is about a metric that is written', async ({ zfs }) => {
  const rules = file('zpipes.yml')
  const asked = new Set(rules.match(/\bzpipes_\w+/g))
  expect(asked.size).toBeGreaterThan(6)
  const ended = await zfs.script(`mkdir store chunks shipped; zfs create $A/data; fill a/data 300000
    zsnap create -q $A/data; zsnap backup -q --store file://$PWD/store $A/data; zsnap verify -q --store file://$PWD/store >/dev/null
    zsnap status -q --store file://$PWD/store --metrics $PWD/one.prom >/dev/null
    zfsync-send -q --metrics $PWD/two.prom --via "zfsync-recv $B/data" $A/data
    zfs send $(zfs list -H -o name -t snapshot -r $A/data | sed -n 1p) | chunkwatch -q --split 64K --metrics $PWD/three.prom chunks file://$PWD/shipped >/dev/null
    cat *.prom`)
  expect(ended.stderr).toBe('')
  const written = new Set([...ended.stdout.matchAll(/^(zpipes_\w+)\{/gm)].map(([, name]) => name))
  expect([...asked].filter((name) => !written.has(name))).toEqual([])
})

test('the rules and the units are ones', async ({ zfs }) => {
  const files = ['zpipes.yml', 'zsnap-backup.service', 'zsnap-backup.timer'].map((name) => {
    return `sed s,/usr/bin/zsnap,$(command -v true), > ${name} <<'END'\n${file(name)}END\n`
  })
  const verify = (tool: string, command: string) => `! command -v ${tool} > /dev/null || ${command}`
  const ended = await zfs.script(`${files.join('')}
    ${verify('systemd-analyze', 'systemd-analyze verify ./zsnap-backup.service ./zsnap-backup.timer')}
    ${verify('promtool', 'promtool check rules zpipes.yml')}`)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
})
