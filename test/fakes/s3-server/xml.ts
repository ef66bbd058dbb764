export type XmlValue = string | number | boolean | undefined | XmlElement | readonly XmlElement[]
export interface XmlElement {
  readonly [name: string]: XmlValue
}

/** A document of one element. A list becomes elements of the same name, undefined becomes none. */
export function xml(name: string, value: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(name, value)}`
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map((one) => element(name, one)).join('')
  if (typeof value !== 'object') return `<${name}>${escaped(String(value))}</${name}>`
  const inner = Object.entries(value).map(([below, one]) => element(below, one))
  return `<${name}>${inner.join('')}</${name}>`
}

/** Every element of that name, with the texts of those directly in it. Enough for the bodies that S3 is sent. */
export function elementsIn(document: string, name: string): Record<string, string>[] {
  const found = document.matchAll(new RegExp(`<${name}(?: [^>]*)?>(.*?)</${name}>`, 'gs'))
  return Array.from(found, ([, inner = '']) => {
    const texts = inner.matchAll(/<(\w+)>([^<]*)<\/\1>/g)
    return Object.fromEntries(Array.from(texts, ([, key = '', text = '']) => [key, unescaped(text)]))
  })
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (letter) => entities[letter]!)
}

function unescaped(text: string): string {
  const known = Object.entries(entities)
  return text.replaceAll(/&\w+;|&#\d+;/g, (entity) => {
    if (entity.startsWith('&#')) return String.fromCodePoint(Number(entity.slice(2, -1)))
    return known.find(([, written]) => written === entity)?.[0] ?? entity
  })
}
