import { expect, test } from 'vitest'
import { sh } from '../fakes/programs.ts'

test('the package can be imported by its name', async () => {
  const script = `import { StreamJudge, Failure } from 'zpipes'
    const judge = new StreamJudge()
    judge.push(new TextEncoder().encode('no stream of ZFS'))
    console.log(judge.finish().kind, new Failure('data', 'x').kind)`
  expect(await sh(`node --input-type=module -e "${script}"`)).toEqual({ status: 0, stdout: 'bytes data\n', stderr: '' })
})
