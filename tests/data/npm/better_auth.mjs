// Better Auth on a free port of 127.0.0.1, which it prints: better_auth.mjs SECRET jwks|HS256
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";
import { SignJWT } from "jose";

const [secret, how] = process.argv.slice(2);
const server = createServer((request, response) => handler(request, response));
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const baseURL = `http://127.0.0.1:${server.address().port}`;

// Better Auth signs with key pairs; whoever wants a shared secret signs the same claims with it.
const withSecret = {
  jwks: { remoteUrl: `${baseURL}/none`, keyPairConfig: { alg: "EdDSA" } },
  jwt: {
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(secret)),
  },
};

const auth = betterAuth({
  baseURL,
  secret,
  database: memoryAdapter({ user: [], session: [], account: [], verification: [], jwks: [] }),
  emailAndPassword: { enabled: true },
  session: { cookieCache: { enabled: true, strategy: "jwt" } },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [how === "HS256" ? jwt(withSecret) : jwt()],
});
const handler = toNodeHandler(auth);
console.log(baseURL);
