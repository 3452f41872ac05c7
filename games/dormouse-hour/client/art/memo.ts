/** A component that renders again only if a property changed: for the large static parts of a picture. */
import { Component, type ComponentType, createElement, type VNode } from 'preact';

export function memo<P extends object>(view: (properties: P) => VNode): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const [old, now] = [this.props as { [key: string]: unknown }, next as { [key: string]: unknown }];
      return Object.keys({ ...old, ...now }).some((key) => old[key] !== now[key]);
    }
    override render() {
      return createElement(view, this.props as P);
    }
  };
}
