/** Why a dataset of the receiver's was set aside: the source has another of its name, or none. */
export type AsideReason = 'diverged' | 'gone'

/** `backup/data/home.diverged-20261121T093000Z`. */
export function setAsideName(name: string, reason: AsideReason, now: Date): string {
  return `${name}.${reason}-${now.toISOString().replace(/\.\d+|[-:]/g, '')}`
}

/** Whether it is, or is below, a dataset that was set aside: replication lets it alone. */
export function isSetAside(name: string): boolean {
  return /\.(diverged|gone)-\d{8}T\d{6}Z(?=[/@#]|$)/.test(name)
}
