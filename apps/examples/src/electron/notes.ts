/** What the preload script lets a window do. */
export interface Notes {
  add(text: string): Promise<void>;
  list(): Promise<string[]>;
  onChange(listener: () => void): void;
}
