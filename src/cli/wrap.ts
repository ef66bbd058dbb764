/** Lines of no more than `width` columns, unless a word is longer. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line.length > 0 && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line.length > 0 ? `${line} ${word}` : word
  }
  return lines
}
