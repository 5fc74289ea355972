// @tanstack/virtual-core asks for `process.env.NODE_ENV`, which bundlers replace and browsers lack.
/** @type {any} */ (globalThis).process ??= { env: { NODE_ENV: "production" } };
