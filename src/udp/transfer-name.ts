import { Failure } from '../errors.ts'

const longestBytes = 200
// As a dataset or snapshot may be called, below another one. No part may look like an option or lead elsewhere.
const part = '[A-Za-z0-9](?:[A-Za-z0-9_.: -]*[A-Za-z0-9_.:-])?'
const pattern = new RegExp(`^${part}(?:/${part})*(?:@${part})?$`)

/** Whether a transfer may be called so: `home`, `tank/home@mon`. It is safe as a part of one word of a command. */
export function isTransferName(name: string): boolean {
  return name.length <= longestBytes && pattern.test(name)
}

/** The same of what a user has written: a Failure 'usage'. */
export function parseTransferName(text: string): string {
  if (isTransferName(text)) return text
  throw new Failure('usage', `'${text}' cannot be the name of a transfer`, {
    hint: `letters, digits and _ . : - are good, / and @ between them, ${longestBytes} bytes at most`,
  })
}
