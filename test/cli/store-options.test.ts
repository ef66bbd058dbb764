import { expect, onTestFinished, test, vi } from 'vitest'
import { connectionOf } from '../../src/cli/store-options.ts'
import { S3Connection } from '../../src/store/s3/connection.ts'

const speaker = { signal: new AbortController().signal, verbose: false, say() {} }
const others = { memory: 1, 'retry-for': 1, 'idle-timeout': 1, header: [], 'request-payer': false }

test.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3'])(
  "the endpoint 'aws' is AWS, though %s names another",
  async (name) => {
    onTestFinished(() => void vi.unstubAllEnvs())
    vi.stubEnv(name, 'http://127.0.0.1:1')
    const hostWith = (endpoint?: string) =>
      new S3Connection({ ...connectionOf({ ...others, endpoint } as never, speaker), region: 'us-east-1' }).host()
    expect(await hostWith()).toBe('127.0.0.1:1')
    expect(await hostWith('aws')).toBeUndefined()
  },
)
