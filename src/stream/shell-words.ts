/** A program and its arguments as a line for sh(1), quoted where the shell would see more in a word than itself. */
export function shellLine(argv: readonly string[]): string {
  return argv.map(shellWord).join(' ')
}

/** A word that a shell takes as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
