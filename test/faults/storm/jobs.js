// Whole jobs of the programs, as bash: what is run while a fault strikes, and what must be true whatever happened.
// $WRAP stands before the program that is hit; `feed FILE` and `drain` are cat, or slow, or end too early.

/**
 * @typedef {object} Job
 * @property {string} name
 * @property {string} [setUp]  once, before all runs
 * @property {string} prepare  before each run, in an empty folder
 * @property {string} command  ends with the status that is judged
 * @property {number[]} [alsoDone]  statuses that say that it is done already
 * @property {string} holds  fails if a promise is broken, whatever the status was
 * @property {string} done  fails if the job is not done; holds after status 0 at the latest
 * @property {string} [cleanUp]  after each run
 * @property {string[]} [not]  faults that mean nothing here
 * @property {boolean} [needsZfs]
 */

const store = 'file://$PWD/store'
const isPrefix = 'cmp -n $(stat -c %s out) out $STREAM'
const noErrors = ['error of fdatasync', 'error of pwrite64', 'error of rename', 'full disk']
const guidsOf = (/** @type {string} */ root) =>
  `zfs get -Hp -r -o name,value guid ${root} | grep @ | sed 's#^[^@]*##' | sort`

/** @type {Job[]} */
export const jobs = [
  {
    name: 'pput',
    prepare: 'mkdir store',
    command: `feed $STREAM | $WRAP pput -q ${store}/key; exit \${PIPESTATUS[1]}`,
    alsoDone: [73],
    holds: '[ ! -e store/key ] || cmp store/key $STREAM',
    done: 'cmp store/key $STREAM',
    not: ['output closed'],
  },
  {
    name: 'pput --resume',
    prepare: 'mkdir store',
    command: `feed $STREAM | $WRAP pput -q --resume --through 'lz4 -q' ${store}/key; exit \${PIPESTATUS[1]}`,
    alsoDone: [73],
    holds: '[ ! -e store/key ] || lz4 -dcq store/key | cmp - $STREAM',
    done: 'lz4 -dcq store/key | cmp - $STREAM',
    not: ['output closed'],
  },
  {
    name: 'pget',
    prepare: `mkdir store; pput -q ${store}/key < $STREAM`,
    command: `$WRAP pget -q ${store}/key | drain > out; exit \${PIPESTATUS[0]}`,
    holds: isPrefix,
    done: 'cmp out $STREAM',
    not: ['input cut', ...noErrors],
  },
  {
    name: 'chunkwatch',
    prepare: 'mkdir store chunks; split -b 512K $STREAM chunks/c.; cp -r chunks copy',
    command: `$WRAP chunkwatch -q --settle 20ms --retries 2 --until-end --count $(ls copy | wc -l) chunks ${store} > /dev/null`,
    holds: 'cd copy; for each in *; do cmp -s $each ../chunks/$each || cmp $each ../store/$each; done',
    done: `chunkwatch --join ${store} | cmp - $STREAM`,
    not: ['input cut', 'output closed'],
  },
  {
    name: 'chunkwatch --join',
    prepare: `mkdir store chunks; chunkwatch -q --split 512K --name c. chunks ${store} < $STREAM > /dev/null`,
    command: `$WRAP chunkwatch -q --join ${store} | drain > out; exit \${PIPESTATUS[0]}`,
    holds: isPrefix,
    done: 'cmp out $STREAM',
    not: ['input cut', ...noErrors],
  },
  {
    name: 'dsync',
    prepare:
      'mkdir from to work; for i in $(seq 60); do mkdir -p from/$((i % 7)); head -c $((i * 3000)) $STREAM > from/$((i % 7))/$i; done',
    command: '$WRAP dsync -q -n 2 --working-dir work from/ to/ > /dev/null',
    holds: 'for each in $(cd to; find . -type f -not -name ".*"); do cmp to/$each from/$each; done',
    done: 'diff -r from to',
    not: ['input cut', 'output closed', 'error of pwrite64'],
  },
  {
    name: 'zudp-send, zudp-recv',
    setUp: 'zudp-send --new-key $HERE/link.key',
    prepare: 'rm -f received',
    command: `link="-q --timeout 10s --wait 10s --key $HERE/link.key 127.0.0.1:$PORT"
      { $WRAP zudp-recv $link; echo $? > received; } | drain > out & receiver=$!
      feed $STREAM | zudp-send $link; sent=\${PIPESTATUS[1]}; wait $receiver
      status=$(cat received || echo 137); [ $sent = 0 ] || status=$sent; exit $status`,
    holds: `${isPrefix}; [ "$(cat received)" != 0 ] || cmp out $STREAM`,
    done: 'cmp out $STREAM',
    not: ['input cut', ...noErrors],
  },
  {
    name: 'zsnap backup',
    needsZfs: true,
    setUp: 'zfs create $A/data; for i in 1 2 3; do fill a/data/$i 1000000; zfs snapshot $A/data@s$i; done',
    prepare: 'mkdir store',
    command: `$WRAP zsnap backup -q --store ${store} $A/data`,
    holds:
      'for each in $(find store -type f -name "s[0-9]" -o -type f -name "data@s?"); do zsnap check -n < $each; done',
    done: `zsnap check -n < store/$A/data@s1; zsnap check -n < store/$A/data@s2; zsnap check -n < store/$A/data@s3; zsnap status -q --store ${store} $A/data > /dev/null`,
    not: ['input cut', 'output closed'],
  },
  {
    name: 'zsnap restore',
    needsZfs: true,
    setUp: 'mkdir $HERE/backups; zsnap backup -q --store file://$HERE/backups $A/data',
    prepare: ':',
    command: '$WRAP zsnap restore -q --store file://$HERE/backups --to $B/copy $A/data@s3',
    alsoDone: [73],
    holds: `[ -z "$(${guidsOf('$B/copy')} 2> /dev/null | comm -13 <(${guidsOf('$A/data')}) -)" ]`,
    done: `diff <(${guidsOf('$A/data')}) <(${guidsOf('$B/copy')})`,
    cleanUp: '! zfs list $B/copy > /dev/null 2>&1 || destroy -r $B/copy',
    not: ['input cut', 'output closed', ...noErrors],
  },
  {
    name: 'zfsync-send, zfsync-recv',
    needsZfs: true,
    prepare: ':',
    command: '$WRAP zfsync-send -q --via "zfsync-recv $B/copy" $A/data > /dev/null',
    holds: `[ -z "$(${guidsOf('$B/copy')} 2> /dev/null | comm -13 <(${guidsOf('$A/data')}) -)" ]`,
    done: `diff <(${guidsOf('$A/data')}) <(${guidsOf('$B/copy')})`,
    cleanUp: `for each in $(zfs list -H -o name -t snapshot -r $B); do zfs release zfsync $each 2> /dev/null || true; done
      ! zfs list $B/copy > /dev/null 2>&1 || destroy -r $B/copy`,
    not: ['input cut', 'output closed', ...noErrors],
  },
]
