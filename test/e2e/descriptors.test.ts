import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { root, runProgram, sh } from '../fakes/programs.ts'

test('none of the low descriptors that nobody gave makes pput wait or crash', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder()
  for (let fd = 3; fd < 20; fd++) {
    const { status } = await runProgram('pput', ['--file-descriptor', String(fd), `file://${folder}/${fd}`])
    expect([64, 65, 74]).toContain(status)
  }
})

test('a pipe that was given twice is read', async () => {
  const folder = temporaryFolder()
  const ended = await sh(`echo some bytes | pput --file-descriptor 4 file://${folder}/k 4<&0 && cat k`, folder)
  expect(ended).toEqual({ status: 0, stdout: 'some bytes\n', stderr: '' })
})

test('pipes wait again for whoever uses them after us', async () => {
  const folder = temporaryFolder()
  const flags = 'grep flags /proc/self/fdinfo/1 /proc/self/fdinfo/2'
  const after = (command: string) => sh(`{ ${command}; ${flags}; } 2>&1 | cat | grep -a ^/proc`, folder)
  const before = await after(':')
  expect(before.stdout.split('\n')).toHaveLength(3)
  await sh(`yes | head -c 3M | pput file://${folder}/k`)
  expect(await after(`pget file://${folder}/k | wc -c; pget file://${folder}/k`)).toEqual(before)
  expect(await after(`pget file://${folder}/none`)).toEqual(before)
  expect(await after(`head -c 3M /dev/zero | pput -v --overwrite file://${folder}/k`)).toEqual(before)
  const killed = `sleep 5 | pput -v --overwrite file://${folder}/k & sleep 1.5; kill $!; wait $! || true`
  expect(await after(killed)).toEqual(before)
})

test.for(readdirSync(join(root, 'bin')))(
  '%s with too few of them for its own files: 75, and what to raise',
  async (program, { skip }) => {
    const ended = await sh(`ulimit -n 22; ${program} --version`)
    if (ended.status === 0) skip('this Node.js opens one after the other')
    const lines = ['cannot load its own files: too many open files', 'hint: raise the limit of open files (ulimit -n)']
    expect(ended).toEqual({ status: 75, stdout: '', stderr: lines.map((line) => `${program}: ${line}\n`).join('') })
  },
)

test('a configuration that is a named pipe: 78, since nothing could end the wait for its writer; one from bash is read', async () => {
  const folder = temporaryFolder()
  const named = await sh(`mkfifo conf; timeout -k 1 5 pput --config conf file://${folder}/k`, folder)
  expect(named).toEqual({ status: 78, stdout: '', stderr: 'pput: conf: is a named pipe, and no file\n' })
  const read = await sh(`echo x | pput --config <(printf '[main]\nSTORE=file://${folder}\n') -q k`, folder)
  expect(read).toEqual({ status: 0, stdout: '', stderr: '' })
})
