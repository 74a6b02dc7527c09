export const shown: unknown[] = [];

export function showProgress(...progress: unknown[]): void {
  shown.push(progress);
}

export const stopButton: AbortController = new AbortController();
export const notices: string[] = [];
