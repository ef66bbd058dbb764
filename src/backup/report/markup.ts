/** HTML that is well-formed: only `markup` makes it. */
export interface Markup {
  readonly html: string
}

type Value = string | number | Markup | readonly Markup[] | undefined

/** A template whose values are text, unless they are markup themselves: whatever a name holds, it stays a name. */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { html: String.raw({ raw: strings }, ...values.map(htmlOf)) }
}

function htmlOf(value: Value): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return escaped(value)
  return 'html' in value ? value.html : value.map(({ html }) => html).join('\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Also shows what is no character, or would turn the text after it around, as a replacement character. */
function escaped(text: string): string {
  const visible = text.replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
  return visible.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
