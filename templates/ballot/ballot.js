// A ballot made in the browser: RFC 9474, RSABSSA-SHA384-PSS-Randomized. The server signs it unseen.
// One global, `ballots`, for the script of the answering pages; RSABSSA is there for the vectors of the RFC.
import { RSABSSA } from "@cloudflare/blindrsa-ts";

const suite = RSABSSA.SHA384.PSS.Randomized();
const asText = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const asBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const imported = (key) => crypto.subtle.importKey("spki", key, { name: "RSA-PSS", hash: "SHA-384" }, true, ["verify"]);

// `key`: the wave's public key as SPKI. All of a ballot is text, as storage and JSON carry it.
async function made(key) {
  const message = suite.prepare(crypto.getRandomValues(new Uint8Array(32)));
  const { blindedMsg, inv } = await suite.blind(await imported(key), message);
  return { message: asText(message), blinded: asText(blindedMsg), inverse: asText(inv) };
}

// The signature under the message itself; an error where the server has signed anything else.
async function opened(key, { message, inverse }, blindSignature) {
  return asText(await suite.finalize(await imported(key), asBytes(message), asBytes(blindSignature), asBytes(inverse)));
}

globalThis.ballots = { made, opened, RSABSSA };
