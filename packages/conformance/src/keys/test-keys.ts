import { type KeyProvider, type MasterKey, type MasterKeys, masterKeyId } from "@holdfast/core";

/** Master keys in memory, for tests alone: everybody knows them. */
export class TestKeys implements KeyProvider {
  readonly name = "test";
  #keys: MasterKey[] = [];
  #made = 0;

  async load(): Promise<MasterKeys> {
    if (this.#keys.length === 0) return this.add();
    return { active: this.#keys.at(-1)?.id ?? "", keys: [...this.#keys] };
  }

  async add(): Promise<MasterKeys> {
    const material = new Uint8Array(32).fill(++this.#made);
    const id = await masterKeyId(material);
    this.#keys = [...this.#keys.filter((key) => key.id !== id), { id, material }];
    return this.load();
  }

  async remove(id: string): Promise<MasterKeys> {
    this.#keys = this.#keys.filter((key) => key.id !== id);
    return this.load();
  }
}

/** One key, wherever it is asked for. */
export const theSameKey: KeyProvider = {
  name: "test",
  async load() {
    const material = new Uint8Array(32).fill(1);
    const id = await masterKeyId(material);
    return { active: id, keys: [{ id, material }] };
  },
};
