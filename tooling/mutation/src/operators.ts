import type { Node } from "oxc-parser";
import type { Operator } from "./mutant.ts";

/** What stands in the place of a stretch of source. */
export interface Change {
  readonly operator: Operator;
  readonly start: number;
  readonly end: number;
  /** A statement is left out; an expression gives way to another one. */
  readonly replacement: string | "left out";
  readonly kind: "expression" | "statement";
}

/** Where a node stands in its parent. */
export interface Place {
  readonly parent: Node | undefined;
  readonly property: string;
}

const COMPARISONS = new Map([
  ["===", ["!=="]],
  ["!==", ["==="]],
  ["==", ["!="]],
  ["!=", ["=="]],
  ["<", ["<=", ">="]],
  ["<=", ["<", ">"]],
  [">", [">=", "<="]],
  [">=", [">", "<"]],
]);
const TESTS = new Set([...COMPARISONS.keys(), "in", "instanceof"]);
const ARITHMETIC = new Map([
  ["+", "-"],
  ["-", "+"],
  ["*", "/"],
  ["/", "*"],
  ["%", "*"],
  ["**", "*"],
  ["<<", ">>"],
  [">>", "<<"],
  [">>>", "<<"],
  ["&", "|"],
  ["|", "&"],
]);
const ASSIGNMENTS = new Map([
  ["+=", "-="],
  ["-=", "+="],
  ["*=", "/="],
  ["/=", "*="],
  ["??=", "="],
  ["||=", "="],
  ["&&=", "="],
]);
const METHODS = new Map([
  ["min", "max"],
  ["max", "min"],
  ["floor", "ceil"],
  ["ceil", "floor"],
  ["every", "some"],
  ["some", "every"],
  ["startsWith", "endsWith"],
  ["endsWith", "startsWith"],
  ["padStart", "padEnd"],
]);
const DROPPED_METHODS = new Set([
  "filter",
  "sort",
  "slice",
  "toReversed",
  "normalize",
  "toLowerCase",
  "replace",
  "replaceAll",
]);
const LOOPS = new Set(["ForStatement", "WhileStatement", "DoWhileStatement"]);

/** The changes that one node gives rise to, those of the nodes inside it aside. */
export function changesOf(node: Node, place: Place, source: string): Change[] {
  const text = (part: { start: number; end: number }): string => source.slice(part.start, part.end);
  const change = (operator: Operator, ...replacements: string[]): Change[] =>
    replacements
      .filter((replacement) => replacement !== text(node))
      .map((replacement) => ({ operator, start: node.start, end: node.end, replacement, kind: "expression" }));
  const swap = (operator: Operator, { left, right }: Sides, from: string, to: readonly string[]): Change[] => {
    const between = source.slice(left.end, right.start);
    return change(
      operator,
      ...to.map(
        (sign) =>
          text({ start: node.start, end: left.end }) +
          between.replace(from, () => sign) +
          text({ start: right.start, end: node.end }),
      ),
    );
  };
  const decided = isDecision(place)
    ? change("condition", ...(LOOPS.has(place.parent?.type ?? "") ? ["false"] : ["true", "false"]))
    : [];
  switch (node.type) {
    case "BinaryExpression": {
      const { operator } = node;
      const sum = ARITHMETIC.get(operator);
      if (sum !== undefined) return isText(node) ? [] : swap("arithmetic", node as Sides, operator, [sum]);
      if (!TESTS.has(operator)) return decided;
      // Beside `&&` and `||` a side that is always true or false is the other side alone, which is a change of its own.
      const constant =
        decided.length > 0 || place.parent?.type === "LogicalExpression"
          ? decided
          : change("condition", "true", "false");
      return [...constant, ...swap("comparison", node as Sides, operator, COMPARISONS.get(operator) ?? [])];
    }
    case "LogicalExpression": {
      const { left, right, operator } = node;
      const other = operator === "&&" ? ["||"] : operator === "||" ? ["&&"] : [];
      return [...decided, ...swap("logic", node, operator, other), ...change("logic", text(left), text(right))];
    }
    case "UnaryExpression":
      return node.operator === "!" || node.operator === "-"
        ? [...decided, ...change("negation", text(node.argument))]
        : decided;
    case "UpdateExpression": {
      const opposite = node.operator === "++" ? "--" : "++";
      return change("update", text(node).replace(node.operator, opposite));
    }
    case "AssignmentExpression": {
      const opposite = ASSIGNMENTS.get(node.operator);
      return opposite === undefined ? [] : swap("arithmetic", node, node.operator, [opposite]);
    }
    case "Literal":
      return isValue(place) ? change("literal", ...literals(node.value)) : [];
    case "TemplateLiteral":
      return place.parent?.type === "TaggedTemplateExpression" ? [] : change("literal", "``");
    case "ArrayExpression":
      return node.elements.length > 0 ? change("collection", "[]") : [];
    case "ObjectExpression":
      return node.properties.length > 0 ? change("collection", "{}") : [];
    case "SpreadElement": {
      const { start, end } = node.argument;
      const nothing = place.parent?.type === "ObjectExpression" ? "{}" : "[]";
      return [{ operator: "spread", start, end, replacement: nothing, kind: "expression" }];
    }
    case "AwaitExpression":
      return [...decided, ...change("await", text(node.argument))];
    case "ChainExpression":
      return [...decided, ...change("chaining", ...unchained(node.expression, text(node), node.start, source))];
    case "CallExpression":
      return [...decided, ...(inChain(place) ? [] : change("method", ...otherMethods(node, source)))];
    case "ReturnStatement":
      if (node.argument !== null) return gone("return", node.argument, text(node.argument));
      return leftOut(node);
    case "ExpressionStatement":
      return node.expression.type === "CallExpression" && node.expression.callee.type === "Super"
        ? []
        : gone("statement", node.expression, text(node.expression));
    case "ThrowStatement":
    case "ContinueStatement":
    case "BreakStatement":
      return leftOut(node);
    default: {
      const answer =
        place.parent?.type === "ArrowFunctionExpression" && place.property === "body" && node.type !== "BlockStatement";
      return answer ? [] : decided;
    }
  }
}

/** What an arrow function answers without a `return`. */
export function answerOf(node: Node, source: string): Change[] {
  if (node.type !== "ArrowFunctionExpression" || node.body.type === "BlockStatement") return [];
  return gone("return", node.body, source.slice(node.body.start, node.body.end));
}

interface Sides {
  readonly left: { readonly start: number; readonly end: number };
  readonly right: { readonly start: number; readonly end: number };
}

function gone(operator: Operator, { start, end }: Node, text: string): Change[] {
  return text === "undefined" ? [] : [{ operator, start, end, replacement: "undefined", kind: "expression" }];
}

function leftOut({ start, end }: Node): Change[] {
  return [{ operator: "statement", start, end, replacement: "left out", kind: "statement" }];
}

function isDecision({ parent, property }: Place): boolean {
  return property === "test" && parent !== undefined && parent.type !== "SwitchCase";
}

/** Not a name, a module or a type's name. */
function isValue({ parent, property }: Place): boolean {
  switch (parent?.type) {
    case "ImportDeclaration":
    case "ImportExpression":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      return false;
    case "BinaryExpression":
      // `typeof x === ""` is false, which is another change already.
      return ![parent.left, parent.right].some((side) => side.type === "UnaryExpression" && side.operator === "typeof");
    case "Property":
      return property !== "key" || parent.computed;
    case "ExpressionStatement":
      return !("directive" in parent && typeof parent.directive === "string");
    default:
      return true;
  }
}

/** A sum with a text in it is a text, of which there is no difference. */
function isText(node: Node): boolean {
  if (node.type === "TemplateLiteral") return true;
  if (node.type === "Literal") return typeof node.value === "string";
  return node.type === "BinaryExpression" && node.operator === "+" && (isText(node.left) || isText(node.right));
}

function literals(value: unknown): string[] {
  if (typeof value === "boolean") return [String(!value)];
  if (typeof value === "string") return [value === "" ? '"mutant"' : '""'];
  return typeof value === "number" ? [String(value + 1), ...(value > 0 ? [String(value - 1)] : [])] : [];
}

function inChain({ parent, property }: Place): boolean {
  return property === "object" || property === "callee"
    ? parent?.type === "MemberExpression" || parent?.type === "CallExpression"
    : false;
}

function otherMethods(node: Extract<Node, { type: "CallExpression" }>, source: string): string[] {
  const { callee } = node;
  if (callee.type !== "MemberExpression" || callee.computed || callee.optional || callee.property.type !== "Identifier")
    return [];
  const { property, object } = callee;
  const other = METHODS.get(property.name);
  if (other !== undefined)
    return [source.slice(node.start, property.start) + other + source.slice(property.end, node.end)];
  return DROPPED_METHODS.has(property.name) ? [source.slice(object.start, object.end)] : [];
}

/** The chain with each of its `?.` in turn made a plain step. */
function unchained(node: Node, whole: string, start: number, source: string): string[] {
  if (node.type !== "MemberExpression" && node.type !== "CallExpression") return [];
  const inner = node.type === "MemberExpression" ? node.object : node.callee;
  const rest = unchained(inner, whole, start, source);
  if (!node.optional) return rest;
  const at = source.indexOf("?.", inner.end) - start;
  const step = node.type === "MemberExpression" && !node.computed ? "." : "";
  return [...rest, whole.slice(0, at) + step + whole.slice(at + 2)];
}
