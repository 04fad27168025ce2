// Makes src/api/frames.ts from src/api/frames.schema.json, which the hub makes from its own types.
// `node scripts/frames.mjs` writes it; a test fails when it is not fresh.
import { readFileSync, writeFileSync } from "node:fs";

const schemaFile = new URL("../src/api/frames.schema.json", import.meta.url);
const outFile = new URL("../src/api/frames.ts", import.meta.url);

const nameOf = (ref) => ref.split("/").at(-1);

function refsIn(node, defs, seen) {
  if (Array.isArray(node)) for (const part of node) refsIn(part, defs, seen);
  else if (node && typeof node === "object") {
    if (node.$ref && !seen.has(nameOf(node.$ref))) {
      seen.add(nameOf(node.$ref));
      refsIn(defs[nameOf(node.$ref)], defs, seen);
    }
    for (const part of Object.values(node)) refsIn(part, defs, seen);
  }
  return seen;
}

function typeOf(node) {
  if (node.$ref) return nameOf(node.$ref);
  if (node.enum) return node.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.anyOf) return node.anyOf.map(typeOf).join(" | ");
  switch (node.type) {
    case "array":
      return `readonly ${typeOf(node.items)}[]`;
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return node.type;
    default:
      throw new Error(`frames.schema.json says ${JSON.stringify(node)}: teach scripts/frames.mjs`);
  }
}

function declaration(name, node, sentByHub) {
  const doc = node.description ? `/** ${node.description.split("\n")[0]} */\n` : "";
  if (node.type !== "object") {
    const union = typeOf(node).split(" | ").join("\n  | ");
    return `${doc}export type ${name} =\n  | ${union};\n`;
  }
  // The hub writes every field; what a page may leave out has a default there.
  const required = new Set(sentByHub ? Object.keys(node.properties) : node.required);
  const fields = Object.entries(node.properties).map(
    ([field, type]) => `  ${field}${required.has(field) ? "" : "?"}: ${typeOf(type)};`,
  );
  return `${doc}export interface ${name} {\n${fields.join("\n")}\n}\n`;
}

export function typesFrom(text) {
  const schema = JSON.parse(text);
  const defs = schema.$defs;
  const fromHub = refsIn(defs.FromHub, defs, new Set(["FromHub"]));
  const parts = Object.keys(defs).map((name) => declaration(name, defs[name], fromHub.has(name)));
  const head = "// Made by scripts/frames.mjs from frames.schema.json: do not edit.\n";
  return `${head}export const PROTOCOL = ${schema["x-protocol"]};\n\n${parts.join("\n")}`;
}

if (import.meta.url === `file://${process.argv[1]}`) {
  writeFileSync(outFile, typesFrom(readFileSync(schemaFile, "utf8")));
}
