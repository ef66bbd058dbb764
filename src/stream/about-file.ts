/** For `catch`: throws the system's error with the file that it is about, which Node does not know of open files. */
export function aboutFile(path: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof Error ? Object.assign(error, { path }) : error
  }
}
