// Verifies an event's proof as RFC 9162 (2.1.3.2) says, and the signature of the head it leads to.
const bytes = hex => Uint8Array.from(hex.match(/../g) ?? [], each => parseInt(each, 16));
const text = string => new TextEncoder().encode(string);
const hash = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
const node = (left, right) => hash(Uint8Array.of(1), left, right);

async function root(leaf, index, size, hashes) {
  let at = index, last = size - 1, found = leaf;
  if (!(0 <= at && at <= last)) throw new Error("number");
  for (const sibling of hashes) {
    if (last === 0) throw new Error("too long");
    if (at % 2 || at === last) {
      found = await node(sibling, found);
      while (at % 2 === 0 && at) { at = Math.floor(at / 2); last = Math.floor(last / 2); }
    } else found = await node(found, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  if (last) throw new Error("too short");
  return [...found].map(each => each.toString(16).padStart(2, "0")).join("");
}

async function check(proof, keys) {
  const { head } = proof, known = keys.find(each => each.id === head.key);
  if (!known) throw new Error("key");
  const told = ["keyline head 1", head.log, head.size, head.root, head.time, head.key];
  const key = await crypto.subtle.importKey("raw", bytes(known.public), "Ed25519", false, ["verify"]);
  const signature = Uint8Array.from(atob(head.signature), each => each.charCodeAt(0));
  const statement = text(told.map(each => `${each}\n`).join(""));
  if (!await crypto.subtle.verify("Ed25519", key, signature, statement)) throw new Error("signature");
  if (proof.log !== head.log || proof.size !== head.size) throw new Error("head");
  if (JSON.parse(proof.leaf)[0] !== proof.number) throw new Error("leaf");
  const leaf = await hash(Uint8Array.of(0), text(proof.leaf));
  if (await root(leaf, proof.number - 1, head.size, proof.hashes.map(bytes)) !== head.root)
    throw new Error("root");
}

const form = document.querySelector("form.proof");
form.addEventListener("submit", async event => {
  event.preventDefault();
  const said = form.querySelector("output");
  try {
    const proof = JSON.parse(form.proof.value);
    if (proof.head === null) {
      said.className = "";
      said.value = form.dataset.unsigned;
      return;
    }
    await check(proof, JSON.parse(form.keys.value));
    said.className = "proved";
    said.value = form.dataset.proved;
  } catch (error) {
    said.className = "refuted";
    said.value = `${form.dataset.refuted} (${error.message})`;
  }
});
