import { writeText } from './write-text.ts'

/** `pput: message` on stderr, on one line whatever is in the message. */
export function say(program: string, message: string): void {
  writeDiagnostic(`${program}: ${printable(message)}\n`)
}

/** Writes to stderr. Nobody can be told that stderr cannot be written. */
export function writeDiagnostic(text: string): void {
  try {
    writeText(2, text)
  } catch {}
}

/** Control characters as escapes: a name out of a stream shall not drive the user's terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => escapes[character] ?? hexEscape(character))
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
