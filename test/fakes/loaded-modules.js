// With `node --import`: writes the URL of each module that the program loads to stderr, a line each.
import { register } from 'node:module'

const hook = `
import { writeSync } from 'node:fs'
export async function load(url, context, nextLoad) {
  writeSync(2, url + '\\n')
  return nextLoad(url, context)
}
`

register(`data:text/javascript,${encodeURIComponent(hook)}`)
