/** As the SDK throws what a server answered. */
export function answerOf(status: number, name: string, message = 'it failed'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } })
}

/** As Node throws what happened before an answer. */
export function brokenConnection(code: string): Error {
  return Object.assign(new Error(`read ${code}`), { code })
}
