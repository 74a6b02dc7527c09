import type { Node } from "oxc-parser";

// The contract: an error's code is stable, its wording is not. These are the places where core words its messages: which
// argument of a call is a message, the functions that do nothing but describe in words, and what holds a part of a message.
const MESSAGES = new Map([
  ["StorageError", 1],
  ["Error", 0],
  ["invalid", 0],
  ["corrupt", 1],
  ["fault", 0],
  ["refuse", 0],
  ["rejectUnknown", 0],
  ["unlike", 0],
]);
const FUNCTIONS = new Set([
  "advice",
  "adviceOn",
  "classOf",
  "describe",
  "describeInstant",
  "describeType",
  "kindOf",
  "quote",
  "withArticle",
]);
const PARTS = /^(?:advice|ADVICE(?:_\w+)?|place|reason|stands|subject)$/;

/** Whether a node, a part of `parent`, is nothing but the wording of a message. */
export function isWording(node: Node, parent: Node | undefined): boolean {
  if (node.type === "FunctionDeclaration") return FUNCTIONS.has(node.id?.name ?? "");
  if (node.type === "VariableDeclarator") return node.id.type === "Identifier" && PARTS.test(node.id.name);
  if (parent?.type !== "CallExpression" && parent?.type !== "NewExpression") return false;
  if (parent.callee.type !== "Identifier") return false;
  const message = MESSAGES.get(parent.callee.name);
  return message !== undefined && parent.arguments[message] === node;
}
