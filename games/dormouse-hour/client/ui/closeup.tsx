/** @jsxImportSource preact */
/** The frame of a close-up: a board with a picture, and beside or below it a plaque with text. */
import type { ComponentChildren } from 'preact';
import type { Closeup as Name } from '../view-model.ts';
import { Dialog } from './dialog.tsx';
import { Picture, useSize } from './picture.tsx';

/** All boards have the same size in units, so a cursor points to the same thing on every screen. */
const BOARD = { x: -14, y: -14, w: 1028, h: 788 } as const;

interface CloseupProperties {
  readonly name: Name;
  readonly title: string;
  /** The text of the plaque. */
  readonly words: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Closeup({ name, title, words, children }: CloseupProperties) {
  const { ref, width, height } = useSize<HTMLDivElement>();
  return (
    <Dialog name={name} kind="dh-boarded">
      <div class="dh-board">
        <div class="dh-measure" ref={ref} data-stage={name}>
          {width > 0 && (
            <Picture view={name} safe={BOARD} label={title} width={width} height={height}>
              <clipPath id="dh-boardclip">
                <rect width="1000" height="760" rx="26" />
              </clipPath>
              <g clip-path="url(#dh-boardclip)">{children}</g>
              <rect class="dh-rim" width="1000" height="760" rx="26" />
            </Picture>
          )}
        </div>
      </div>
      <div class="dh-plaque">
        <h2 id="dh-title">{title}</h2>
        <div class="dh-words">{words}</div>
      </div>
    </Dialog>
  );
}
