import type { Command } from './command.ts'
import { generatedSections, plain } from './mdoc.ts'

/**
 * A man page with its generated parts made anew, between `.\" begin generated OPTIONS` and `.\" end generated OPTIONS`,
 * and its `.Nd` line. Throws if the page lacks the marks of a part.
 */
export function withGeneratedParts(page: string, command: Command): string {
  const described = page.replace(/^\.Nd .*$/m, () => `.Nd ${plain(command.summary)}`)
  return Object.entries(generatedSections(command)).reduce(replacePart, described)
}

function replacePart(page: string, [section, text]: readonly [string, string]): string {
  const [begin, end] = [`.\\" begin generated ${section}\n`, `.\\" end generated ${section}\n`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page has no generated part ${section}`)
  return `${page.slice(0, from + begin.length)}${text}\n${page.slice(to)}`
}
