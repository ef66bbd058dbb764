/** For `catch`: throws the system's error with the file that it is about, which Node does not know of open files. */
export function aboutFile(path: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof Error ? Object.assign(error, { path }) : error
  }
}

/** The same for work that is not waited for. */
export function onFile<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    return aboutFile(path)(error)
  }
}
