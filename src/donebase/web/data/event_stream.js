import { Unreachable } from "./api.js";

/**
 * Yield the data of each event of a `text/event-stream` (WHATWG HTML, 9.2) as it comes.
 *
 * An event that the end of the stream cuts off is not yielded. Throws Unreachable where the connection fails. `heard` is called for every piece, comments included.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} heard
 * @returns {AsyncGenerator<string>}
 */
export async function* eventData(body, heard) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  /** @type {string[]} */
  let data = [];
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        throw new Unreachable(`The stream broke off: ${error}`);
      });
      if (done) return;
      heard();
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("data: ")) data.push(line.slice("data: ".length));
        if (line === "" && data.length) {
          yield data.join("\n");
          data = [];
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
