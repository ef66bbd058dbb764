import { createAtomicFile, type Writer } from './atomic-file.ts'

export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  /** One for each set of labels. What is not known has no line. */
  readonly samples: readonly MetricSample[]
}

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | undefined
}

/** Prometheus' text format, as the textfile collector reads it. A family without a value is left out. */
export function metricsText(families: readonly MetricFamily[]): string {
  const lines = families.flatMap(({ name, help, type, samples }) => {
    const known = samples.filter(({ value }) => value !== undefined)
    const values = known.map(({ labels, value }) => `${name}{${labelsText(labels)}} ${value}`)
    return values.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values]
  })
  return `${lines.join('\n')}\n`
}

/** Writes a text under a name at one instant: who collects it never reads half of it. */
export async function writeWhole(file: string, text: string, writer: Writer): Promise<void> {
  const output = await createAtomicFile(file, writer)
  try {
    await output.write(new TextEncoder().encode(text))
    await output.flush()
    await output.commit()
  } catch (error) {
    await output.abandon()
    throw error
  }
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
