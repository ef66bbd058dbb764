import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { sh } from '../fakes/programs.ts'

// A limit of the file's length (ulimit -f, in KiB) stands for a full disk.

test('the message of a full disk names the file', async () => {
  const folder = temporaryFolder()
  const store = join(folder, 'store')
  mkdirSync(store)
  for (const options of ['', '--through cat ']) {
    const { status, stderr } = await sh(
      `ulimit -f 1500; head -c 3M /dev/zero | pput ${options}file://${store}/k`,
      folder,
    )
    expect(status).toBe(74)
    expect(stderr).toMatch(`pput: cannot write ${store}/.k.`)
    expect(stderr).toContain('file too large')
    expect(filesBelow(store)).toEqual([])
  }
})

test('the failure that came first is told, though the descriptor was closed then', async () => {
  const folder = temporaryFolder()
  await sh('head -c 3M /dev/zero > in', folder)
  const { status, stderr } = await sh(`ulimit -f 1500; pput --file-descriptor 3 file://${folder}/k 3< in`, folder)
  expect(status).toBe(74)
  expect(stderr).toContain('file too large')
})

test('the message of pget names what it writes', async () => {
  const folder = temporaryFolder()
  await sh(`head -c 3M /dev/zero | pput file://${folder}/k`)
  expect(await sh(`pget file://${folder}/k > /dev/full`, folder)).toMatchObject({
    status: 74,
    stderr: 'pget: cannot write stdout: no space left on device\n',
  })
  expect(await sh(`ulimit -f 1500; pget -o out file://${folder}/k`, folder)).toMatchObject({
    status: 74,
    stderr: 'pget: cannot write out: file too large\n',
  })
  expect(filesBelow(folder).filter((file) => file.includes('out'))).toEqual([])
})

test('a disk that does not take what is flushed to it is told of, and then it ends', async (context) => {
  const folder = temporaryFolder()
  const failing = 'strace -f -qq -o trace -e trace=fsync,fdatasync -e inject=fsync,fdatasync:error=EIO'
  if ((await sh(`${failing} true`, folder)).status !== 0) context.skip('no process may be traced here')
  const { status, stderr } = await sh(
    `head -c 3M /dev/zero | timeout -s KILL 20 ${failing} pput file://${folder}/k`,
    folder,
  )
  expect(stderr).toMatch(/^pput: cannot fsync .*: i\/o error$/m)
  expect(status).toBe(74)
  expect(filesBelow(folder)).toEqual(['trace'])
})

test('a disk that is written to by its device, and has no room: pget hears of it', async (context) => {
  const folder = temporaryFolder()
  // The file behind the device is longer than its disk.
  const device = 'truncate -s 8M disk/image && losetup -f --show disk/image'
  const { status, stdout } = await sh(`mkdir disk && mount -t tmpfs -o size=2M tmpfs disk && ${device}`, folder)
  try {
    if (status !== 0) context.skip('no device can be made of a file here')
    await sh(`head -c 4M /dev/urandom | pput file://${folder}/k`)
    expect(await sh(`pget file://${folder}/k > ${stdout.trim()}`)).toMatchObject({
      status: 74,
      stderr: expect.stringMatching(/^pget: cannot fsync stdout: /),
    })
  } finally {
    await sh(`[ -z '${stdout.trim()}' ] || losetup -d ${stdout.trim()}; umount disk`, folder)
  }
})

test.for([
  ['pput', 'pput $S/b < k', 'pput: cannot read stdin: i/o error'],
  ['pget', 'pget $S/k', 'pget: cannot read $FOLDER/k: i/o error'],
] as const)('a bad sector under what %s reads is named', async ([, command, message], context) => {
  const folder = temporaryFolder()
  await sh(`head -c 2M /dev/zero | pput $S/k`, folder, { S: `file://${folder}` })
  const call = command.startsWith('pget') ? 'pread64' : 'read'
  const failing = `strace -f -qq -o trace -P ${folder}/k -e trace=${call} -e inject=${call}:error=EIO`
  if ((await sh(`${failing} true`, folder)).status !== 0) context.skip('no process may be traced here')
  const ended = await sh(`${failing} ${command}`, folder, { S: `file://${folder}` })
  expect(ended).toMatchObject({ status: 74, stderr: `${message.replace('$FOLDER', folder)}\n` })
})
