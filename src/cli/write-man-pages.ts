import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { commandOf } from './command-of.ts'
import { withGeneratedParts } from './man-page.ts'

// `npm run man`: makes the generated parts of the man pages of all programs anew, from the built commands.
const root = new URL('../../', import.meta.url)

for (const program of readdirSync(new URL('bin', root))) {
  const file = new URL(`man/${program}.1`, root)
  const page = readFileSync(file, 'utf8')
  const renewed = withGeneratedParts(page, await commandOf(program))
  if (renewed !== page) writeFileSync(file, renewed)
}
