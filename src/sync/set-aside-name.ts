/** Why a dataset of the receiver's was set aside: the source has another of its name, or none. */
export type AsideReason = 'diverged' | 'gone'

// As in the buffer: ZFS allows 255, and the longest name of what is below, or of a snapshot, has to find room too.
const mostAsideNameBytes = 190

/** `backup/data/home.diverged-20261121T093000Z`; a long name loses its end for that, so that it grows no longer. */
export function setAsideName(name: string, reason: AsideReason, now: Date): string {
  const suffix = `.${reason}-${now.toISOString().replace(/\.\d+|[-:]/g, '')}`
  const last = name.slice(name.lastIndexOf('/') + 1)
  const isLong = name.length + suffix.length > mostAsideNameBytes && last.length > suffix.length
  return (isLong ? name.slice(0, -suffix.length) : name) + suffix
}

/** Whether it is, or is below, a dataset that was set aside: replication lets it alone. */
export function isSetAside(name: string): boolean {
  return /\.(diverged|gone)-\d{8}T\d{6}Z(?=[/@#]|$)/.test(name)
}
