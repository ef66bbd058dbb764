/** Calls back once when the signal aborts; at once if it has, of which a listener would never hear. Returns what forgets it. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) callback()
  else signal.addEventListener('abort', callback, { once: true })
  return () => signal.removeEventListener('abort', callback)
}

/** The work's outcome; if the signal aborts before, its reason at once: nobody waits for the work any more. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let forget = () => {}
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => reject(signal.reason))
  })
  work.catch(() => {})
  return await Promise.race([aborted, work]).finally(() => forget())
}
