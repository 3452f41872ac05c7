/** @jsxImportSource preact */
/** Words in pictures, whose width depends on the face at hand: measured, then made to fit. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** A line of at most `width` units around `x`; set narrower if the face is wide. */
export function FitText(props: {
  x: number;
  y: number;
  width: number;
  size: number;
  text: string;
  italic?: boolean;
}) {
  const { x, y, width, size, text, italic = false } = props;
  const line = useRef<SVGTextElement>(null);
  const [fit, setFit] = useState(1);
  useLayoutEffect(() => {
    const natural = line.current?.getComputedTextLength() ?? 0;
    setFit(natural > width ? width / natural : 1);
  }, [text, width]);
  return (
    <g transform={`translate(${x} ${y}) scale(${fit} 1)`}>
      <text ref={line} text-anchor="middle" font-size={size} font-style={italic ? 'italic' : 'normal'}>
        {text}
      </text>
    </g>
  );
}

/** A name in a dark pill around the origin, in CSS pixels. */
export function Pill({ text }: { text: string }) {
  const line = useRef<SVGTextElement>(null);
  const [width, setWidth] = useState(text.length * 9);
  useLayoutEffect(() => setWidth(line.current?.getComputedTextLength() ?? 0), [text]);
  return (
    <g class="dh-name">
      <rect x={-width / 2 - 15} y="-34" width={width + 30} height="32" rx="16" />
      <text ref={line} y="-12" text-anchor="middle" font-size="16">
        {text}
      </text>
    </g>
  );
}
