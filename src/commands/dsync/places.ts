import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { Failure } from '../../errors.ts'
import type { Arguments } from './options.ts'

/** The source and the destination; before them may stand the dash. */
export function placesOf({ place }: Pick<Arguments, 'place'>): readonly [string, string] {
  const [source, destination, extra] = readsNames(place) ? place.slice(1) : place
  if (source === undefined || destination === undefined || extra !== undefined) {
    throw new Failure('usage', `a source and a destination are needed, and ${place.length} names are given`)
  }
  return [source, destination]
}

export function readsNames(places: readonly string[]): boolean {
  return places[0] === '-'
}

export function workingFolder(args: Arguments): string {
  return resolve(args['working-dir'].replace(/^~(?=\/|$)/, homedir()))
}
