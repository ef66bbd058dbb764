/**
 * Where the reader stands. Which record may follow (zfs_send in lib/libzfs/libzfs_sendrecv.c):
 *
 *   simple    BEGIN record… END
 *   package   BEGIN(list) END ( BEGIN record… END )… END         of send -R, -I, -p, -b, -h
 */
export type Place = 'start' | 'simple' | 'package header' | 'package' | 'substream' | 'end'

export type Step = 'substream' | 'package' | 'end' | 'content'

const next: Readonly<Record<Place, Partial<Record<Step, Place>>>> = {
  start: { substream: 'simple', package: 'package header' },
  simple: { content: 'simple', end: 'end' },
  'package header': { end: 'package' },
  package: { substream: 'substream', end: 'end' },
  substream: { content: 'substream', end: 'package' },
  end: {},
}

const words: Readonly<Record<Place, string>> = {
  start: 'at the beginning of a stream',
  simple: 'before the END of a stream',
  'package header': "between a package's list and its END",
  package: 'between the streams of a package',
  substream: 'before the END of a stream',
  end: 'after the end',
}

/** Where a record leads to; undefined if it must not stand there. */
export function after(place: Place, step: Step): Place | undefined {
  return next[place][step]
}

export function misplaced(type: string, place: Place): string {
  return `a record of type ${type} cannot stand ${words[place]}`
}
