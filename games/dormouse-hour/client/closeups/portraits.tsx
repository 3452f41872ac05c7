/** @jsxImportSource preact */
/** The close-up of the four portraits. Their plates say which keeper followed which. */
import { At, Glow, Grain } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { Frame } from '../art/frame.tsx';
import { useGame } from '../game.ts';
import { Closeup } from '../ui/closeup.tsx';
import { FitText } from '../ui/label.tsx';

export function Portraits() {
  const game = useGame();
  const { state, t } = game;
  const lines = state.drawer.portraits.map(({ face, after }, place) => ({
    face,
    name: t(`keeper.${place}`),
    how: after < 0 ? t('portraits.first') : t('portraits.after'),
    whom: after < 0 ? '' : t(`keeper.${after}`),
  }));
  return (
    <Closeup
      name="portraits"
      title={t('spot.portraits')}
      words={
        <>
          <p>{t('portraits.words')}</p>
          <ul class="dh-hidden">
            {lines.map(({ face, name, how, whom }) => (
              <li key={name}>{`${name}, ${t(`face.${face}`)}: ${how} ${whom}`}</li>
            ))}
          </ul>
        </>
      }
    >
      <rect width="1000" height="760" rx="20" fill={paint('wall')} />
      <Grain x={10} y={0} w={300} h={760} lines={4} />
      <Grain x={420} y={0} w={520} h={761} lines={5} />
      <Glow x={500} y={40} rx={620} of="lamp" />
      {lines.map(({ face, name, how, whom }, place) => (
        <At key={name} x={(place % 2) * 490} y={Math.floor(place / 2) * 370}>
          <At x={138} y={205} s={1.66}>
            <Frame face={face} />
          </At>
          <g transform="translate(262 110)">
            <rect width="220" height="190" rx="6" fill={paint('plate')} stroke="#50310f" stroke-width="3" />
            <path d="M12 12h8v8h-8zM200 12h8v8h-8zM12 170h8v8h-8zM200 170h8v8h-8z" fill="#50310f" />
            <g class="dh-engraved">
              <FitText x={110} y={62} width={190} size={46} text={name} />
              <FitText x={110} y={whom ? 112 : 126} width={190} size={41} text={how} italic />
              <FitText x={110} y={164} width={190} size={44} text={whom} />
            </g>
          </g>
        </At>
      ))}
    </Closeup>
  );
}
