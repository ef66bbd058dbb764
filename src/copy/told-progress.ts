import type { PartJob } from './copier.ts'

/** Takes how far a program is, and tells what has gone since it was told before. */
export function tellingProgress(onProgress: PartJob['onProgress']): (files: number, bytes: number) => void {
  let [toldFiles, toldBytes] = [0, 0]
  return (files, bytes) => {
    if (files !== toldFiles || bytes !== toldBytes) onProgress(files - toldFiles, bytes - toldBytes)
    toldFiles = files
    toldBytes = bytes
  }
}
