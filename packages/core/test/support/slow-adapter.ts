import { MapAdapter } from "./map-adapter.js";

/** Holds every `get` and `put` back until it is released. */
export class SlowAdapter extends MapAdapter {
  readonly #gate = Promise.withResolvers<void>();
  readonly release = this.#gate.resolve;

  constructor() {
    super();
    const { get, put } = this;
    this.get = async (...values) => {
      await this.#gate.promise;
      return get.apply(this, values);
    };
    this.put = async (...values) => {
      await this.#gate.promise;
      return put.apply(this, values);
    };
  }
}
