/** @jsxImportSource preact */
/** The wheels on their arbors, as the close-up and the scene show them. */
import type { State } from '../../rules/state.ts';
import { turningCount, wheelLine } from '../../rules/train.ts';
import { At } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { Wheel } from '../art/wheel.tsx';
import { arborPoints, wheelAngles } from './train-layout.ts';

/** In the coordinates of the close-up's board. */
export function TrainWheels({ state, engraved }: { state: State; engraved: boolean }) {
  const points = arborPoints(state.train);
  const angles = wheelAngles(state.train, points);
  const turning = turningCount(state.train);
  return (
    <g>
      {wheelLine(state.train).map((teeth, index) => {
        const point = points[index];
        if (!point) return null;
        return (
          <At key={index} x={point.x} y={point.y}>
            {teeth === 0 ? (
              <g>
                <circle r="30" fill="#0c0e18" />
                <circle r="24" fill={paint('steel')} />
                <circle r="9" fill="#1b1e2e" />
              </g>
            ) : (
              <g transform={`rotate(${((angles[index] ?? 0) * 180) / Math.PI})`}>
                <g
                  class={motionClass(state, index < turning, index % 2 === 1)}
                  style={{ animationDuration: `${teeth * 0.42}s` }}
                >
                  <Wheel teeth={teeth} steel={index === 0 || index === 4} engraved={false} />
                </g>
              </g>
            )}
            {engraved && teeth > 0 && (
              <g>
                <circle r="33" fill="#f8ecc9" stroke="#50310f" stroke-width="3" />
                <text y="0.35em" text-anchor="middle" font-size="42" font-weight="700" fill="#2b1a0c">
                  {teeth}
                </text>
              </g>
            )}
          </At>
        );
      })}
    </g>
  );
}

/** Driven wheels turn. Once the wheels are solved they only twitch, until the pendulum swings. */
function motionClass(state: State, isDriven: boolean, isReverse: boolean): string | undefined {
  if (!isDriven) return undefined;
  if (state.train.solved && !state.swinging) return isReverse ? 'dh-twitch dh-back' : 'dh-twitch';
  return isReverse ? 'dh-turn dh-back' : 'dh-turn';
}
