import { type BytePath, textOf } from './entry.ts'

/** As a rule of its own: `--exclude` takes `!` and `+ name` for something else. */
export function leftOut(pattern: string): string {
  return `--filter=- ${pattern}`
}

/** The pattern for one path, from the root. */
export function rooted(path: BytePath): string {
  return `/${asPattern(textOf(path))}`
}

/** For a name that stands for itself: a backslash is one, unless there is something that it could protect. */
function asPattern(path: string): string {
  return /[*?[]/.test(path) ? path.replaceAll(/[*?[\\]/g, '\\$&') : path
}
