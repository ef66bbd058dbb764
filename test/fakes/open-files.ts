import { readdirSync, readlinkSync } from 'node:fs'

/** Paths of what this process has open. */
export function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => targetOf(`/proc/self/fd/${fd}`))
}

/** A descriptor may be closed while it is looked at. */
function targetOf(link: string): readonly string[] {
  try {
    return [readlinkSync(link)]
  } catch {
    return []
  }
}
