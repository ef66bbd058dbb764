import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// On Node 20 the S3 client of the tests would say in each file how long it will be kept for it.
const quietSdk = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }

// They simulate minutes of a link, packet by packet: too long for the check before each commit.
const slow = ['test/udp/control.test.ts']

// What a version of Node can change: streams, sockets, terminals, crypto, children. The rest lies in other programs and our own logic.
const core = ['test/e2e/{descriptors,library,memory,pget,pput,run,sockets,zfsync-tls,zudp-keep}.test.ts']

// Some wait for real systems.
const patience = { testTimeout: 120_000, hookTimeout: 60_000 }

const long = /\/(faults|udp\/control|e2e\/(rclone-store|s3-(options|store|zsnap)|terminal|zsnap-restore|zudp))/

/** What takes minutes begins first: else one worker is at it while the others have nothing more to do. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId)
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((each) => !isLong(each))]
  }
}

/**
 * unit: the rooms, in this process. e2e: the built programs on real systems; core: those that run on another Node too. faults: kills and damage put to them, and
 * what takes long.
 * s3: the same against S3 servers, which are started once for all. openzfs: the built programs inside a virtual machine;
 * `npm run test:openzfs` alone runs it.
 */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  cacheDir: 'node_modules/.vitest',
  test: {
    // By default vitest leaves one core to itself: half of a small machine.
    maxWorkers: '100%',
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{e2e,faults,fuzz,openzfs}/**', ...slow],
          testTimeout: 20_000,
          env: quietSdk,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/s3-*.test.ts'],
          ...patience,
        },
      },
      { test: { name: 'core', include: core, ...patience } },
      {
        test: {
          name: 'faults',
          include: ['test/{faults,fuzz}/**/*.test.ts', ...slow],
          exclude: ['test/faults/s3-*.test.ts'],
          ...patience,
        },
      },
      {
        test: {
          name: 's3',
          include: ['test/{e2e,faults}/s3-*.test.ts'],
          globalSetup: ['test/s3-hosts/global-setup.ts'],
          env: quietSdk,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'openzfs',
          include: ['test/openzfs/**/*.test.ts'],
          globalSetup: ['test/openzfs/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
