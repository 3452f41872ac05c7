/** @jsxImportSource preact */
/** The close-up of the nut run: turn the tiles, then drop the nut. */
import { DormouseAsleep, DormouseAwake } from '../art/animals.tsx';
import { At, Glow, Grain } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { useGame } from '../game.ts';
import { Closeup } from '../ui/closeup.tsx';
import { arrowStep, Hotspot } from '../ui/hotspot.tsx';
import { RUN_COLUMNS } from '../../rules/state.ts';
import { RunBoard, TILE, tileAt } from './run-board.tsx';

export function Run() {
  const game = useGame();
  const { state, t } = game;
  const { run } = state;
  const text = run.solved ? 'run.done' : 'run.words';
  const hopper = tileAt(run.entry);
  const drop = (): void => {
    if (game.selected) game.use(game.selected, 'run');
    else game.host.announce(t('said.nutReady'));
  };
  return (
    <Closeup name="run" title={t('puzzle.run')} words={<p>{t(text)}</p>}>
      <rect width="1000" height="760" rx="24" fill={paint('woodDark')} />
      <Grain x={10} y={10} w={980} h={740} lines={9} />
      <Glow x={500} y={60} rx={560} of="lamp" />
      <RunBoard state={state} />
      <At x={run.exit < RUN_COLUMNS / 2 ? 892 : 108} y={700} s={run.solved ? 1.5 : 1.2}>
        {run.solved ? (
          <DormouseAwake />
        ) : (
          <At x={0} y={-40}>
            <DormouseAsleep />
          </At>
        )}
      </At>
      {run.tiles.map((_, tile) => (
        <TileSpot key={tile} tile={tile} />
      ))}
      <Hotspot
        x={hopper.x - 85}
        y={0}
        w={170}
        h={124}
        label={t('run.hopper')}
        drop="run"
        disabled={run.solved}
        onPress={drop}
      >
        {!run.solved && <path class="dh-invite" d={`M${hopper.x - 90} 8h180v112h-180z`} />}
      </Hotspot>
    </Closeup>
  );
}

/** A press turns the tile by a quarter clockwise; the arrow keys turn it both ways. */
function TileSpot({ tile }: { tile: number }) {
  const game = useGame();
  const { run } = game.state;
  const { bend, turn } = run.tiles[tile] ?? { bend: false, turn: 0 };
  const { x, y } = tileAt(tile);
  const place = { row: Math.floor(tile / RUN_COLUMNS) + 1, column: (tile % RUN_COLUMNS) + 1 };
  const rotate = (step: number): void => game.send({ type: 'turn', tile, turn: (turn + step + 4) % 4 });
  return (
    <Hotspot
      x={x - TILE / 2 + 3}
      y={y - TILE / 2 + 3}
      w={TILE - 6}
      h={TILE - 6}
      label={game.t(bend ? 'run.bend' : 'run.straight', place)}
      value={{ now: turn, max: 3, text: game.t(bend ? `bend.${turn}` : `straight.${turn % 2}`) }}
      disabled={run.solved}
      pending={game.pending.some((move) => move.type === 'turn' && move.tile === tile)}
      onPress={() => rotate(1)}
      onKey={(key) => {
        const step = arrowStep(key);
        if (step !== 0 && !run.solved) rotate(step);
        return step !== 0;
      }}
    />
  );
}
