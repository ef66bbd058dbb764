import type { Command } from './command.ts'

/** The declaration of a program, by the program's name. For tools and tests that go over all programs. */
export async function commandOf(program: string): Promise<Command> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const exported: Record<string, unknown> = await import(
    new URL(`../commands/${program}.${extension}`, import.meta.url).href
  )
  const command = Object.values(exported).find((each) => isCommandNamed(program, each))
  if (command === undefined) throw new Error(`src/commands/${program}.ts exports no command of that name`)
  return command as Command
}

function isCommandNamed(program: string, exported: unknown): boolean {
  return (exported as Partial<Command> | null)?.name === program
}
