/** What the work resolves to; undefined if it takes longer. */
export async function unlessSlow<T>(work: Promise<T> | undefined, mostMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), mostMs)
  })
  return await Promise.race([work, tooLong]).finally(() => clearTimeout(timer))
}
