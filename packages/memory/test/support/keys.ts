import { type KeyProvider, type MasterKey, type MasterKeys, masterKeyId } from "@holdfast/core";

/** Master keys in memory, filled with counting bytes. */
export class Keys implements KeyProvider {
  readonly name = "test";
  keys: MasterKey[] = [];
  active = "";
  #made: number;

  constructor(made = 0) {
    this.#made = made;
  }

  async load(): Promise<MasterKeys> {
    return this.keys.length === 0 ? this.add() : { active: this.active, keys: [...this.keys] };
  }

  async add(): Promise<MasterKeys> {
    const material = new Uint8Array(32).fill(++this.#made);
    this.active = await masterKeyId(material);
    this.keys.push({ id: this.active, material });
    return this.load();
  }

  async remove(id: string): Promise<MasterKeys> {
    this.keys = this.keys.filter((key) => key.id !== id);
    return this.load();
  }
}
