/** The reason of an aborted signal: the user or the system asked the program to stop. */
export class Interrupted extends Error {
  readonly signalName: NodeJS.Signals

  constructor(signalName: NodeJS.Signals) {
    super(`stopped by ${signalName}`)
    this.name = 'Interrupted'
    this.signalName = signalName
  }
}
