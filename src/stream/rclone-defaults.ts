/**
 * Said to every rclone, so that no variable such as RCLONE_DRY_RUN, made for another job on this machine, lets it leave
 * out what it is told to do, or tell of it elsewhere. What is said after them counts.
 */
export const rcloneDefaults: readonly string[] = [
  ...['dry-run', 'interactive', 'progress', 'quiet'].map(off),
  // What is there would stay as it is.
  ...['ignore-existing', 'immutable', 'size-only', 'update'].map(off),
  // What was damaged on its way would not be seen.
  ...['ignore-checksum', 'ignore-size'].map(off),
  '--max-depth=-1',
  '--verbose=0',
  '--log-file=',
]

function off(name: string): string {
  return `--${name}=false`
}
