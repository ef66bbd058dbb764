/** An owner whose other programs are gone if their id says so. */
export function fakeOwner(id = 'me-1') {
  return { id, isGone: (other: string) => other.startsWith('gone-') }
}
