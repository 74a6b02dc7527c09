/** An error as the operating system gives it, planted by a test. */
export function failure(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: planted, ${syscall}`), { code, syscall });
}
