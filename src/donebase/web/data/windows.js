/** The windows of one browser tell each other that something has changed. */

/** @template Told what is told */
export class Windows {
  #channel;
  #news = () => {};

  /**
   * @param {string} name of what they talk about
   * @param {(told: Told) => Promise<void>} heard is called when another window has told something
   */
  constructor(name, heard) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = async ({ data }) => {
      await heard(data);
      this.#news();
    };
  }

  /** @param {Told} what */
  tell(what) {
    this.#channel.postMessage(what);
  }

  /** Hear no more, and tell no more. */
  close() {
    this.#channel.close();
    this.tell = () => {};
  }

  /** Wait until another window tells something, and it was heard, or for so long. @param {number} milliseconds */
  async news(milliseconds) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#news = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}
