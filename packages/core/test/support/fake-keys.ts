import { type KeyProvider, type MasterKey, type MasterKeys, masterKeyId } from "@holdfast/core";

/** Master keys in memory, filled with counting bytes; several storages may share one. */
export class FakeKeys implements KeyProvider {
  readonly name = "fake";
  keys: MasterKey[] = [];
  active = "";
  loads = 0;
  #made = 0;

  async load(): Promise<MasterKeys> {
    this.loads++;
    if (this.keys.length === 0) await this.add();
    return this.#all();
  }

  async add(): Promise<MasterKeys> {
    const material = new Uint8Array(32).fill(++this.#made);
    const id = await masterKeyId(material);
    this.keys.push({ id, material });
    this.active = id;
    return this.#all();
  }

  async remove(id: string): Promise<MasterKeys> {
    this.keys = this.keys.filter((key) => key.id !== id);
    return this.#all();
  }

  #all(): MasterKeys {
    return { active: this.active, keys: [...this.keys] };
  }
}
