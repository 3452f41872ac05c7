/** Walks a syntax tree. */
import { type Node, visitorKeys } from 'oxc-parser';

/** Calls `visit` for every node, outer nodes first, with its ancestors, the innermost last. */
export function walk(
  node: Node,
  visit: (node: Node, around: readonly Node[]) => void,
  around: readonly Node[] = [],
): void {
  visit(node, around);
  const inner = [...around, node];
  for (const key of visitorKeys[node.type] ?? []) {
    const child: unknown = Reflect.get(node, key);
    for (const one of Array.isArray(child) ? child : [child]) if (isNode(one)) walk(one, visit, inner);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Returns `Date.now` for a member expression, `setTimeout` for an identifier; null for computed members and other nodes. */
export function dotted(node: Node): string | null {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return null;
  const object = dotted(node.object);
  return object === null ? null : `${object}.${node.property.name}`;
}
